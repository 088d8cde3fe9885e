// The report as one page without script: what is long is folded, nothing is loaded from elsewhere.
#include <algorithm>

#include "audit/audit.h"
#include "audit/tables.h"
#include "diag/markup.h"
#include "diag/render.h"

namespace gw::audit {
namespace {

constexpr std::size_t most_rows = 1000, most_columns = 40, most_findings = 20;

std::string html_text(const std::string& raw) {
  return diag::escape_markup(diag::printable(raw));
}

// Lines stay lines.
std::string html_lines(const std::string& raw) {
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find('\n', at), raw.size());
    out += html_text(raw.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

std::string note_html(const std::string& note) {
  return note.empty() ? "" : "<p class=\"soft\">" + html_lines(note) + "</p>\n";
}

// The class of a cell whose text is a word with a meaning.
std::string meaning(const std::string& cell) {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"high", "bad"},     {"medium", "warn"},        {"low", "good"},    {"loss", "bad"},
      {"clean", "good"},   {"approximated", "warn"},  {"DIFFERS", "bad"}, {"UNMODELLED", "warn"},
      {"PROVED", "good"},  {"PROVED_MODULO", "good"}, {"TESTED", "good"}, {"error", "bad"},
      {"warning", "warn"}, {"expired", "bad"},
  };
  for (const auto& [word, kind] : words)
    if (cell == word) return " class=\"is-" + std::string(kind) + "\"";
  return {};
}

std::string html_table(const Table& table, bool folded) {
  const std::string title = html_text(table.title);
  std::string out =
      folded ? "<details><summary><h2>" + title + "</h2></summary>\n" : "<section><h2>" + title + "</h2>\n";
  out += note_html(table.note) + "<div class=\"wide\"><table>\n<thead><tr>";
  for (const std::string& cell : table.head) out += "<th>" + html_text(cell) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += "<td" + meaning(cell) + ">" + html_text(cell) + "</td>";
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n" + (folded ? "</details>\n" : "</section>\n");
}

// ---- the heat map

// A column: an Ingress, or a namespace where there are too many.
struct Column {
  std::string title;
  std::map<std::string, Counts> cells;
};

std::vector<Column> columns(const Report& report, std::string& note) {
  std::vector<const IngressLine*> lines;
  for (const IngressLine& line : report.ingresses)
    if (!line.annotations.empty()) lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->fate > b->fate; });
  const bool by_namespace = lines.size() > most_columns;
  std::vector<Column> out;
  std::map<std::string, std::size_t> at;
  for (const IngressLine* line : lines) {
    const std::string title = by_namespace ? line->id.ns : shown(*line);
    const auto [it, fresh] = at.try_emplace(title, out.size());
    if (fresh) out.push_back({title, {}});
    for (const auto& [key, outcome] : line->annotations)
      ++out[it->second].cells[key][static_cast<std::size_t>(outcome)];
  }
  if (by_namespace) note = "One column a namespace, since there are " + std::to_string(lines.size()) + " Ingresses. ";
  if (out.size() > most_columns) {
    note += std::to_string(out.size() - most_columns) + " more columns are not drawn.";
    out.resize(most_columns);
  }
  return out;
}

