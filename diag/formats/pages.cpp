// What people read in a browser or a pull request: Markdown and one HTML page without scripts or outside parts.
#include <map>

#include "diag/excerpt.h"
#include "diag/formats/format.h"
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
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --error: #b42318; --warning: #9a6700; --info: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --soft: #161b22; --error: #ff7b72; --warning: #e3b341; --info: #79c0ff; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-left-width: 4px; border-radius: 6px; padding: .6rem .9rem; margin: .6rem 0; overflow-wrap: anywhere; }
article.error { border-left-color: var(--error); } article.warning { border-left-color: var(--warning); } article.info { border-left-color: var(--info); }
.error b { color: var(--error); } .warning b { color: var(--warning); } .info b { color: var(--info); }
pre { background: var(--soft); padding: .5rem .7rem; overflow-x: auto; border-radius: 4px; margin: .5rem 0; }
p { margin: .2rem 0; } small { opacity: .75; }
)css";

std::string html_excerpt(const Sources& sources, Span span) {
  Excerpt shown = excerpt(sources, span);
  if (shown.line.empty()) return {};
  std::string number = std::to_string(shown.number);
  return "<pre>" + number + " | " + escape_xml(shown.line) + "\n" + std::string(number.size(), ' ') + " | " +
         std::string(shown.caret_at, ' ') + std::string(shown.caret_columns, '^') + "</pre>\n";
}

std::string html_finding(const Report& report, const Diagnostic& d) {
  std::string severity(name(d.severity));
  std::string out = "<article class=\"" + severity + "\">\n<p><b>" + severity + " " + escape_xml(d.code) + "</b> " +
                    escape_xml(d.message) + "</p>\n";
  std::string where = escape_xml(place(d, report.sources));
  if (!d.object.empty() && d.span.known()) where += " · " + escape_xml(d.object.display());
  if (!d.path.empty()) where += " · " + escape_xml(d.path);
  out += "<p><small>" + where + "</small></p>\n";
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
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>gwctl report</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n<h1>gwctl report</h1>\n<p>" + escape_xml(summary_line(report)) + "</p>\n";
  for (const auto& [title, findings] : sections) out += "<h2>" + escape_xml(title) + "</h2>\n" + findings;
  return out + "</body>\n</html>\n";
}

}  // namespace gw::diag::formats
