// Rules of routes: filters that contradict themselves, backends that never answer, hostnames that say too much.
#include <algorithm>
#include <map>
#include <set>

#include "diag/ascii.h"
#include "kube/wire.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

void check_modifier(const Context& c, const kube::Object& route, const kube::HeaderModifier& modifier,
                    const kube::Place& at_modifier, bool request) {
  std::map<std::string, kube::Place> seen;
  auto look = [&](std::string_view name, const kube::Place& at, bool removed) {
    const std::string key = diag::lower(name);
    auto [it, fresh] = seen.try_emplace(key, at);
    if (!fresh)
      report(c, {"GW411",
                 route,
                 at,
                 "header " + quoted(name) + " is changed twice by one filter",
                 "the order is undefined: name a header once",
                 {},
                 it->second ? std::vector<diag::Related>{{it->second->span(), "changed here too"}}
                            : std::vector<diag::Related>{}});
    if (request && key == "host")
      report(c, {"GW413", route, at, "the Host header is not changed by a header filter everywhere",
                 "use a URLRewrite filter with hostname"});
    else if (removed && kube::wire::frames(key))  // set or added: GW435
      report(c, {"GW413", route, at, quoted(name) + " belongs to one connection: a proxy sets it itself", "remove it"});
  };
  each_header(modifier, at_modifier,
              [&](const kube::HttpHeader& header, const kube::Place& at) { look(header.name, at, false); });
  for (std::size_t i = 0; i < modifier.remove.size(); ++i)
    look(modifier.remove[i], at_modifier.below("remove", i), true);
}

// A redirect that changes nothing sends the client back to where it came from.
void check_redirect(const Context& c, const kube::HttpRoute& route, const kube::RequestRedirect& redirect,
                    const std::set<std::string>& protocols) {
  if (redirect.path || redirect.port) return;
  const bool scheme_kept = !redirect.scheme || protocols.contains(*redirect.scheme == "https" ? "HTTPS" : "HTTP");
  const bool host_kept = !redirect.hostname || std::find(route.spec.hostnames.begin(), route.spec.hostnames.end(),
                                                         *redirect.hostname) != route.spec.hostnames.end();
  if (!scheme_kept || !host_kept) return;
  report(c, {"GW414", route, redirect.node, "this redirect leads back to where the request came from",
             redirect.scheme ? "attach the redirect to the other listener only: name it with sectionName in parentRefs"
                             : "change scheme, hostname, port or path"});
}

void check_filters(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule,
                   const std::set<std::string>& protocols) {
  for (const kube::RouteFilter& filter : rule.filters) {
    each_modifier(filter, [&](const kube::HeaderModifier& modifier, const kube::Place& at, bool of_request) {
      check_modifier(c, route, modifier, at, of_request);
    });
    if (filter.request_redirect) check_redirect(c, route, *filter.request_redirect, protocols);
    if (filter.cors && filter.cors->allow_credentials.value_or(false) &&
        std::find(filter.cors->allow_origins.begin(), filter.cors->allow_origins.end(), "*") !=
            filter.cors->allow_origins.end())
      report(c, {"GW418", route, member(*filter.cors, "allowOrigins"), "browsers refuse credentials for the origin '*'",
                 "list the origins, or leave out allowCredentials"});
    if (filter.request_mirror) {
      const auto& mirror = filter.request_mirror->backend_ref;
      for (const kube::BackendRef& ref : rule.backend_refs)
        if (ref.name == mirror.name && ref.port == mirror.port && ref.ns == mirror.ns)
          report(c, {"GW432", route, mirror.node, "requests are mirrored to the backend that answers them",
                     "it gets each request twice; mirror to another Service"});
    }
  }
}

bool rewrites(const kube::RouteFilter& filter) {
  return filter.url_rewrite.has_value();
}

