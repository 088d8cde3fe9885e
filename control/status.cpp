// Builds status objects and leaves out those that would change nothing.
#include "control/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/features.h"
#include "kube/kinds.h"
#include "yaml/json.h"

namespace gw::control {
namespace {

using Json = nlohmann::ordered_json;

Json current_status(const kube::Object& object) {
  const yaml::Node* status = object.node ? object.node->find("status") : nullptr;
  return status && status->is_map() ? yaml::to_json<Json>(*status) : Json::object();
}

// A text member of what may be anything: a status in a file was checked by nobody.
std::string text(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// The old condition of a type, in a list of conditions that may be absent.
const Json* old_condition(const Json& conditions, const std::string& type) {
  if (!conditions.is_array()) return nullptr;
  for (const Json& condition : conditions)
    if (text(condition, "type") == type) return &condition;
  return nullptr;
}

bool own_type(std::string_view type) {
  constexpr std::string_view types[] = {"Accepted",
                                        "Programmed",
                                        "ResolvedRefs",
                                        "Conflicted",
                                        "PartiallyInvalid",
                                        "OverlappingTLSConfig",
                                        "InsecureFrontendValidationMode"};
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

class Builder {
 public:
  Builder(const kube::Index& index, const route::Attachments& attachments, const GatewayStates& states,
          const StatusOptions& options)
      : index_(index), attachments_(attachments), states_(states), options_(options) {}

  std::vector<StatusUpdate> run() {
    for (const kube::GatewayClass& each : index_.bundle().gateway_classes)
      if (each.spec.controller_name == options_.controller_name) gateway_class(each);
    for (const route::GatewayStatus& each : attachments_.gateways) gateway(each);
    for (const route::ListenerSetStatus& each : attachments_.listener_sets) listener_set(each);
    routes();
    policies();
    return std::move(updates_);
  }

 private:
  Json condition(const kube::Object& object, const Json& old, const route::Condition& c) const {
    const char* value = c.status ? "True" : "False";
    const Json* before = old_condition(old, c.type);
    std::string since = before && text(*before, "status") == value ? text(*before, "lastTransitionTime") : "";
    if (since.empty()) since = options_.now;
    return {{"type", c.type},
            {"status", value},
            {"reason", c.reason},
            {"message", c.message},
            {"observedGeneration", object.metadata.generation},
            {"lastTransitionTime", std::move(since)}};
  }

  // Conditions of types that gwctl never writes belong to other controllers and stay as they are.
  Json conditions(const kube::Object& object, const Json& old, const std::vector<route::Condition>& list) const {
    Json out = Json::array();
    for (const route::Condition& c : list) out.push_back(condition(object, old, c));
    if (old.is_array())
      for (const Json& each : old)
        if (const std::string type = text(each, "type"); !type.empty() && !own_type(type)) out.push_back(each);
    return out;
  }

  static Json member(const Json& object, const char* key) { return object.contains(key) ? object[key] : Json(); }

  // Other controllers write to the same lists: they are replaced only in the version that was read.
  void update(const kube::Object& object, const kube::KindInfo& info, const Json& status) {
    if (same(current_status(object), status)) return;
    updates_.push_back({object.object_id(), std::string(info.plural), std::string(object.metadata.resource_version),
                        Json{{"status", status}}.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  // Fields this controller does not write (of other features) do not count.
  static bool same(const Json& old, const Json& status) {
    for (const auto& [key, value] : status.items())
      if (!old.contains(key) || nlohmann::json(old[key]) != nlohmann::json(value)) return false;
    return true;
  }

  void gateway_class(const kube::GatewayClass& object) {
    route::Condition accepted{"Accepted", true, "Accepted", "gwctl serves Gateways of this class", nullptr};
    if (object.spec.parameters_ref)
      accepted = {"Accepted", false, "InvalidParameters", "gwctl takes no parametersRef", nullptr};
    const Json old = current_status(object);
    Json features = Json::array();
    for (std::string_view name : supported_features(options_.release)) features.push_back({{"name", name}});
    Json status;
    status["conditions"] = conditions(object, member(old, "conditions"), {accepted});
    status["supportedFeatures"] = std::move(features);
    update(object, kube::KindOf<kube::GatewayClass>::info, status);
  }

  Json listeners(const kube::Object& owner, const Json& old) const {
    Json out = Json::array();
    for (const route::ListenerStatus& each : attachments_.listeners) {
      if (each.owner != &owner) continue;
      Json before;
      if (old.is_array())
        for (const Json& entry : old)
          if (text(entry, "name") == each.listener->name) before = member(entry, "conditions");
      Json kinds = Json::array();
      for (const std::string& kind : each.supported_kinds)
        kinds.push_back({{"group", kube::gateway_group}, {"kind", kind}});
      out.push_back({{"name", each.listener->name},
                     {"supportedKinds", std::move(kinds)},
                     {"attachedRoutes", each.attached_routes},
                     {"conditions", conditions(owner, before, each.conditions)}});
    }
    return out;
  }

  void gateway(const route::GatewayStatus& each) {
    const kube::Gateway& object = *each.gateway;
    const Json old = current_status(object);
    std::vector<route::Condition> list = each.conditions;
    Json addresses = Json::array();
    if (auto state = states_.find(object.id()); state != states_.end()) {
      for (const std::string& address : state->second.addresses)
        addresses.push_back({{"type", "IPAddress"}, {"value", address}});
      if (!state->second.problem.empty())
        for (route::Condition& c : list)
          if (c.type == "Programmed") c = {"Programmed", false, state->second.reason, state->second.problem, nullptr};
    }
    Json status;
    status["addresses"] = std::move(addresses);
    status["conditions"] = conditions(object, member(old, "conditions"), list);
    status["listeners"] = listeners(object, member(old, "listeners"));
    status["attachedListenerSets"] = each.attached_listener_sets;
    update(object, kube::KindOf<kube::Gateway>::info, status);
  }

  void listener_set(const route::ListenerSetStatus& each) {
    const Json old = current_status(*each.set);
    Json status;
    status["conditions"] = conditions(*each.set, member(old, "conditions"), each.conditions);
    status["listeners"] = listeners(*each.set, member(old, "listeners"));
    update(*each.set, kube::KindOf<kube::ListenerSet>::info, status);
  }

  static Json reference(const kube::ParentReference& ref) {
    Json out;
    out["group"] = ref.group.value_or(std::string(kube::gateway_group));
    out["kind"] = ref.kind.value_or("Gateway");
    if (ref.ns) out["namespace"] = *ref.ns;
    out["name"] = ref.name;
    if (ref.section_name) out["sectionName"] = *ref.section_name;
    if (ref.port) out["port"] = *ref.port;
    return out;
  }

  // Entries of other controllers stay as they are, in their place.
  Json others(const Json& entries) const {
    Json out = Json::array();
    if (entries.is_array())
      for (const Json& entry : entries)
        if (entry.is_object() && text(entry, "controllerName") != options_.controller_name) out.push_back(entry);
    return out;
  }
  static Json find_entry(const Json& entries, const char* key, const Json& reference, const std::string& controller) {
    if (entries.is_array())
      for (const Json& entry : entries)
        if (text(entry, "controllerName") == controller && entry.contains(key) &&
            nlohmann::json(entry[key]) == nlohmann::json(reference))
          return member(entry, "conditions");
    return {};
  }

  template <class Route>
  void routes_of(const std::vector<Route>& routes) {
    for (const Route& object : routes) {
      const Json old = member(current_status(object), "parents");
      Json parents = others(old);
      auto [begin, end] = by_route_.equal_range(&object);
      for (auto it = begin; it != end; ++it) {
        const route::ParentStatus& each = *it->second;
        if (!each.gateway || each.conditions.empty()) continue;  // a parent of somebody else
        Json ref = reference(*each.ref);
        Json before = find_entry(old, "parentRef", ref, options_.controller_name);
        parents.push_back({{"parentRef", std::move(ref)},
                           {"controllerName", options_.controller_name},
                           {"conditions", conditions(object, before, each.conditions)}});
      }
      if (parents.empty() && !old.is_array()) continue;
      Json status;
      status["parents"] = std::move(parents);
      update(object, kube::KindOf<Route>::info, status);
    }
  }

  void routes() {
    for (const route::ParentStatus& each : attachments_.parents) by_route_.emplace(each.route, &each);
    const kube::Bundle& bundle = index_.bundle();
    routes_of(bundle.http_routes);
    routes_of(bundle.grpc_routes);
    routes_of(bundle.tls_routes);
    routes_of(bundle.tcp_routes);
    routes_of(bundle.udp_routes);
  }

  void policies() {
    for (const kube::BackendTlsPolicy& object : index_.bundle().backend_tls_policies) {
      const Json old = member(current_status(object), "ancestors");
      Json ancestors = others(old);
      for (const route::PolicyStatus& each : attachments_.policies) {
        if (each.policy != &object || !each.ancestor || ancestors.size() >= 16) continue;
        Json ref = {{"group", kube::gateway_group},
                    {"kind", "Gateway"},
                    {"namespace", each.ancestor->metadata.ns},
                    {"name", each.ancestor->metadata.name}};
        Json before = find_entry(old, "ancestorRef", ref, options_.controller_name);
        ancestors.push_back({{"ancestorRef", std::move(ref)},
                             {"controllerName", options_.controller_name},
                             {"conditions", conditions(object, before, each.conditions)}});
      }
      if (ancestors.empty() && !old.is_array()) continue;
      Json status;
      status["ancestors"] = std::move(ancestors);
      update(object, kube::KindOf<kube::BackendTlsPolicy>::info, status);
    }
  }

  const kube::Index& index_;
  const route::Attachments& attachments_;
  const GatewayStates& states_;
  const StatusOptions& options_;
  std::multimap<const kube::Object*, const route::ParentStatus*> by_route_;
  std::vector<StatusUpdate> updates_;
};

}  // namespace

std::vector<StatusUpdate> status_updates(const kube::Index& index, const route::Attachments& attachments,
                                         const GatewayStates& states, const StatusOptions& options) {
  return Builder(index, attachments, states, options).run();
}

}  // namespace gw::control
