// References of routes: parents and backends, with grants. Gateway API v1.6, RouteStatus reasons.
#include <algorithm>
#include <set>

#include "diag/suggest.h"
#include "kube/kinds.h"
#include "route/backends.h"
#include "validate/rules/checks.h"
#include "validate/rules/nodes.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

using route::ParentStatus;

std::vector<std::string_view> listener_names(const Context& c, const kube::Gateway& gateway) {
  std::vector<std::string_view> names;
  for (const route::ListenerStatus& each : c.attachments.listeners)
    if (each.gateway == &gateway) names.push_back(each.listener->name);
  return names;
}

std::string meant(std::string_view near) {
  return near.empty() ? std::string() : "did you mean " + quoted(near) + "?";
}

// A kind of the spec's own groups is right or wrong; what an implementation adds, only it knows.
diag::Severity severity_of_group(std::string_view group) {
  return group.empty() || group == kube::gateway_group ? diag::Severity::error : diag::Severity::warning;
}

// A parent that is neither Gateway nor ListenerSet, or is not in the set.
void absent_parent(const Context& c, const kube::Object& route, const kube::ParentReference& ref) {
  const std::string kind = ref.kind.value_or("Gateway");
  const std::string group = ref.group.value_or(std::string(kube::gateway_group));
  if (kind == "Service" || kind == "ServiceImport") return;  // a mesh route
  const kube::NamespacedName id{ref.ns.value_or(route.metadata.ns), ref.name};
  if (kind != "Gateway" && kind != "ListenerSet")
    return report(c, {"GW204", route, member(ref, "kind"), "a route cannot be attached to a " + kind,
                      "parents are Gateway and ListenerSet (and Service in a mesh)", severity_of_group(group)});
  if (kind == "Gateway" && c.index.gateway(id)) return;
  if (kind == "ListenerSet" && c.index.listener_set(id)) return;
  const bool none = kind == "Gateway" ? c.bundle.gateways.empty() : c.bundle.listener_sets.empty();
  if (none && !c.options.complete) return;  // routes for a Gateway that is kept elsewhere
  std::vector<std::string_view> names;
  for (const auto& gateway : c.bundle.gateways)
    if (gateway.metadata.ns == id.ns) names.push_back(gateway.metadata.name);
  report(c, {"GW201", route, member(ref, "name"), kind + " " + id.display() + " is not here",
             names.empty() ? "give the file that defines it too" : meant(diag::nearest(id.name, names)),
             c.missing(id.ns)});
}

void no_matching_parent(const Context& c, const ParentStatus& parent) {
  const kube::ParentReference& ref = *parent.ref;
  const auto names = listener_names(c, *parent.gateway);
  const bool named = !ref.section_name || std::find(names.begin(), names.end(), *ref.section_name) != names.end();
  if (!named)
    return report(c, {"GW202", *parent.route, member(ref, "sectionName"),
                      "Gateway " + parent.gateway->id().display() + " has no listener " + quoted(*ref.section_name),
                      meant(diag::nearest(*ref.section_name, names))});
  if (ref.port)
    report(c, {"GW203", *parent.route, member(ref, "port"),
               "no listener of Gateway " + parent.gateway->id().display() + " has port " + std::to_string(*ref.port),
               "remove the port or name the listener with sectionName"});
}

constexpr const char* name_label = "kubernetes.io/metadata.name";

// A selector that asks for more than the name of the namespace.
bool needs_labels(const kube::LabelSelector& selector) {
  return std::any_of(selector.match_labels.begin(), selector.match_labels.end(),
                     [](const auto& label) { return label.first != name_label; }) ||
         std::any_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [](const auto& expression) { return expression.key != name_label; });
}

// The first listener of a parent whose selector cannot be decided for the route's namespace.
const kube::Listener* undecided(const Context& c, const ParentStatus& parent) {
  if (c.index.ns(parent.route->metadata.ns) || c.options.complete) return nullptr;
  for (const route::ListenerStatus& each : c.attachments.listeners) {
    if (each.gateway != parent.gateway) continue;
    if (parent.ref->section_name && *parent.ref->section_name != each.listener->name) continue;
    const auto& allowed = each.listener->allowed_routes;
    if (!allowed || !allowed->namespaces || allowed->namespaces->from.value_or("") != "Selector") continue;
    const auto& selector = allowed->namespaces->selector;
    if (selector && selector->node && needs_labels(*selector)) return each.listener;
  }
  return nullptr;
}

// A TCPRoute on a listener that ends TLS: the API foresees it, and implementations differ in whether they take it.
bool takes_streams(const Context& c, const ParentStatus& parent) {
  if (parent.route_kind != "TCPRoute") return false;
  return std::any_of(c.attachments.listeners.begin(), c.attachments.listeners.end(), [&](const auto& each) {
    const auto& tls = each.listener->tls;
    return each.gateway == parent.gateway && each.listener->protocol == "TLS" &&
           (!parent.ref->section_name || *parent.ref->section_name == each.listener->name) &&
           (!tls || tls->mode.value_or("Terminate") == "Terminate");
  });
}

