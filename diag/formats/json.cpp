// JSON as docs/command-line.md has it: one object, or one finding a line.
#include <nlohmann/json.hpp>

#include "diag/baseline.h"
#include "diag/formats/format.h"

namespace gw::diag::formats {
namespace {

nlohmann::ordered_json finding(const Report& report, const Diagnostic& d) {
  nlohmann::ordered_json out = to_json(d, report.sources);
  if (report.info.type) {
    if (std::string type = report.info.type(d); !type.empty()) out["type"] = type;
  }
  if (report.info.fix) {
    for (const TextEdit& edit : report.info.fix(d)) {
      const Position begin = report.sources.position(edit.span.file, edit.span.begin);
      const Position end = report.sources.position(edit.span.file, edit.span.end);
      out["fix"].push_back({{"line", begin.line},
                            {"column", begin.column},
                            {"end_line", end.line},
                            {"end_column", end.column},
                            {"text", edit.text}});
    }
  }
  out["fingerprint"] = fingerprint(d, report.sources);
  return out;
}

}  // namespace

std::string json(const Report& report) {
  nlohmann::ordered_json out;
  out["findings"] = nlohmann::ordered_json::array();
  for (const Diagnostic& d : report.findings) out["findings"].push_back(finding(report, d));
  out["summary"] = {{"files", report.info.files},
                    {"objects", report.info.objects},
                    {"errors", count(report, Severity::error)},
                    {"warnings", count(report, Severity::warning)},
                    {"infos", count(report, Severity::info)}};
  return dump(out, 2) + "\n";
}

std::string json_lines(const Report& report) {
  std::string out;
  for (const Diagnostic& d : report.findings) out += dump(finding(report, d)) + "\n";
  return out;
}

}  // namespace gw::diag::formats
