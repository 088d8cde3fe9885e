// Features as the conformance suite names them, and the gateways' published reports as sets of them.
#include <algorithm>
#include <cassert>

#include "convert/profile.h"

namespace gw::convert {
namespace {

using F = Feature;

// In the order of Feature.
constexpr FeatureInfo features[] = {
    {"HTTPRoute303RedirectStatusCode", 5, 5},
    {"HTTPRoute307RedirectStatusCode", 5, 5},
    {"HTTPRoute308RedirectStatusCode", 5, 5},
    {"HTTPRouteSchemeRedirect", 0, 0},
    {"HTTPRoutePortRedirect", 0, 0},
    {"HTTPRoutePathRedirect", 0, 0},
    {"HTTPRoutePathRewrite", 0, 0},
    {"HTTPRoutePathRewrite", 0, 0},
    {"HTTPRouteHostRewrite", 0, 0},
    {"HTTPRouteResponseHeaderModification", 0, 0},
    {"HTTPRouteCORS", 5, 3},
    {"HTTPRouteRequestMirror", 0, 0},
    {"HTTPRouteRequestMultipleMirrors", 0, 0},
    {"HTTPRouteRequestPercentageMirror", 3, 2},
    {"HTTPRouteRequestTimeout", 2, 0},
    {"HTTPRouteBackendTimeout", 2, 0},
    {"HTTPRouteMethodMatching", 0, 0},
    {"HTTPRouteQueryParamMatching", 0, 0},
    {"matches of type RegularExpression", 0, 0},
    {"HTTPRouteNamedRouteRule", 4, 2},
    {"HTTPRouteRetry", 7, 2},
    {"sessionPersistence", in_no_release, 1},
    {"filters of type ExternalAuth", in_no_release, 4},
    {"BackendTLSPolicy", 4, 4},
    {"HTTPRouteBackendProtocolH2C", 0, 0},
    {"ListenerSet", 5, 5},
    {"TLSRoute", 5, 0},
    {"TCPRoute", 6, 0},
    {"UDPRoute", 6, 0},
};
static_assert(std::size(features) == feature_count);

constexpr std::string_view rule_500 = "answers 500 for the whole rule";
constexpr std::string_view ignored = "ignores the field";
constexpr std::string_view route_refused = "does not accept the whole route";

constexpr Profile rows[] = {
    {"standard", "gwctl serve", FeatureSet::all_but({}), Anchor::both, false, rule_500},
    {"envoy-gateway", "v1.6, envoy-gateway v1.9.0", FeatureSet::all_but({F::external_auth}), Anchor::both, false,
     rule_500},
    {"nginx-gateway-fabric", "v1.6, nginx-gateway-fabric v2.7.0",
     FeatureSet::all_but({F::request_timeout, F::backend_timeout, F::named_rule, F::retry, F::external_auth}),
     Anchor::start, true, ignored},
    {"traefik", "v1.6, traefik v3.7.10",
     FeatureSet::all_but({F::cors, F::mirror, F::mirrors, F::mirror_share, F::request_timeout, F::backend_timeout,
                          F::retry, F::session_persistence, F::external_auth, F::listener_set, F::udp_route}),
     Anchor::none, false, rule_500, Rank::length},
    {"kong", "v1.6, kong-operator v2.3.2",
     FeatureSet::all_but({F::redirect_303, F::redirect_307, F::redirect_308, F::scheme_redirect, F::port_redirect,
                          F::path_redirect, F::cors, F::mirror, F::mirrors, F::mirror_share, F::request_timeout,
                          F::named_rule, F::retry, F::session_persistence, F::external_auth, F::backend_tls,
                          F::h2c_backend, F::listener_set}),
     Anchor::start, false, route_refused},
    {"istio", "v1.6, istio 1.31", FeatureSet::all_but({F::session_persistence, F::external_auth, F::udp_route}),
     Anchor::both, false, ignored, Rank::regex_first, true},
    {"cilium", "v1.6, cilium v1.20.0", FeatureSet::all_but({F::retry, F::session_persistence, F::external_auth}),
     Anchor::both, false, ignored},
    // Its CRDs are those of Gateway API 1.3.
    {"contour", "v1.3, contour v1.33.0",
     FeatureSet::all_but({F::redirect_303, F::redirect_307, F::redirect_308, F::cors, F::named_rule, F::retry,
                          F::session_persistence, F::external_auth, F::backend_tls, F::listener_set, F::tls_route,
                          F::tcp_route, F::udp_route}),
     Anchor::both, false, ignored},
    {"gke",
     "v1.6, gke-gateway 1.36.2-gke.2154000",
     {F::scheme_redirect, F::path_redirect, F::path_rewrite, F::host_rewrite, F::response_headers, F::mirror,
      F::query_match, F::backend_tls},
     Anchor::both,
     false,
     route_refused},
    {"kgateway", "v1.6, kgateway v2.4.5", FeatureSet::all_but({F::external_auth, F::udp_route}), Anchor::both, false,
     ignored, Rank::regex_first, true},
    {"aws",
     "the guide of aws-load-balancer-controller v3.5",
     {F::scheme_redirect, F::port_redirect, F::path_redirect, F::path_rewrite, F::full_path_rewrite, F::host_rewrite,
      F::method_match, F::query_match, F::regex_match, F::named_rule, F::listener_set},
     Anchor::none,
     false,
     ignored},
    {"agentgateway", "v1.6, agentgateway v1.6.0",
     FeatureSet::all_but({F::session_persistence, F::external_auth, F::udp_route}), Anchor::both, false, ignored},
};

}  // namespace

const FeatureInfo& info(Feature feature) {
  return features[static_cast<std::size_t>(feature)];
}

std::span<const Profile> profiles() {
  return rows;
}

const Profile& profile(std::string_view target) {
  const Profile* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Profile& p) { return p.target == target; });
  assert(found != std::end(rows));
  return *found;
}

}  // namespace gw::convert
