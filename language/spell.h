// Automata as expressions of RE2.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "language/dfa.h"
#include "language/paths.h"

namespace gw::language {

// Ways to write a pattern for whole paths that keep its text, the plainest first. Whether they match the same is for
// the caller to decide.
std::vector<std::string> spellings(const PathPattern& pattern);

// An expression for the texts that `dfa` accepts; nothing if it would be longer than `most`.
std::optional<std::string> spell(const Dfa& dfa, std::size_t most);

// One byte of a set, as a class of the shortest text: ".", "[^/]", "[a-z]".
std::string spell_bytes(const ByteSet& set);

}  // namespace gw::language
