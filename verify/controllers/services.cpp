#include "verify/controllers/services.h"

#include <algorithm>

#include "kube/bundle.h"

namespace gw::verify {
namespace {

bool same_port(const kube::ServicePort& candidate, const kube::ServiceBackendPort& wanted, PortMatch match) {
  if (wanted.number > 0 ? candidate.port == wanted.number : candidate.name == wanted.name) return true;
  if (match != PortMatch::number_name_or_target) return false;
  if (!candidate.target_port) return false;
  const kube::IntOrString& target = *candidate.target_port;
  return target.name.empty() ? wanted.number > 0 && target.number == wanted.number : target.name == wanted.name;
}

// Manifests kept in a repository name Services but no EndpointSlices: then every Service that exists is ready.
bool endpoints_known(const kube::Bundle& bundle) {
  return !bundle.endpoint_slices.empty() ||
         std::any_of(bundle.services.begin(), bundle.services.end(), [](const kube::Service& service) {
           return kube::find(service.metadata.annotations, "gwctl.dev/endpoints") != nullptr;
         });
}

}  // namespace

ServiceState service_state(const kube::Index& index, const kube::NamespacedName& id,
                           const kube::ServiceBackendPort& port, PortMatch match) {
  ServiceState out;
  out.port = port.number;
  if (!index.bundle().services_known()) return out;
  out.service = index.service(id);
  if (!out.service) {
    out.state = EndpointState::no_service;
    return out;
  }
  if (out.service->spec.type == "ExternalName") return out;
  for (const kube::ServicePort& candidate : out.service->spec.ports) {
    if (!same_port(candidate, port, match)) continue;
    out.port = candidate.port;
    if (endpoints_known(index.bundle()) && index.endpoints(*out.service, candidate).empty())
      out.state = EndpointState::none;
    return out;
  }
  out.state = EndpointState::no_port;
  return out;
}

}  // namespace gw::verify
