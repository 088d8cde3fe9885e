// The gateways that can be converted to: one row each.
#include <algorithm>

#include "convert/target.h"

namespace gw::convert {
namespace {

constexpr Target rows[] = {
    {"standard", "gwctl", "gwctl.dev/gateway-controller", standard_meets, standard_fields, nullptr},
    {"envoy-gateway", "eg", "gateway.envoyproxy.io/gatewayclass-controller", envoy_gateway_meets,
     envoy_gateway_policies, envoy_gateway_listener, false, true},
    // Their own objects are not written: what only those could say is refused.
    {"nginx-gateway-fabric", "nginx", "gateway.nginx.org/nginx-gateway-controller", standard_meets, standard_fields,
     nullptr},
    {"traefik", "traefik", "traefik.io/gateway-controller", standard_meets, standard_fields, nullptr},
    {"kong", "kong", "konghq.com/kic-gateway-controller", standard_meets, standard_fields, nullptr},
    {"istio", "istio", "istio.io/gateway-controller", standard_meets, standard_fields, nullptr},
    {"cilium", "cilium", "io.cilium/gateway-controller", standard_meets, standard_fields, nullptr},
    {"gke", "gke-l7-global-external-managed", "networking.gke.io/gateway", standard_meets, standard_fields, nullptr},
    {"kgateway", "kgateway", "kgateway.dev/kgateway", standard_meets, standard_fields, nullptr},
    {"agentgateway", "agentgateway", "agentgateway.dev/agentgateway", standard_meets, standard_fields, nullptr},
};

}  // namespace

std::span<const Target> targets() {
  return rows;
}

const Target* target(std::string_view name) {
  const Target* found = std::find_if(std::begin(rows), std::end(rows), [&](const Target& t) { return t.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace gw::convert