std::string heat_map(const Report& report) {
  if (report.annotations.empty()) return {};
  std::string note;
  const std::vector<Column> drawn = columns(report, note);
  std::string out = "<section><h2>Annotations by Ingress</h2>\n<p class=\"legend\">";
  for (const convert::Outcome outcome : grave_first)
    out += "<span><span class=\"cell " + std::string(convert::name(outcome)) + "\">" + letter(outcome) + "</span> " +
           std::string(convert::name(outcome)) + "</span> ";
  out += "</p>\n" + note_html(note) + "<div class=\"wide\"><table class=\"heat\">\n<thead><tr><th></th>";
  for (const Column& column : drawn) out += "<th class=\"up\"><span>" + html_text(column.title) + "</span></th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& [key, counts] : report.annotations) {
    out += "<tr><th scope=\"row\">" + html_text(key) + "</th>";
    for (const Column& column : drawn) {
      const auto at = column.cells.find(key);
      if (at == column.cells.end()) {
        out += "<td></td>";
        continue;
      }
      const auto gravest = std::find_if(std::begin(grave_first), std::end(grave_first),
                                        [&](convert::Outcome outcome) { return count(at->second, outcome) != 0; });
      out += "<td class=\"" + std::string(convert::name(*gravest)) + "\" title=\"" + html_text(column.title) + ": " +
             outcomes_text(at->second) + "\">" + letter(*gravest) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div></section>\n";
}

// ---- the certificate timeline

// One year from today; a bar ends where the certificate does.
std::string timeline(const Report& report) {
  constexpr std::size_t most = 60;
  constexpr int days = 365, width = 640, left = 0, row = 22;
  std::vector<const CertificateLine*> lines;
  for (const CertificateLine& line : report.certificates)
    if (!line.not_after.empty()) lines.push_back(&line);
  if (lines.empty()) return {};
  const std::size_t all = lines.size();
  lines.resize(std::min(all, most));
  std::string out = "<section><h2>Certificates over a year</h2>\n<p class=\"soft\">From " + html_text(report.date) +
                    "; red ends within 30 days, yellow within 90.";
  if (all > most) out += " The " + std::to_string(most) + " that end first, of " + std::to_string(all) + ".";
  const int height = 24 + static_cast<int>(lines.size()) * row;
  out += "</p>\n<div class=\"wide\"><svg role=\"img\" aria-label=\"When certificates end\" width=\"960\" height=\"" +
         std::to_string(height) + "\" viewBox=\"0 0 960 " + std::to_string(height) + "\">\n";
  for (int month = 0; month <= 12; month += 3) {
    const int x = left + month * width / 12;
    out += "<line x1=\"" + std::to_string(x) + "\" y1=\"16\" x2=\"" + std::to_string(x) + "\" y2=\"" +
           std::to_string(height) + "\"/><text class=\"axis\" x=\"" + std::to_string(x + 3) + "\" y=\"12\">" +
           (month == 0 ? "today" : "+" + std::to_string(month) + " months") + "</text>\n";
  }
  int y = 20;
  for (const CertificateLine* line : lines) {
    const auto left_days = std::clamp<std::int64_t>(line->days_left, 0, days);
    const char* kind = line->days_left < 30 ? "bad" : line->days_left < 90 ? "warn" : "good";
    const int length = std::max<int>(3, static_cast<int>(left_days * width / days));
    out += "<rect class=\"" + std::string(kind) + "\" x=\"" + std::to_string(left) + "\" y=\"" + std::to_string(y) +
           "\" width=\"" + std::to_string(length) + "\" height=\"14\" rx=\"3\"/><text x=\"" +
           std::to_string(width + 12) + "\" y=\"" + std::to_string(y + 12) + "\">" + html_text(line->not_after) + " " +
           html_text(line->secret.display()) + "</text>\n";
    y += row;
  }
  return out + "</svg></div></section>\n";
}

// ---- findings and provenance

std::string findings(const Report& report) {
  if (report.findings.empty()) return {};
  std::string out = "<section><h2>Findings of the conversion</h2>\n";
  for (const FindingGroup& group : grouped(report.findings)) {
    const Finding& first = *group.findings.front();
    out += "<details" + std::string(group.severity == "error" ? " open" : "") + "><summary><span" +
           meaning(group.severity) + ">" + group.severity + "</span> <b>" + html_text(group.code) + "</b>, " +
           std::to_string(group.findings.size()) + (group.findings.size() == 1 ? " time: " : " times: ") +
           html_text(first.message) + "</summary>\n";
    if (!first.help.empty()) out += "<p class=\"soft\">Help: " + html_text(first.help) + "</p>\n";
    for (std::size_t i = 0; i < std::min(group.findings.size(), most_findings); ++i) {
      const Finding& finding = *group.findings[i];
      out += "<p class=\"at\">" + html_text(finding.place.empty() ? finding.object : finding.place) + " &middot; " +
             html_text(finding.object) + (i == 0 ? "" : " &middot; " + html_text(finding.message)) + "</p>\n";
      if (!finding.excerpt.empty())
        out += "<pre><span class=\"soft\">" + std::to_string(finding.line) + "</span> " + html_text(finding.excerpt) +
               "</pre>\n";
    }
    if (group.findings.size() > most_findings)
      out += "<p class=\"soft\">and " + std::to_string(group.findings.size() - most_findings) + " more</p>\n";
    out += "</details>\n";
  }
  return out + "</section>\n";
}

std::string before_after(const Report& report) {
  if (report.pairs.empty()) return {};
  std::string out = "<section><h2>Before and after</h2>\n";
  if (report.pairs.size() < report.ingresses.size())
    out += "<p class=\"soft\">" + std::to_string(report.pairs.size()) + " of " +
           std::to_string(report.ingresses.size()) + " Ingresses, those with a loss first.</p>\n";
  for (const BeforeAfter& pair : report.pairs)
    out += "<details><summary>" + html_text(pair.object) + " <span class=\"soft\">" + html_text(pair.place) +
           "</span></summary>\n<div class=\"pair\"><pre>" + html_lines(pair.before) + "</pre><pre>" +
           (pair.after.empty() ? std::string("nothing: see its findings") : html_lines(pair.after)) +
           "</pre></div></details>\n";
  return out + "</section>\n";
}

std::string verdicts(const Report& report) {
  if (!report.checked.done) return {};
  std::string out = "<p>";
  for (const auto& [verdict, n] : report.checked.verdicts)
    out += "<span" + meaning(verdict) + ">" + html_text(verdict) + " " + std::to_string(n) + "</span>&ensp;";
  return out +
         "<span class=\"soft\">hosts compared by verify; converted objects: " + std::to_string(report.checked.errors) +
         " errors, " + std::to_string(report.checked.warnings) + " warnings by validate</span></p>\n";
}

constexpr const char* style =
    "<style>\n:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#57606a;--shade:#f6f8fa;"
    "--bad:#cf222e;--warn:#9a6700;--good:#1a7f37;--bad-fill:#ffccc7;--warn-fill:#fff1b8;--good-fill:#c6efce;"
    "--policy-fill:#cfe4ff;--calm-fill:#e7eaee}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--soft:#9da7b3;"
    "--shade:#161b22;--bad:#ff7b72;--warn:#e3b341;--good:#56d364;--bad-fill:#67161b;--warn-fill:#553f08;"
    "--good-fill:#13431f;--policy-fill:#123a66;--calm-fill:#2a3038}}\n"
    "*{box-sizing:border-box}body{margin:1.5rem auto;max-width:76rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;"
    "color:var(--ink);background:var(--paper)}\nh2{font-size:1.15rem;margin:1.6rem 0 .4rem}summary{cursor:pointer}"
    "summary h2{display:inline-block}.wide{overflow-x:auto}table{border-collapse:collapse}"
    "td,th{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere;"
    "min-width:2rem}thead th{background:var(--shade);overflow-wrap:normal}\n"
    ".score{font-size:2.6rem;font-weight:600}.soft{color:var(--soft)}p.soft{white-space:pre-line;margin:.2rem 0 .5rem}"
    ".is-bad{color:var(--bad);font-weight:600}.is-warn{color:var(--warn);font-weight:600}.is-good{color:var(--good)}\n"
    ".heat td{text-align:center;min-width:1.6rem;padding:.1rem}.heat th{font-weight:400;font-size:.85rem;"
    "overflow-wrap:normal;white-space:nowrap}.up{vertical-align:bottom}.up span{writing-mode:vertical-rl;"
    "transform:rotate(180deg);max-height:16rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}\n.cell{"
    "display:inline-block;width:1.3rem;text-align:center;border:1px solid var(--line)}"
    ".legend>span{margin-right:1rem;white-space:nowrap}\n"
    ".refused,.unknown{background:var(--bad-fill)}.approximated{background:var(--warn-fill)}"
    ".converted{background:var(--good-fill)}.policy{background:var(--policy-fill)}.ignored{background:var(--calm-fill)}"
    "\nsvg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .axis{fill:var(--soft)}svg line{stroke:var(--line)}"
    "svg .bad{fill:var(--bad)}svg .warn{fill:var(--warn)}svg .good{fill:var(--good)}\n"
    "pre{margin:.2rem 0;padding:.4rem .6rem;background:var(--shade);border:1px solid var(--line);overflow-x:auto;"
    "font:12.5px/1.45 ui-monospace,monospace}.at{margin:.4rem 0 0}.pair{display:grid;grid-template-columns:1fr 1fr;"
    "gap:.5rem}.pair pre{min-width:0}details{margin:.3rem 0}@media(max-width:48rem){.pair{grid-template-columns:1fr}}\n"
    "@media print{body{max-width:none}.wide{overflow:visible}td,.cell,rect{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}h2{break-after:avoid}tr{break-inside:avoid}}\n</style>\n";

}  // namespace

std::string render_html(const Report& report) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Migration audit</title>\n" +
      std::string(style) + "</head>\n<body>\n<h1>Migration audit</h1>\n<p><span class=\"score\">" +
      std::to_string(report.score) + "</span> of 100 ready for " + html_text(report.target) +
      "<br><span class=\"soft\">" + html_text(report.arithmetic) + "</span></p>\n<p>" + html_text(inventory(report)) +
      "</p>\n" + verdicts(report) + heat_map(report) + timeline(report);
  for (const Table& table : tables(report, most_rows)) out += html_table(table, table.rows.size() > 30);
  return out + findings(report) + before_after(report) + "</body>\n</html>\n";
}

}  // namespace gw::audit
