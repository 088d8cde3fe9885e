#include "convert/emitters/listeners.h"

#include <algorithm>
#include <unordered_map>

#include "convert/emitters/routes.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

// Open to exactly the namespaces in use.
template <class Allowed>
void allow(Allowed& allowed, const std::set<std::string_view>& namespaces, const std::string& own) {
  kube::RouteNamespaces& n = allowed.namespaces.emplace();
  if (namespaces.empty() || (namespaces.size() == 1 && *namespaces.begin() == own)) {
    n.from = "Same";
    return;
  }
  n.from = "Selector";
  kube::LabelSelectorRequirement in;
  in.key = "kubernetes.io/metadata.name";
  in.op = "In";
  in.values.assign(namespaces.begin(), namespaces.end());
  n.selector.emplace().match_expressions.push_back(std::move(in));
}

kube::Listener make_listener(const std::string& name, const PlannedListener& planned, const std::string& ns) {
  kube::Listener l;
  l.name = name;
  if (!planned.hostname.empty()) l.hostname = planned.hostname;
  l.port = planned.port;
  l.protocol = planned.protocol;
  if (planned.protocol == "HTTPS" || planned.protocol == "TLS") {
    kube::ListenerTls& tls = l.tls.emplace();
    tls.mode = planned.passthrough ? "Passthrough" : "Terminate";
    std::string of_cloud;
    for (const Certificate& c : planned.certificates) {
      if (c.of_cloud) {
        of_cloud += (of_cloud.empty() ? "" : ",") + std::string(c.name);
        continue;
      }
      kube::ObjectReference& ref = tls.certificate_refs.emplace_back();
      ref.group = "";
      ref.kind = "Secret";
      ref.name = c.name;
      if (c.ns != ns) ref.ns = std::string(c.ns);
    }
    if (!of_cloud.empty()) tls.options.emplace_back("networking.gke.io/pre-shared-certs", std::move(of_cloud));
  }
  allow(l.allowed_routes.emplace(), planned.namespaces, ns);
  return l;
}

std::string class_name(const Options& options, const Target& target) {
  return options.gateway_class.empty() ? std::string(target.gateway_class) : options.gateway_class;
}

// By the class of the target for that. GKE's own annotation goes on to the Service where the gateway makes one.
void make_internal(kube::Gateway& gateway, std::string_view of_class, const Options& options, const Target& target) {
  if (options.gateway_class.empty() && !target.internal_class.empty()) {
    gateway.spec.gateway_class_name = target.internal_class;
  } else if (of_class == "gce-internal" && options.api_minor >= 2) {
    gateway.spec.infrastructure = kube::GatewayInfrastructure{};
    gateway.spec.infrastructure->annotations.emplace_back("networking.gke.io/load-balancer-type", "Internal");
  }
}

void add_class(const Options& options, const Target& target, kube::Bundle& out) {
  if (!options.gateway_class.empty() || target.controller.empty()) return;  // one that exists
  auto c = kube::make<kube::GatewayClass>({}, class_name(options, target));
  c.spec.controller_name = target.controller;
  if (!target.class_annotation.empty()) c.metadata.annotations.emplace_back(target.class_annotation, "true");
  out.gateway_classes.push_back(std::move(c));
}

}  // namespace

namespace {

// The Gateways of routes that ask for something of the whole load balancer.
std::set<kube::NamespacedName> configured_gateways(const Plan& plan, const Target& target) {
  std::set<kube::NamespacedName> out;
  if (!target.of_the_gateway) return out;
  for (const Part& part : plan.parts)
    for (const Rule* rule : part.rules)
      if (rule->action && !rule->action->redirect && !rule->action->closed &&
          std::any_of(rule->action->intents.begin(), rule->action->intents.end(), target.of_the_gateway))
        for (const Section& parent : part.parents)
          if (!parent.set) out.insert(parent.owner);
  return out;
}

}  // namespace

