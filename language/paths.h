// Which paths an expression matches, as the smallest set of exact paths and prefixes that matches the same, and what a
// substitution makes of each of them. Paths are normalised ones: they begin with '/', without "//", "." and ".."
// segments, and without escapes.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::language {

struct PathMatch {
  enum class Kind : std::uint8_t {
    exact,    // the text alone
    element,  // the text, and whatever follows it and a '/'
    below,    // what follows the text and a '/', but not the text alone
    bytes,    // whatever begins with the text
  } kind = Kind::exact;
  std::string text;
  auto operator<=>(const PathMatch&) const = default;
};

// A pattern as a controller reads it.
struct PathPattern {
  std::string_view text;
  bool fold_case = false;  // as with (?i)
  bool to_end = false;     // it must match up to the end; else anything may follow
  bool anywhere = false;   // it may match in the middle of the path; else from its start
};

// What the pieces leave out or add, against what the pattern matches.
struct Differences {
  bool letter_case = false;  // only the spelling that is written
  bool bare = false;         // "/foo" is served like "/foo/", or not told from it
  bool elements = false;     // "/foox" is served no longer
  bool dots = false;         // '.' between letters is taken for itself
  bool doubled = false;      // "//" in what is made becomes "/"
  std::string request;       // the shortest path that is answered otherwise; empty: none
  bool any() const { return letter_case || bare || elements || dots || doubled; }  // is there any?
};

struct PathSet {
  std::vector<PathMatch> matches;  // in the order of their texts; empty: nothing matches, or `expression`
  bool expression = false;         // no finite set of them says it
  bool spelled = false;            // the pattern was read as its author thinks of it: letters as they are written
  Differences differences;
};

// Fails where the pattern is wrong, or not a matter of finite automata ("a back-reference"), or too large.
// `readable`: letters as they are spelled, and "/foo/" for "/foo/" and "/foo"; else only what is equal.
Result<PathSet> path_set(const PathPattern& pattern, bool readable);

// A substitution: text and groups in turn (group 0 is the whole match).
struct Part {
  std::string text;
  int group = -1;
};
struct Substitution {
  PathPattern search;       // from where its groups are
  std::vector<Part> parts;  // empty: the empty path
  bool in_place = false;    // only what matched is replaced; else the whole path
};

struct RewrittenMatch {
  PathMatch match;
  enum class Kind : std::uint8_t {
    same,    // the path stays
    prefix,  // the text of `match` becomes `value`
    full,    // the path becomes `value`
  } kind = Kind::same;
  std::string value;
};
struct RewrittenPaths {
  std::vector<RewrittenMatch> matches;
  Differences differences;
};

// The paths of `set` (of path_set for `pattern`) with what `to` makes of each. Nothing where more than a prefix
// changes.
std::optional<RewrittenPaths> rewritten(const PathPattern& pattern, const PathSet& set, const Substitution& to);

// The shortest path that one of two patterns matches and the other does not; empty where there is none. Fails as
// path_set.
Result<std::string> telling_path(const PathPattern& one, const PathPattern& other);

// The path that `to` makes of one path, as PCRE finds the match; nothing where the pattern does not match it.
Result<std::optional<std::string>> substituted(std::string_view path, const Substitution& to);

// The texts (not paths alone) that a pattern matches, where they are at most `most`, in their order. Fails where they
// are more, or hold other characters than paths do. `spelled`: as its author thinks of it, the '.' of "example.com" for
// itself.
Result<std::vector<std::string>> texts_of(const PathPattern& pattern, std::size_t most, bool spelled = false);

// Do two patterns match the same texts? No, when in doubt.
bool same_texts(const PathPattern& one, const PathPattern& other, bool spelled = false);

// An expression of RE2 for whole paths that matches what the pattern matches, without what RE2 cannot say. Fails where
// it would be longer than 1,024 characters.
Result<std::string> re2_for(const PathPattern& pattern);

}  // namespace gw::language
