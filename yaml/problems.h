// libyaml's terse problems in a user's words, each with what to write instead.
#pragma once
#include <string_view>

namespace gw::yaml {

struct Problem {
  std::string_view libyaml;
  std::string_view message;
  std::string_view help;
};

// The row for libyaml's text; a row with an empty message when it is not known.
const Problem& explain(std::string_view libyaml);

}  // namespace gw::yaml