void add_gateways(const Plan& plan, const Input& input, const Target& target, const Annotations& annotations,
                  kube::Bundle& out) {
  add_class(input.options, target, out);
  std::map<kube::NamespacedName, std::set<std::string_view>> set_namespaces;
  for (const auto& [set, gateway] : plan.set_parents) set_namespaces[gateway].insert(set.ns);
  const std::set<kube::NamespacedName> configured = configured_gateways(plan, target);
  for (const auto& [id, listeners] : plan.gateways) {
    auto gateway = kube::make<kube::Gateway>(id.ns, id.name);
    if (const auto at = annotations.gateways.find(id); at != annotations.gateways.end())
      gateway.metadata.annotations = at->second;
    gateway.spec.gateway_class_name = class_name(input.options, target);
    if (const auto inside = plan.internal.find(id); inside != plan.internal.end())
      make_internal(gateway, inside->second, input.options, target);
    if (configured.contains(id)) {
      kube::ObjectReference& ref = gateway.spec.infrastructure.emplace().parameters_ref.emplace();
      ref.group = std::string(target.gateway_configuration.group);
      ref.kind = std::string(target.gateway_configuration.kind);
      ref.name = id.name;
    }
    for (const auto& [name, planned] : listeners) gateway.spec.listeners.push_back(make_listener(name, planned, id.ns));
    if (listeners.empty()) gateway.spec.listeners.push_back(make_listener("http", {}, id.ns));
    std::stable_sort(gateway.spec.listeners.begin(), gateway.spec.listeners.end(),
                     [](const kube::Listener& a, const kube::Listener& b) { return a.port < b.port; });
    if (const auto sets = set_namespaces.find(id); sets != set_namespaces.end())
      allow(gateway.spec.allowed_listeners.emplace(), sets->second, id.ns);
    out.gateways.push_back(std::move(gateway));
  }
  // A Gateway in a namespace where nothing of the input lives brings the namespace along.
  std::set<std::string> used;
  for (const kube::Ingress* ingress : input.ingresses) used.insert(ingress->metadata.ns);
  for (const Part& part : plan.parts) used.insert(part.owner->metadata.ns);
  for (const kube::OtherObject& other : input.bundle.others) used.insert(other.metadata.ns);
  std::set<std::string> made;
  for (const auto& [id, listeners] : plan.gateways)
    if (!used.contains(id.ns) && !input.index.ns(id.ns) && made.insert(id.ns).second)
      out.namespaces.push_back(kube::make<kube::Namespace>({}, id.ns));
}

kube::ListenerSet make_listener_set(const Plan& plan, const kube::NamespacedName& id, const Annotations& annotations,
                                    const diag::Sources& sources) {
  auto set = kube::make<kube::ListenerSet>(id.ns, id.name);
  if (const auto at = annotations.listener_sets.find(id); at != annotations.listener_sets.end())
    set.metadata.annotations = at->second;
  const kube::NamespacedName& parent = plan.set_parents.at(id);
  set.spec.parent_ref.group = std::string(kube::gateway_group);
  set.spec.parent_ref.kind = "Gateway";
  set.spec.parent_ref.name = parent.name;
  if (parent.ns != id.ns) set.spec.parent_ref.ns = parent.ns;
  for (const kube::Object* owner : plan.set_owners.at(id)) set.comments.push_back(provenance(*owner, nullptr, sources));
  const auto& listeners = plan.listener_sets.at(id);
  set.spec.listeners.reserve(listeners.size());
  for (const auto& [name, planned] : listeners) set.spec.listeners.push_back(make_listener(name, planned, id.ns));
  return set;
}

namespace {

using Owners = std::unordered_multimap<const kube::Object*, const kube::NamespacedName*>;

// Where an annotation of an Ingress is read in Gateway API: on what holds its listeners.
void place_on(std::map<kube::NamespacedName, kube::StringMap>& placed, std::string_view kind, const Owners& owners,
              const GatewayAnnotation& a, Ledger& ledger) {
  const auto [first, last] = owners.equal_range(a.owner);
  for (auto at = first; at != last; ++at) {
    const kube::NamespacedName& id = *at->second;
    const std::string where = std::string(kind) + " " + id.display();
    kube::StringMap& annotations = placed[id];
    const std::string* have = kube::find(annotations, a.key);
    if (have && *have != a.value) {
      ledger.settle(a.claim, Outcome::approximated,
                    where + " already has '" + *have + "' from another Ingress; --layout ingress keeps them apart",
                    "GW603");
      continue;
    }
    if (!have) {
      annotations.emplace_back(a.key, a.value);
      std::sort(annotations.begin(), annotations.end());
    }
    ledger.settle(a.claim, Outcome::converted,
                  "moved to " + where + ", where " + (a.certificates ? "cert-manager" : "external-dns") + " reads it");
  }
}

}  // namespace

Annotations place_annotations(const Plan& plan, const Ir& ir, const Options& options, Ledger& ledger) {
  Annotations placed;
  Owners sets, gateways;
  for (const auto& [id, owners] : plan.set_owners)
    for (const kube::Object* owner : owners) sets.emplace(owner, &id);
  for (const auto& [id, owners] : plan.gateway_owners)
    for (const kube::Object* owner : owners) gateways.emplace(owner, &id);
  std::vector<const GatewayAnnotation*> sorted;
  for (const GatewayAnnotation& a : ir.gateway_annotations) sorted.push_back(&a);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return std::tie(a->owner->metadata.ns, a->owner->metadata.name, a->key) <
           std::tie(b->owner->metadata.ns, b->owner->metadata.name, b->key);
  });
  for (const GatewayAnnotation* a : sorted) {
    if (options.parent) {
      ledger.settle(a->claim, Outcome::approximated,
                    "belongs on Gateway " + options.parent->ns + "/" + options.parent->name +
                        ", which is not written here: add it there",
                    "GW603");
      continue;
    }
    const bool in_sets = a->certificates && sets.contains(a->owner);
    if (in_sets)
      place_on(placed.listener_sets, "ListenerSet", sets, *a, ledger);
    else
      place_on(placed.gateways, "Gateway", gateways, *a, ledger);
    if (!ledger.entry(a->claim).settled)
      ledger.settle(a->claim, Outcome::ignored, "no listener is written for this Ingress", "GW605");
  }
  return placed;
}

}  // namespace gw::convert
