// What rules share: reporting by code (severity and layer come from the registry) and walking routes of every kind.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/load.h"
#include "validate/rule.h"

namespace gw::validate {

struct Finding {
  std::string_view code;
  const kube::Object& object;
  kube::Place at = nullptr;  // null: the object itself
  std::string message;
  std::string help = {};
  std::optional<diag::Severity> severity = {};  // another than the registry's
  std::vector<diag::Related> related = {};
  std::vector<Edit> edits = {};  // a safe repair
};
// Adds the finding with its rule's severity and layer, unless the code is switched off; edits go to Options::fixes.
void report(const Reporting& to, Finding finding);

inline kube::Place member(const kube::Located& located, std::string_view name) {
  return {located, name};
}
// The value of a field, or where it would stand.
inline kube::Place member(const yaml::Node* node, std::string_view name) {
  return kube::Place(node).below(name);
}
inline kube::Place item(const kube::Located& located, std::string_view list, std::size_t index) {
  return {located, list, index};
}
// The place of `at`, else of the object's name, else of the object.
diag::Span span_of(const kube::Object& object, const yaml::Node* at);

// f(route, kind) for each route of every kind; `route.spec` differs by kind.
template <class F>
void each_route(const kube::Bundle& bundle, F&& f) {
  for (const auto& route : bundle.http_routes) f(route, std::string_view("HTTPRoute"));
  for (const auto& route : bundle.grpc_routes) f(route, std::string_view("GRPCRoute"));
  for (const auto& route : bundle.tls_routes) f(route, std::string_view("TLSRoute"));
  for (const auto& route : bundle.tcp_routes) f(route, std::string_view("TCPRoute"));
  for (const auto& route : bundle.udp_routes) f(route, std::string_view("UDPRoute"));
}

// The modifiers of a filter: f(modifier, its place, whether it is of requests).
template <class F>
void each_modifier(const kube::RouteFilter& filter, F&& f) {
  if (filter.request_header_modifier) f(*filter.request_header_modifier, member(filter, "requestHeaderModifier"), true);
  if (filter.response_header_modifier)
    f(*filter.response_header_modifier, member(filter, "responseHeaderModifier"), false);
}

// The headers that a modifier sets or adds: f(header, its place).
template <class F>
void each_header(const kube::HeaderModifier& modifier, const kube::Place& at, F&& f) {
  for (std::size_t i = 0; i < modifier.set.size(); ++i) f(modifier.set[i], at.below("set", i));
  for (std::size_t i = 0; i < modifier.add.size(); ++i) f(modifier.add[i], at.below("add", i));
}

// Gateways and ListenerSets: f(owner, listeners).
template <class F>
void each_listener_owner(const kube::Bundle& bundle, F&& f) {
  for (const auto& gateway : bundle.gateways) f(gateway, gateway.spec.listeners);
  for (const auto& set : bundle.listener_sets) f(set, set.spec.listeners);
}

// HTTPRoutes, the one that wins a tie first, each with a key for every listener and host that it serves.
struct PlacedRoute {
  const kube::HttpRoute* route;
  std::vector<std::string> places;  // of an unattached route one of its own: its rules may clash with each other
};
// The rules of accepted HTTPRoutes on each listener and host, those that a request meets first in front.
std::vector<PlacedRoute> by_precedence(const Context& context);

std::string quoted(std::string_view text);  // 'text'

}  // namespace gw::validate
