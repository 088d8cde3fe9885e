#include "cli/explain_route.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/gateways.h"
#include "diag/render.h"
#include "graph/policies.h"
#include "graph/route_map.h"

namespace gw::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string place_of(const kube::Object& object, const diag::Sources& sources) {
  if (!object.node) return {};
  const diag::Span span = object.node->span();
  if (!span.known()) return {};
  return std::string(sources.name(span.file)) + ":" + std::to_string(sources.position(span.file, span.begin).line);
}

std::string listeners_of(const route::ParentStatus& parent, const route::Attachments& attachments) {
  std::string out;
  for (const route::ParentStatus::On& on : parent.on)
    out += (out.empty() ? "" : ", ") + std::string(attachments.listeners[on.listener].listener->name);
  return out;
}

// Why a parent does not take the route; empty where it does.
std::string refusal(const route::ParentStatus& parent) {
  if (parent.accepted) return {};
  for (const route::Condition& condition : parent.conditions)
    if (!condition.status) return condition.reason + (condition.message.empty() ? "" : ": " + condition.message);
  return "not accepted";
}

// The Services behind a route that policies stand on.
std::vector<std::pair<std::string, std::vector<std::string>>> backends_of(const kube::Object& route,
                                                                          const kube::Bundle& bundle,
                                                                          const graph::PolicyTree& tree) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  const auto look = [&](const auto& routes) {
    for (const auto& one : routes)
      if (&one == &route)
        for (const auto& rule : one.spec.rules)
          for (const auto& ref : rule.backend_refs) {
            const kube::NamespacedName id{ref.ns ? std::string(*ref.ns) : std::string(route.metadata.ns.view()),
                                          std::string(ref.name)};
            auto policies = tree.on(ref.kind.value_or("Service"), id);
            const bool have =
                std::any_of(out.begin(), out.end(), [&](const auto& b) { return b.first == id.display(); });
            if (!policies.empty() && !have) out.emplace_back(id.display(), std::move(policies));
          }
  };
  look(bundle.http_routes), look(bundle.grpc_routes), look(bundle.tls_routes), look(bundle.tcp_routes),
      look(bundle.udp_routes);
  return out;
}

class Page {
 public:
  Page(const kube::Object& route, const Routing& routing, const Loaded& loaded, const graph::PolicyTree& tree)
      : route_(route), routing_(routing), loaded_(loaded), tree_(tree), policies_(tree.of(route)) {}

  std::string text() const {
    std::string out = route_.object_id().display() + "   " + place_of(route_, loaded_.sources) + "\n";
    for (const route::ParentStatus& parent : routing_.attachments.parents) {
      if (parent.route != &route_) continue;
      out += "  on " + parent_name(parent);
      const std::string listeners = listeners_of(parent, routing_.attachments), why = refusal(parent);
      if (!listeners.empty()) out += ", listener " + listeners;
      out += (why.empty() ? "" : "  ! " + why) + "\n";
    }
    if (policies_.attached.empty()) out += "no policy holds for it\n";
    if (!policies_.attached.empty()) out += "policies\n";
    for (const graph::AttachedPolicy& one : policies_.attached)
      out += "  " + one.policy->object_id().display() + "  " + (one.inherited ? "from " : "on ") + one.on + "   " +
             place_of(*one.policy, loaded_.sources) + "\n";
    for (const auto& [gateway, all] : policies_.effective) {
      if (all.empty()) continue;
      out += "in effect at Gateway " + gateway->id().display() + "\n";
      for (const graph::EffectivePolicy& one : all) out += "  " + one.kind + "\n" + fields_of(one);
    }
    const auto backends = backends_of(route_, loaded_.bundle, tree_);
    if (!backends.empty()) out += "backends\n";
    for (const auto& [service, names] : backends)
      for (const std::string& name : names) out += "  " + service + "  " + name + "\n";
    return out;
  }

