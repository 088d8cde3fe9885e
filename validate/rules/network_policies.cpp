// NetworkPolicies that were written for the old controller: they admit its Pods to a backend, and those of the Gateway
// that now sends the requests are other Pods, most often in another namespace.
#include <algorithm>
#include <map>
#include <set>

#include "validate/rules/checks.h"
#include "validate/rules/nodes.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// Where controllers of Ingresses live by habit, and who serves Gateways from the same Pods.
struct Home {
  std::string_view name;                // of the controller
  std::string_view namespaces, labels;  // separated by spaces; labels: app.kubernetes.io/name, app
  std::string_view gateways;            // GatewayClass controllers that are the same Pods
};
constexpr Home homes[] = {
    {"ingress-nginx", "ingress-nginx nginx-ingress ingress", "ingress-nginx nginx-ingress", ""},
    {"Traefik", "traefik traefik-system", "traefik", "traefik.io/"},
    {"Kong", "kong kong-system", "kong ingress-kong", "konghq.com/"},
    {"HAProxy", "haproxy haproxy-controller haproxy-ingress ingress-controller", "haproxy-ingress kubernetes-ingress",
     "haproxy"},
    {"Contour", "projectcontour contour", "contour envoy", "projectcontour.io/"},
    {"APISIX", "apisix ingress-apisix", "apisix", "apisix.apache.org/"},
};

