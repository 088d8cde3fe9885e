// What the report formats share. Each format is one file with one function; diag/formats.cpp lists them.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diag/formats.h"

namespace gw::diag::formats {

struct Report {
  std::span<const Diagnostic> findings;
  const Sources& sources;
  const ReportInfo& info;
};

// Each gives the whole report in its format, ending with a line end.
std::string text(const Report& report);
std::string concise(const Report& report);
std::string json(const Report& report);
std::string json_lines(const Report& report);
std::string sarif(const Report& report);
std::string junit(const Report& report);
std::string github(const Report& report);
std::string gitlab(const Report& report);
std::string markdown(const Report& report);
std::string html(const Report& report);

// One finding as docs/command-line.md, "validate" has it.
nlohmann::ordered_json to_json(const Diagnostic& finding, const Sources& sources);
// On one line; broken UTF-8 becomes U+FFFD.
std::string dump(const nlohmann::ordered_json& value, int indent = -1);

// "2 errors, 1 warning, 3 notes in 4 files"
std::string summary_line(const Report& report);
std::size_t count(const Report& report, Severity severity);  // findings of this severity
// "file:5:7", or the object when there is no place.
std::string place(const Diagnostic& finding, const Sources& sources);
// Safe for text and attribute values of XML and HTML; line ends become spaces.
std::string escape_xml(std::string_view text);
// What ReportInfo knows of a code; a code that it does not know is its own title.
RuleInfo rule_of(const Report& report, std::string_view code);
// Fingerprints of the findings, the n-th repetition of one told apart by its number: unique, and stable across line
// moves.
std::vector<std::string> unique_fingerprints(const Report& report);

}  // namespace gw::diag::formats
