// Traefik's rule expressions: Host(`a`) && (PathPrefix(`/x`) || Path(`/y`)) && !Header(`k`, `v`).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::convert::traefik {

struct Matcher {
  std::string name;
  std::vector<std::string> arguments;
  bool negated = false;
};
// One of the alternatives of a rule: all matchers have to match.
using Alternative = std::vector<Matcher>;

// The rule with its parentheses opened. The error says what was expected where.
Result<std::vector<Alternative>> parse_rule(std::string_view text);

// Of an expression that is found anywhere, one for the whole text.
std::string whole(std::string_view found);
// "/{id:[0-9]+}" of the v2 syntax as an expression; `other` is what "{id}" alone matches.
std::string braces(std::string_view path, std::string_view other = "[^/]+");

}  // namespace gw::convert::traefik