void not_allowed(const Context& c, const ParentStatus& parent) {
  bool kind_possible = false;
  for (const route::ListenerStatus& each : c.attachments.listeners)
    if (each.gateway == parent.gateway &&
        (!parent.ref->section_name || *parent.ref->section_name == each.listener->name))
      kind_possible |= std::find(each.supported_kinds.begin(), each.supported_kinds.end(), parent.route_kind) !=
                       each.supported_kinds.end();
  const std::string gateway = "Gateway " + parent.gateway->id().display();
  if (!kind_possible && takes_streams(c, parent)) return;
  if (!kind_possible)
    return report(
        c, {"GW234", *parent.route, parent.ref->node, "no listener of " + gateway + " takes a " + parent.route_kind,
            "add the kind to allowedRoutes.kinds, or use a listener of another protocol"});
  if (const kube::Listener* listener = undecided(c, parent))
    return report(c, {"GW237",
                      *parent.route,
                      parent.ref->node,
                      "whether listener " + quoted(listener->name) + " takes routes of namespace " +
                          quoted(parent.route->metadata.ns) +
                          " cannot be told: its selector asks for labels of the "
                          "Namespace, which is not here",
                      "give the Namespace object too",
                      {},
                      {{listener->allowed_routes->namespaces->selector->node->span(), "the selector"}}});
  if (parent.route->metadata.ns_open) return;  // whoever installs it chooses
  report(c, {"GW233", *parent.route, parent.ref->node,
             gateway + " takes no routes of namespace " + quoted(parent.route->metadata.ns),
             "set allowedRoutes.namespaces.from of the listener to All, or to Selector with labels of this namespace"});
}

void check_parent(const Context& c, const ParentStatus& parent) {
  if (!parent.gateway) return;
  for (const route::Condition& condition : parent.conditions) {
    if (condition.type != "Accepted" || condition.status) continue;
    if (condition.reason == "NoMatchingParent") no_matching_parent(c, parent);
    if (condition.reason == "NotAllowedByListeners") not_allowed(c, parent);
    if (condition.reason == "NoMatchingListenerHostname")
      report(c, {"GW235", *parent.route, parent.ref->node,
                 "no hostname of this route fits a listener of Gateway " + parent.gateway->id().display(),
                 "the route gets no traffic: change its hostnames or the listener's hostname"});
  }
}

// GAMMA's consumer routes: a route that hangs on a Service may send to Services beside it.
bool in_mesh_of(const kube::Object& route, std::string_view ns) {
  const yaml::Node* parents = below(below(route.node, "spec"), "parentRefs");
  if (!parents || !parents->is_seq()) return false;
  const auto items = parents->items();
  return !items.empty() && std::all_of(items.begin(), items.end(), [&](const yaml::Node& parent) {
    return text_of(&parent, "kind") == "Service" && text_of(&parent, "namespace") == ns;
  });
}

// One reference to a backend, whoever makes it.
void check_backend(const Context& c, const kube::Object& route, std::string_view route_kind,
                   const route::BackendRefView& ref, std::string_view mirror_code) {
  const auto resolved = route::resolve({c.index, route_kind, route.metadata.ns}, ref);
  if (resolved.reason.empty()) return;
  const std::string id = std::string(ref.ns) + "/" + std::string(ref.name);
  auto tell = [&](std::string_view code, std::string_view field, std::string message, std::string help,
                  std::optional<diag::Severity> severity = {}) {
    report(c, {mirror_code.empty() ? code : mirror_code, route, member(ref.node, field), std::move(message),
               std::move(help), severity});
  };
  if (resolved.reason == "InvalidKind") {
    if (ref.kind == "ServiceImport" && ref.group == "multicluster.x-k8s.io") return;
    if (ref.kind == "TraefikService" && ref.group == "traefik.io") return;
    return tell("GW208", "kind", "a backend of kind " + quoted(ref.kind) + " is not known",
                "every implementation knows Service; other kinds need its extension", severity_of_group(ref.group));
  }
  if (resolved.reason == "RefNotPermitted" && in_mesh_of(route, ref.ns)) return;
  if (resolved.reason == "RefNotPermitted" && route.metadata.ns_open) return;  // it may be that very namespace
  if (resolved.reason == "RefNotPermitted")
    return tell("GW209", "namespace", "no ReferenceGrant in " + quoted(ref.ns) + " lets this route use Service " + id,
                "add a ReferenceGrant to namespace " + std::string(ref.ns) + " from " + std::string(route_kind) +
                    " in " + route.metadata.ns + " to Service",
                c.options.partial ? std::optional(diag::Severity::warning) : std::nullopt);
  if (resolved.reason == "UnsupportedProtocol")
    return tell("GW211", "port", resolved.message, "point the route at a port of the right protocol");
  if (resolved.reason != "BackendNotFound") return;
  const kube::Service* service = c.index.service({std::string(ref.ns), std::string(ref.name)});
  if (!service) {
    std::vector<std::string_view> names;
    for (const auto& each : c.bundle.services)
      if (each.metadata.ns == ref.ns) names.push_back(each.metadata.name);
    const std::string_view near = diag::nearest(ref.name, names);
    return tell("GW206", "name", "Service " + id + " is not here",
                near.empty() ? "requests for it are answered 500" : meant(near), c.missing(ref.ns));
  }
  std::string ports;
  for (const kube::ServicePort& port : service->spec.ports) {
    if (ref.port && port.port == *ref.port)
      return tell("GW211", "port",
                  "port " + std::to_string(port.port) + " of Service " + id + " is not of the protocol of a " +
                      std::string(route_kind),
                  "point the route at a port of the right protocol");
    ports += (ports.empty() ? "" : ", ") + std::to_string(port.port);
  }
  tell("GW207", "port", "Service " + id + " has no port " + (ref.port ? std::to_string(*ref.port) : "at all"),
       ports.empty() ? "give the Service a port" : "its ports are " + ports + " (the Service's port, not targetPort)");
}

