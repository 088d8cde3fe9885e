// What gwctl serves, in the conformance suite's own words: GatewayClass.status.supportedFeatures.
#pragma once
#include <string_view>
#include <vector>

#include "route/channel.h"

namespace gw::control {

// Ascending, as the API wants them: what the installed release and channel of Gateway API know.
std::vector<std::string_view> supported_features(const route::Release& release);

}  // namespace gw::control
