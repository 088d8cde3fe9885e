// Policies of every implementation that attach by targetRefs (GEP-713): their targets, rivals, and whether anything is
// left for them to do.
#include <algorithm>
#include <map>
#include <set>

#include "diag/suggest.h"
#include "kube/kinds.h"
#include "route/order.h"
#include "validate/rules/checks.h"
#include "validate/rules/nodes.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

constexpr std::string_view gateway_api = kube::gateway_group;

// Which kinds a policy may target. What is not listed is not judged.
struct PolicyKind {
  std::string_view group, kind;
  std::string_view targets;  // separated by spaces; kinds of Gateway API, or Service
  bool inherited = false;    // one on a Gateway holds for its routes unless they have their own
};
constexpr PolicyKind policy_kinds[] = {
    {gateway_api, "BackendTLSPolicy", "Service"},
    {"gateway.networking.x-k8s.io", "XBackendTrafficPolicy", "Service"},
    {"gateway.envoyproxy.io", "BackendTrafficPolicy",
     "Gateway ListenerSet HTTPRoute GRPCRoute TCPRoute UDPRoute TLSRoute", true},
    {"gateway.envoyproxy.io", "ClientTrafficPolicy", "Gateway ListenerSet"},
    {"gateway.envoyproxy.io", "SecurityPolicy", "Gateway ListenerSet HTTPRoute GRPCRoute TCPRoute", true},
    {"gateway.envoyproxy.io", "EnvoyExtensionPolicy",
     "Gateway ListenerSet HTTPRoute GRPCRoute TCPRoute UDPRoute TLSRoute", true},
    {"gateway.envoyproxy.io", "EnvoyPatchPolicy", "Gateway GatewayClass"},
    {"gateway.nginx.org", "ClientSettingsPolicy", "Gateway HTTPRoute GRPCRoute", true},
    {"gateway.nginx.org", "ProxySettingsPolicy", "Gateway HTTPRoute GRPCRoute", true},
    {"gateway.nginx.org", "RateLimitPolicy", "Gateway HTTPRoute GRPCRoute", true},
    {"gateway.nginx.org", "ObservabilityPolicy", "HTTPRoute GRPCRoute"},
    {"gateway.nginx.org", "UpstreamSettingsPolicy", "Service"},
    {"gateway.nginx.org", "SnippetsPolicy", "Gateway"},
};

struct Target {
  const yaml::Node* node = nullptr;
  std::string group, kind, ns, name, section;
};

struct Policy {
  const kube::Object* object = nullptr;
  std::string group;
  const PolicyKind* known = nullptr;
  std::vector<Target> targets;
  bool merges = false;  // what it leaves open is still taken from above
  std::vector<const yaml::Node*> selectors = {};
};

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    if (first == word) return true;
    words.remove_prefix(std::min(words.size(), first.size() + 1));
  }
  return false;
}

Policy read(const kube::Object& object) {
  Policy out{&object, std::string(kube::group_of(object.api_version)), nullptr, {}, false};
  for (const PolicyKind& row : policy_kinds)
    if (row.group == out.group && row.kind == object.kind) out.known = &row;
  const yaml::Node* spec = below(object.node, "spec");
  out.merges = below(spec, "mergeType") != nullptr;
  auto add = [&](const yaml::Node& node) {
    if (!node.is_map() || text_of(&node, "name").empty()) return;
    const std::string_view ns = text_of(&node, "namespace");
    out.targets.push_back({&node, std::string(text_of(&node, "group")), std::string(text_of(&node, "kind")),
                           std::string(ns.empty() ? object.metadata.ns.view() : ns),
                           std::string(text_of(&node, "name")), std::string(text_of(&node, "sectionName"))});
  };
  if (const yaml::Node* one = below(spec, "targetRef")) add(*one);
  if (const yaml::Node* list = below(spec, "targetRefs"); list && list->is_seq())
    for (const yaml::Node& item : list->items()) add(item);
  if (const yaml::Node* list = below(spec, "targetSelectors"); list && list->is_seq())
    for (const yaml::Node& item : list->items()) out.selectors.push_back(&item);
  return out;
}

