#include "verify/route_shapes.h"

#include <algorithm>
#include <tuple>
#include <type_traits>

namespace gw::verify {

RouteShapes::RouteShapes(const kube::Bundle& bundle) : services_known_(bundle.services_known()) {
  for (const kube::Service& service : bundle.services) services_.emplace(service.id().display(), &service);
  for (const kube::EndpointSlice& slice : bundle.endpoint_slices)
    if (const std::string* name = kube::find(slice.metadata.labels, "kubernetes.io/service-name"))
      for (const kube::Endpoint& endpoint : slice.endpoints)
        endpoints_[slice.metadata.ns + "/" + *name] += endpoint.usable();
  for (const kube::BackendTlsPolicy& policy : bundle.backend_tls_policies)
    for (const kube::PolicyTargetRef& target : policy.spec.target_refs)
      tls_.insert(policy.metadata.ns + "/" + std::string(target.name));
}

void RouteShapes::add_service(const std::string& id, Shape& shape) const {
  if (tls_.contains(id)) shape.add(id);  // its name is what the policy is about
  if (!services_known_) return;
  const auto service = services_.find(id);
  shape.add(service == services_.end() ? 0 : 1);
  if (service == services_.end()) return;
  const auto nothing = [](const auto&) { return false; };
  FieldShape<decltype(nothing)> fields(shape, nothing);
  fields.put(service->second->spec);
  for (const auto& [key, value] : service->second->metadata.annotations) {
    shape.add(key);
    shape.add(value);
  }
  const auto count = endpoints_.find(id);
  shape.add(count == endpoints_.end() ? 0 : count->second == 0 ? 1 : 2);
}

void RouteShapes::add_backend(const kube::BackendRef& backend, const std::string& ns, HostBoundaries& row, Shape& shape,
                              Numbered& services) const {
  const bool own = !backend.ns || std::string_view(*backend.ns) == ns;
  std::string id = (own ? ns : std::string(*backend.ns)) + "/" + std::string(backend.name);
  shape.add(own ? 1 : 0);
  if (!own) {  // whether it may be referred to depends on both names
    shape.add(ns);
    shape.add(id);
  }
  shape.add(services.number(id));
  add_service(id, shape);
  if (std::find(row.services.begin(), row.services.end(), id) == row.services.end())
    row.services.push_back(std::move(id));
  const auto nothing = [](const auto&) { return false; };
  FieldShape<decltype(nothing)> fields(shape, nothing);
  for (const kube::OptionalString* text : {&backend.group, &backend.kind}) fields.put(*text);
  fields.put(backend.port);
  fields.put(backend.weight);
  fields.put(backend.filters);
}

template <class Route>
void RouteShapes::add_routes(std::vector<const Route*>& routes, HostBoundaries& row, Shape& shape,
                             Numbered& services) const {
  const auto age = [](const Route* route) {
    return std::tuple(std::string_view(route->metadata.creation_timestamp), std::string_view(route->metadata.ns),
                      std::string_view(route->metadata.name));
  };
  std::sort(routes.begin(), routes.end(), [&](const Route* a, const Route* b) { return age(a) < age(b); });
  shape.add(routes.size());
  for (const Route* route : routes) {
    const auto own = [&](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, kube::BackendRef>) {
        add_backend(value, route->metadata.ns, row, shape, services);
        return true;
      }
      return false;
    };
    FieldShape<decltype(own)> fields(shape, own);
    fields.put(route->spec.rules);
    fields.put(route->metadata.annotations);
    shape.add(route->spec.parent_refs.size());
    for (const kube::ParentReference& parent : route->spec.parent_refs) {
      for (const kube::OptionalString* text : {&parent.group, &parent.kind}) fields.put(*text);
      shape.add(parent.section_name ? 1 : 0);
      fields.put(parent.port);
    }
  }
}

void RouteShapes::write(HostBoundaries& row) {
  const auto found = hosts_.find(row.host);
  if (found == hosts_.end()) return;
  Shape shape;
  Numbered services;
  add_routes(found->second.http, row, shape, services);
  add_routes(found->second.grpc, row, shape, services);
  const auto own = [](const auto& value) {
    return std::is_same_v<std::decay_t<decltype(value)>, kube::ObjectReference>;
  };
  FieldShape<decltype(own)> fields(shape, own);
  shape.add(found->second.listeners.size());
  for (const kube::Listener* listener : found->second.listeners) {
    fields.put(listener->port);
    fields.put(listener->protocol);
    fields.put(listener->tls);
    fields.put(listener->allowed_routes);
  }
  row.shape = shape.value();
}

}  // namespace gw::verify
