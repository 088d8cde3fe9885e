// The table of formats and what they share.
#include "diag/formats/format.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <nlohmann/json.hpp>

#include "diag/baseline.h"
#include "diag/markup.h"
#include "diag/render.h"

namespace gw::diag {
namespace {

struct Row {
  std::string_view name;
  std::string (*render)(const formats::Report&);
};

constexpr Row rows[] = {
    {"text", formats::text},         {"concise", formats::concise},
    {"json", formats::json},         {"json-lines", formats::json_lines},
    {"sarif", formats::sarif},       {"junit", formats::junit},
    {"github", formats::github},     {"gitlab", formats::gitlab},
    {"markdown", formats::markdown}, {"html", formats::html},
};

constexpr auto names = [] {
  std::array<std::string_view, std::size(rows)> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = rows[i].name;
  return out;
}();

}  // namespace

std::span<const std::string_view> report_formats() {
  return names;
}

std::string render_report(std::string_view format, std::span<const Diagnostic> findings, const Sources& sources,
                          const ReportInfo& info) {
  const Row* row = std::ranges::find(rows, format, &Row::name);
  assert(row != std::end(rows));
  return row->render({findings, sources, info});
}

namespace formats {

nlohmann::ordered_json to_json(const Diagnostic& d, const Sources& sources) {
  nlohmann::ordered_json out;
  out["code"] = d.code;
  out["severity"] = name(d.severity);
  out["layer"] = d.layer;
  out["message"] = d.message;
  out["help"] = d.help;
  if (d.span.known()) {
    Position begin = sources.position(d.span.file, d.span.begin);
    Position end = sources.position(d.span.file, d.span.end);
    out["file"] = sources.name(d.span.file);
    out["line"] = begin.line;
    out["column"] = begin.column;
    out["end_line"] = end.line;
    out["end_column"] = end.column;
  }
  out["object"] = {{"apiVersion", d.object.api_version},
                   {"kind", d.object.kind},
                   {"namespace", d.object.ns},
                   {"name", d.object.name}};
  out["path"] = d.path;
  for (const Related& related : d.related) {
    nlohmann::ordered_json note{{"message", related.message}};
    if (related.span.known()) {
      Position at = sources.position(related.span.file, related.span.begin);
      note["file"] = sources.name(related.span.file);
      note["line"] = at.line;
      note["column"] = at.column;
    }
    out["related"].push_back(std::move(note));
  }
  return out;
}

std::string dump(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::size_t count(const Report& report, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(report.findings, severity, &Diagnostic::severity));
}

std::string summary_line(const Report& report) {
  auto counted = [](std::size_t n, std::string_view noun) {
    return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
  };
  std::string out =
      counted(count(report, Severity::error), "error") + ", " + counted(count(report, Severity::warning), "warning");
  if (std::size_t notes = count(report, Severity::info); notes != 0) out += ", " + counted(notes, "note");
  return out + " in " + counted(report.info.files, "file");
}

std::string place(const Diagnostic& d, const Sources& sources) {
  if (!d.span.known()) return d.object.display();
  Position at = sources.position(d.span.file, d.span.begin);
  return sources.name(d.span.file) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string escape_xml(std::string_view text) {
  std::string one_line(text);
  std::ranges::replace(one_line, '\n', ' ');
  return escape_markup(printable(one_line));
}

RuleInfo rule_of(const Report& report, std::string_view code) {
  RuleInfo out;
  if (report.info.rule) out = report.info.rule(code);
  if (out.title.empty()) out.title = code;
  return out;
}

std::vector<std::string> unique_fingerprints(const Report& report) {
  std::map<std::string, int> seen;
  std::vector<std::string> out;
  for (const Diagnostic& d : report.findings) {
    std::string print = fingerprint(d, report.sources);
    int repetition = seen[print]++;
    out.push_back(repetition == 0 ? print : print + "-" + std::to_string(repetition));
  }
  return out;
}

std::string text(const Report& report) {
  std::string out;
  for (const Diagnostic& d : report.findings) out += render_text(d, report.sources) + "\n";
  return out + summary_line(report) + "\n";
}

std::string concise(const Report& report) {
  std::string out;
  for (const Diagnostic& d : report.findings) out += render_concise(d, report.sources) + "\n";
  return out;
}

}  // namespace formats
}  // namespace gw::diag
