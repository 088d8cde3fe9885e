// What gwctl serves, in the conformance suite's own words: GatewayClass.status.supportedFeatures.
#pragma once
#include <span>
#include <string_view>

namespace gw::control {

std::span<const std::string_view> supported_features();  // ascending, as the API wants them

}  // namespace gw::control