void notes_on_service(const Context& c, const kube::Object& route, const route::BackendRefView& ref) {
  const kube::Service* service = c.index.service({std::string(ref.ns), std::string(ref.name)});
  if (!service) return;
  if (service->spec.type == "ExternalName")
    report(
        c,
        {"GW212", route, ref.node, "Service " + service->id().display() + " is of type ExternalName",
         "many implementations refuse it (CVE-2021-25740); use a Backend of your implementation or an EndpointSlice"});
}

template <class Route>
void check_filters(const Context& c, const Route& route, std::string_view kind,
                   const std::vector<kube::RouteFilter>& filters) {
  for (const kube::RouteFilter& filter : filters) {
    if (filter.request_mirror)
      check_backend(c, route, kind, route::view(filter.request_mirror->backend_ref, route.metadata.ns), "GW210");
    if (filter.external_auth)
      check_backend(c, route, kind, route::view(filter.external_auth->backend_ref, route.metadata.ns), "GW210");
  }
}

}  // namespace

void check_parents(const Context& c) {
  for (const ParentStatus& parent : c.attachments.parents) check_parent(c, parent);
  each_route(c.bundle, [&](const auto& route, std::string_view) {
    for (const kube::ParentReference& ref : route.spec.parent_refs) absent_parent(c, route, ref);
    if (route.spec.parent_refs.empty() && !route.spec.use_default_gateways)
      report(c, {"GW205", route, nullptr, "this route has no parentRefs",
                 "name the Gateway it is attached to: without it no traffic comes"});
  });
}

// Hostnames of an accepted route that no listener takes are ignored by the Gateway.
void check_lost_hostnames(const Context& c) {
  std::vector<std::pair<const kube::Object*, const kube::Listener*>> served;
  for (const ParentStatus& parent : c.attachments.parents)
    if (parent.accepted)
      for (const auto& on : parent.on) served.emplace_back(parent.route, c.attachments.listeners[on.listener].listener);
  std::sort(served.begin(), served.end());
  each_route(c.bundle, [&](const auto& route, std::string_view) {
    const auto first = std::lower_bound(served.begin(), served.end(), &route,
                                        [](const auto& row, const kube::Object* of) { return row.first < of; });
    const auto last = std::find_if(first, served.end(), [&](const auto& row) { return row.first != &route; });
    if (first == last) return;
    for (std::size_t i = 0; i < route.spec.hostnames.size(); ++i)
      if (std::none_of(first, last, [&](const auto& row) {
            return route::intersect(row.second->hostname.value_or(""), route.spec.hostnames[i]).has_value();
          }))
        report(c, {"GW236", route, item(route.spec, "hostnames", i),
                   "no listener of this route's Gateways takes " + quoted(route.spec.hostnames[i]),
                   "the name is ignored: add a listener for it or remove it"});
  });
}

void check_backends(const Context& c) {
  each_route(c.bundle, [&](const auto& route, std::string_view kind) {
    for (const auto& rule : route.spec.rules) {
      for (const kube::BackendRef& ref : rule.backend_refs) {
        const auto view = route::view(ref, route.metadata.ns);
        check_backend(c, route, kind, view, "");
        notes_on_service(c, route, view);
        check_filters(c, route, kind, ref.filters);
      }
      if constexpr (requires { rule.filters; }) check_filters(c, route, kind, rule.filters);
    }
  });
}

}  // namespace gw::validate
