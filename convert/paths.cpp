#include "convert/paths.h"

#include <algorithm>

#include "convert/regex.h"
#include "language/syntax.h"

namespace gw::convert {
namespace {

using language::Differences;
using language::PathMatch;
using language::PathPattern;
using language::RewrittenMatch;

constexpr std::size_t most_values = 16;

std::string told(const Differences& d) {
  std::string out;
  const auto add = [&](bool holds, std::string_view what) {
    if (!holds) return;
    if (!out.empty()) out += ", ";
    out += what;
  };
  add(d.letter_case, "letter case matters");
  add(d.bare, "the path without its last '/' is treated like the one with it");
  add(d.elements, "only whole path elements match");
  add(d.dots, "'.' is a dot alone");
  add(d.doubled, "doubled slashes become one");
  return out;
}

std::string unslashed(std::string_view path) {
  return std::string(path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path);
}

// The pieces of a set that Exact and PathPrefix say; false where an expression is needed.
bool plain_pieces(const language::PathSet& set, std::vector<PathPiece>& out) {
  for (const PathMatch& match : set.matches) {
    if (match.kind != PathMatch::Kind::exact && match.kind != PathMatch::Kind::element) return false;
    out.push_back({match.kind == PathMatch::Kind::exact ? PathKind::exact : PathKind::prefix, match.text});
  }
  return !out.empty();
}

void tell(PathPieces& out, const Differences& d) {
  out.differs = told(d);
  if (!out.differs.empty()) out.request = d.request;
}

void one_expression(PathPieces& out, const PathPattern& pattern) {
  auto text = language::re2_for(pattern);
  if (!text) {
    out.why_not = text.error().message;
    return;
  }
  out.pieces.push_back({PathKind::regex, std::move(*text)});
}

PathPieces matched(const PathPattern& pattern, const language::PathSet& set) {
  PathPieces out;
  if (!set.expression && plain_pieces(set, out.pieces)) {
    tell(out, set.differences);
    return out;
  }
  out.pieces.clear();
  one_expression(out, pattern);
  return out;
}

bool pieces_of(const language::RewrittenPaths& rewritten, bool expression, PathPieces& out) {
  for (const RewrittenMatch& match : rewritten.matches) {
    const bool exact = match.match.kind == PathMatch::Kind::exact;
    PathPiece piece{exact ? PathKind::exact : PathKind::prefix, exact ? match.match.text : unslashed(match.match.text)};
    if (match.kind == RewrittenMatch::Kind::prefix) piece.rewrite = PathPiece::Rewrite::prefix;
    if (match.kind == RewrittenMatch::Kind::full) piece.rewrite = PathPiece::Rewrite::full;
    piece.value = match.value;
    if (piece.rewrite != PathPiece::Rewrite::none && !piece.value.starts_with('/')) return false;
    if (expression && piece.rewrite == PathPiece::Rewrite::prefix) return false;
    out.pieces.push_back(std::move(piece));
  }
  return !out.pieces.empty();
}

// "/((?!api).*)": the paths that a look-ahead leaves out are another rule's.
std::string two_rules(std::string_view pattern) {
  const auto look = pattern.find("(?!");
  if (look == std::string_view::npos) return {};
  return "write '" + std::string(literal_head(pattern.substr(0, look))) +
         "' without the look-ahead, and a rule of its own for each path that it excludes";
}

}  // namespace

PathPieces path_pieces(const PathPattern& pattern, const language::Substitution* rewrite, const PathOptions& options) {
  PathPieces out;
  const auto set = language::path_set(pattern, !options.exact);
  if (!set) {
    out.why_not = set.error().message;
    out.instead = two_rules(pattern.text);
    return out;
  }
  if (!rewrite) return matched(pattern, *set);
  if (const auto made = language::rewritten(pattern, *set, *rewrite)) {
    PathPieces plain;
    if (pieces_of(*made, set->expression, plain) &&
        !(options.exact && options.regex_rewrite && made->differences.any())) {
      if (set->expression) {
        one_expression(out, pattern);
        if (out.pieces.empty()) return out;
        plain.pieces.front().kind = PathKind::regex;
        plain.pieces.front().path = out.pieces.front().path;
      } else {
        tell(plain, made->differences);
      }
      return plain;
    }
  }
  const auto exact = language::path_set(pattern, false);
  if (exact && !exact->expression && plain_pieces(*exact, out.pieces)) {
    out.needs_regex_rewrite = true;
    return out;
  }
  out.pieces.clear();
  one_expression(out, pattern);
  out.needs_regex_rewrite = !out.pieces.empty();
  if (out.pieces.empty()) out.instead = two_rules(pattern.text);
  return out;
}

std::vector<language::Part> parts_of(std::string_view target, char mark, unsigned groups) {
  std::vector<language::Part> out;
  std::string text;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool group = target[i] == mark && i + 1 < target.size() && target[i + 1] >= '0' && target[i + 1] <= '9';
    if (!group) {
      text += target[i];
      continue;
    }
    if (!text.empty()) out.push_back({std::move(text), -1});
    text.clear();
    const int number = target[++i] - '0';
    if (number <= static_cast<int>(groups)) out.push_back({{}, number});
  }
  if (!text.empty()) out.push_back({std::move(text), -1});
  return out;
}

std::vector<std::string> host_names(std::string_view pattern) {
  const language::PathPattern names{pattern, false, false, true};
  if (const auto texts = language::texts_of(names, most_values, true); texts && !texts->empty()) {
    const bool plain = std::all_of(texts->begin(), texts->end(), [](const std::string& name) {
      return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
    });
    if (plain) return *texts;
  }
  std::string_view rest = pattern;
  if (rest.ends_with('$')) rest.remove_suffix(1);
  std::size_t from = rest.size();
  while (from > 0 && (std::isalnum(static_cast<unsigned char>(rest[from - 1])) ||
                      std::string_view("-.\\").find(rest[from - 1]) != std::string_view::npos))
    --from;
  std::string suffix(rest.substr(from));
  std::erase(suffix, '\\');
  if (!suffix.starts_with('.')) return {};
  for (const std::string_view label : {"[^.]+", "[^.]*", ".+", ".*", "[a-z0-9-]+", "[a-zA-Z0-9-]+", "[a-z0-9_-]+",
                                       "[a-zA-Z0-9_-]+", "[a-z0-9][a-z0-9-]*"}) {
    const std::string wanted = "^" + std::string(label) + escape_regex(suffix) + "$";
    if (language::same_texts(names, {wanted, false, false, true}, true)) return {"*" + suffix};
  }
  return {};
}

ValueMatches value_matches(std::string_view pattern) {
  ValueMatches out;
  if (const auto syntax = language::parse_pcre(pattern); !syntax) {
    out.why_not = syntax.error().message;
    out.broken = !syntax.error().help.empty();
    return out;
  }
  if (const auto why = not_re2(pattern)) {
    out.why_not = *why;
    return out;
  }
  if (const auto texts = language::texts_of({pattern, false, false, true}, most_values); texts && !texts->empty())
    for (const std::string& text : *texts) out.matches.push_back({{}, text, false});
  else
    out.matches.push_back({{}, ".*(?:" + std::string(pattern) + ").*", true});
  return out;
}

}  // namespace gw::convert
