// What becomes of a path expression and of a rewrite in Gateway API: exact paths and prefixes where they say the same,
// else one expression. Decided by language/, for every provider.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/ir.h"
#include "language/paths.h"

namespace gw::convert {

struct PathPiece {
  PathKind kind = PathKind::prefix;
  std::string path;
  enum class Rewrite : std::uint8_t { none, prefix, full } rewrite = Rewrite::none;
  std::string value = {};
};

struct PathPieces {
  std::vector<PathPiece> pieces;
  bool needs_regex_rewrite = false;  // the pieces match, but no URLRewrite makes the path
  std::string differs;               // what is answered otherwise, with the shortest request that shows it; empty: none
  std::string request;
  std::string why_not;  // there are no pieces: "a back-reference"
  std::string instead;  // what an expert writes in its place; may be empty
};

struct PathOptions {
  bool exact = false;          // --paths exact: nothing that differs, as long as an expression says it
  bool regex_rewrite = false;  // the target rewrites by expressions
};

// rewrite: null for none.
PathPieces path_pieces(const language::PathPattern& pattern, const language::Substitution* rewrite,
                       const PathOptions& options);

// "/x/$1" as text and groups; `mark` is '$' or '\\'. Groups beyond `groups` are empty.
std::vector<language::Part> parts_of(std::string_view target, char mark, unsigned groups);

// The hostnames that an expression for names says: a few of them, or a wildcard for one free label in front. Empty: it
// matches other names than hostnames can say.
std::vector<std::string> host_names(std::string_view pattern);

// A pattern that is found anywhere in a value of a header: exact values where they are few, else one expression for the
// whole value.
struct ValueMatches {
  std::vector<ValueMatch> matches;  // without names
  std::string why_not;              // there are none
  bool broken = false;              // the pattern is no regular expression at all
};
// Of a pattern in PCRE's syntax; without matches `why_not` says the reason.
ValueMatches value_matches(std::string_view pattern);

}  // namespace gw::convert