bool lists(std::string_view words, std::string_view word) {
  return !word.empty() && (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

kube::LabelSelector selector_of(const yaml::Node* node) {
  kube::LabelSelector out;
  if (const yaml::Node* labels = below(node, "matchLabels"); labels && labels->is_map())
    for (const yaml::Entry& e : labels->entries())
      if (e.value.is_string())
        out.match_labels.emplace_back(std::string(e.key.string()), std::string(e.value.string()));
  if (const yaml::Node* list = below(node, "matchExpressions"); list && list->is_seq())
    for (const yaml::Node& item : list->items()) {
      kube::LabelSelectorRequirement& r = out.match_expressions.emplace_back();
      r.key = text_of(&item, "key"), r.op = text_of(&item, "operator");
      if (const yaml::Node* values = below(&item, "values"); values && values->is_seq())
        for (const yaml::Node& v : values->items()) r.values.emplace_back(text_of(&v));
    }
  return out;
}

// What a selector asks for under keys that carry a name; empty where it asks for something else.
std::set<std::string> names_of(const kube::LabelSelector& selector, std::string_view keys) {
  std::set<std::string> out;
  for (const auto& [key, value] : selector.match_labels) {
    if (!lists(keys, key)) return {};
    out.insert(std::string(value));
  }
  for (const kube::LabelSelectorRequirement& r : selector.match_expressions) {
    if (!lists(keys, r.key) || r.op != "In") return {};
    out.insert(r.values.begin(), r.values.end());
  }
  return out;
}

class NetworkPolicies {
 public:
  explicit NetworkPolicies(const Context& context) : c_(context) {}

  void run() {
    const auto ours = [](const kube::OtherObject& o) {
      return o.kind == "NetworkPolicy" && o.api_version.starts_with("networking.k8s.io/");
    };
    if (std::none_of(c_.bundle.others.begin(), c_.bundle.others.end(), ours)) return;
    collect();
    for (const kube::OtherObject& policy : c_.bundle.others)
      if (ours(policy)) check(policy);
  }

 private:
  struct Served {
    const kube::Object* route;
    const kube::Gateway* gateway;
  };

  // The Services behind routes that hang on a Gateway.
  void collect() {
    std::map<const kube::Object*, const kube::Gateway*> gateway_of;
    for (const route::ParentStatus& parent : c_.attachments.parents)
      if (parent.accepted && parent.gateway) gateway_of.emplace(parent.route, parent.gateway);
    each_route(c_.bundle, [&](const auto& route, std::string_view) {
      const auto at = gateway_of.find(&route);
      if (at == gateway_of.end()) return;
      for (const auto& rule : route.spec.rules)
        for (const auto& ref : rule.backend_refs)
          if (ref.kind.value_or("Service") == "Service")
            served_.emplace(kube::NamespacedName{std::string(ref.ns ? std::string_view(*ref.ns)
                                                                    : std::string_view(route.metadata.ns)),
                                                 std::string(ref.name)},
                            Served{&route, at->second});
    });
  }

  std::string_view controller_of(const kube::Gateway& gateway) const {
    const kube::GatewayClass* c = c_.index.gateway_class(gateway.spec.gateway_class_name);
    return c ? std::string_view(c->spec.controller_name) : std::string_view();
  }

  // The old controller that a peer means; null: somebody else, who may be the Gateway.
  static const Home* home_of(const yaml::Node& peer) {
    const yaml::Node* spaces = below(&peer, "namespaceSelector");
    if (!spaces) return nullptr;
    const std::set<std::string> named = names_of(
        selector_of(spaces), "kubernetes.io/metadata.name name app.kubernetes.io/name app.kubernetes.io/instance");
    const std::set<std::string> pods =
        names_of(selector_of(below(&peer, "podSelector")), "app.kubernetes.io/name app app.kubernetes.io/component");
    for (const Home& home : homes) {
      const auto among = [&](const std::set<std::string>& words, std::string_view of) {
        return !words.empty() && std::all_of(words.begin(), words.end(), [&](const auto& w) { return lists(of, w); });
      };
      if (among(named, home.namespaces) || (named.empty() && among(pods, home.labels))) return &home;
    }
    return nullptr;
  }

  void check(const kube::OtherObject& policy) {
    const yaml::Node* spec = below(policy.node, "spec");
    const yaml::Node* rules = below(spec, "ingress");
    if (!rules || !rules->is_seq() || rules->items().empty()) return;
    const kube::LabelSelector pods = selector_of(below(spec, "podSelector"));
    for (const auto& [id, served] : served_) {
      const kube::Service* service = id.ns == policy.metadata.ns ? c_.index.service(id) : nullptr;
      if (!service || service->spec.selector.empty() || !kube::matches(pods, service->spec.selector)) continue;
      if (const auto [home, peer] = only_old(*rules, *served.gateway, policy); home)
        return tell(policy, *home, peer, id, served);
    }
  }

  // The old controller, where nobody else from outside the namespace is admitted.
  std::pair<const Home*, const yaml::Node*> only_old(const yaml::Node& rules, const kube::Gateway& gateway,
                                                     const kube::OtherObject& policy) const {
    std::pair<const Home*, const yaml::Node*> found{};
    for (const yaml::Node& rule : rules.items()) {
      const yaml::Node* from = below(&rule, "from");
      if (!from || !from->is_seq() || from->items().empty()) return {};  // everybody
      for (const yaml::Node& peer : from->items()) {
        if (const Home* home = home_of(peer)) {
          if (!home->gateways.empty() && controller_of(gateway).find(home->gateways) != std::string_view::npos)
            return {};
          if (gateway.metadata.ns == policy.metadata.ns && !below(&peer, "namespaceSelector")) return {};
          found = {home, &peer};
        } else if (below(&peer, "namespaceSelector") || below(&peer, "ipBlock") ||
                   gateway.metadata.ns == policy.metadata.ns) {
          return {};
        }
      }
    }
    return found;
  }

  void tell(const kube::OtherObject& policy, const Home& home, const yaml::Node* peer, const kube::NamespacedName& id,
            const Served& served) {
    report(c_, {"GW513",
                policy,
                peer,
                "only the Pods of " + std::string(home.name) + " may reach the Pods of Service " + id.display() +
                    "; requests of " + served.route->object_id().display() + " come from those of Gateway " +
                    served.gateway->id().display(),
                "admit the Gateway's Pods, too: another entry of from, with their namespace and labels",
                {},
                {{span_of(*served.route, nullptr), "the route"}}});
  }

  const Context& c_;
  std::multimap<kube::NamespacedName, Served> served_;
};

}  // namespace

void check_network_policies(const Context& c) {
  NetworkPolicies(c).run();
}

}  // namespace gw::validate
