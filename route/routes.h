// Routes of every kind seen alike: what hangs where, and whether what they refer to resolves.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "route/attach.h"

namespace gw::route {

// What attach() has found before it looks at routes.
struct Parents {
  Attachments& out;
  const std::map<const kube::Object*, std::vector<std::size_t>>& owners;  // Gateway or ListenerSet -> listeners
  const std::map<const kube::ListenerSet*, const kube::Gateway*>& sets;   // those not allowed have no owner entry
  bool faults_only;
};

// Fills out.parents and the listeners' counts of attached routes.
void attach_routes(const kube::Index& index, Parents& parents);

// RouteNamespaces: may an object of namespace `guest` attach to one of namespace `home`? `otherwise` is the default.
bool namespace_allowed(const kube::Index& index, const kube::RouteNamespaces& allowed, std::string_view otherwise,
                       std::string_view home, std::string_view guest);

// Which Gateways of ours reach a Service through accepted routes.
std::map<kube::NamespacedName, std::set<const kube::Gateway*>> services_by_gateway(const kube::Index& index,
                                                                                   const Attachments& attachments);

}  // namespace gw::route
