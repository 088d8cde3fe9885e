// What people read in a browser or a pull request: Markdown and one HTML page without scripts or outside parts.
#include <map>

#include "diag/excerpt.h"
#include "diag/formats/format.h"
#include "diag/page.h"
#include "diag/render.h"

namespace gw::diag::formats {
namespace {

// Text that Markdown shows as it is: no markup, no link, no mention, no table cell of its own.
std::string escape_markdown(std::string_view text) {
  constexpr std::string_view special = "\\`*_{}[]()#+!|~@";
  std::string out;
  for (char c : escape_xml(text)) {
    if (special.find(c) != special.npos && c != '#' && c != '+') out += '\\';
    out += c;
  }
  return out;
}

// A code span that may hold backticks.
std::string code(std::string_view text) {
  std::string shown = printable(text);
  std::string out;
  for (char c : shown) {
    if (c == '|') out += '\\';
    out += c == '`' ? '\'' : c;
  }
  return "`" + out + "`";
}

constexpr std::string_view style = R"css(
body{max-width:62rem}article{border:1px solid var(--line);border-left-width:4px;border-radius:6px;padding:.6rem .9rem;margin:.6rem 0;
overflow-wrap:anywhere}article.error{border-left-color:var(--bad)}article.warning{border-left-color:var(--warn)}
article.info{border-left-color:var(--info)}p{margin:.2rem 0}
)css";

std::string_view colour(Severity severity) {
  return severity == Severity::error ? "bad" : severity == Severity::warning ? "warn" : "info";
}

std::string html_excerpt(const Sources& sources, Span span) {
  Excerpt shown = excerpt(sources, span);
  if (shown.line.empty()) return {};
  std::string number = std::to_string(shown.number);
  return pre_box(number + " | " + escape_xml(shown.line) + "\n" + std::string(number.size(), ' ') + " | " +
                 std::string(shown.caret_at, ' ') + std::string(shown.caret_columns, '^'));
}

std::string html_finding(const Report& report, const Diagnostic& d) {
  std::string severity(name(d.severity));
  std::string out = "<article class=\"" + severity + "\">\n<p><b class=\"" + std::string(colour(d.severity)) + "\">" +
                    severity + " " + escape_xml(d.code) + "</b> " + escape_xml(d.message) + "</p>\n";
  std::string where = escape_xml(place(d, report.sources));
  if (!d.object.empty() && d.span.known()) where += " · " + escape_xml(d.object.display());
  if (!d.path.empty()) where += " · " + escape_xml(d.path);
  out += "<p class=\"soft\">" + where + "</p>\n";
  if (d.span.known()) out += html_excerpt(report.sources, d.span);
  if (!d.help.empty()) out += "<p>" + escape_xml(d.help) + "</p>\n";
  for (const Related& related : d.related) {
    out += "<p>" + escape_xml(related.message) + "</p>\n";
    if (related.span.known()) out += html_excerpt(report.sources, related.span);
  }
  return out + "</article>\n";
}

}  // namespace

std::string markdown(const Report& report) {
  std::string out = "## gwctl: " + summary_line(report) + "\n";
  if (report.findings.empty()) return out;
  out += "\n| Severity | Code | Place | Finding |\n| --- | --- | --- | --- |\n";
  for (const Diagnostic& d : report.findings) {
    std::string finding = escape_markdown(d.message);
    if (!d.help.empty()) finding += "<br>" + escape_markdown(d.help);
    out += "| " + std::string(name(d.severity)) + " | " + escape_markdown(d.code) + " | " +
           code(place(d, report.sources)) + " | " + finding + " |\n";
  }
  return out;
}

std::string html(const Report& report) {
  std::map<std::string, std::string> sections;  // by file
  for (const Diagnostic& d : report.findings) {
    std::string title = d.span.known() ? report.sources.name(d.span.file) : d.object.display();
    sections[title] += html_finding(report, d);
  }
  std::string body = "<h1>gwctl report</h1>\n<p>" + escape_xml(summary_line(report)) + "</p>\n";
  for (const auto& [title, findings] : sections) body += "<h2>" + escape_xml(title) + "</h2>\n" + findings;
  return html_page({.title = "gwctl report", .style = style, .body = body});
}

}  // namespace gw::diag::formats
