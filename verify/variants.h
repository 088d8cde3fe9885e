// Requests that differ from a plain one only in how they are written or by whom they are sent: one of each kind. They
// are tried wherever both sides' answers have not been seen yet.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "route/request.h"
#include "verify/equivalence.h"

namespace gw::verify {

using Visit = std::function<void(const route::Request& request, Aspect aspect, std::string_view detail)>;

// Every variant of a request whose SNI is its host (https) or absent (http). `sni` names others to try.
void each_variant(const route::Request& plain, const std::vector<std::string>& sni, const Visit& visit);

}  // namespace gw::verify
