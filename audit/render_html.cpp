// The report as one page without script: what is long is folded, nothing is loaded from elsewhere.
#include <algorithm>
#include <cctype>

#include "audit/audit.h"
#include "audit/first_steps.h"
#include "audit/tables.h"
#include "diag/markup.h"
#include "diag/page.h"
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

// The id of a section: "Answers compared (verify)" is "answers-compared-verify".
std::string anchor(std::string_view title) {
  std::string out;
  for (const char c : title) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string section(std::string_view title, const std::string& markup) {
  return "<section id=\"" + anchor(title) + "\"><h2>" + html_text(std::string(title)) + "</h2>\n" + markup +
         "</section>\n";
}

// Radio buttons that choose what a section shows or how it is ordered; the style sheet does the rest, by their ids.
struct Choice {
  std::string id, label;
};
std::string choices(const char* legend, const char* name, const std::vector<Choice>& all) {
  std::string out = "<fieldset class=\"pick\"><legend>" + std::string(legend) + "</legend>";
  for (const Choice& choice : all)
    out += "<label><input type=\"radio\" name=\"" + std::string(name) + "\" id=\"" + choice.id + "\"" +
           (&choice == all.data() ? " checked" : "") + "> " + choice.label + "</label>";
  return out + "</fieldset>\n";
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
    if (cell == word) return " class=\"" + std::string(kind) + "\"";
  return {};
}

// A row with a fate can be chosen by it.
std::string row_class(const std::vector<std::string>& row) {
  for (const std::string& cell : row)
    for (const Fate fate : {Fate::clean, Fate::approximated, Fate::lost})
      if (cell == name(fate)) return " class=\"row-" + cell + "\"";
  return {};
}

std::string fate_choices(const Table& table) {
  std::map<std::string, std::size_t> rows;
  for (const auto& row : table.rows) ++rows[row_class(row)];
  std::vector<Choice> all{{"fate-all", "all (" + std::to_string(table.rows.size()) + ")"}};
  for (const char* fate : {"loss", "approximated", "clean"})
    if (const std::size_t n = rows[" class=\"row-" + std::string(fate) + "\""]; n != 0)
      all.push_back({"fate-" + std::string(fate), std::string(fate) + " (" + std::to_string(n) + ")"});
  return choices("Show", "fate", all);
}

std::string html_table(const Table& table, bool folded) {
  std::string rows = "<table>\n<thead><tr>";
  for (const std::string& cell : table.head) rows += "<th scope=\"col\">" + html_text(cell) + "</th>";
  rows += "</tr></thead>\n<tbody>\n";
  const bool by_fate = table.title == "Ingresses";
  for (const auto& row : table.rows) {
    rows += "<tr" + (by_fate ? row_class(row) : std::string()) + ">";
    for (const std::string& cell : row) rows += "<td" + meaning(cell) + ">" + html_text(cell) + "</td>";
    rows += "</tr>\n";
  }
  const std::string body = note_html(table.note) + (by_fate && table.rows.size() > 1 ? fate_choices(table) : "") +
                           diag::scroll_box(table.title, rows + "</tbody></table>");
  if (!folded) return section(table.title, body);
  return "<details id=\"" + anchor(table.title) + "\"><summary><h2>" + html_text(table.title) + "</h2></summary>\n" +
         body + "</details>\n";
}

// ---- the summary

std::string card(const std::string& value, const std::string& what, const std::string& more = {}) {
  return "<div class=\"card\"><b>" + value + "</b>" + what + more + "</div>\n";
}

// One bar, as wide as its card, with a part for each fate.
std::string fate_bar(const std::array<std::size_t, 3>& fates) {
  std::string parts, label;
  for (const Fate fate : {Fate::clean, Fate::approximated, Fate::lost}) {
    const std::size_t n = fates[static_cast<std::size_t>(fate)];
    if (n == 0) continue;
    label += (label.empty() ? "" : ", ") + std::to_string(n) + " " + std::string(name(fate));
    parts += "<span class=\"fill-" + std::string(name(fate)) + "\" style=\"flex:" + std::to_string(n) + "\"></span>";
  }
  return "<div class=\"bar\" role=\"img\" aria-label=\"" + label + "\">" + parts + "</div><span class=\"soft\">" +
         label + "</span>";
}

std::string cards(const Report& report) {
  std::array<std::size_t, 3> fates{};
  for (const IngressLine& line : report.ingresses) ++fates[static_cast<std::size_t>(line.fate)];
  std::string out = "<div class=\"cards\">\n" +
                    card(std::to_string(report.score) + " of 100", "ready for " + html_text(report.target),
                         "<br><span class=\"soft\">" + html_text(report.arithmetic) + "</span>") +
                    card(std::to_string(report.ingresses.size()), "routes read", fate_bar(fates));
  if (report.checked.done) {
    std::string verdicts;
    for (const auto& [verdict, n] : report.checked.verdicts)
      verdicts += "<br><span" + meaning(verdict) + ">" + html_text(verdict) + " " + std::to_string(n) + "</span>";
    out += card(std::to_string(report.checked.hosts) + " of " + std::to_string(report.checked.all_hosts),
                "hosts compared by verify", verdicts) +
           card(std::to_string(report.checked.errors), "errors by validate",
                "<br><span class=\"soft\">" + std::to_string(report.checked.warnings) + " warnings</span>");
  }
  return out + "</div>\n";
}

std::string steps(const Report& report) {
  std::string out = "<ol class=\"steps\">\n";
  for (const Step& step : first_steps(report)) {
    out += "<li><b>" + html_text(step.text) + ".</b> " + html_text(step.detail);
    if (!step.section.empty()) out += " <a href=\"#" + anchor(step.section) + "\">" + html_text(step.section) + "</a>";
    if (!step.command.empty()) out += diag::pre_box(html_text(step.command));
    out += "</li>\n";
  }
  return section("What to do first", out + "</ol>\n");
}

std::string stages(const Report& report) {
  std::string out = "<ol class=\"stages\">\n";
  for (const StageLine& stage : report.stages)
    out += "<li><b>" + html_text(stage.title) + "</b>" +
           (stage.go_on.empty() ? "" : "<br><span class=\"soft\">Go on when " + html_text(stage.go_on) + ".</span>") +
           "</li>\n";
  return section("Stages", out + "</ol>\n");
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
  std::string out = "<p class=\"legend\">";
  for (const convert::Outcome outcome : grave_first)
    out += "<span><span class=\"cell " + std::string(convert::name(outcome)) + "\">" + letter(outcome) + "</span> " +
           std::string(convert::name(outcome)) + "</span> ";
  out += "</p>\n" + note_html(note);
  std::string map = "<table class=\"heat\">\n<thead><tr><th scope=\"col\">Annotation</th>";
  for (const Column& column : drawn)
    map += "<th scope=\"col\" class=\"up\"><span>" + html_text(column.title) + "</span></th>";
  map += "</tr></thead>\n<tbody>\n";
  for (const auto& [key, counts] : report.annotations) {
    map += "<tr><th scope=\"row\">" + html_text(key) + "</th>";
    for (const Column& column : drawn) {
      const auto at = column.cells.find(key);
      if (at == column.cells.end()) {
        map += "<td></td>";
        continue;
      }
      const auto gravest = std::find_if(std::begin(grave_first), std::end(grave_first),
                                        [&](convert::Outcome outcome) { return count(at->second, outcome) != 0; });
      map += "<td class=\"" + std::string(convert::name(*gravest)) + "\" title=\"" + html_text(column.title) + ": " +
             outcomes_text(at->second) + "\">" + letter(*gravest) + "</td>";
    }
    map += "</tr>\n";
  }
  return section("Annotations by Ingress", out + diag::scroll_box("Annotations by Ingress", map + "</tbody></table>"));
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
  std::string out = "<p class=\"soft\">From " + html_text(report.date) + "; red ends within 30 days, yellow within 90.";
  if (all > most) out += " The " + std::to_string(most) + " that end first, of " + std::to_string(all) + ".";
  const int height = 24 + static_cast<int>(lines.size()) * row;
  out += "</p>\n";
  std::string svg = "<svg role=\"img\" aria-label=\"When certificates end\" width=\"960\" height=\"" +
                    std::to_string(height) + "\" viewBox=\"0 0 960 " + std::to_string(height) + "\">\n";
  for (int month = 0; month <= 12; month += 3) {
    const int x = left + month * width / 12;
    svg += "<line x1=\"" + std::to_string(x) + "\" y1=\"16\" x2=\"" + std::to_string(x) + "\" y2=\"" +
           std::to_string(height) + "\"/><text class=\"axis\" x=\"" + std::to_string(x + 3) + "\" y=\"12\">" +
           (month == 0 ? "today" : "+" + std::to_string(month) + " months") + "</text>\n";
  }
  int y = 20;
  for (const CertificateLine* line : lines) {
    const auto left_days = std::clamp<std::int64_t>(line->days_left, 0, days);
    const char* kind = line->days_left < 30 ? "bad" : line->days_left < 90 ? "warn" : "good";
    const int length = std::max<int>(3, static_cast<int>(left_days * width / days));
    svg += "<rect class=\"" + std::string(kind) + "\" x=\"" + std::to_string(left) + "\" y=\"" + std::to_string(y) +
           "\" width=\"" + std::to_string(length) + "\" height=\"14\" rx=\"3\"/><text x=\"" +
           std::to_string(width + 12) + "\" y=\"" + std::to_string(y + 12) + "\">" + html_text(line->not_after) + " " +
           html_text(line->secret.display()) + "</text>\n";
    y += row;
  }
  return section("Certificates over a year", out + diag::scroll_box("Certificates over a year", svg + "</svg>"));
}

// ---- findings and provenance

std::string finding_group(const FindingGroup& group) {
  const Finding& first = *group.findings.front();
  const std::size_t n = group.findings.size();
  std::string out = "<details class=\"finding " + group.severity + "\" style=\"--n:-" + std::to_string(n) + "\"" +
                    std::string(group.severity == "error" ? " open" : "") + "><summary><span" +
                    meaning(group.severity) + ">" + group.severity + "</span> <b>" + html_text(group.code) + "</b>, " +
                    std::to_string(n) + (n == 1 ? " time: " : " times: ") + html_text(first.message) + "</summary>\n";
  if (!first.help.empty()) out += "<p class=\"soft\">Help: " + html_text(first.help) + "</p>\n";
  for (std::size_t i = 0; i < std::min(n, most_findings); ++i) {
    const Finding& finding = *group.findings[i];
    out += "<p class=\"at\">" + html_text(finding.place.empty() ? finding.object : finding.place) + " &middot; " +
           html_text(finding.object) + (i == 0 ? "" : " &middot; " + html_text(finding.message)) + "</p>\n";
    if (!finding.excerpt.empty())
      out += diag::pre_box("<span class=\"soft\">" + std::to_string(finding.line) + "</span> " +
                           html_text(finding.excerpt));
  }
  if (n > most_findings) out += "<p class=\"soft\">and " + std::to_string(n - most_findings) + " more</p>\n";
  return out + "</details>\n";
}

std::string findings(const Report& report) {
  if (report.findings.empty()) return {};
  const std::vector<FindingGroup> groups = grouped(report.findings);
  std::map<std::string, std::size_t> kinds;
  for (const FindingGroup& group : groups) ++kinds[group.severity];
  std::vector<Choice> shown{{"severity-all", "all"}};
  for (const char* severity : {"error", "warning", "info"})
    if (kinds.contains(severity)) shown.push_back({"severity-" + std::string(severity), severity});
  std::string out;
  if (groups.size() > 1)
    out += choices("Show", "severity", shown) +
           choices("Order", "order", {{"by-severity", "gravest first"}, {"by-count", "most frequent first"}});
  out += "<div class=\"findings\">\n";
  for (const FindingGroup& group : groups) out += finding_group(group);
  return section("Findings", out + "</div>\n");
}

std::string before_after(const Report& report) {
  if (report.pairs.empty()) return {};
  std::string out;
  if (report.pairs.size() < report.ingresses.size())
    out += "<p class=\"soft\">" + std::to_string(report.pairs.size()) + " of " +
           std::to_string(report.ingresses.size()) + " Ingresses, those with a loss first.</p>\n";
  for (const BeforeAfter& pair : report.pairs)
    out += "<details><summary>" + html_text(pair.object) + " <span class=\"soft\">" + html_text(pair.place) +
           "</span></summary>\n<div class=\"pair\"><div><h3>Before</h3>" + diag::pre_box(html_lines(pair.before)) +
           "</div><div><h3>After, for " + html_text(report.target) + "</h3>" +
           diag::pre_box(pair.after.empty() ? std::string("nothing: see its findings") : html_lines(pair.after)) +
           "</div></div></details>\n";
  return section("Before and after", out);
}

constexpr const char* style =
    ":root{--bad-fill:#ffccc7;--warn-fill:#fff1b8;--good-fill:#c6efce;--policy-fill:#cfe4ff;--calm-fill:#e7eaee}\n"
    "@media(prefers-color-scheme: dark){:root{--bad-fill:#67161b;--warn-fill:#553f08;--good-fill:#13431f;"
    "--policy-fill:#123a66;--calm-fill:#2a3038}}\n"
    "td,th{border:1px solid var(--line);padding:.2rem .5rem}td.bad,td.warn,span.bad,span.warn{font-weight:600}"
    "p.soft{white-space:pre-line;margin:.2rem 0 .5rem}.at{margin:.4rem 0 0}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem;margin:1rem 0}"
    ".card{border:1px solid var(--line);border-radius:6px;padding:.6rem .9rem}.card b{display:block;font-size:1.7rem;"
    "font-weight:600}.bar{display:flex;gap:2px;height:.7rem;margin:.4rem 0 .2rem}.bar span{border-radius:2px}"
    ".fill-clean{background:var(--good)}.fill-approximated{background:var(--warn)}.fill-loss{background:var(--bad)}\n"
    ".steps li{margin:.5rem 0}.steps pre{max-width:46rem}\n"
    ".stages{list-style:none;margin:0;padding:0;counter-reset:stage}.stages "
    "li{counter-increment:stage;position:relative;"
    "padding:0 0 1rem 2.6rem}.stages li::before{content:counter(stage);position:absolute;left:0;top:0;width:1.7rem;"
    "height:1.7rem;line-height:1.7rem;text-align:center;border-radius:50%;background:var(--policy-fill)}"
    ".stages li:not(:last-child)::after{content:'';position:absolute;left:.8rem;top:1.9rem;bottom:.1rem;width:2px;"
    "background:var(--line)}\n"
    ".heat td{text-align:center;min-width:1.6rem;padding:.1rem}.heat th{font-weight:400;font-size:.85rem;"
    "overflow-wrap:normal;white-space:nowrap}.heat thead "
    "th:first-child{vertical-align:bottom}.up{vertical-align:bottom}"
    ".up "
    "span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:16rem;overflow:hidden;text-overflow:ellipsis;"
    "white-space:nowrap}.cell{display:inline-block;width:1.3rem;text-align:center;border:1px solid var(--line)}"
    ".legend>span{margin-right:1rem;white-space:nowrap}\n"
    ".refused,.unknown{background:var(--bad-fill)}.approximated{background:var(--warn-fill)}"
    ".converted{background:var(--good-fill)}.policy{background:var(--policy-fill)}.ignored{background:var(--calm-fill)}"
    "\n"
    "svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .axis{fill:var(--soft)}svg line{stroke:var(--line)}"
    "svg .bad{fill:var(--bad)}svg .warn{fill:var(--warn)}svg .good{fill:var(--good)}\n"
    ".pick{border:0;padding:0;margin:.3rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}.pick legend{float:left;"
    "padding:0 1rem 0 0;color:var(--soft)}\n"
    "section:has(#fate-loss:checked) tr[class]:not(.row-loss),details:has(#fate-loss:checked) tr[class]:not(.row-loss),"
    "section:has(#fate-approximated:checked) tr[class]:not(.row-approximated),"
    "details:has(#fate-approximated:checked) tr[class]:not(.row-approximated),"
    "section:has(#fate-clean:checked) tr[class]:not(.row-clean),"
    "details:has(#fate-clean:checked) tr[class]:not(.row-clean),"
    "section:has(#severity-error:checked) .finding:not(.error),"
    "section:has(#severity-warning:checked) .finding:not(.warning),"
    "section:has(#severity-info:checked) .finding:not(.info){display:none}\n"
    ".findings{display:flex;flex-direction:column}.finding>*{color:var(--ink)}"
    "section:has(#by-count:checked) .finding{order:var(--n)}\n"
    ".pair{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}.pair>div{min-width:0}"
    "@media(max-width:48rem){.pair{grid-template-columns:1fr}}@media print{.pick{display:none}}\n";

}  // namespace

std::string render_html(const Report& report) {
  std::string out = "<h1>Migration audit</h1>\n<p>" + html_text(inventory(report)) + "</p>\n" + cards(report) +
                    steps(report) + stages(report) + heat_map(report) + timeline(report);
  for (const Table& table : tables(report, most_rows)) out += html_table(table, table.rows.size() > 30);
  out += findings(report) + before_after(report);
  return diag::html_page({.title = "Migration audit", .style = style, .body = out});
}

}  // namespace gw::audit
