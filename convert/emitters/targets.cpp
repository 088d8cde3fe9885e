// The gateways that can be converted to: one row each.
#include <algorithm>

#include "convert/target.h"

namespace gw::convert {
namespace {

// Those whose objects are not written say what the experimental channel has fields for.
bool cilium_meets(const Intent&, const Options&) {
  return false;
}
std::string_view cilium_why_not(const Intent& intent) {
  return intent.otherwise == Outcome::refused ? "Cilium's Gateway has no object for it" : std::string_view();
}

bool contour_meets(const Intent&, const Options&) {
  return false;
}
std::string_view contour_why_not(const Intent& intent) {
  return intent.otherwise == Outcome::refused ? "Contour says it in HTTPProxies only, not on a Gateway"
                                              : std::string_view();
}

constexpr Target rows[] = {
    {"standard", "gwctl", "gwctl.dev/gateway-controller", standard_meets, standard_fields, nullptr},
    {"envoy-gateway",
     "eg",
     "gateway.envoyproxy.io/gatewayclass-controller",
     envoy_gateway_meets,
     envoy_gateway_policies,
     envoy_gateway_listener,
     false,
     true,
     envoy_gateway_why_not,
     false,
     {},
     {},
     false,
     false,
     true},
    {"nginx-gateway-fabric",
     "nginx",
     "gateway.nginx.org/nginx-gateway-controller",
     nginx_gateway_fabric_meets,
     nginx_gateway_fabric_policies,
     nullptr,
     true,
     false,
     nginx_gateway_fabric_why_not,
     false,
     {},
     {},
     false,
     false,
     true},
    {"traefik", "traefik", "traefik.io/gateway-controller", traefik_meets, traefik_policies, nullptr, false, false,
     traefik_why_not},
    {"kong", "kong", "konghq.com/kic-gateway-controller", kong_meets, kong_policies, nullptr, false, false,
     kong_why_not, true, "konghq.com/gatewayclass-unmanaged"},
    {"istio",
     "istio",
     "istio.io/gateway-controller",
     istio_meets,
     istio_policies,
     nullptr,
     false,
     true,
     istio_why_not,
     false,
     {},
     {},
     true,
     false,
     true},
    {"cilium", "cilium", "io.cilium/gateway-controller", cilium_meets, nullptr, nullptr, false, true, cilium_why_not},
    {"contour",
     "contour",
     "projectcontour.io/gateway-controller",
     contour_meets,
     nullptr,
     nullptr,
     false,
     false,
     contour_why_not,
     false,
     {},
     {},
     false,
     true},
    {"gke",
     "gke-l7-global-external-managed",
     "networking.gke.io/gateway",
     gke_meets,
     gke_policies,
     nullptr,
     false,
     false,
     gke_why_not,
     false,
     {},
     "gke-l7-rilb"},
    {"kgateway", "kgateway", "kgateway.dev/kgateway", kgateway_meets, kgateway_policies, nullptr, false, true,
     kgateway_why_not},
    {"agentgateway", "agentgateway", "agentgateway.dev/agentgateway", agentgateway_meets, agentgateway_policies,
     nullptr, false, false, agentgateway_why_not},
    {"aws",
     "aws-alb",
     "gateway.k8s.aws/alb",
     aws_meets,
     aws_policies,
     nullptr,
     false,
     false,
     aws_why_not,
     false,
     {},
     {},
     false,
     false,
     false,
     {"gateway.k8s.aws", "LoadBalancerConfiguration"},
     aws_of_the_gateway},
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
