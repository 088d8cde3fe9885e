// PCRE as nginx and its kin read it, and RE2 as Gateway API gateways read it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gw::convert {

std::string escape_regex(std::string_view literal);  // an expression that matches exactly this text

// What RE2 cannot read in a PCRE pattern ("a look-ahead"), or nothing.
std::optional<std::string> not_re2(std::string_view pattern);

// Is '|' used outside of every group, so that an anchor before it binds one branch only?
bool top_level_alternation(std::string_view pattern);

// The part before the first character with a meaning: "/api" of "/api(/|$)(.*)".
std::string_view literal_head(std::string_view pattern);
bool literal(std::string_view pattern);  // does the pattern hold nothing special, anchors aside?

// Number of capturing groups.
int captures(std::string_view pattern);

}  // namespace gw::convert