// The schema refuses a rewrite beside a redirect in one list; it does not look at both lists of a rule.
void check_combination(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
  const auto outer = std::find_if(rule.filters.begin(), rule.filters.end(), [](const kube::RouteFilter& filter) {
    return rewrites(filter) || filter.request_redirect;
  });
  if (outer == rule.filters.end()) return;
  for (const kube::BackendRef& ref : rule.backend_refs)
    for (const kube::RouteFilter& inner : ref.filters)
      if (rewrites(inner) || inner.request_redirect)
        report(c, {"GW410",
                   route,
                   inner.node,
                   "the rule and this backend both change where the request goes (" + outer->type + ", " + inner.type +
                       ")",
                   "the order is undefined, implementations answer 500: keep one of the filters",
                   {},
                   {{span_of(route, outer->node), "the filter of the rule"}}});
}

template <class Rule>
void check_backend_list(const Context& c, const kube::Object& route, const Rule& rule) {
  const auto& refs = rule.backend_refs;
  if (!refs.empty() &&
      std::all_of(refs.begin(), refs.end(), [](const auto& ref) { return ref.weight.value_or(1) == 0; }))
    report(c, {"GW408", route, member(rule, "backendRefs"), "all weights are 0: every request is answered 500",
               "give at least one backend a weight"});
  std::map<std::tuple<std::string, std::string, std::string, kube::Port>, const yaml::Node*> seen;
  for (const kube::BackendRef& ref : refs) {
    auto [it, fresh] =
        seen.try_emplace({ref.kind.value_or("Service"), ref.ns.value_or(""), ref.name, ref.port.value_or(0)}, ref.node);
    if (!fresh && ref.filters.empty())
      report(c, {"GW429",
                 route,
                 ref.node,
                 "this backend stands in the rule twice: its weights add up",
                 "list it once",
                 {},
                 it->second ? std::vector<diag::Related>{{it->second->span(), "listed here first"}}
                            : std::vector<diag::Related>{}});
  }
}

bool answers_itself(const kube::RouteFilter& filter) {
  return filter.request_redirect || filter.extension_ref;
}

void check_answer(const Context& c, const kube::HttpRoute& route, std::size_t r) {
  const kube::HttpRouteRule& rule = route.spec.rules[r];
  if (!rule.backend_refs.empty() || std::any_of(rule.filters.begin(), rule.filters.end(), answers_itself)) return;
  std::string help = "add backendRefs, or a RequestRedirect filter";
  if (!rule.matches.empty() && r + 1 < route.spec.rules.size() && route.spec.rules[r + 1].matches.empty() &&
      !route.spec.rules[r + 1].backend_refs.empty())
    help = "the next rule has backendRefs and no matches: remove the '-' before its backendRefs to make them one rule";
  report(c, {"GW409", route, rule.node,
             "rule " + std::to_string(r) + " has no backend and no redirect: its requests fail", std::move(help)});
}

void check_header_names(const Context& c, const kube::Object& route, const std::vector<kube::NamedMatch>& headers) {
  std::map<std::string, const kube::NamedMatch*> seen;
  for (const kube::NamedMatch& header : headers) {
    auto [it, fresh] = seen.try_emplace(diag::lower(header.name), &header);
    if (!fresh)
      report(c,
             {"GW412", route, header.node, "header " + quoted(header.name) + " is matched twice; only the first counts",
              "header names do not differ by case: match it once"});
  }
}

}  // namespace

void check_http_rules(const Context& c) {
  std::map<const kube::Object*, std::set<std::string>> protocols;
  for (const route::ParentStatus& parent : c.attachments.parents)
    for (const auto& on : parent.on)
      protocols[parent.route].insert(c.attachments.listeners[on.listener].listener->protocol);
  for (const kube::HttpRoute& route : c.bundle.http_routes)
    for (std::size_t r = 0; r < route.spec.rules.size(); ++r) {
      const kube::HttpRouteRule& rule = route.spec.rules[r];
      check_filters(c, route, rule, protocols[&route]);
      check_combination(c, route, rule);
      check_backend_list(c, route, rule);
      check_answer(c, route, r);
      for (const kube::HttpRouteMatch& match : rule.matches) check_header_names(c, route, match.headers);
    }
  for (const kube::GrpcRoute& route : c.bundle.grpc_routes)
    for (const kube::GrpcRouteRule& rule : route.spec.rules) {
      check_backend_list(c, route, rule);
      for (const kube::GrpcRouteMatch& match : rule.matches) check_header_names(c, route, match.headers);
    }
}

