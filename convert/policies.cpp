#include "convert/policies.h"

#include <algorithm>

#include "convert/providers/config_maps.h"
#include "convert/providers/own.h"
#include "diag/ascii.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view root_namespace = "istio-system";

const yaml::Node* at(const yaml::Node* node, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) node = node && node->is_map() ? node->find(key) : nullptr;
  return node;
}

Labels labels_of(const yaml::Node* node) {
  Labels out;
  if (node && node->is_map())
    for (const yaml::Entry& e : node->entries()) out.emplace_back(std::string(e.key.string()), text_of(&e.value));
  return out;
}

bool sounds_like_gateway(std::string_view value) {
  const std::string lower = diag::lower(value);
  return lower.find("gateway") != std::string::npos || lower.find("ingress") != std::string::npos;
}

// Could a Pod with the labels of `pods` have those of `wanted`, too? What `pods` does not tell must speak of a gateway.
bool may_select(const Labels& wanted, const Labels& pods) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto have = std::find_if(pods.begin(), pods.end(), [&](const auto& l) { return l.first == label.first; });
    return have == pods.end() ? sounds_like_gateway(label.second) : have->second == label.second;
  });
}

struct Policy {
  const kube::OtherObject& object;
  Labels selector;
};

// An Istio policy that decides something; nothing for other kinds.
std::optional<Policy> policy_of(const kube::OtherObject& object) {
  const std::string_view group = kube::group_of(object.api_version);
  const bool security =
      group == "security.istio.io" && (object.kind == "AuthorizationPolicy" || object.kind == "RequestAuthentication");
  const bool filter = group == "networking.istio.io" && object.kind == "EnvoyFilter";
  const bool plugin = group == "extensions.istio.io" && object.kind == "WasmPlugin";
  if ((!security && !filter && !plugin) || !object.node) return std::nullopt;
  const yaml::Node* spec = object.node->find("spec");
  if (text_of(at(spec, {"action"})) == "AUDIT") return std::nullopt;
  if (const std::string* dry = kube::find(object.metadata.annotations, "istio.io/dry-run"); dry && *dry == "true")
    return std::nullopt;
  if (at(spec, {"targetRefs"}) || at(spec, {"targetRef"}))
    return std::nullopt;  // a Gateway of Gateway API, or a Service
  return Policy{object,
                labels_of(at(spec, {filter ? "workloadSelector" : "selector", filter ? "labels" : "matchLabels"}))};
}

// The selectors of Istio's Gateways.
std::vector<Labels> gateway_pods(const kube::Bundle& bundle) {
  std::vector<Labels> out;
  for (const kube::OtherObject& object : bundle.others)
    if (object.kind == "Gateway" && kube::group_of(object.api_version) == "networking.istio.io" && object.node)
      out.push_back(labels_of(at(object.node, {"spec", "selector"})));
  return out;
}

bool speaks_of(std::string_view text, const Provider& provider) {
  const std::string lower = diag::lower(text);
  return lower.find(provider.name) != std::string::npos ||
         std::any_of(provider.classes.begin(), provider.classes.end(),
                     [&](std::string_view name) { return lower.find(name) != std::string::npos; });
}

bool selects_gateway(const Policy& policy, const Provider& provider, const std::vector<Labels>& istio_pods,
                     bool to_istio) {
  const std::string_view ns = policy.object.metadata.ns;
  if (provider.name == "istio") {
    // What holds for the whole mesh holds for the Pods of a new gateway of Istio, too.
    if (policy.selector.empty())
      return !(to_istio && ns == root_namespace) && (ns == root_namespace || sounds_like_gateway(ns));
    if (istio_pods.empty()) return may_select(policy.selector, {});
    return std::any_of(istio_pods.begin(), istio_pods.end(),
                       [&](const Labels& pods) { return may_select(policy.selector, pods); });
  }
  if (policy.selector.empty()) return speaks_of(ns, provider);
  return std::any_of(policy.selector.begin(), policy.selector.end(),
                     [&](const auto& label) { return speaks_of(label.second, provider); });
}

Guard guard(const kube::Object& object, FieldRef field, std::uint16_t deployment, Loss loss, std::string_view why) {
  if (field.name.empty()) field.name = object.object_id().display();
  return {{Foreign{std::string(field.name)}, {}, loss, Outcome::refused, why, std::move(field)}, nullptr, deployment};
}

// Contour's own configuration, as a resource or as a file in its ConfigMap.
void contour_configuration(std::uint16_t deployment, const kube::Bundle& bundle, Ir& ir,
                           std::set<const kube::Object*>& taken) {
  static constexpr std::string_view why = "an authorization service is asked for every route of the installation";
  for (const kube::OtherObject& object : bundle.others) {
    if (object.kind != "ContourConfiguration" && object.kind != "ContourDeployment") continue;
    if (!object.node) continue;
    const yaml::Node* spec = object.node->find("spec");
    const bool deployed = object.kind == "ContourDeployment";
    const yaml::Node* auth = deployed ? at(spec, {"runtimeSettings", "globalExtAuth"}) : at(spec, {"globalExtAuth"});
    if (!auth || !auth->is_map()) continue;
    taken.insert(&object);
    ir.guards.push_back(guard(object, {&object, auth, "spec.globalExtAuth"}, deployment, Loss::auth, why));
  }
  for (const kube::ConfigMap& map : bundle.config_maps)
    if (const std::string* text = kube::find(map.data, "contour.yaml"))
      if (text->starts_with("globalExtAuth:") || text->find("\nglobalExtAuth:") != std::string::npos)
        ir.guards.push_back(guard(map, field_of(map, "contour.yaml"), deployment, Loss::auth, why));
}

