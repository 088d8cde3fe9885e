// Every code that validation can tell, with what it means: for `gwctl explain`, the man pages and SARIF's rules.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"

namespace gw::validate {

struct CodeInfo {
  std::string_view code;
  diag::Severity severity = diag::Severity::error;
  std::string_view layer;        // yaml, schema, cel, reference, conflict, lint
  std::string_view title;        // one line
  std::string_view explanation;  // why it matters, what to do
  bool opt_in = false;           // told only when it is asked for by name
};

std::vector<CodeInfo> all_codes();  // by code
// Also for codes with a rule's number: "GW114.1a2b3c4d".
std::optional<CodeInfo> find_code(std::string_view code);

}  // namespace gw::validate
