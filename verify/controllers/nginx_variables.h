// nginx's "$name" texts: captures of a rewrite, variables of a redirect, cookies.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "route/request.h"

namespace gw::verify {

// Replaces $1..$9; nullopt when the text names any other variable.
std::optional<std::string> expand_captures(std::string_view text, const std::vector<std::string_view>& groups);

// Replaces $name and ${name} by the given values; nullopt when one is not given.
std::optional<std::string> expand_variables(std::string_view text,
                                            const std::vector<std::pair<std::string_view, std::string>>& values);

// Everything but unreserved characters escaped.
std::string escape_component(std::string_view text);

// $cookie_name: the name compares without case, the first one wins.
std::optional<std::string> nginx_cookie(const route::Request& request, std::string_view name);

// The first line of a snippet that may decide where a request goes; headers, timeouts and buffers do not.
std::optional<std::string> deciding_line(std::string_view snippet);

// A wildcard server name ("*.x", ".x", "x.*") as an expression over the whole host.
std::string alias_expression(std::string_view alias);

}  // namespace gw::verify
