// TLSRoutes: what they hang on, and who else claims the same server name.
#include <map>
#include <set>

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {

void check_tls_routes(const Context& c) {
  std::map<std::pair<std::size_t, std::string>, const route::ParentStatus*> first;
  std::set<std::pair<const kube::Object*, const kube::Object*>> told;
  for (const route::ParentStatus& parent : c.attachments.parents) {
    if (parent.route_kind != "TLSRoute" || !parent.accepted) continue;
    for (const auto& on : parent.on) {
      const route::ListenerStatus& listener = c.attachments.listeners[on.listener];
      if (!listener.listener->tls || listener.listener->tls->mode.value_or("Terminate") == "Terminate")
        report(c, {"GW424",
                   *parent.route,
                   parent.ref->node,
                   "listener " + quoted(listener.listener->name) +
                       " ends TLS; the backends of this TLSRoute get plain TCP",
                   "implementations need the extended feature TLSRouteModeTerminate for it; mode Passthrough is core",
                   {},
                   {{span_of(*listener.owner, member(*listener.listener, "tls")), "the listener's TLS"}}});
      for (const std::string& host : on.hostnames) {
        auto [it, fresh] = first.try_emplace({on.listener, host}, &parent);
        const kube::Object* rival = it->second->route;
        if (fresh || rival == parent.route || !told.insert({parent.route, rival}).second) continue;
        report(c, {"GW425",
                   *parent.route,
                   nullptr,
                   "TLSRoute " + rival->id().display() + " takes " +
                       (host.empty() ? "every server name" : quoted(host)) + " on the same listener",
                   "only the older one gets its connections: give each a server name of its own",
                   {},
                   {{span_of(*rival, nullptr), "the other TLSRoute"}}});
      }
    }
  }
}

}  // namespace gw::validate
