// Names of objects as names of files. An input is text that anybody may have written: a name that the API server would
// refuse ("../../x") is not looked at as a path, it is refused.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

#include "diag/result.h"

namespace gw::kube {

// Whether the API server takes it as the name of an object of the kinds that gwctl writes (RFC 1123 subdomain).
bool is_object_name(std::string_view text);

// Whether it could stand in a path at all: the one rule that the API server has for names of every kind.
bool is_path_segment(std::string_view text);

// The names with `between` between them, and `end` after the last. The error names the one that is not allowed; an
// empty name (a namespace that an object has none of) stands for itself.
Result<std::string> named_path(std::initializer_list<std::string_view> names, std::string_view between,
                               std::string_view end);

}  // namespace gw::kube
