// Backend references: HTTPRoute.spec.rules.backendRefs, Gateway API v1.6.
#include "route/backends.h"

#include <algorithm>

namespace gw::route {
namespace {

ResolvedBackend invalid(ResolvedBackend backend, std::string reason, std::string message) {
  backend.state = BackendState::invalid;
  backend.reason = std::move(reason);
  backend.message = std::move(message);
  return backend;
}

struct AppProtocol {
  std::string_view name;
  BackendProtocol protocol;
  bool websocket;
};
// GEP-1911. Anything else, "http" included, is plain HTTP/1.1.
constexpr AppProtocol app_protocols[] = {
    {"kubernetes.io/h2c", BackendProtocol::h2c, false},
    {"kubernetes.io/ws", BackendProtocol::http1, true},
    {"kubernetes.io/wss", BackendProtocol::http1, true},
};

void apply_app_protocol(std::string_view name, ResolvedBackend& backend) {
  const auto* row = std::find_if(std::begin(app_protocols), std::end(app_protocols),
                                 [&](const AppProtocol& candidate) { return candidate.name == name; });
  if (row == std::end(app_protocols)) return;
  backend.protocol = row->protocol;
  backend.websocket = row->websocket;
}

const kube::ServicePort* find_port(const kube::Service& service, kube::Port port, bool udp) {
  for (const kube::ServicePort& candidate : service.spec.ports)
    if (candidate.port == port && (candidate.protocol == "UDP") == udp) return &candidate;
  return nullptr;
}

}  // namespace

ResolvedBackend resolve(const BackendLookup& lookup, const BackendRefView& ref) {
  ResolvedBackend backend;
  backend.service = {std::string(ref.ns), std::string(ref.name)};
  backend.port = ref.port.value_or(0);
  const std::string shown = backend.service.display();
  if (!ref.group.empty() || ref.kind != "Service")
    return invalid(std::move(backend), "InvalidKind",
                   "backend kind " + (ref.group.empty() ? "" : std::string(ref.group) + "/") + std::string(ref.kind) +
                       " is not supported; use a Service");
  if (ref.ns != lookup.route_ns &&
      !lookup.index.granted(gateway_group, lookup.route_kind, lookup.route_ns, "", "Service", ref.ns, ref.name))
    return invalid(std::move(backend), "RefNotPermitted",
                   "no ReferenceGrant in namespace " + std::string(ref.ns) + " lets a " +
                       std::string(lookup.route_kind) + " of namespace " + std::string(lookup.route_ns) +
                       " use Service " + std::string(ref.name));
  if (!ref.port)
    return invalid(std::move(backend), "BackendNotFound", "the reference to Service " + shown + " names no port");
  if (!lookup.index.bundle().services_known()) return backend;

  const kube::Service* service = lookup.index.service(backend.service);
  if (!service) return invalid(std::move(backend), "BackendNotFound", "Service " + shown + " does not exist");
  // An ExternalName would let a route author reach any host (CVE-2021-25740).
  if (service->spec.type == "ExternalName")
    return invalid(std::move(backend), "UnsupportedValue", "Service " + shown + " is an ExternalName");
  const kube::ServicePort* port = find_port(*service, *ref.port, lookup.route_kind == "UDPRoute");
  if (!port)
    return invalid(std::move(backend), "BackendNotFound",
                   "Service " + shown + " has no port " + std::to_string(*ref.port));
  backend.port_name = port->name;
  apply_app_protocol(port->app_protocol, backend);
  backend.endpoints = lookup.index.endpoints(*service, *port);
  const bool assumed = lookup.assume_endpoints && lookup.index.bundle().endpoint_slices.empty() &&
                       !kube::find(service->metadata.annotations, "gwctl.dev/endpoints");
  if (backend.endpoints.empty() && !assumed) {
    backend.state = BackendState::no_endpoints;
    backend.message = "Service " + shown + " has no ready endpoint";
  }
  return backend;
}

}  // namespace gw::route
