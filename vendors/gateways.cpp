#include "vendors/gateways.h"

#include <algorithm>

namespace gw::vendors {
namespace {

constexpr Gateway rows[] = {
    {"gwctl", "gwctl", own_controller},
    {"envoy-gateway", "eg", "gateway.envoyproxy.io/gatewayclass-controller", {}, "gateway.envoyproxy.io"},
    {"nginx-gateway-fabric", "nginx", "gateway.nginx.org/nginx-gateway-controller", {}, "gateway.nginx.org"},
    {"traefik", "traefik", "traefik.io/gateway-controller", {}, "traefik.io"},
    {"kong", "kong", "konghq.com/kic-gateway-controller", "konghq.com/", "configuration.konghq.com"},
    {"istio", "istio", "istio.io/gateway-controller", "istio.io/", "security.istio.io"},
    {"cilium", "cilium", "io.cilium/gateway-controller"},
    {"contour", "contour", "projectcontour.io/gateway-controller", "projectcontour.io/"},
    {"gke", "gke-l7-global-external-managed", "networking.gke.io/gateway", "networking.gke.io/", "networking.gke.io"},
    {"kgateway", "kgateway", "kgateway.dev/kgateway", "kgateway.dev/kgateway", "gateway.kgateway.dev"},
    {"agentgateway", "agentgateway", "agentgateway.dev/agentgateway", "agentgateway.dev/", "agentgateway.dev"},
    {"aws", "aws-alb", "gateway.k8s.aws/alb", "gateway.k8s.aws/"},
    {{}, {}, "application-networking.k8s.aws/gateway-api-controller"},
    {{}, {}, "azure.alb.networking.azure.io/alb-controller"},
    {{}, {}, "gateway.airlock.com/", "gateway.airlock.com/"},
    {{}, {}, "haproxy-ingress.github.io/controller"},
    {{}, {}, "haproxy.org/gateway-controller"},
    {{}, {}, "kgateway.dev/agentgateway"},  // of kgateway v2.1, before agentgateway was a project of its own
    {{}, {}, "linkerd.io/", "linkerd.io/"},
    {{}, {}, "openshift.io/gateway-controller"},
};

}  // namespace

std::span<const Gateway> gateways() {
  return rows;
}

const Gateway* gateway(std::string_view name) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows),
                                   [&](const Gateway& row) { return !name.empty() && row.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

bool known_gateway_controller(std::string_view controller) {
  return std::any_of(std::begin(rows), std::end(rows), [&](const Gateway& row) {
    return controller == row.controller || (!row.family.empty() && controller.starts_with(row.family));
  });
}

}  // namespace gw::vendors