// What the parameters of a class of the AWS controller demand of all its Ingresses.
void class_parameters(const kube::IngressClass& of, std::uint16_t deployment, const kube::Bundle& bundle, Ir& ir) {
  const yaml::Node* refers = at(of.node, {"spec", "parameters"});
  if (text_of(at(refers, {"kind"})) != "IngressClassParams") return;
  const std::string name = text_of(at(refers, {"name"}));
  const auto found = std::find_if(bundle.others.begin(), bundle.others.end(), [&](const kube::OtherObject& o) {
    return o.kind == "IngressClassParams" && o.metadata.name == name && o.node;
  });
  if (found == bundle.others.end()) {
    ir.guards.push_back(guard(of, {&of, refers, "spec.parameters"}, deployment, Loss::allow_list,
                              "IngressClassParams of the class are not among the input; they may limit the addresses "
                              "that come in"));
    return;
  }
  const auto add = [&](std::string_view key, Loss loss, std::string_view why) {
    const yaml::Node* value = at(found->node, {"spec", key});
    if (!value || (value->is_seq() && value->items().empty())) return;
    ir.guards.push_back(guard(*found, {&*found, value, "spec." + std::string(key)}, deployment, loss, why));
    if (key != "inboundCIDRs" || !value->is_seq()) return;
    AddressList list;
    for (const yaml::Node& item : value->items()) list.cidrs.push_back(text_of(&item));
    ir.guards.back().intent.demand = std::move(list);
  };
  add("inboundCIDRs", Loss::allow_list,
      "Gateway API has no address lists; use a target with policies (--to envoy-gateway)");
  for (const std::string_view key : {"wafv2ACLArn", "wafv2AclArn", "wafv2ACLName", "wafv2AclName"})
    add(key, Loss::waf, "Gateway API has no firewall; attach the ACL to the new load balancer");
  const yaml::Node* listeners = at(found->node, {"spec", "listeners"});
  if (listeners && listeners->is_seq())
    for (const yaml::Node& listener : listeners->items())
      if (const yaml::Node* mutual = at(&listener, {"mutualAuthentication"}))
        ir.guards.push_back(guard(*found, {&*found, mutual, "spec.listeners[].mutualAuthentication"}, deployment,
                                  Loss::client_certificate, "client certificates are the listener's own"));
}

// The TLS options that hold wherever a router names none.
void traefik_defaults(std::uint16_t deployment, const kube::Bundle& bundle, Ir& ir,
                      std::set<const kube::Object*>& taken) {
  for (const kube::OtherObject& object : bundle.others) {
    if (object.kind != "TLSOption" || object.metadata.name != "default" || !object.node) continue;
    const yaml::Node* client = at(object.node, {"spec", "clientAuth"});
    if (!client || !client->is_map()) continue;
    taken.insert(&object);
    ir.guards.push_back(guard(object, {&object, client, "spec.clientAuth"}, deployment, Loss::client_certificate,
                              "the default TLSOption asks every client for a certificate; write it into the listeners "
                              "(tls.frontendValidation)"));
  }
}

}  // namespace

std::set<const kube::Object*> find_policies(const Deployment& of, std::uint16_t deployment, const kube::Bundle& bundle,
                                            const Target& target, Ir& ir) {
  const Provider& provider = *of.provider;
  std::set<const kube::Object*> taken;
  const std::vector<Labels> pods = gateway_pods(bundle);
  for (const kube::OtherObject& object : bundle.others) {
    const auto policy = policy_of(object);
    if (!policy || !selects_gateway(*policy, provider, pods, target.name == "istio")) continue;
    taken.insert(&object);
    Guard found = guard(object, {&object, object.node, {}}, deployment, Loss::auth,
                        "it selects the Pods of the old gateway and decides who comes in there; those of the new "
                        "one it does not select");
    // Istio takes it on a Gateway, too; an EnvoyFilter speaks of the old one's inner names.
    if (provider.name == "istio" && target.name == "istio" && object.kind != "EnvoyFilter")
      found.intent.demand = NativeObject{&object};
    ir.guards.push_back(std::move(found));
  }
  for (const kube::IngressClass* c : of.classes) class_parameters(*c, deployment, bundle, ir);
  if (provider.name == "contour") contour_configuration(deployment, bundle, ir, taken);
  if (provider.name == "traefik") traefik_defaults(deployment, bundle, ir, taken);
  return taken;
}

}  // namespace gw::convert
