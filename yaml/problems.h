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

// Whether a document's text names the kind Secret. One that was refused has no tree to tell what is a Secret's value;
// its text must do.
bool like_secret(std::string_view text);

}  // namespace gw::yaml
