#include "verify/boundaries_gateway.h"

#include <algorithm>
#include <map>
#include <set>

#include "diag/ascii.h"
#include "verify/route_shapes.h"

namespace gw::verify {
namespace {

// RegularExpression is the implementation's choice: some match the whole path, some its start, some any part of it.
enum class PathReading : std::uint8_t { whole, caret, anywhere, unknown };
PathReading reading_of(std::string_view profile) {
  for (std::string_view whole : {"gwctl", "envoy-gateway", "istio", "contour", "cilium"})
    if (profile == whole) return PathReading::whole;
  if (profile == "nginx-gateway-fabric") return PathReading::caret;
  return profile == "traefik" ? PathReading::anywhere : PathReading::unknown;
}

struct HostSet {
  PathReading reading = PathReading::unknown;
  std::map<std::string, HostBoundaries> by_host;
  RouteShapes shapes;

  HostBoundaries& at(const std::string& host, const kube::Located& where) {
    HostBoundaries& row = by_host[host];
    row.host = host;
    if (!row.span.known() && where.node) row.span = where.node->span();
    return row;
  }
};

// Where the reading is not known each is a boundary of its own; finer classes do no harm.
void add_regex(std::vector<PathRegex>& out, const std::string& pattern, PathReading reading) {
  const bool every = reading == PathReading::unknown;
  if (every || reading == PathReading::whole) out.push_back({"^(?:" + pattern + ")$", true});
  if (every) out.push_back({"^(?:" + pattern + ")", true});
  if (every || reading == PathReading::caret) out.push_back({"^" + pattern, true});  // binds the first alternative
  if (every || reading == PathReading::anywhere) out.push_back({pattern, true});
}

void add_named(std::vector<NamedValues>& out, const kube::NamedMatch& match) {
  auto row = std::find_if(out.begin(), out.end(), [&](const NamedValues& v) { return v.name == match.name; });
  if (row == out.end()) row = out.insert(out.end(), NamedValues{match.name, {}, {}});
  if (match.type.value_or("Exact") == "Exact")
    row->values.push_back(match.value);
  else
    add_regex(row->expressions, match.value, PathReading::unknown);
}

void add_match(HostBoundaries& row, const kube::HttpRouteMatch& match, PathReading reading) {
  const std::string type = match.path ? match.path->type.value_or("PathPrefix") : "PathPrefix";
  const std::string value = match.path ? match.path->value.value_or("/") : "/";
  if (type == "RegularExpression")
    add_regex(row.regexes, value, reading);
  else
    row.paths.push_back(value);
  for (const kube::NamedMatch& header : match.headers) add_named(row.headers, header);
  for (const kube::NamedMatch& query : match.query_params) add_named(row.queries, query);
  if (match.method) row.methods.push_back(*match.method);
}

void add_match(HostBoundaries& row, const kube::GrpcRouteMatch& match, PathReading reading) {
  if (match.method) {
    const std::string service = match.method->service.value_or(""), method = match.method->method.value_or("");
    if (match.method->type.value_or("Exact") == "RegularExpression") {
      add_regex(row.regexes, "/" + (service.empty() ? "[^/]+" : service) + "/" + (method.empty() ? "[^/]+" : method),
                reading);
    } else {
      if (!service.empty()) row.paths.push_back("/" + service);
      if (!service.empty() && !method.empty()) row.paths.push_back("/" + service + "/" + method);
      if (service.empty() && !method.empty()) add_regex(row.regexes, "/[^/]+/" + method, reading);
    }
  }
  for (const kube::NamedMatch& header : match.headers) add_named(row.headers, header);
  row.methods.push_back("POST");
}

// Policies may change what happens to a request in ways that no table here knows.
bool is_policy(const kube::OtherObject& object) {
  return object.kind.ends_with("Policy") || object.kind == "HTTPRouteFilter" || object.kind == "SnippetsFilter" ||
         object.kind == "Middleware";
}

// A preflight is three conditions at once: OPTIONS, an Origin, and the method it asks for.
void add_preflights(HostBoundaries& row, const kube::HttpRouteRule& rule) {
  for (const kube::RouteFilter& filter : rule.filters) {
    if (!filter.cors) continue;
    row.preflights.emplace_back("https://origin.invalid");
    for (const kube::String& origin : filter.cors->allow_origins)
      if (origin.find('*') == std::string::npos) row.preflights.push_back(origin);
  }
}
void add_preflights(HostBoundaries&, const kube::GrpcRouteRule&) {}

template <class Route>
void add_routes(HostSet& hosts, const std::vector<Route>& routes, const std::vector<std::string>& everywhere) {
  for (const Route& route : routes) {
    const std::vector<std::string> names =
        route.spec.hostnames.empty() ? everywhere : kube::strings(route.spec.hostnames);
    for (const std::string& name : names) {
      HostBoundaries& row = hosts.at(diag::lower(name), route);
      hosts.shapes.add(row.host, route);
      for (const auto& rule : route.spec.rules) {
        for (const auto& match : rule.matches) add_match(row, match, hosts.reading);
        add_preflights(row, rule);
      }
    }
  }
}

void remove_duplicates(HostBoundaries& row) {
  for (std::vector<std::string>* list : {&row.paths, &row.methods, &row.preflights}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
}

}  // namespace

Boundaries gateway_boundaries(const kube::Bundle& bundle, std::string_view profile) {
  HostSet hosts{reading_of(profile), {}, RouteShapes(bundle)};
  std::set<std::string> tls_names;
  std::vector<std::string> everywhere{""};
  std::set<std::pair<route::Scheme, std::uint16_t>> ports;
  const auto add_listener = [&](const kube::Listener& listener) {
    const bool tls = listener.protocol == "HTTPS" || listener.protocol == "TLS";
    if ((tls || listener.protocol == "HTTP") && listener.port != (tls ? 443 : 80))
      ports.emplace(tls ? route::Scheme::https : route::Scheme::http, static_cast<std::uint16_t>(listener.port));
    const std::string name = diag::lower(listener.hostname.value_or(""));
    if (!name.empty()) hosts.at(name, listener);
    hosts.shapes.add(name, listener);
    if (listener.protocol == "HTTPS" || listener.protocol == "TLS") tls_names.insert(name);
  };
  for (const kube::Gateway& gateway : bundle.gateways)
    for (const kube::Listener& listener : gateway.spec.listeners) add_listener(listener);
  for (const kube::ListenerSet& set : bundle.listener_sets)
    for (const kube::Listener& listener : set.spec.listeners) add_listener(listener);
  add_routes(hosts, bundle.http_routes, everywhere);
  add_routes(hosts, bundle.grpc_routes, everywhere);
  for (const kube::TlsRoute& route : bundle.tls_routes)
    for (const kube::String& name : route.spec.hostnames) tls_names.insert(diag::lower(name));

  Boundaries out;
  out.path_view = PathView::raw;
  out.one_label_wildcards = false;
  out.falls_through = true;  // the spec lets a request try the next host pattern
  tls_names.erase("");
  out.ports.assign(ports.begin(), ports.end());
  out.server_names.assign(tls_names.begin(), tls_names.end());
  if (std::any_of(bundle.others.begin(), bundle.others.end(), is_policy))
    hosts.at("", kube::Located{}).sampled.push_back("policies of the implementation are compared, not proven");
  const bool plain = std::none_of(bundle.others.begin(), bundle.others.end(), is_policy) && bundle.tls_routes.empty();
  for (auto& [host, row] : hosts.by_host) {
    remove_duplicates(row);
    if (plain) hosts.shapes.write(row);
    out.hosts.push_back(std::move(row));
  }
  return out;
}

}  // namespace gw::verify
