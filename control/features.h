// What gwctl serves, in the conformance suite's own words: GatewayClass.status.supportedFeatures.
#pragma once
#include <string_view>
#include <vector>

namespace gw::control {

// Ascending, as the API wants them. Features of the experimental channel only where it is installed.
std::vector<std::string_view> supported_features(bool experimental);

}  // namespace gw::control
