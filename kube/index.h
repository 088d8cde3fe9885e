// Look-ups over a Bundle: objects by name, Services with their endpoints, grants, namespace labels. Borrows the Bundle.
#pragma once
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kube/bundle.h"

namespace gw::kube {

struct BackendEndpoint {
  std::string address;
  Port port = 0;
};

class Index {
 public:
  explicit Index(const Bundle& bundle);

  const Bundle& bundle() const { return bundle_; }
  // Each gives the object of this name, or null.
  const Service* service(const NamespacedName& id) const;
  // Each gives the object of this name, or null.
  const Secret* secret(const NamespacedName& id) const;
  // Will something of the set make this Secret: a SealedSecret, an ExternalSecret, a Certificate?
  bool secret_promised(const NamespacedName& id) const { return promised_.contains(id.ns + "/" + id.name); }
  // Each gives the object of this name, or null.
  const ConfigMap* config_map(const NamespacedName& id) const;
  const Namespace* ns(std::string_view name) const;  // null where it is not among the input
  // Each gives the object of this name, or null.
  const Gateway* gateway(const NamespacedName& id) const;
  const GatewayClass* gateway_class(std::string_view name) const;  // these are of the cluster, not of a namespace
  // Each gives the object of this name, or null.
  const ListenerSet* listener_set(const NamespacedName& id) const;
  // Each gives the object of this name, or null.
  const IngressClass* ingress_class(std::string_view name) const;

  // Labels of a namespace; the label kubernetes.io/metadata.name is always there. Unknown namespaces have only that.
  StringMap namespace_labels(std::string_view name) const;

  // Ready endpoints of a Service port: EndpointSlices, or the Service's annotation gwctl.dev/endpoints.
  std::vector<BackendEndpoint> endpoints(const Service& service, const ServicePort& port) const;

  // ReferenceGrant: may an object of (group, kind) in from_ns refer to (to_group, to_kind, to_name) in to_ns?
  bool granted(std::string_view from_group, std::string_view from_kind, std::string_view from_ns,
               std::string_view to_group, std::string_view to_kind, std::string_view to_ns,
               std::string_view to_name) const;

 private:
  const Bundle& bundle_;  // outlives the Index
  template <class T>
  using ById = std::unordered_map<std::string, const T*>;  // "ns/name"
  ById<Service> services_;
  ById<Secret> secrets_;
  ById<ConfigMap> config_maps_;
  ById<Namespace> namespaces_;
  ById<Gateway> gateways_;
  ById<GatewayClass> gateway_classes_;
  ById<ListenerSet> listener_sets_;
  ById<IngressClass> ingress_classes_;
  std::unordered_set<std::string> promised_;                                    // Secrets
  std::unordered_map<std::string, std::vector<const EndpointSlice*>> slices_;   // by Service
  std::unordered_map<std::string, std::vector<const ReferenceGrant*>> grants_;  // by namespace
};

}  // namespace gw::kube
