// What the manifests tell about a Service's endpoints. Where the set holds no Service at all, all exist and are ready.
#pragma once
#include <string>
#include <string_view>

#include "kube/index.h"

namespace gw::verify {

enum class EndpointState : std::uint8_t { ready, none, no_service, no_port };

struct ServiceState {
  EndpointState state = EndpointState::ready;
  kube::Port port = 0;                     // the Service's port number; 0 when a name cannot be resolved
  const kube::Service* service = nullptr;  // valid as long as the Index
};

// How a controller matches the Ingress's port with a Service port: by number, name and, for some, targetPort.
enum class PortMatch : std::uint8_t { number_or_name, number_name_or_target };

// Has the Service this port, and is an endpoint of it ready? `match`: how the controller finds the port.
ServiceState service_state(const kube::Index& index, const kube::NamespacedName& id,
                           const kube::ServiceBackendPort& port, PortMatch match);

}  // namespace gw::verify
