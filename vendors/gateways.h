// Implementations of Gateway API as facts: the GatewayClass that their guides make, its controller, the group of their
// own resources. One row each, and the only list of them; how they answer is in route/profiles, and what is written for
// them in convert/emitters.
#pragma once
#include <span>
#include <string_view>

namespace gw::vendors {

inline constexpr std::string_view own_controller = "gwctl.dev/gateway-controller";  // of `gwctl serve`

struct Gateway {
  std::string_view name;           // as --to and --profile take it; empty: gwctl knows no more than the controller
  std::string_view gateway_class;  // its usual name
  std::string_view controller;     // GatewayClass.spec.controllerName
  std::string_view family = {};    // what the names of all its controllers begin with, where there are several
  std::string_view group = {};     // of the resources that guard routes; empty: none are read
};

// Of implementations that publish a conformance report (https://gateway-api.sigs.k8s.io/implementations/), and gwctl.
std::span<const Gateway> gateways();
// Null for a name that is none.
const Gateway* gateway(std::string_view name);
// Is it a controller of one of them?
bool known_gateway_controller(std::string_view controller);

}  // namespace gw::vendors
