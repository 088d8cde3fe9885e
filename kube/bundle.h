// Everything that was read (or is to be written): one vector a kind, in input order, and what gwctl has no type for.
#pragma once
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "kube/core.h"
#include "kube/gateway.h"
#include "yaml/write.h"

namespace gw::kube {

// An object of a kind without a C++ type (policies, vendor resources). Read ones have `node`; made ones have `body`,
// a JSON object text whose key order is kept when it is written.
struct OtherObject : Object {
  std::string body;
};

struct Bundle {
  std::vector<Ingress> ingresses;
  std::vector<IngressClass> ingress_classes;
  std::vector<Service> services;
  std::vector<EndpointSlice> endpoint_slices;
  std::vector<Secret> secrets;
  std::vector<ConfigMap> config_maps;
  std::vector<Namespace> namespaces;
  std::vector<GatewayClass> gateway_classes;
  std::vector<Gateway> gateways;
  std::vector<ListenerSet> listener_sets;
  std::vector<HttpRoute> http_routes;
  std::vector<GrpcRoute> grpc_routes;
  std::vector<TlsRoute> tls_routes;
  std::vector<TcpRoute> tcp_routes;
  std::vector<UdpRoute> udp_routes;
  std::vector<ReferenceGrant> reference_grants;
  std::vector<BackendTlsPolicy> backend_tls_policies;
  std::vector<OtherObject> others;

  // Where the set holds no Service and no EndpointSlice at all, every Service is taken to exist and to be ready.
  bool services_known() const { return !services.empty() || !endpoint_slices.empty(); }
};

// Calls f(vector) for each of the vectors above in the order in which kinds are written (classes first, policies last).
template <class B, class F>
void each_kind(B& b, F&& f) {
  f(b.namespaces);
  f(b.gateway_classes);
  f(b.ingress_classes);
  f(b.gateways);
  f(b.listener_sets);
  f(b.reference_grants);
  f(b.http_routes);
  f(b.grpc_routes);
  f(b.tls_routes);
  f(b.tcp_routes);
  f(b.udp_routes);
  f(b.backend_tls_policies);
  f(b.ingresses);
  f(b.services);
  f(b.endpoint_slices);
  f(b.config_maps);
  f(b.secrets);
  f(b.others);
}

}  // namespace gw::kube
