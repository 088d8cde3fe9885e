// Attachment of routes: parentRef -> listeners -> allowed -> hostnames, with the reason of the first step that fails.
#include "route/routes.h"

#include <algorithm>
#include <unordered_set>

#include "route/backends.h"
#include "route/filters.h"
#include "route/listeners.h"
#include "route/names.h"
#include "route/order.h"

namespace gw::route {
namespace {

// One route of any kind, borrowed.
struct AnyRoute {
  std::string_view kind;
  const kube::Object* object;
  const std::vector<kube::ParentReference>* parents;
  const std::vector<kube::String>* hostnames;  // null: the kind has none
  std::vector<Condition> verdict;              // ResolvedRefs, and Accepted=false or PartiallyInvalid for its rules
};

// Conditions that do not depend on the parent.
class Verdict {
 public:
  Verdict(const kube::Index& index, std::string_view kind, const kube::Object& route)
      : lookup_{index, kind, route.metadata.ns} {}

  template <class Ref>
  void backend(const Ref& ref) {
    ResolvedBackend backend = resolve(lookup_, view(ref, lookup_.route_ns));
    if (!backend.reason.empty()) unresolved(std::move(backend.reason), std::move(backend.message), ref.node);
  }
  void filters(const std::vector<kube::RouteFilter>& filters) {
    for (const kube::RouteFilter& filter : filters) {
      if (filter.request_mirror) backend(filter.request_mirror->backend_ref);
      if (filter.extension_ref)
        unresolved("InvalidKind", "extension " + filter.extension_ref->kind.value_or("") + " is not supported",
                   filter.node);
      if (filter.external_auth) backend(filter.external_auth->backend_ref);
    }
  }
  template <class Rule>
  void http_rule(const Rule& rule) {
    ++rules_;
    if (auto found = problem(rule)) note(std::move(*found));
    filters(rule.filters);
    for (const kube::BackendRef& ref : rule.backend_refs) {
      backend(ref);
      filters(ref.filters);
      if (auto found = wire_problem(ref.filters)) note(std::move(*found));
    }
  }
  void l4_rule(const kube::L4RouteRule& rule) {
    for (const kube::BackendRef& ref : rule.backend_refs) backend(ref);
  }
  std::vector<Condition> take() {
    std::vector<Condition> out;
    out.push_back(reason_.empty() ? Condition{"ResolvedRefs", true, "ResolvedRefs", "all references resolve", nullptr}
                                  : Condition{"ResolvedRefs", false, reason_, message_, at_});
    if (dropped_ > 0 && dropped_ == rules_)
      out.push_back({"Accepted", false, first_.reason, first_.message, first_.at});
    else if (dropped_ > 0)
      out.push_back({"PartiallyInvalid", true, "UnsupportedValue", "Dropped Rule: " + first_.message, first_.at});
    else if (!refused_.message.empty())
      out.push_back(
          {"PartiallyInvalid", true, "UnsupportedValue", "Rule answered with 500: " + refused_.message, refused_.at});
    return out;
  }

 private:
  void note(RuleProblem found) {
    if (!found.answered) ++dropped_;
    RuleProblem& first = found.answered ? refused_ : first_;
    if (first.message.empty()) first = std::move(found);
  }
  void unresolved(std::string reason, std::string message, const yaml::Node* at) {
    if (!reason_.empty()) return;
    reason_ = std::move(reason);
    message_ = std::move(message);
    at_ = at;
  }
  BackendLookup lookup_;
  std::string reason_, message_;
  const yaml::Node* at_ = nullptr;
  RuleProblem first_, refused_;
  std::size_t rules_ = 0, dropped_ = 0;
};

template <class Route>
AnyRoute http_like(const kube::Index& index, std::string_view kind, const Route& route) {
  Verdict verdict(index, kind, route);
  for (const auto& rule : route.spec.rules) verdict.http_rule(rule);
  return {kind, &route, &route.spec.parent_refs, &route.spec.hostnames, verdict.take()};
}
template <class Route>
AnyRoute l4(const kube::Index& index, std::string_view kind, const Route& route) {
  Verdict verdict(index, kind, route);
  for (const kube::L4RouteRule& rule : route.spec.rules) verdict.l4_rule(rule);
  return {kind, &route, &route.spec.parent_refs, kind == "TLSRoute" ? &route.spec.hostnames : nullptr, verdict.take()};
}

template <class F>
void each_route(const kube::Index& index, F&& f) {
  const kube::Bundle& bundle = index.bundle();
  for (const auto& route : bundle.http_routes) f(http_like(index, "HTTPRoute", route));
  for (const auto& route : bundle.grpc_routes) f(http_like(index, "GRPCRoute", route));
  for (const auto& route : bundle.tls_routes) f(l4(index, "TLSRoute", route));
  for (const auto& route : bundle.tcp_routes) f(l4(index, "TCPRoute", route));
  for (const auto& route : bundle.udp_routes) f(l4(index, "UDPRoute", route));
}

void reject(ParentStatus& status, const char* reason, std::string message) {
  std::erase_if(status.conditions, [](const Condition& c) { return c.type == "Accepted"; });
  status.conditions.insert(status.conditions.begin(),
                           {"Accepted", false, reason, std::move(message), status.ref->node});
}

class RouteAttacher {
 public:
  RouteAttacher(const kube::Index& index, Parents& parents) : index_(index), parents_(parents) {}