// Policies and reports name a rule by its name; a rule alone in its route needs none.
void check_rule_names(const Context& c) {
  each_route(c.bundle, [&](const auto& route, std::string_view) {
    if (route.spec.rules.size() < 2) return;
    for (std::size_t r = 0; r < route.spec.rules.size(); ++r)
      if (!route.spec.rules[r].name)
        report(c, {"GW430", route, route.spec.rules[r].node, "rule " + std::to_string(r) + " has no name",
                   "policies that target one rule and reports refer to it by name: add name:"});
  });
}

void check_hostnames(const Context& c) {
  each_route(c.bundle, [&](const auto& route, std::string_view) {
    const std::set<std::string> all(route.spec.hostnames.begin(), route.spec.hostnames.end());
    std::set<std::string> seen;
    for (std::size_t i = 0; i < route.spec.hostnames.size(); ++i) {
      const std::string& host = route.spec.hostnames[i];
      const kube::Place at = item(route.spec, "hostnames", i);
      if (!seen.insert(host).second)
        report(c, {"GW426",
                   route,
                   at,
                   quoted(host) + " is listed twice",
                   "list it once",
                   {},
                   {},
                   {{at ? at->span() : diag::Span{}, Repair::remove_item, {}}}});
      for (std::size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.', dot + 1)) {
        const std::string wildcard = "*" + host.substr(dot);
        if (wildcard == host || !all.contains(wildcard)) continue;
        report(c, {"GW427", route, at, quoted(host) + " is part of " + quoted(wildcard) + " of this route",
                   "one of the two is enough"});
        break;
      }
      if (host.starts_with("*.") && host.find('.', 2) == std::string::npos)
        report(c, {"GW428", route, at, quoted(host) + " takes every name of a top-level domain",
                   "name the domain that is yours"});
    }
  });
}

// Gateway API v1.6, GRPCRoute.spec.hostnames: HTTPRoute and GRPCRoute must not share a hostname on one listener.
void check_grpc_hosts(const Context& c) {
  if (c.bundle.grpc_routes.empty()) return;
  std::map<std::pair<std::size_t, std::string>, const kube::Object*> http;
  for (const route::ParentStatus& parent : c.attachments.parents)
    if (parent.route_kind == "HTTPRoute")
      for (const auto& on : parent.on)
        for (const std::string& host : on.hostnames) http.try_emplace({on.listener, host}, parent.route);
  std::set<const kube::Object*> told;
  for (const route::ParentStatus& parent : c.attachments.parents) {
    if (parent.route_kind != "GRPCRoute") continue;
    for (const auto& on : parent.on)
      for (const std::string& host : on.hostnames)
        if (auto rival = http.find({on.listener, host}); rival != http.end() && told.insert(parent.route).second)
          report(c, {"GW421",
                     *parent.route,
                     nullptr,
                     "HTTPRoute " + rival->second->id().display() + " serves " +
                         (host.empty() ? "every hostname" : quoted(host)) + " on the same listener",
                     "implementations may accept only the older one: use separate hostnames, or HTTPRoute with an h2c "
                     "backend",
                     {},
                     {{span_of(*rival->second, nullptr), "the HTTPRoute"}}});
  }
}

void check_single_l4(const Context& c) {
  std::map<std::size_t, const route::ParentStatus*> first;
  for (const route::ParentStatus& parent : c.attachments.parents) {
    if (parent.route_kind != "TCPRoute" && parent.route_kind != "UDPRoute") continue;
    for (const auto& on : parent.on) {
      auto [it, fresh] = first.try_emplace(on.listener, &parent);
      if (!fresh && it->second->route != parent.route)
        report(c, {"GW423",
                   *parent.route,
                   parent.ref->node,
                   parent.route_kind + " " + it->second->route->id().display() + " is attached to this listener, too",
                   "only the oldest is used: give each its own listener",
                   {},
                   {{span_of(*it->second->route, it->second->ref->node), "the other route"}}});
    }
  }
}

}  // namespace gw::validate
