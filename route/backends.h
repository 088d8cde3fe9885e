// Looks a backendRef up: the Service, its port and endpoints, or the spec's reason why it does not resolve.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "route/names.h"
#include "route/table.h"

namespace gw::route {

struct ResolvedBackend {
  kube::NamespacedName service;
  kube::Port port = 0;
  std::string port_name;
  BackendState state = BackendState::ready;
  std::string reason;   // of condition ResolvedRefs; empty when the reference resolves
  std::string message;  // of a state other than ready
  BackendProtocol protocol = BackendProtocol::http1;
  bool websocket = false;
  std::vector<kube::BackendEndpoint> endpoints;
};

struct BackendLookup {
  const kube::Index& index;
  std::string_view route_kind;  // who refers, for ReferenceGrants
  std::string_view route_ns;
  bool assume_endpoints = false;  // see Options
};

// Never fails: a reference that does not resolve gives a state and the spec's reason.
ResolvedBackend resolve(const BackendLookup& lookup, const BackendRefView& ref);

}  // namespace gw::route