class Policies {
 public:
  explicit Policies(const Context& context) : c_(context) {
    for (const kube::OtherObject& other : c_.bundle.others)
      if (Policy policy = read(other);
          (!policy.targets.empty() || !policy.selectors.empty()) && (policy.known || other.kind.ends_with("Policy")))
        policies_.push_back(std::move(policy));
    for (const kube::BackendTlsPolicy& each : c_.bundle.backend_tls_policies)
      if (Policy policy = read(each); !policy.targets.empty()) policies_.push_back(std::move(policy));
    std::sort(policies_.begin(), policies_.end(),
              [](const Policy& a, const Policy& b) { return route::older(*a.object, *b.object); });
  }

  void run() {
    if (policies_.empty()) return;
    collect();
    for (const Policy& policy : policies_)
      for (const Target& target : policy.targets) check_target(policy, target);
    for (const Policy& policy : policies_)
      for (const yaml::Node* selector : policy.selectors) check_selector(policy, *selector);
    for (const Policy& policy : policies_) check_overridden(policy);
  }

 private:
  // Names of a kind that are in the set, by namespace.
  void collect() {
    auto add = [&](std::string_view group, const auto& objects) {
      for (const auto& object : objects)
        present_[std::string(group) + "/" + object.kind].insert({object.metadata.ns, object.metadata.name});
    };
    add(gateway_api, c_.bundle.gateways);
    add(gateway_api, c_.bundle.listener_sets);
    add(gateway_api, c_.bundle.http_routes);
    add(gateway_api, c_.bundle.grpc_routes);
    add(gateway_api, c_.bundle.tls_routes);
    add(gateway_api, c_.bundle.tcp_routes);
    add(gateway_api, c_.bundle.udp_routes);
    if (c_.bundle.services_known()) add("", c_.bundle.services);
  }

  // Labels choose among the objects of the policy's own namespace.
  void check_selector(const Policy& policy, const yaml::Node& selector) {
    const kube::Object& object = *policy.object;
    kube::LabelSelector labels;
    if (const yaml::Node* wanted = below(&selector, "matchLabels"); wanted && wanted->is_map())
      for (const yaml::Entry& entry : wanted->entries())
        if (entry.value.is_string())
          labels.match_labels.emplace_back(std::string(entry.key.string()), std::string(entry.value.string()));
    if (below(&selector, "matchExpressions") || labels.match_labels.empty()) return;
    const std::string_view kind = text_of(&selector, "kind");
    std::size_t all = 0, chosen = 0;
    const auto look = [&](const auto& objects) {
      for (const auto& each : objects) {
        if (each.kind != kind || each.metadata.ns != object.metadata.ns) continue;
        ++all;
        if (kube::matches(labels, each.metadata.labels)) ++chosen;
      }
    };
    look(c_.bundle.gateways), look(c_.bundle.listener_sets), look(c_.bundle.http_routes), look(c_.bundle.grpc_routes);
    look(c_.bundle.tls_routes), look(c_.bundle.tcp_routes), look(c_.bundle.udp_routes), look(c_.bundle.services);
    if (all == 0 || chosen != 0) return;
    std::string wanted;
    for (const auto& [key, value] : labels.match_labels) wanted += (wanted.empty() ? "" : ",") + key + "=" + value;
    report(c_, {"GW501", object, &selector,
                "no " + std::string(kind) + " of namespace " + quoted(object.metadata.ns) + " has the labels " + wanted,
                "the policy applies to nothing: correct the labels, here or on the " + std::string(kind),
                diag::Severity::warning});
  }

  bool typed(const Policy& policy) const { return policy.object->kind == "BackendTLSPolicy"; }

  void check_target(const Policy& policy, const Target& target) {
    const kube::Object& object = *policy.object;
    const bool ours = target.group == gateway_api || target.group.empty();
    if (policy.known && ours && !target.kind.empty() && !lists(policy.known->targets, target.kind))
      return report(c_, {"GW509", object, member(target.node, "kind"),
                         "a " + object.kind + " does not attach to a " + target.kind,
                         "it attaches to: " + std::string(policy.known->targets)});
    if (target.ns != object.metadata.ns)
      return report(c_, {"GW512", object, member(target.node, "namespace"),
                         "a policy applies in its own namespace only, this target is in " + quoted(target.ns),
                         "put the policy into namespace " + target.ns});
    if (typed(policy)) return;  // check_policies knows more about these
    check_presence(policy, target);
    if (policy.known) check_rivals(policy, target);
  }