  void attach(const AnyRoute& route, const kube::ParentReference& ref) {
    const ParentKey key = parent_key(ref, route.object->metadata.ns);
    if (key.group != gateway_group || (key.kind != "Gateway" && key.kind != "ListenerSet"))
      return;  // a mesh's business
    ParentStatus status;
    status.route = route.object;
    status.route_kind = route.kind;
    status.ref = &ref;
    decide(route, key, status);
    if (parents_.faults_only) keep_faults(status.conditions);
    parents_.out.parents.push_back(std::move(status));
  }

 private:
  void decide(const AnyRoute& route, const ParentKey& key, ParentStatus& status) {
    const kube::ParentReference& ref = *status.ref;
    const std::string shown = std::string(key.kind) + " " + key.id.display();
    const std::vector<std::size_t>* listeners = find_parent(key, status.gateway);
    if (status.gateway) status.conditions = route.verdict;
    if (!listeners)
      return reject(status, "NoMatchingParent",
                    shown + (status.gateway ? " is not accepted" : " does not exist or is not handled"));

    std::vector<std::size_t> chosen = by_section(*listeners, ref);
    if (chosen.empty())
      return reject(status, "NoMatchingParent", shown + " has no listener with this sectionName and port");
    std::erase_if(chosen, [&](std::size_t i) { return !allowed(parents_.out.listeners[i], route); });
    if (chosen.empty())
      return reject(status, "NotAllowedByListeners",
                    "no listener of " + shown + " allows a " + std::string(route.kind) + " of namespace " +
                        route.object->metadata.ns);
    for (std::size_t i : chosen) {
      std::vector<std::string> hosts = hostnames(parents_.out.listeners[i], route);
      if (!hosts.empty()) status.on.push_back({i, std::move(hosts)});
    }
    if (status.on.empty())
      return reject(status, "NoMatchingListenerHostname",
                    "no listener of " + shown + " serves the hostnames of the route");
    if (!find_accepted(status.conditions)) {
      status.conditions.insert(status.conditions.begin(),
                               {"Accepted", true, "Accepted", "the route is attached", nullptr});
      status.accepted = true;
    }
  }

  static bool find_accepted(const std::vector<Condition>& conditions) {
    return std::any_of(conditions.begin(), conditions.end(), [](const Condition& c) { return c.type == "Accepted"; });
  }

  const std::vector<std::size_t>* find_parent(const ParentKey& key, const kube::Gateway*& gateway) const {
    const kube::Object* parent = nullptr;
    if (key.kind == "Gateway") {
      const kube::Gateway* found = index_.gateway(key.id);
      if (found && parents_.owners.count(found)) gateway = found;
      parent = gateway;
    } else if (const kube::ListenerSet* set = index_.listener_set(key.id)) {
      if (auto it = parents_.sets.find(set); it != parents_.sets.end()) gateway = it->second;
      parent = set;
    }
    auto it = parent ? parents_.owners.find(parent) : parents_.owners.end();
    return it == parents_.owners.end() ? nullptr : &it->second;
  }

  std::vector<std::size_t> by_section(const std::vector<std::size_t>& listeners,
                                      const kube::ParentReference& ref) const {
    std::vector<std::size_t> out;
    for (std::size_t i : listeners) {
      const kube::Listener& listener = *parents_.out.listeners[i].listener;
      if (ref.section_name && !ref.section_name->empty() && *ref.section_name != listener.name) continue;
      if (ref.port && *ref.port != listener.port) continue;
      out.push_back(i);
    }
    return out;
  }

  bool allowed(const ListenerStatus& status, const AnyRoute& route) const {
    if (std::find(status.supported_kinds.begin(), status.supported_kinds.end(), route.kind) ==
        status.supported_kinds.end())
      return false;
    const auto& rules = status.listener->allowed_routes;
    const kube::RouteNamespaces same;
    return namespace_allowed(index_, rules && rules->namespaces ? *rules->namespaces : same, "Same",
                             status.owner->metadata.ns, route.object->metadata.ns);
  }

