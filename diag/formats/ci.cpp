// What CI systems read: JUnit XML, GitHub workflow commands, GitLab code quality.
#include <map>
#include <nlohmann/json.hpp>

#include "diag/formats/format.h"
#include "diag/render.h"

namespace gw::diag::formats {
namespace {

using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

std::string tag(std::string_view name, Attributes attributes) {
  std::string out = "<" + std::string(name);
  for (const auto& [key, value] : attributes) out += " " + std::string(key) + "=\"" + escape_xml(value) + "\"";
  return out;
}

// Errors fail their test case; warnings and notes are only told, so that they do not break a pipeline.
std::string test_case(const Report& report, const Diagnostic& d, const std::string& suite) {
  std::string where = place(d, report.sources);
  std::string out = "    " + tag("testcase", {{"name", d.code + " " + where}, {"classname", suite}}) + ">\n";
  std::string details = where + ": " + d.message + (d.help.empty() ? "" : " (" + d.help + ")");
  if (d.severity == Severity::error) {
    out += "      " + tag("failure", {{"message", d.message}, {"type", d.code}}) + ">" + escape_xml(details) +
           "</failure>\n";
  } else {
    out += "      <system-out>" + escape_xml(std::string(name(d.severity)) + " " + details) + "</system-out>\n";
  }
  return out + "    </testcase>\n";
}

// GitHub's own escapes; a property may hold neither ':' nor ','.
std::string workflow_escape(std::string_view text, bool property) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string junit(const Report& report) {
  std::map<std::string, std::vector<const Diagnostic*>> suites;  // by file: a file without findings passes
  for (FileId file = 0; file < report.sources.size(); ++file) suites[report.sources.name(file)];
  for (const Diagnostic& d : report.findings) {
    suites[d.span.known() ? report.sources.name(d.span.file) : d.object.display()].push_back(&d);
  }
  std::size_t tests = 0;
  std::string body;
  for (const auto& [name, findings] : suites) {
    std::size_t failures = 0;
    std::string cases;
    for (const Diagnostic* d : findings) {
      failures += d->severity == Severity::error;
      cases += test_case(report, *d, name);
    }
    if (findings.empty()) cases = "    " + tag("testcase", {{"name", "no findings"}, {"classname", name}}) + "/>\n";
    std::size_t count = std::max<std::size_t>(1, findings.size());
    tests += count;
    body +=
        "  " +
        tag("testsuite", {{"name", name}, {"tests", std::to_string(count)}, {"failures", std::to_string(failures)}}) +
        ">\n" + cases + "  </testsuite>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
         tag("testsuites", {{"name", "gwctl"},
                            {"tests", std::to_string(tests)},
                            {"failures", std::to_string(formats::count(report, Severity::error))}}) +
         ">\n" + body + "</testsuites>\n";
}

std::string github(const Report& report) {
  std::string out;
  for (const Diagnostic& d : report.findings) {
    std::string properties;
    if (d.span.known()) {
      Position begin = report.sources.position(d.span.file, d.span.begin);
      Position end = report.sources.position(d.span.file, d.span.end);
      properties = "file=" + workflow_escape(printable(report.sources.name(d.span.file)), true) +
                   ",line=" + std::to_string(begin.line) + ",endLine=" + std::to_string(end.line);
      // GitHub takes columns only within one line.
      if (begin.line == end.line)
        properties += ",col=" + std::to_string(begin.column) + ",endColumn=" + std::to_string(end.column);
      properties += ",";
    }
    properties += "title=" + workflow_escape(d.code, true);
    std::string message = d.help.empty() ? d.message : d.message + "\n" + d.help;
    if (!d.span.known() && !d.object.empty()) message = d.object.display() + ": " + message;
    std::string_view command = d.severity == Severity::info ? "notice" : name(d.severity);
    out += "::" + std::string(command) + " " + properties + "::" + workflow_escape(message, false) + "\n";
  }
  return out;
}

std::string gitlab(const Report& report) {
  auto out = nlohmann::ordered_json::array();
  std::vector<std::string> prints = unique_fingerprints(report);
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Diagnostic& d = report.findings[i];
    std::string_view severity = d.severity == Severity::error     ? "major"
                                : d.severity == Severity::warning ? "minor"
                                                                  : "info";
    bool known = d.span.known();
    std::string path = known ? report.sources.name(d.span.file) : d.object.display();
    while (path.starts_with("./")) path.erase(0, 2);
    std::uint32_t line = known ? report.sources.position(d.span.file, d.span.begin).line : 1;
    out.push_back({{"description", d.help.empty() ? d.message : d.message + " (" + d.help + ")"},
                   {"check_name", d.code},
                   {"fingerprint", prints[i]},
                   {"severity", severity},
                   {"location", {{"path", path}, {"lines", {{"begin", line}}}}}});
  }
  return dump(out, 2) + "\n";
}

}  // namespace gw::diag::formats
