// What several readers say in the same words where Gateway API has no field for a wish.
#pragma once
#include <string_view>

namespace gw::convert::sentence {

inline constexpr std::string_view backend_tls =
    "TLS to the backend needs a BackendTLSPolicy with the certificate's name and its authority";
inline constexpr std::string_view h2c = "set appProtocol: kubernetes.io/h2c on the Service's port; it is not written";
inline constexpr std::string_view session =
    "session persistence needs --channel experimental or a target with policies";
inline constexpr std::string_view balancing = "Gateway API leaves load balancing to the gateway";
inline constexpr std::string_view connections = "Gateway API limits no connections";
inline constexpr std::string_view rate_limit =
    "Gateway API has no rate limits; use a target with policies (--to envoy-gateway)";
inline constexpr std::string_view auth =
    "Gateway API has no authentication in its standard channel; use a target with policies (--to envoy-gateway)";
inline constexpr std::string_view client_certificate =
    "Gateway API checks client certificates for a whole port, not for one host; use a target with policies";

}  // namespace gw::convert::sentence
