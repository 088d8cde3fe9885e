// The features the data plane executes; the conformance suite's names (pkg/features).
#include "control/features.h"

namespace gw::control {
namespace {

constexpr std::uint8_t never = 255;

// The minor release from which a channel has a feature, and the one that drops it.
struct Feature {
  std::string_view name;
  std::uint8_t standard = 0, experimental = 0, until = never;
};
constexpr Feature features[] = {
    {"BackendTLSPolicy"},
    {"BackendTLSPolicySANValidation"},
    {"GRPCRoute"},
    {"GRPCRouteNamedRouteRule"},
    {"GRPCRouteRequestHeaderModifier", 7, 7},
    {"Gateway"},
    {"GatewayAddressEmpty"},
    {"GatewayBackendClientCertificate"},
    {"GatewayFrontendClientCertificateValidation"},
    {"GatewayFrontendClientCertificateValidationInsecureFallback"},
    {"GatewayHTTPListenerIsolation"},
    {"GatewayHTTPSListenerDetectMisdirectedRequests"},
    {"GatewayInfrastructure"},
    {"GatewayListenerFilters", never, 7},
    {"GatewayPort8080"},
    {"GatewayRouteHostnameIntersectionPrecedence", 7, 7},
    {"GatewayStaticAddresses"},
    {"HTTPRoute"},
    {"HTTPRoute303RedirectStatusCode"},
    {"HTTPRoute307RedirectStatusCode"},
    {"HTTPRoute308RedirectStatusCode"},
    {"HTTPRouteBackendProtocolH2C"},
    {"HTTPRouteBackendProtocolWebSocket"},
    {"HTTPRouteBackendRequestHeaderModification"},
    {"HTTPRouteBackendTimeout"},
    {"HTTPRouteBackendURLRewrite", 7, 7},
    {"HTTPRouteCORS"},
    {"HTTPRouteDestinationPortMatching", never},
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
    {"HTTPRouteRetry", never, 0, 7},
    {"HTTPRouteRetryBackendTimeout", never, 0, 7},
    {"HTTPRouteRetryCodes", 7, 7},
    {"HTTPRouteRetryConnectionError", 7, 0},
    {"HTTPRouteSchemeRedirect"},
    {"ListenerSet"},
    {"ReferenceGrant"},
    {"TCPRoute"},
    {"TLSRoute"},
    {"TLSRouteModeMixed", 7, 0},
    {"TLSRouteModeTerminate"},
    {"UDPRoute"},
};

}  // namespace

std::vector<std::string_view> supported_features(const route::Release& release) {
  std::vector<std::string_view> out;
  for (const Feature& feature : features) {
    const std::uint8_t since =
        release.channel == route::Channel::experimental ? feature.experimental : feature.standard;
    if (release.minor >= since && release.minor < feature.until) out.push_back(feature.name);
  }
  return out;
}

}  // namespace gw::control
