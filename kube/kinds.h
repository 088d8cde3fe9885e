// The typed kinds: group, versions, scope, and what stands beside metadata at the top of each.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "kube/bundle.h"

namespace gw::kube {

struct KindInfo {
  std::string_view group, kind, plural;
  std::string_view version;  // the one gwctl writes
  bool namespaced = true;
};

template <class T>
struct KindOf;

#define GW_KIND(TYPE, GROUP, KIND, PLURAL, VERSION, NAMESPACED)               \
  template <>                                                                 \
  struct KindOf<TYPE> {                                                       \
    static constexpr KindInfo info{GROUP, KIND, PLURAL, VERSION, NAMESPACED}; \
  };
inline constexpr std::string_view gateway_group = "gateway.networking.k8s.io";
GW_KIND(Ingress, "networking.k8s.io", "Ingress", "ingresses", "v1", true)
GW_KIND(IngressClass, "networking.k8s.io", "IngressClass", "ingressclasses", "v1", false)
GW_KIND(Service, "", "Service", "services", "v1", true)
GW_KIND(EndpointSlice, "discovery.k8s.io", "EndpointSlice", "endpointslices", "v1", true)
GW_KIND(Secret, "", "Secret", "secrets", "v1", true)
GW_KIND(ConfigMap, "", "ConfigMap", "configmaps", "v1", true)
GW_KIND(Namespace, "", "Namespace", "namespaces", "v1", false)
GW_KIND(GatewayClass, gateway_group, "GatewayClass", "gatewayclasses", "v1", false)
GW_KIND(Gateway, gateway_group, "Gateway", "gateways", "v1", true)
GW_KIND(ListenerSet, gateway_group, "ListenerSet", "listenersets", "v1", true)
GW_KIND(HttpRoute, gateway_group, "HTTPRoute", "httproutes", "v1", true)
GW_KIND(GrpcRoute, gateway_group, "GRPCRoute", "grpcroutes", "v1", true)
GW_KIND(TlsRoute, gateway_group, "TLSRoute", "tlsroutes", "v1", true)
GW_KIND(TcpRoute, gateway_group, "TCPRoute", "tcproutes", "v1", true)
GW_KIND(UdpRoute, gateway_group, "UDPRoute", "udproutes", "v1", true)
GW_KIND(ReferenceGrant, gateway_group, "ReferenceGrant", "referencegrants", "v1", true)
GW_KIND(BackendTlsPolicy, gateway_group, "BackendTLSPolicy", "backendtlspolicies", "v1", true)
#undef GW_KIND

// apiVersion that gwctl writes: "networking.k8s.io/v1", "v1".
std::string api_version(const KindInfo& info);
std::string_view group_of(std::string_view api_version);  // "" for the core group

// A new object of a typed kind with apiVersion and kind filled in.
template <class T>
T make(std::string ns, std::string name) {
  T object;
  object.api_version = api_version(KindOf<T>::info);
  object.kind = KindOf<T>::info.kind;
  object.metadata.ns = std::move(ns);
  object.metadata.name = std::move(name);
  return object;
}

template <class V, class T>
requires requires(T& object) {
  object.spec;
}
// Each visits what stands beside metadata at the top of its kind.
void body(V& v, T& object) {
  v("spec", object.spec);
  v.rest("status");
}
template <class V>
void body(V& v, EndpointSlice& s) {
  v("addressType", s.address_type);
  v("endpoints", s.endpoints);
  v("ports", s.ports);
}
template <class V>
void body(V& v, Secret& s) {
  v("type", s.type);
  v("data", s.data);
  v("stringData", s.string_data);
  v.rest("immutable");
}
template <class V>
void body(V& v, ConfigMap& c) {
  v("data", c.data);
  v("binaryData", c.binary_data);
  v.rest("immutable");
}
template <class V>
void body(V& v, Namespace&) {
  v.rest("*");
}

}  // namespace gw::kube