  void check_presence(const Policy& policy, const Target& target) {
    const kube::Object& object = *policy.object;
    const auto found = present_.find(target.group + "/" + target.kind);
    if (found == present_.end()) return;  // none of the kind is here: they are kept elsewhere
    if (!found->second.contains({target.ns, target.name})) {
      std::vector<std::string_view> names;
      for (const auto& each : found->second)
        if (each.ns == target.ns) names.push_back(each.name);
      const std::string_view near = diag::nearest(target.name, names);
      return report(
          c_, {"GW501", object, member(target.node, "name"),
               target.kind + " " + target.ns + "/" + target.name + " is not here",
               near.empty() ? "the policy has no effect without its target" : "did you mean " + quoted(near) + "?",
               c_.missing(target.ns)});
    }
    if (target.section.empty() || target.kind != "Gateway") return;
    const auto& listeners = c_.index.gateway({target.ns, target.name})->spec.listeners;
    if (std::none_of(listeners.begin(), listeners.end(), [&](const auto& l) { return l.name == target.section; }))
      report(c_, {"GW502", object, member(target.node, "sectionName"),
                  "Gateway " + target.ns + "/" + target.name + " has no listener " + quoted(target.section),
                  "sectionName of a target is the name of a listener"});
  }

  void check_rivals(const Policy& policy, const Target& target) {
    const std::string key = policy.group + "/" + policy.object->kind + "\1" + target.kind + "\1" + target.ns + "\1" +
                            target.name + "\1" + target.section;
    auto [it, fresh] = first_.try_emplace(key, policy.object);
    if (fresh || it->second == policy.object) return;
    report(c_, {"GW503",
                *policy.object,
                target.node,
                policy.object->kind + " " + it->second->id().display() + " has the same target",
                "only the older one applies",
                {},
                {{span_of(*it->second, nullptr), "the older policy"}}});
  }

  // A policy for a whole Gateway (or Service) when everything below it has one of its own.
  void check_overridden(const Policy& policy) {
    if (policy.targets.size() != 1 || !policy.targets[0].section.empty()) return;
    const Target& target = policy.targets[0];
    const bool dead = typed(policy) ? ports_covered(target)
                      : policy.known && policy.known->inherited && target.kind == "Gateway"
                          ? routes_covered(policy, target)
                          : false;
    if (!dead) return;
    report(c_, {"GW510", *policy.object, target.node,
                std::string("every ") + (typed(policy) ? "port of the Service" : "route of the Gateway") + " has a " +
                    policy.object->kind + " of its own: this one applies nowhere",
                "remove it, or one of the more specific ones"});
  }

  bool ports_covered(const Target& target) const {
    const kube::Service* service = c_.index.service({target.ns, target.name});
    if (!service || service->spec.ports.empty()) return false;
    return std::all_of(service->spec.ports.begin(), service->spec.ports.end(), [&](const kube::ServicePort& port) {
      return std::any_of(policies_.begin(), policies_.end(), [&](const Policy& other) {
        return typed(other) && std::any_of(other.targets.begin(), other.targets.end(), [&](const Target& each) {
                 return each.ns == target.ns && each.name == target.name && !port.name.empty() &&
                        each.section == port.name;
               });
      });
    });
  }

  bool routes_covered(const Policy& policy, const Target& target) const {
    const kube::Gateway* gateway = c_.index.gateway({target.ns, target.name});
    std::set<const kube::Object*> routes;
    for (const route::ParentStatus& parent : c_.attachments.parents)
      if (gateway && parent.gateway == gateway && parent.accepted) routes.insert(parent.route);
    if (routes.empty()) return false;
    return std::all_of(routes.begin(), routes.end(), [&](const kube::Object* route) {
      return std::any_of(policies_.begin(), policies_.end(), [&](const Policy& other) {
        return other.object->kind == policy.object->kind && other.group == policy.group && !other.merges &&
               other.object->metadata.ns == route->metadata.ns &&
               std::any_of(other.targets.begin(), other.targets.end(), [&](const Target& each) {
                 return each.kind == route->kind && each.name == route->metadata.name && each.section.empty();
               });
      });
    });
  }

  const Context& c_;
  std::vector<Policy> policies_;  // oldest first
  std::map<std::string, std::set<kube::NamespacedName>> present_;
  std::map<std::string, const kube::Object*> first_;
};

}  // namespace

void check_attached_policies(const Context& c) {
  Policies(c).run();
}

}  // namespace gw::validate