  static std::vector<std::string> hostnames(const ListenerStatus& status, const AnyRoute& route) {
    if (!route.hostnames) return {std::string()};
    const std::string_view own = status.listener->hostname ? status.listener->hostname->view() : std::string_view();
    std::vector<std::string> out;
    if (route.hostnames->empty()) {
      out.push_back(*intersect(own, ""));
      return out;
    }
    for (const kube::String& host : *route.hostnames)
      if (auto both = intersect(own, host); both && std::find(out.begin(), out.end(), *both) == out.end())
        out.push_back(std::move(*both));
    return out;
  }

  const kube::Index& index_;
  Parents& parents_;
};

// Names that routes of one kind hold on one listener.
class HeldNames {
 public:
  bool meets(const std::string& host) const {
    if (exact_.count(host)) return true;
    const auto meets_host = [&](const std::string& other) { return intersect(other, host).has_value(); };
    if (std::any_of(wide_.begin(), wide_.end(), meets_host)) return true;
    return is_wide(host) && std::any_of(exact_.begin(), exact_.end(), meets_host);
  }
  void add(const std::string& host) {
    if (is_wide(host))
      wide_.insert(host);
    else
      exact_.insert(host);
  }

 private:
  static bool is_wide(const std::string& host) { return host.empty() || host.starts_with("*."); }
  std::unordered_set<std::string> exact_, wide_;
};

// GRPCRoute.spec.hostnames: HTTPRoutes and GRPCRoutes of one listener must not share a name; the older route stays.
void separate_http_and_grpc(Attachments& out) {
  std::vector<ParentStatus*> order;
  bool grpc = false;
  for (ParentStatus& status : out.parents)
    if (status.accepted && (status.route_kind == "HTTPRoute" || status.route_kind == "GRPCRoute")) {
      order.push_back(&status);
      grpc = grpc || status.route_kind == "GRPCRoute";
    }
  if (!grpc) return;
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return older(*a->route, *b->route); });
  std::map<std::size_t, std::pair<HeldNames, HeldNames>> held;  // by listener: HTTP, GRPC
  for (ParentStatus* status : order) {
    const bool is_grpc = status->route_kind == "GRPCRoute";
    std::vector<ParentStatus::On> kept;
    for (const ParentStatus::On& on : status->on) {
      auto& [http, grpcs] = held[on.listener];
      const HeldNames& others = is_grpc ? http : grpcs;
      if (std::any_of(on.hostnames.begin(), on.hostnames.end(), [&](const auto& h) { return others.meets(h); }))
        continue;
      for (const std::string& host : on.hostnames) (is_grpc ? grpcs : http).add(host);
      kept.push_back(on);
    }
    if (!kept.empty()) {
      status->on = std::move(kept);
      continue;
    }
    status->accepted = false;
    reject(*status, "HostnameConflict",
           std::string("an older ") + (is_grpc ? "HTTPRoute" : "GRPCRoute") +
               " holds a hostname of this route on the same listener");
  }
}

}  // namespace

void attach_routes(const kube::Index& index, Parents& parents) {
  RouteAttacher attacher(index, parents);
  each_route(index, [&](const AnyRoute& route) {
    for (const kube::ParentReference& ref : *route.parents) attacher.attach(route, ref);
  });
  separate_http_and_grpc(parents.out);

  std::set<std::pair<std::size_t, const kube::Object*>> counted;
  for (const ParentStatus& status : parents.out.parents)
    if (status.accepted)
      for (const ParentStatus::On& on : status.on)
        if (counted.insert({on.listener, status.route}).second) ++parents.out.listeners[on.listener].attached_routes;
}

std::map<kube::NamespacedName, std::set<const kube::Gateway*>> services_by_gateway(const kube::Index& index,
                                                                                   const Attachments& attachments) {
  std::map<const kube::Object*, std::set<const kube::Gateway*>> gateways;
  for (const ParentStatus& status : attachments.parents)
    if (status.accepted) gateways[status.route].insert(status.gateway);
  std::map<kube::NamespacedName, std::set<const kube::Gateway*>> out;
  const auto note = [&](const kube::Object& route, const auto& refs) {
    auto it = gateways.find(&route);
    if (it == gateways.end()) return;
    for (const kube::BackendRef& ref : refs)
      out[{ref.ns.value_or(route.metadata.ns), ref.name}].insert(it->second.begin(), it->second.end());
  };
  const auto each = [&](const auto& routes) {
    for (const auto& route : routes)
      for (const auto& rule : route.spec.rules) note(route, rule.backend_refs);
  };
  const kube::Bundle& bundle = index.bundle();
  each(bundle.http_routes);
  each(bundle.grpc_routes);
  each(bundle.tls_routes);
  each(bundle.tcp_routes);
  return out;
}

}  // namespace gw::route
