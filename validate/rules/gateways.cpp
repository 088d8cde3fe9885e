// Gateways, ListenerSets and listeners: classes, conflicts, selectors, limits. Gateway API v1.6, ListenerStatus
// reasons.
#include <algorithm>
#include <map>

#include "diag/suggest.h"
#include "route/routes.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"
#include "vendors/gateways.h"

namespace gw::validate {
namespace {

constexpr std::size_t listener_limit = 64;  // of one Gateway object

void check_selector(const Context& c, const kube::Object& owner, const kube::RouteNamespaces& namespaces) {
  if (namespaces.from.value_or("") != "Selector") return;
  if (!namespaces.selector)
    return report(c, {"GW316", owner, namespaces.node, "from: Selector needs a selector", "add selector.matchLabels"});
  for (const auto& expression : namespaces.selector->match_expressions) {
    const bool set = expression.op == "In" || expression.op == "NotIn";
    const bool known = set || expression.op == "Exists" || expression.op == "DoesNotExist";
    if (!known)
      report(c, {"GW317", owner, member(expression, "operator"), quoted(expression.op) + " is not an operator",
                 "one of In, NotIn, Exists, DoesNotExist"});
    else if (set == expression.values.empty())
      report(c, {"GW317", owner, member(expression, "values"),
                 expression.op + (set ? " needs values" : " takes no values"), set ? "add values" : "remove values"});
  }
}

// The listener that this one clashes with, if it still stands.
const route::ListenerStatus* rival_of(const Context& c, const route::ListenerStatus& each, bool same_hostname) {
  for (const route::ListenerStatus& rival : c.attachments.listeners)
    if (rival.gateway == each.gateway && rival.listener != each.listener &&
        rival.listener->port == each.listener->port &&
        (!same_hostname || rival.listener->hostname.value_or("") == each.listener->hostname.value_or("")))
      return &rival;
  return nullptr;
}

void conflict(const Context& c, const route::ListenerStatus& each, const route::Condition& condition) {
  const kube::Listener& listener = *each.listener;
  const bool hostname = condition.reason == "HostnameConflict";
  const route::ListenerStatus* rival = rival_of(c, each, hostname);
  const bool outranked = rival && rival->owner != each.owner && each.owner != each.gateway;
  const std::string_view code = outranked ? "GW303" : hostname ? "GW301" : "GW302";
  const std::string port = std::to_string(listener.port);
  const std::string name =
      listener.hostname ? "the hostname " + quoted(*listener.hostname) : std::string("no hostname either");
  std::string message = hostname ? "another listener of port " + port + " has " + name
                                 : "protocol " + listener.protocol + " clashes with another listener of port " + port;
  std::vector<diag::Related> related;
  if (rival)
    related.push_back(
        {span_of(*rival->owner, member(*rival->listener, "name")), "listener " + quoted(rival->listener->name)});
  report(c, {code,
             *each.owner,
             member(listener, !hostname           ? "protocol"
                              : listener.hostname ? "hostname"
                                                  : "port"),
             std::move(message),
             "give them different ports or hostnames",
             {},
             std::move(related)});
}

// Extensions of the protocol are their own: a class that gwctl does not know may have any.
bool may_know_more(const Context& c, const route::ListenerStatus& each) {
  if (!each.gateway) return false;
  const kube::GatewayClass* its = c.index.gateway_class(each.gateway->spec.gateway_class_name);
  return its && !its->spec.controller_name.empty() && !vendors::known_gateway_controller(its->spec.controller_name);
}

void check_conditions(const Context& c, const route::ListenerStatus& each) {
  for (const route::Condition& condition : each.conditions) {
    if (condition.type == "Conflicted" && condition.status) conflict(c, each, condition);
    if (condition.type == "Accepted" && !condition.status && condition.reason == "UnsupportedProtocol")
      report(c, {"GW304", *each.owner, member(*each.listener, "protocol"),
                 "protocol " + quoted(each.listener->protocol) + " is not one of HTTP, HTTPS, TLS, TCP, UDP",
                 "other protocols need an implementation that knows them",
                 may_know_more(c, each) ? diag::Severity::warning : diag::Severity::error});
    if (condition.type == "ResolvedRefs" && !condition.status && condition.reason == "InvalidRouteKinds")
      report(c, {"GW305", *each.owner, condition.at ? condition.at : each.listener->node, condition.message,
                 "list only kinds the protocol can carry"});
  }
}

}  // namespace

void check_controllers(const Context& c) {
  for (const kube::GatewayClass& each : c.bundle.gateway_classes)
    if (!each.spec.controller_name.empty() && !vendors::known_gateway_controller(each.spec.controller_name))
      report(c, {"GW323", each, member(each.spec, "controllerName"),
                 "controller " + quoted(each.spec.controller_name) + " is not known here",
                 "nothing can be said about what it supports; check the spelling"});
}

void check_classes(const Context& c) {
  if (c.bundle.gateway_classes.empty() && !c.options.complete) return;
  std::vector<std::string_view> names;
  for (const auto& each : c.bundle.gateway_classes) names.push_back(each.metadata.name);
  for (const kube::Gateway& gateway : c.bundle.gateways) {
    const std::string& name = gateway.spec.gateway_class_name;
    if (name.empty() || c.index.gateway_class(name)) continue;
    const std::string_view near = diag::nearest(name, names);
    report(c,
           {"GW224", gateway, member(gateway.spec, "gatewayClassName"), "GatewayClass " + quoted(name) + " is not here",
            near.empty() ? "the implementation usually installs it" : "did you mean " + quoted(near) + "?",
            c.options.complete ? diag::Severity::error : diag::Severity::warning});
  }
}

void check_listener_sets(const Context& c) {
  for (const kube::ListenerSet& set : c.bundle.listener_sets) {
    const kube::ObjectReference& ref = set.spec.parent_ref;
    const kube::NamespacedName id{ref.ns.value_or(set.metadata.ns), ref.name};
    if (ref.kind.value_or("Gateway") == "Gateway" && !c.index.gateway(id))
      report(c, {"GW227", set, member(ref, "name"), "Gateway " + id.display() + " is not here",
                 "give the file that defines it too", c.missing(id.ns)});
  }
  for (const route::ListenerSetStatus& each : c.attachments.listener_sets)
    for (const route::Condition& condition : each.conditions)
      if (condition.type == "Accepted" && !condition.status && condition.reason == "NotAllowed")
        report(c, {"GW228", *each.set, member(each.set->spec, "parentRef"), condition.message,
                   "set allowedListeners.namespaces.from of the Gateway (the default is None)"});
}

void check_listeners(const Context& c) {
  std::map<const kube::Gateway*, std::size_t> counts;
  for (const route::ListenerStatus& each : c.attachments.listeners) {
    ++counts[each.gateway];
    check_conditions(c, each);
    const auto& allowed = each.listener->allowed_routes;
    if (allowed && allowed->namespaces) {
      check_selector(c, *each.owner, *allowed->namespaces);
    }
  }
  for (const auto& [gateway, count] : counts)
    if (count > listener_limit)
      report(c, {"GW318", *gateway, member(gateway->spec, "listeners"),
                 "this Gateway has " + std::to_string(count) +
                     " listeners with its ListenerSets; not every gateway serves more than 64",
                 "look up its limit, or spread them over several Gateways"});
  for (const kube::Gateway& gateway : c.bundle.gateways) {
    if (gateway.spec.allowed_listeners && gateway.spec.allowed_listeners->namespaces)
      check_selector(c, gateway, *gateway.spec.allowed_listeners->namespaces);
    if (!gateway.spec.tls || !gateway.spec.tls->frontend) continue;
    auto lenient = [&](const kube::FrontendTlsConfig& config) {
      if (config.validation && config.validation->mode.value_or("") == "AllowInsecureFallback")
        report(c, {"GW313", gateway, member(*config.validation, "mode"),
                   "client certificates are asked for but not enforced",
                   "AllowValidOnly refuses clients without a valid one"});
    };
    lenient(gateway.spec.tls->frontend->default_config);
    for (const auto& port : gateway.spec.tls->frontend->per_port) lenient(port.tls);
  }
}

// A Gateway without any route, where the set holds routes at all.
void check_unused_listeners(const Context& c) {
  std::map<const kube::Gateway*, std::size_t> attached;
  for (const route::ListenerStatus& each : c.attachments.listeners) attached[each.gateway] += each.attached_routes;
  bool routes = false;
  each_route(c.bundle, [&](const auto&, std::string_view) { routes = true; });
  if (!routes) return;
  for (const route::ListenerStatus& each : c.attachments.listeners)
    if (each.attached_routes == 0 && attached[each.gateway] != 0)
      report(c, {"GW311", *each.owner, member(*each.listener, "name"),
                 "no route of this set is attached to listener " + quoted(each.listener->name),
                 "it answers nothing but errors: check the parentRefs of the routes, or remove it"});
  for (const auto& [gateway, count] : attached)
    if (count == 0)
      report(c, {"GW310", *gateway, nullptr, "no route of this set is attached to this Gateway",
                 "check the parentRefs of the routes, or remove the Gateway"});
}

}  // namespace gw::validate
