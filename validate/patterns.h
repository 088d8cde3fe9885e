// The regular expressions that Gateway API uses, by name, each with what it means in plain words.
#pragma once
#include <string>
#include <string_view>

namespace gw::validate {

struct KnownPattern {
  std::string_view name;   // in the built-in notation
  std::string_view regex;  // Go's syntax
  std::string_view what;   // "'x' is not ..."
  std::string_view help;
};

const KnownPattern* pattern_by_name(std::string_view name);  // null for an unknown name

struct Hint {
  std::string what, help;
};
// In plain words for a known expression; else the expression itself. `value` sharpens the help.
Hint explain_pattern(std::string_view regex, std::string_view value);

}  // namespace gw::validate
