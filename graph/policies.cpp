#include "graph/policies.h"

#include <algorithm>
#include <set>

#include "diag/credentials.h"
#include "route/order.h"

namespace gw::graph {
namespace {

const yaml::Node* below(const yaml::Node* node, std::string_view key) {
  return node ? node->find(key) : nullptr;
}
std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = below(node, key);
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

// Kinds whose policies for a Gateway hold for its routes. `merges`: field by field, as nginx inherits its directives.
struct Inherits {
  std::string_view kind;
  bool merges;
};
constexpr Inherits inherits[] = {
    {"BackendTrafficPolicy", false},
    {"SecurityPolicy", false},
    {"EnvoyExtensionPolicy", false},
    {"ClientSettingsPolicy", true},
    {"ProxySettingsPolicy", true},
    {"RateLimitPolicy", true},
    {"TrafficPolicy", true},
    {"AgentgatewayPolicy", true},
    {"AuthPolicy", true},
    {"DNSPolicy", false},
    {"ClientTrafficPolicy", false},
    {"SnippetsPolicy", false},
};

std::string scalar(const yaml::Node& node) {
  switch (node.kind()) {
    case yaml::Kind::string:
      return std::string(node.string());
    case yaml::Kind::boolean:
      return node.boolean() ? "true" : "false";
    case yaml::Kind::integer:
      return std::to_string(node.integer());
    case yaml::Kind::unsigned_integer:
      return std::to_string(node.unsigned_integer());
    case yaml::Kind::floating: {
      std::string out = std::to_string(node.floating());
      out.erase(out.find_last_not_of('0') + 1);
      return out.ends_with('.') ? out + "0" : out;
    }
    case yaml::Kind::null:
    case yaml::Kind::mapping:
    case yaml::Kind::sequence:
      break;
  }
  return "null";
}

// One line of YAML's flow style.
std::string flow(const yaml::Node& node) {
  std::string out;
  if (node.is_map()) {
    for (const yaml::Entry& e : node.entries())
      out += (out.empty() ? "" : ", ") + std::string(e.key.string()) + ": " + flow(e.value);
    return "{" + out + "}";
  }
  if (node.is_seq()) {
    for (const yaml::Node& item : node.items()) out += (out.empty() ? "" : ", ") + flow(item);
    return "[" + out + "]";
  }
  return scalar(node);
}

struct Said {
  std::string value;
  const kube::Object* policy;
};
using Fields = std::map<std::string, Said>;

// A field takes the place of what stood at it, above it or below it.
void put(Fields& fields, const std::string& path, Said said, bool replace) {
  const auto covers = [](const std::string& upper, const std::string& lower) {
    return lower == upper || (lower.starts_with(upper) && lower[upper.size()] == '.');
  };
  if (!replace && std::any_of(fields.begin(), fields.end(),
                              [&](const auto& one) { return covers(one.first, path) || covers(path, one.first); }))
    return;
  std::erase_if(fields, [&](const auto& one) { return covers(one.first, path) || covers(path, one.first); });
  fields.insert_or_assign(path, std::move(said));
}

void collect(const yaml::Node& node, const std::string& path, const kube::Object& policy, bool replace, Fields& out) {
  if (!node.is_map() || node.entries().empty())
    return put(out, path, {diag::hide_credentials(path + ": " + flow(node)).substr(path.size() + 2), &policy}, replace);
  for (const yaml::Entry& e : node.entries())
    collect(e.value, path + (path.empty() ? "" : ".") + std::string(e.key.string()), policy, replace, out);
}

// What is said of the policy itself, not of traffic.
bool about_itself(std::string_view key) {
  static const std::set<std::string_view> keys{"targetRef", "targetRefs", "targetSelectors", "mergeType",
                                               "default",   "defaults",   "override",        "overrides"};
  return keys.contains(key);
}

void take_defaults(const yaml::Node& spec, const kube::Object& policy, Fields& out) {
  for (const std::string_view key : {"default", "defaults"})
    if (const yaml::Node* part = below(&spec, key); part && part->is_map()) collect(*part, "", policy, true, out);
  for (const yaml::Entry& e : spec.entries())
    if (!about_itself(e.key.string())) collect(e.value, std::string(e.key.string()), policy, true, out);
}
// Called from the farthest to the nearest: what stands already stays.
void take_overrides(const yaml::Node& spec, const kube::Object& policy, Fields& out) {
  for (const std::string_view key : {"override", "overrides"})
    if (const yaml::Node* part = below(&spec, key); part && part->is_map()) collect(*part, "", policy, false, out);
}

}  // namespace

PolicyTree::PolicyTree(const kube::Index& index, const route::Attachments& attachments)
    : index_(index), attachments_(attachments) {
  const kube::Bundle& bundle = index.bundle();
  for (const kube::OtherObject& object : bundle.others)
    if (object.kind.ends_with("Policy")) read(object);
  for (const kube::BackendTlsPolicy& policy : bundle.backend_tls_policies) read(policy);
  std::stable_sort(policies_.begin(), policies_.end(),
                   [](const Policy& a, const Policy& b) { return route::older(*a.object, *b.object); });
}

void PolicyTree::read(const kube::Object& object) {
  const yaml::Node* spec = below(object.node, "spec");
  if (!spec || !spec->is_map()) return;
  if (const yaml::Node* one = below(spec, "targetRef"); one && one->is_map()) add(object, *one, *spec);
  if (const yaml::Node* list = below(spec, "targetRefs"); list && list->is_seq())
    for (const yaml::Node& item : list->items())
      if (item.is_map()) add(object, item, *spec);
}

void PolicyTree::add(const kube::Object& object, const yaml::Node& target, const yaml::Node& spec) {
  Policy policy{
      &object, text(&target, "kind"), text(&target, "namespace"), text(&target, "name"), text(&target, "sectionName"),
      &spec};
  if (policy.kind == "GatewayClass" || policy.kind == "Namespace")
    policy.ns.clear();
  else if (policy.ns.empty())
    policy.ns = std::string(object.metadata.ns.view());
  const bool hierarchical =
      below(&spec, "default") || below(&spec, "defaults") || below(&spec, "override") || below(&spec, "overrides");
  const auto* row = std::find_if(std::begin(inherits), std::end(inherits),
                                 [&](const Inherits& one) { return one.kind == object.kind; });
  policy.inherited = hierarchical || row != std::end(inherits);
  policy.merges = hierarchical || (row != std::end(inherits) && row->merges) || below(&spec, "mergeType");
  policies_.push_back(std::move(policy));
}

std::vector<std::string> PolicyTree::on(std::string_view kind, const kube::NamespacedName& id) const {
  std::vector<std::string> out;
  for (const Policy& policy : policies_)
    if (policy.kind == kind && policy.ns == id.ns && policy.name == id.name)
      out.push_back(policy.object->kind + " " + policy.object->id().display());
  return out;
}

// What stands on the way from the GatewayClass to the backends of a route, the farthest first.
std::vector<PolicyTree::Standing> PolicyTree::standing(const kube::Object& route, const kube::Gateway& gateway) const {
  std::set<std::string> listeners;
  for (const route::ParentStatus& parent : attachments_.parents)
    if (parent.route == &route && parent.gateway == &gateway)
      for (const route::ParentStatus::On& at : parent.on)
        listeners.insert(attachments_.listeners[at.listener].listener->name);
  std::vector<Standing> out;
  for (const Policy& p : policies_) {
    const bool above = p.inherited;
    if (above && p.kind == "GatewayClass" && p.name == std::string(gateway.spec.gateway_class_name))
      out.push_back({&p, Level::gateway_class, "GatewayClass " + p.name});
    else if (above && p.kind == "Gateway" && p.ns == gateway.metadata.ns && p.name == gateway.metadata.name &&
             (p.section.empty() || listeners.contains(p.section)))
      out.push_back({&p, p.section.empty() ? Level::gateway : Level::listener,
                     "Gateway " + gateway.id().display() + (p.section.empty() ? "" : ", listener " + p.section)});
    else if (above && p.kind == "Namespace" && p.name == route.metadata.ns.view())
      out.push_back({&p, Level::ns, "Namespace " + p.name});
    else if (p.kind == route.kind && p.ns == route.metadata.ns && p.name == route.metadata.name)
      out.push_back({&p, p.section.empty() ? Level::route : Level::rule,
                     p.section.empty() ? std::string("the route") : "rule " + p.section});
  }
  std::stable_sort(out.begin(), out.end(), [](const Standing& a, const Standing& b) { return a.level < b.level; });
  return out;
}

// Kind by kind. Of two for one target the older applies.
std::vector<EffectivePolicy> PolicyTree::merged(const std::vector<Standing>& standing) {
  std::map<std::string, std::vector<const Standing*>> by_kind;
  for (const Standing& one : standing) {
    if (one.level == Level::rule || one.level == Level::backend) continue;  // not of the whole route
    std::vector<const Standing*>& same = by_kind[one.policy->object->kind];
    if (std::any_of(same.begin(), same.end(), [&](const Standing* s) { return s->level == one.level; })) continue;
    if (!one.policy->merges) same.clear();
    same.push_back(&one);
  }
  std::vector<EffectivePolicy> out;
  for (const auto& [kind, all] : by_kind) {
    Fields overrides, fields;
    for (const Standing* one : all) take_overrides(*one->policy->spec, *one->policy->object, overrides);
    for (const Standing* one : all) take_defaults(*one->policy->spec, *one->policy->object, fields);
    for (auto& [path, said] : overrides) put(fields, path, said, true);
    EffectivePolicy effective{kind, {}};
    for (auto& [path, said] : fields) effective.fields.push_back({path, said.value, said.policy});
    out.push_back(std::move(effective));
  }
  return out;
}

RoutePolicies PolicyTree::of(const kube::Object& route) const {
  RoutePolicies out;
  std::set<std::pair<const kube::Object*, std::string>> seen;
  for (const route::ParentStatus& parent : attachments_.parents) {
    if (parent.route != &route || !parent.gateway || out.effective.contains(parent.gateway)) continue;
    const std::vector<Standing> all = standing(route, *parent.gateway);
    for (const Standing& one : all)
      if (seen.insert({one.policy->object, one.on}).second)
        out.attached.push_back({one.policy->object, one.on, one.level < Level::route});
    out.effective[parent.gateway] = merged(all);
  }
  return out;
}

std::string policy_lines(const PolicyTree& tree, const route::Attachments& attachments) {
  if (tree.empty()) return {};
  std::string out;
  std::set<std::pair<const kube::Object*, const kube::Gateway*>> seen;
  for (const route::ParentStatus& parent : attachments.parents) {
    if (!parent.gateway || !seen.insert({parent.route, parent.gateway}).second) continue;
    const RoutePolicies policies = tree.of(*parent.route);
    const auto effective = policies.effective.find(parent.gateway);
    if (effective == policies.effective.end() || effective->second.empty()) continue;
    out += "  " + parent.route_kind + " " + parent.route->id().display() + " at Gateway " +
           parent.gateway->id().display() + ":";
    for (const EffectivePolicy& one : effective->second) {
      std::set<std::string> from;
      for (const PolicyField& field : one.fields) from.insert(field.policy->id().display());
      std::string names;
      for (const std::string& name : from) names += (names.empty() ? " " : " + ") + name;
      out += (&one == &effective->second.front() ? " " : "; ") + one.kind + names;
    }
    out += "\n";
  }
  return out.empty() ? out : "policies in effect\n" + out;
}

}  // namespace gw::graph
