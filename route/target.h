// gwctl's reading of a request target. Policy: a path is matched decoded (%2F is a slash), with slashes merged and dot
// segments resolved, so that no spelling of a path escapes the rule meant for it; it is forwarded as received unless a
// filter rewrites it. What cannot be read one way only is refused with 400: no leading slash, '#', control characters,
// spaces, a broken escape, %00, and dot segments that climb above the root.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/ascii.h"

namespace gw::route {

struct SplitTarget {
  std::string_view path;   // before '?'
  std::string_view query;  // after '?', without it
  std::string_view tail;   // '?' and the query as sent; empty without '?'
};
// At the first '?'.
SplitTarget split_target(std::string_view target);

// Room for the paths that are not canonical; kept between requests so that the common one allocates nothing.
struct PathScratch {
  std::string decoded;                // what rules are compared with
  std::string clean;                  // slashes merged, dots resolved, escapes as sent
  std::vector<std::uint32_t> origin;  // decoded[i] starts at clean[origin[i]]
};

// The path to match, or nullopt for a bad one. A view of `raw` when that is canonical, else of scratch.decoded.
std::optional<std::string_view> match_path(std::string_view raw, PathScratch& scratch);

// What is left of the path after a matched prefix of `length` decoded bytes, in the client's spelling where possible.
std::string_view rest_of_path(std::string_view raw, std::string_view matched, std::size_t length,
                              const PathScratch& scratch);

// ReplacePrefixMatch: `prefix` with or without its final slash; the result starts with a slash.
std::string replace_prefix(std::string_view replacement, std::string_view rest);

// %XX decoded; with `plus`, '+' is a space. Broken escapes stay.
std::string percent_decode(std::string_view text, bool plus);

// Calls f(name, value) for each query parameter, undecoded, until it returns true.
template <class F>
bool any_parameter(std::string_view query, F&& f) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(item.size() == query.size() ? item.size() : item.size() + 1);
    const auto equals = item.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    if (!item.empty() && f(item.substr(0, equals), value)) return true;
  }
  return false;
}

// Host header or :authority taken apart. A bracketed IPv6 address keeps its brackets.
struct HostPort {
  std::string_view host, port;
};
// At the last ':' outside brackets; the port is empty where there is none.
HostPort split_host(std::string_view authority);

// ASCII case folding.
inline char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool equal_fold(std::string_view a, std::string_view b);  // ASCII letters compare without case
using diag::lower;

}  // namespace gw::route
