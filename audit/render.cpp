// The report for people and machines. HTML is one page without script: a heat map, tables, a list of findings.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "audit/audit.h"
#include "diag/render.h"

namespace gw::audit {
namespace {

constexpr convert::Outcome grave_first[] = {convert::Outcome::refused,      convert::Outcome::unknown,
                                            convert::Outcome::approximated, convert::Outcome::policy,
                                            convert::Outcome::converted,    convert::Outcome::ignored};

std::size_t count(const Counts& counts, convert::Outcome outcome) {
  return counts[static_cast<std::size_t>(outcome)];
}

std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string outcomes_text(const Counts& counts) {
  std::vector<std::string> words;
  for (convert::Outcome outcome : grave_first)
    if (count(counts, outcome) != 0)
      words.push_back(std::to_string(count(counts, outcome)) + " " + std::string(convert::name(outcome)));
  return joined(words);
}

std::string fates_text(const std::array<std::size_t, 3>& fates) {
  std::vector<std::string> words;
  for (Fate fate : {Fate::clean, Fate::approximated, Fate::lost})
    if (const std::size_t n = fates[static_cast<std::size_t>(fate)]; n != 0)
      words.push_back(std::to_string(n) + " " + std::string(name(fate)));
  return joined(words);
}

// A table as data; each format draws it.
struct Table {
  std::string title;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

std::vector<Table> tables(const Report& report) {
  std::vector<Table> out;
  Table targets{"Targets, the one that loses least first", {"target", "Ingresses with a loss", "annotations"}, {}};
  for (const TargetLine& line : report.targets)
    targets.rows.push_back({line.name, std::to_string(line.lost), outcomes_text(line.annotations)});
  Table namespaces{"Namespaces", {"namespace", "Ingresses", "fate", "risk"}, {}};
  for (const NamespaceLine& line : report.namespaces)
    namespaces.rows.push_back({line.ns, std::to_string(line.ingresses), fates_text(line.fates), line.risk});
  Table annotations{"Annotations", {"annotation", "outcome"}, {}};
  for (const auto& [key, counts] : report.annotations) annotations.rows.push_back({key, outcomes_text(counts)});
  Table ingresses{"Ingresses", {"Ingress", "class", "controller", "hosts", "fate", "at"}, {}};
  for (const IngressLine& line : report.ingresses)
    ingresses.rows.push_back({line.id.display(), line.class_name.empty() ? "-" : line.class_name,
                              line.controller.empty() ? "none known" : line.controller, joined(line.hosts),
                              std::string(name(line.fate)), line.place});
  Table certificates{"Certificates", {"Secret", "valid until", "note"}, {}};
  for (const CertificateLine& line : report.certificates)
    certificates.rows.push_back({line.secret.display(), line.not_after.empty() ? "-" : line.not_after, line.problem});
  auto by_date = [](const auto& a, const auto& b) { return a[1] < b[1]; };
  std::stable_sort(certificates.rows.begin(), certificates.rows.end(), by_date);
  for (Table* table : {&targets, &namespaces, &annotations, &ingresses, &certificates})
    if (!table->rows.empty()) out.push_back(std::move(*table));
  return out;
}

std::string headline(const Report& report) {
  return "Readiness " + std::to_string(report.score) + " of 100 for " + report.target + ": " + report.arithmetic;
}

std::string inventory(const Report& report) {
  std::vector<std::string> words = {std::to_string(report.ingresses.size()) + " Ingresses",
                                    std::to_string(report.hosts) + " hosts",
                                    std::to_string(report.services) + " Services"};
  for (const auto& [controller, n] : report.controllers) words.push_back(controller + ": " + std::to_string(n));
  return joined(words);
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void write_text(const Table& table, std::string& out) {
  std::vector<std::size_t> widths(table.head.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min<std::size_t>(width_of(row[i]), 60));
  };
  widen(table.head);
  for (const auto& row : table.rows) widen(row);
  const auto write = [&](const std::vector<std::string>& row) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = diag::printable(row[i]);
      line += " " + cell + std::string(widths[i] > width_of(cell) ? widths[i] - width_of(cell) + 1 : 1, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  out += "\n" + table.title + "\n";
  write(table.head);
  for (const auto& row : table.rows) write(row);
}

// Markdown reads < and & as HTML, | as the next cell and ` as code.
std::string markdown_text(const std::string& raw) {
  std::string out;
  for (char c : diag::printable(raw)) {
    if (c == '\n') {
      out += ' ';
      continue;
    }
    if (c == '<') {
      out += "&lt;";
      continue;
    }
    if (c == '&') {
      out += "&amp;";
      continue;
    }
    if (std::string_view("|`*_[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string html_text(const std::string& raw) {
  std::string out;
  for (char c : diag::printable(raw)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_table(const Table& table) {
  std::string out = "<h2>" + html_text(table.title) + "</h2>\n<div class=\"wide\"><table>\n<tr>";
  for (const std::string& cell : table.head) out += "<th>" + html_text(cell) + "</th>";
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += "<td>" + html_text(cell) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

// Annotation × Ingress. Beyond what a screen shows, the Ingresses with a loss come first and the rest is counted.
std::string heat_map(const Report& report) {
  constexpr std::size_t shown = 60;
  if (report.annotations.empty()) return {};
  std::vector<const IngressLine*> lines;
  for (const IngressLine& line : report.ingresses)
    if (!line.annotations.empty()) lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->fate > b->fate; });
  const std::size_t left_out = lines.size() > shown ? lines.size() - shown : 0;
  lines.resize(lines.size() - left_out);
  std::string out = "<h2>Annotations by Ingress</h2>\n<p>";
  for (convert::Outcome outcome : grave_first)
    out += "<span class=\"cell " + std::string(convert::name(outcome)) + "\"></span> " +
           std::string(convert::name(outcome)) + "&ensp;";
  out += "</p>\n<div class=\"wide\"><table class=\"heat\">\n<tr><th></th>";
  for (const IngressLine* line : lines)
    out += "<th class=\"up\"><span>" + html_text(line->id.display()) + "</span></th>";
  out += "</tr>\n";
  for (const auto& [key, counts] : report.annotations) {
    out += "<tr><th>" + html_text(key) + "</th>";
    for (const IngressLine* line : lines) {
      const auto at = line->annotations.find(key);
      if (at == line->annotations.end()) {
        out += "<td></td>";
        continue;
      }
      const std::string outcome(convert::name(at->second));
      out += "<td class=\"" + outcome + "\" title=\"" + html_text(line->id.display()) + ": " + outcome + "\"></td>";
    }
    out += "</tr>\n";
  }
  out += "</table></div>\n";
  if (left_out != 0) out += "<p>" + std::to_string(left_out) + " more Ingresses without a loss are not drawn.</p>\n";
  return out;
}

constexpr const char* style =
    "<style>\n:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#57606a;--bad:#b3261e;"
    "--warn:#b58900;--good:#1a7f37;--calm:#6e7781;--policy:#0969da}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--soft:#9da7b3;--bad:#ff7b72;"
    "--warn:#d29922;--good:#3fb950;--calm:#8b949e;--policy:#58a6ff}}\n"
    "body{margin:1.5rem auto;max-width:72rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);"
    "background:var(--paper)}\n.wide{overflow-x:auto}table{border-collapse:collapse}"
    "td,th{border:1px solid var(--line);padding:.2rem "
    ".5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
    ".score{font-size:2.4rem;font-weight:600}.soft{color:var(--soft)}\n"
    ".heat td{min-width:1.2rem;padding:0}.heat th{font-weight:400;font-size:.85rem;overflow-wrap:normal}"
    ".up{vertical-align:bottom}.up span{writing-mode:vertical-rl}\n"
    ".cell{display:inline-block;width:.9rem;height:.9rem;border:1px solid var(--line)}\n"
    ".refused,.unknown{background:var(--bad)}.approximated{background:var(--warn)}.converted{background:var(--good)}"
    ".policy{background:var(--policy)}.ignored{background:var(--calm)}\n"
    "@media print{body{max-width:none}.wide{overflow:visible}td{print-color-adjust:exact;-webkit-print-color-adjust:"
    "exact}h2{break-after:avoid}}\n</style>\n";

}  // namespace

std::string render_text(const Report& report) {
  std::string out = headline(report) + "\n" + inventory(report) + "\n";
  for (const Table& table : tables(report)) write_text(table, out);
  if (!report.findings.empty()) out += "\nFindings\n";
  for (const Finding& finding : report.findings)
    out += "  " + (finding.place.empty() ? finding.object : finding.place) + ": " + finding.severity + "[" +
           finding.code + "]: " + diag::printable(finding.message) + "\n";
  return out;
}

std::string render_markdown(const Report& report) {
  std::string out =
      "# Migration audit\n\n**" + markdown_text(headline(report)) + "**\n\n" + markdown_text(inventory(report)) + "\n";
  const auto row_text = [](const std::vector<std::string>& row) {
    std::string line = "|";
    for (const std::string& cell : row) line += " " + markdown_text(cell) + " |";
    return line + "\n";
  };
  for (const Table& table : tables(report)) {
    out += "\n## " + table.title + "\n\n" + row_text(table.head) + "|";
    for (std::size_t i = 0; i < table.head.size(); ++i) out += "---|";
    out += "\n";
    for (const auto& row : table.rows) out += row_text(row);
  }
  if (!report.findings.empty()) out += "\n## Findings\n\n";
  for (const Finding& finding : report.findings)
    out += "- " + markdown_text(finding.place.empty() ? finding.object : finding.place) + ": " + finding.severity +
           " " + finding.code + ": " + markdown_text(finding.message) + "\n";
  return out;
}

std::string render_json(const Report& report) {
  using Json = nlohmann::ordered_json;
  const auto counts_json = [](const Counts& counts) {
    Json out = Json::object();
    for (convert::Outcome outcome : grave_first) out[std::string(convert::name(outcome))] = count(counts, outcome);
    return out;
  };
  Json ingresses = Json::array(), namespaces = Json::array(), certificates = Json::array(), targets = Json::array(),
       findings = Json::array(), annotations = Json::object();
  for (const IngressLine& line : report.ingresses) {
    Json outcomes_of = Json::object();
    for (const auto& [key, outcome] : line.annotations) outcomes_of[key] = convert::name(outcome);
    ingresses.push_back({{"namespace", line.id.ns},
                         {"name", line.id.name},
                         {"class", line.class_name},
                         {"controller", line.controller},
                         {"hosts", line.hosts},
                         {"fate", name(line.fate)},
                         {"errors", line.errors},
                         {"warnings", line.warnings},
                         {"annotations", outcomes_of},
                         {"at", line.place}});
  }
  for (const NamespaceLine& line : report.namespaces)
    namespaces.push_back({{"namespace", line.ns},
                          {"ingresses", line.ingresses},
                          {"clean", line.fates[0]},
                          {"approximated", line.fates[1]},
                          {"loss", line.fates[2]},
                          {"risk", line.risk}});
  for (const CertificateLine& line : report.certificates)
    certificates.push_back({{"namespace", line.secret.ns},
                            {"name", line.secret.name},
                            {"notAfter", line.not_after},
                            {"problem", line.problem}});
  for (const TargetLine& line : report.targets)
    targets.push_back(
        {{"target", line.name}, {"ingressesWithLoss", line.lost}, {"annotations", counts_json(line.annotations)}});
  for (const auto& [key, counts] : report.annotations) annotations[key] = counts_json(counts);
  for (const Finding& finding : report.findings)
    findings.push_back({{"code", finding.code},
                        {"severity", finding.severity},
                        {"message", finding.message},
                        {"help", finding.help},
                        {"object", finding.object},
                        {"at", finding.place}});
  const Json out = {{"target", report.target},
                    {"readiness", {{"score", report.score}, {"arithmetic", report.arithmetic}}},
                    {"controllers", report.controllers},
                    {"classes", report.classes},
                    {"hosts", report.hosts},
                    {"services", report.services},
                    {"ingresses", ingresses},
                    {"namespaces", namespaces},
                    {"annotations", annotations},
                    {"certificates", certificates},
                    {"targets", targets},
                    {"findings", findings}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string render_html(const Report& report) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Migration audit</title>\n" +
      std::string(style) + "</head>\n<body>\n<h1>Migration audit</h1>\n<p><span class=\"score\">" +
      std::to_string(report.score) + "</span> of 100 ready for " + html_text(report.target) +
      "<br><span class=\"soft\">" + html_text(report.arithmetic) + "</span></p>\n<p>" + html_text(inventory(report)) +
      "</p>\n";
  out += heat_map(report);
  for (const Table& table : tables(report)) out += html_table(table);
  if (!report.findings.empty()) {
    Table findings{"Findings", {"at", "severity", "code", "finding", "help"}, {}};
    for (const Finding& finding : report.findings)
      findings.rows.push_back({finding.place.empty() ? finding.object : finding.place, finding.severity, finding.code,
                               finding.message, finding.help});
    out += html_table(findings);
  }
  return out + "</body>\n</html>\n";
}

}  // namespace gw::audit
