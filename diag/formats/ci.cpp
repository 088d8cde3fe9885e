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

// A test case needs a time; reports are the same on every run, so none took any.
constexpr const char* no_time = "0";

std::string test_case(const std::string& name, const std::string& suite) {
  return "    " + tag("testcase", {{"name", name}, {"classname", suite}, {"time", no_time}});
}

// Errors fail their test case; warnings and notes are only told, so that they do not break a pipeline.
std::string test_case(const Report& report, const Diagnostic& d, const std::string& suite, std::string& notes) {
  const std::string where = place(d, report.sources);
  const std::string details = where + ": " + d.message + (d.help.empty() ? "" : " (" + d.help + ")");
  const std::string head = test_case(d.code + " " + where, suite);
  if (d.severity != Severity::error) {
    notes += printable(std::string(name(d.severity)) + " " + d.code + " " + details) + "\n";
    return head + "/>\n";
  }
  return head + ">\n      " + tag("failure", {{"message", d.message}, {"type", d.code}}) + ">" + escape_xml(details) +
         "</failure>\n    </testcase>\n";
}

std::string notes_of(const std::string& notes) {
  std::string out;
  for (std::size_t at = 0; at < notes.size();) {
    const std::size_t end = notes.find('\n', at);
    out += escape_xml(std::string_view(notes).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
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

// Both name files from the root of the repository, without "./".
std::string repository_path(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

}  // namespace

// Valid by both schemas in use, of Ant (which wants every attribute and section) and of Jenkins.
std::string junit(const Report& report) {
  std::map<std::string, std::vector<const Diagnostic*>> suites;  // by file: a file without findings passes
  for (FileId file = 0; file < report.sources.size(); ++file) suites[report.sources.name(file)];
  for (const Diagnostic& d : report.findings) {
    suites[d.span.known() ? report.sources.name(d.span.file) : d.object.display()].push_back(&d);
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  std::size_t id = 0;
  for (const auto& [name, findings] : suites) {
    std::size_t failures = 0;
    std::string cases, notes;
    for (const Diagnostic* d : findings) {
      failures += d->severity == Severity::error;
      cases += test_case(report, *d, name, notes);
    }
    if (findings.empty()) cases = test_case("no findings", name) + "/>\n";
    out += "  " +
           tag("testsuite", {{"name", name},
                             {"package", "gwctl"},
                             {"id", std::to_string(id++)},
                             {"timestamp", "1970-01-01T00:00:00"},
                             {"hostname", "localhost"},
                             {"tests", std::to_string(std::max<std::size_t>(1, findings.size()))},
                             {"failures", std::to_string(failures)},
                             {"errors", "0"},
                             {"time", no_time}}) +
           ">\n    <properties/>\n" + cases + "    <system-out>" + notes_of(notes) +
           "</system-out>\n    <system-err/>\n  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string github(const Report& report) {
  std::string out;
  for (const Diagnostic& d : report.findings) {
    std::string properties;
    if (d.span.known()) {
      Position begin = report.sources.position(d.span.file, d.span.begin);
      Position end = report.sources.position(d.span.file, d.span.end);
      properties = "file=" + workflow_escape(printable(repository_path(report.sources.name(d.span.file))), true) +
                   ",line=" + std::to_string(begin.line) + ",endLine=" + std::to_string(end.line);
      // GitHub takes columns only within one line.
      if (begin.line == end.line)
        properties += ",col=" + std::to_string(begin.column) + ",endColumn=" + std::to_string(end.column);
      properties += ",";
    }
    properties += "title=" + workflow_escape(d.code, true);
    std::string message = printable(d.message);
    if (!d.span.known() && !d.object.empty()) message = printable(d.object.display()) + ": " + message;
    for (std::string_view help = d.help; !help.empty();) {
      const auto end = help.find('\n');
      message += "\n" + printable(help.substr(0, end));
      help.remove_prefix(end == help.npos ? help.size() : end + 1);
    }
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
    const std::string path = known ? repository_path(report.sources.name(d.span.file)) : d.object.display();
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
