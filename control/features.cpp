// The features the data plane executes; the conformance suite's names (pkg/features).
#include "control/features.h"

namespace gw::control {
namespace {

struct Feature {
  std::string_view name;
  bool experimental = false;
};
constexpr Feature features[] = {
    {"BackendTLSPolicy"},
    {"BackendTLSPolicySANValidation"},
    {"GRPCRoute"},
    {"GRPCRouteNamedRouteRule"},
    {"Gateway"},
    {"GatewayAddressEmpty"},
    {"GatewayBackendClientCertificate"},
    {"GatewayFrontendClientCertificateValidation"},
    {"GatewayFrontendClientCertificateValidationInsecureFallback"},
    {"GatewayHTTPListenerIsolation"},
    {"GatewayHTTPSListenerDetectMisdirectedRequests"},
    {"GatewayInfrastructure"},
    {"GatewayPort8080"},
    {"GatewayStaticAddresses"},
    {"HTTPRoute"},
    {"HTTPRoute303RedirectStatusCode"},
    {"HTTPRoute307RedirectStatusCode"},
    {"HTTPRoute308RedirectStatusCode"},
    {"HTTPRouteBackendProtocolH2C"},
    {"HTTPRouteBackendProtocolWebSocket"},
    {"HTTPRouteBackendRequestHeaderModification"},
    {"HTTPRouteBackendTimeout"},
    {"HTTPRouteCORS"},
    {"HTTPRouteDestinationPortMatching", true},
    {"HTTPRouteHostRewrite"},
    {"HTTPRouteMethodMatching"},
    {"HTTPRouteNamedRouteRule"},
    {"HTTPRouteParentRefPort"},
    {"HTTPRoutePathRedirect"},
    {"HTTPRoutePathRewrite"},
    {"HTTPRoutePortRedirect"},
    {"HTTPRouteQueryParamMatching"},
    {"HTTPRouteRequestMirror"},
    {"HTTPRouteRequestMultipleMirrors"},
    {"HTTPRouteRequestPercentageMirror"},
    {"HTTPRouteRequestTimeout"},
    {"HTTPRouteResponseHeaderModification"},
    {"HTTPRouteRetry", true},
    {"HTTPRouteRetryBackendTimeout", true},
    {"HTTPRouteRetryConnectionError", true},
    {"HTTPRouteSchemeRedirect"},
    {"ListenerSet"},
    {"ReferenceGrant"},
    {"TCPRoute"},
    {"TLSRoute"},
    {"TLSRouteModeMixed", true},
    {"TLSRouteModeTerminate"},
    {"UDPRoute"},
};

}  // namespace

std::vector<std::string_view> supported_features(bool experimental) {
  std::vector<std::string_view> out;
  for (const Feature& feature : features)
    if (experimental || !feature.experimental) out.push_back(feature.name);
  return out;
}

}  // namespace gw::control
