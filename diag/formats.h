// A whole run as one report, for people and for the programs that read reports.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"

namespace gw::diag {

struct RuleInfo {
  std::string title;        // one line
  std::string explanation;  // why it matters and what to do
};

// A piece of a file and what to write instead.
struct TextEdit {
  Span span;
  std::string text;
};

struct ReportInfo {
  std::string tool_version;
  std::size_t files = 0;
  std::size_t objects = 0;
  // What a code means; an empty title when it is not known. May be empty.
  std::function<RuleInfo(std::string_view code)> rule;
  // The API server's error type of a finding ("FieldValueInvalid"), told as "type" in JSON; may be empty.
  std::function<std::string(const Diagnostic&)> type;
  // A safe repair, told as "fix" in JSON and as "fixes" in SARIF; none for most. May be empty.
  std::function<std::vector<TextEdit>(const Diagnostic&)> fix;
};

// text, concise, json, json-lines, sarif, junit, github, gitlab, markdown, html
std::span<const std::string_view> report_formats();

// Findings in the order given. Precondition: `format` is one of report_formats(). Ends in a newline unless it is empty.
std::string render_report(std::string_view format, std::span<const Diagnostic> findings, const Sources& sources,
                          const ReportInfo& info);

}  // namespace gw::diag
