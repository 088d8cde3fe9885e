// The gateways that can be converted to: one row each.
#include <algorithm>
#include <cassert>

#include "convert/target.h"
#include "vendors/gateways.h"

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
    {.name = "standard", .meets = standard_meets, .policies = standard_fields},
    {.name = "envoy-gateway",
     .meets = envoy_gateway_meets,
     .policies = envoy_gateway_policies,
     .listener_policies = envoy_gateway_listener,
     .escapes_percent = true,
     .why_not = envoy_gateway_why_not,
     .reads_authority_secrets = true},
    {.name = "nginx-gateway-fabric",
     .meets = nginx_gateway_fabric_meets,
     .policies = nginx_gateway_fabric_policies,
     .policies_of_routes = true,
     .why_not = nginx_gateway_fabric_why_not,
     .reads_authority_secrets = true},
    {.name = "traefik", .meets = traefik_meets, .policies = traefik_policies, .why_not = traefik_why_not},
    {.name = "kong",
     .meets = kong_meets,
     .policies = kong_policies,
     .why_not = kong_why_not,
     .one_host_a_route = true,
     .class_annotation = "konghq.com/gatewayclass-unmanaged"},
    {.name = "istio",
     .meets = istio_meets,
     .policies = istio_policies,
     .escapes_percent = true,
     .why_not = istio_why_not,
     .prefixes_first = true,
     .reads_authority_secrets = true},
    {.name = "cilium", .meets = cilium_meets, .escapes_percent = true, .why_not = cilium_why_not},
    {.name = "contour", .meets = contour_meets, .why_not = contour_why_not, .named_http = true},
    {.name = "gke",
     .meets = gke_meets,
     .policies = gke_policies,
     .why_not = gke_why_not,
     .internal_class = "gke-l7-rilb"},
    {.name = "kgateway",
     .meets = kgateway_meets,
     .policies = kgateway_policies,
     .escapes_percent = true,
     .why_not = kgateway_why_not},
    {.name = "agentgateway",
     .meets = agentgateway_meets,
     .policies = agentgateway_policies,
     .why_not = agentgateway_why_not},
    {.name = "aws",
     .meets = aws_meets,
     .policies = aws_policies,
     .why_not = aws_why_not,
     .gateway_configuration = {"gateway.k8s.aws", "LoadBalancerConfiguration"},
     .of_the_gateway = aws_of_the_gateway},
};

std::vector<Target> make_rows() {
  std::vector<Target> out(std::begin(rows), std::end(rows));
  for (Target& row : out) {
    const vendors::Gateway* facts = vendors::gateway(row.name == "standard" ? "gwctl" : row.name);
    assert(facts);
    row.gateway_class = facts->gateway_class;
    row.controller = facts->controller;
  }
  return out;
}

}  // namespace

std::span<const Target> targets() {
  static const std::vector<Target> all = make_rows();
  return all;
}

const Target* target(std::string_view name) {
  const std::span<const Target> all = targets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace gw::convert