  Json json() const {
    Json parents = Json::array(), attached = Json::array(), effective = Json::array(), backends = Json::array();
    for (const route::ParentStatus& parent : routing_.attachments.parents)
      if (parent.route == &route_)
        parents.push_back({{"gateway", parent_name(parent)},
                           {"listeners", listeners_of(parent, routing_.attachments)},
                           {"refused", refusal(parent)}});
    for (const graph::AttachedPolicy& one : policies_.attached)
      attached.push_back({{"policy", one.policy->object_id().display()},
                          {"on", one.on},
                          {"inherited", one.inherited},
                          {"place", place_of(*one.policy, loaded_.sources)}});
    for (const auto& [gateway, all] : policies_.effective)
      for (const graph::EffectivePolicy& one : all) {
        Json fields = Json::array();
        for (const graph::PolicyField& field : one.fields)
          fields.push_back({{"path", field.path}, {"value", field.value}, {"from", field.policy->id().display()}});
        effective.push_back({{"gateway", gateway->id().display()}, {"kind", one.kind}, {"fields", std::move(fields)}});
      }
    for (const auto& [service, names] : backends_of(route_, loaded_.bundle, tree_))
      backends.push_back({{"service", service}, {"policies", names}});
    return {{"route", route_.object_id().display()}, {"place", place_of(route_, loaded_.sources)},
            {"parents", std::move(parents)},         {"policies", std::move(attached)},
            {"effective", std::move(effective)},     {"backends", std::move(backends)}};
  }

 private:
  static std::string parent_name(const route::ParentStatus& parent) {
    if (parent.gateway) return "Gateway " + parent.gateway->id().display();
    return parent.ref->kind.value_or("Gateway") + " " + std::string(parent.ref->name) + " (not in the input)";
  }
  static std::string fields_of(const graph::EffectivePolicy& one) {
    std::size_t width = 0;
    for (const graph::PolicyField& f : one.fields)
      width = std::max(width, std::min<std::size_t>(60, f.path.size() + 2 + f.value.size()));
    std::string out;
    for (const graph::PolicyField& f : one.fields) {
      std::string line = f.path + ": " + f.value;
      if (line.size() < width) line.resize(width, ' ');
      out += "    " + line + "   " + f.policy->id().display() + "\n";
    }
    return out;
  }

  const kube::Object& route_;
  const Routing& routing_;
  const Loaded& loaded_;
  const graph::PolicyTree& tree_;
  const graph::RoutePolicies policies_;
};

std::vector<const kube::Object*> routes_named(const kube::Bundle& bundle, std::string_view name) {
  std::vector<const kube::Object*> out;
  const auto look = [&](const auto& routes) {
    for (const auto& route : routes)
      if (route.id().display() == name) out.push_back(&route);
  };
  look(bundle.http_routes), look(bundle.grpc_routes), look(bundle.tls_routes), look(bundle.tcp_routes),
      look(bundle.udp_routes);
  return out;
}

}  // namespace

int explain_route(const std::string& name, const Inputs& inputs, bool json) {
  if (name.find('/') == std::string::npos)
    return fail({"'" + diag::printable(name) + "' is no NAMESPACE/NAME of a route",
                 "gwctl explain route NAMESPACE/NAME FILE..."});
  Loaded loaded;
  if (const int code = load(inputs, loaded); code != exit_ok) return code;
  Routing routing;
  if (const int code = make_routing(loaded, routing); code != exit_ok) return code;
  const auto routes = routes_named(loaded.bundle, name);
  if (routes.empty())
    return fail({"there is no route " + diag::printable(name) + " in the input",
                 "`gwctl routes` lists the routes of an input"});
  const graph::PolicyTree tree(*routing.index, routing.attachments);
  Json all = Json::array();
  std::string text;
  for (const kube::Object* route : routes) {
    const Page page(*route, routing, loaded, tree);
    if (json)
      all.push_back(page.json());
    else
      text += (text.empty() ? "" : "\n") + page.text();
  }
  if (json)
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  else
    std::cout << graph::printable_lines(text);
  return print_findings(loaded.sink.take(), loaded.sources);
}

}  // namespace gw::cli
