#include "neighbours/listeners.h"

#include <algorithm>
#include <optional>

#include "diag/ascii.h"

namespace gw::neighbours {
namespace {

bool carries(std::string_view protocol, std::string_view route_kind) {
  if (route_kind == "TLSRoute") return protocol == "TLS";
  return protocol == "HTTP" || protocol == "HTTPS";
}

const kube::LabelSelector* selector_of(const kube::RouteNamespaces& namespaces) {
  return namespaces.selector ? &*namespaces.selector : nullptr;
}

}  // namespace

Listeners::Listeners(const kube::Bundle& bundle, const Options& options) {
  for (const kube::Namespace& each : bundle.namespaces) namespaces_[each.metadata.name] = &each;
  for (const kube::Gateway& each : bundle.gateways) gateways_[each.id()] = &each;
  if (!options.listener_sets) return;
  for (const kube::ListenerSet& set : bundle.listener_sets) {
    const std::string ns = set.spec.parent_ref.ns ? std::string(*set.spec.parent_ref.ns) : std::string(set.metadata.ns);
    const auto gateway = gateways_.find({ns, set.spec.parent_ref.name});
    if (gateway == gateways_.end()) continue;
    const kube::AllowedListeners* allowed =
        gateway->second->spec.allowed_listeners ? &*gateway->second->spec.allowed_listeners : nullptr;
    if (!allowed || !allowed->namespaces) continue;
    if (in_scope(allowed->namespaces->from.value_or("None"), selector_of(*allowed->namespaces), ns, set.metadata.ns))
      sets_.push_back({&set, gateway->second});
  }
}

bool Listeners::in_scope(std::string_view from, const kube::LabelSelector* selector, const std::string& owner_ns,
                         const std::string& ns) const {
  if (from == "All") return true;
  if (from == "Same") return ns == owner_ns;
  if (from != "Selector" || !selector) return false;
  const auto found = namespaces_.find(ns);
  // Of a Namespace that is not among the manifests only the name is known.
  const kube::StringMap labels{{"kubernetes.io/metadata.name", ns}};
  return kube::matches(*selector, found == namespaces_.end() ? labels : found->second->metadata.labels) ||
         (found != namespaces_.end() && kube::matches(*selector, labels));
}

bool Listeners::admits(const kube::Listener& listener, const std::string& owner_ns, std::string_view kind,
                       const std::string& ns) const {
  if (!carries(listener.protocol, kind)) return false;
  if (!listener.allowed_routes) return ns == owner_ns;
  const kube::AllowedRoutes& allowed = *listener.allowed_routes;
  const auto is_kind = [&](const kube::RouteGroupKind& each) { return each.kind == kind; };
  if (!allowed.kinds.empty() && std::none_of(allowed.kinds.begin(), allowed.kinds.end(), is_kind)) return false;
  if (!allowed.namespaces) return ns == owner_ns;
  return in_scope(allowed.namespaces->from.value_or("Same"), selector_of(*allowed.namespaces), owner_ns, ns);
}

void Listeners::each(const kube::ParentReference& ref, std::string_view route_kind, const std::string& route_ns,
                     const std::function<void(const Attached&)>& f) const {
  const kube::NamespacedName parent{ref.ns ? std::string(*ref.ns) : route_ns, ref.name};
  const auto visit = [&](const kube::Gateway& gateway, const kube::ListenerSet* set,
                         const std::vector<kube::Listener>& listeners) {
    for (const kube::Listener& listener : listeners) {
      if (ref.section_name && *ref.section_name != listener.name) continue;
      if (ref.port && *ref.port != listener.port) continue;
      if (admits(listener, parent.ns, route_kind, route_ns)) f({gateway, set, listener});
    }
  };
  if (ref.kind.value_or("Gateway") == "ListenerSet") {
    for (const Admitted& one : sets_)
      if (one.set->id() == parent) visit(*one.gateway, one.set, one.set->spec.listeners);
  } else if (const auto gateway = gateways_.find(parent); gateway != gateways_.end()) {
    visit(*gateway->second, nullptr, gateway->second->spec.listeners);
  }
}

std::optional<std::string> narrower(std::string_view listener, std::string_view route) {
  const std::string a = diag::lower(std::string(listener)), b = diag::lower(std::string(route));
  const auto below = [](std::string_view host, std::string_view pattern) {
    return pattern.starts_with("*.") && host.size() >= pattern.size() && host.ends_with(pattern.substr(1)) &&
           host != pattern;
  };
  if (a.empty() || a == b) return b;
  if (b.empty() || below(a, b)) return a;
  if (below(b, a)) return b;
  return std::nullopt;
}

}  // namespace gw::neighbours
