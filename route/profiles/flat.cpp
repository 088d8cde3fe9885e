#include "route/profiles/flat.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "route/backends.h"
#include "route/filters.h"
#include "route/listeners.h"
#include "route/order.h"
#include "route/target.h"

namespace gw::route {
namespace {

std::shared_ptr<const RE2> compile_regex(const std::string& pattern) {
  auto regex = std::make_shared<RE2>(pattern, RE2::Quiet);
  return regex->ok() ? regex : nullptr;
}

std::vector<FlatNamed> named(const std::vector<kube::NamedMatch>& matches) {
  std::vector<FlatNamed> out;
  for (const kube::NamedMatch& match : matches) {
    FlatNamed flat{match.name, match.value, match.type == "RegularExpression", nullptr};
    if (flat.regex) flat.compiled = compile_regex(flat.value);
    out.push_back(std::move(flat));
  }
  return out;
}

FlatMatch flat_match(const kube::HttpRouteMatch& from) {
  FlatMatch to;
  if (from.path) {
    const std::string type = from.path->type.value_or("PathPrefix");
    to.type = type == "Exact" ? PathType::exact : type == "PathPrefix" ? PathType::prefix : PathType::regex;
    to.path = from.path->value.value_or("/");
    if (to.type == PathType::regex) to.compiled = compile_regex(to.path);
  }
  to.method = from.method.value_or("");
  to.headers = named(from.headers);
  to.query = named(from.query_params);
  return to;
}

FlatMatch flat_match(const kube::GrpcRouteMatch& from) {
  FlatMatch to;
  to.grpc = true;
  to.headers = named(from.headers);
  if (!from.method) return to;
  to.service = from.method->service.value_or("");
  to.grpc_method = from.method->method.value_or("");
  if (from.method->type == "RegularExpression") {
    to.type = PathType::regex;
    to.path =
        "/" + (to.service.empty() ? "[^/]+" : to.service) + "/" + (to.grpc_method.empty() ? "[^/]+" : to.grpc_method);
    to.compiled = compile_regex(to.path);
  } else if (!to.service.empty() && !to.grpc_method.empty()) {
    to.type = PathType::exact;
    to.path = "/" + to.service + "/" + to.grpc_method;
  } else if (!to.service.empty()) {
    to.path = "/" + to.service;
  }
  return to;
}

class Flattener {
 public:
  Flattener(const kube::Index& index, const Attachments& attachments, bool validated)
      : index_(index), validated_(validated) {
    // Implementations serve HTTPRoutes and GRPCRoutes of one host side by side.
    all_ = attachments;
    for (ParentStatus& status : all_.parents)
      if (!status.accepted && !status.on.empty() && !status.conditions.empty() &&
          status.conditions.front().reason == "HostnameConflict")
        status.accepted = true;
    Options options;
    options.assume_endpoints = true;
    table_ = compile(index, all_, options);
    for (const Action* action : table_->all_actions())
      actions_[key(action->source.kind, action->source.object, action->source.rule)] = action;
  }

  Flat run() {
    out_.listeners = table_->listeners();
    for (const ListenerStatus& status : all_.listeners) out_.listener_conditions.push_back(status.conditions);
    const kube::Bundle& bundle = index_.bundle();
    out_.services_known = bundle.services_known();
    out_.slices_known = !bundle.endpoint_slices.empty();
    for (const kube::EndpointSlice& slice : bundle.endpoint_slices)
      if (const std::string* name = kube::find(slice.metadata.labels, "kubernetes.io/service-name")) {
        ServiceFacts& facts = out_.services[{slice.metadata.ns, *name}];
        facts.has_slice = true;
        facts.any_endpoint = facts.any_endpoint || !slice.endpoints.empty();
      }
    std::vector<const kube::Object*> order;
    for (const auto& route : bundle.http_routes) order.push_back(&route);
    for (const auto& route : bundle.grpc_routes) order.push_back(&route);
    std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return older(*a, *b); });
    for (const kube::Object* object : order) {
      if (auto it = parents_of(object); it.empty()) continue;
      if (object->kind == "GRPCRoute")
        add(static_cast<const kube::GrpcRoute&>(*object));
      else if (const auto& route = static_cast<const kube::HttpRoute&>(*object); !validated_ || !api_refuses(route))
        add(route);
    }
    return std::move(out_);
  }

 private:
  static std::string key(std::string_view kind, const kube::NamespacedName& id, std::size_t rule) {
    return std::string(kind) + "/" + id.display() + "/" + std::to_string(rule);
  }
  std::vector<const ParentStatus*> parents_of(const kube::Object* object) const {
    std::vector<const ParentStatus*> out;
    for (const ParentStatus& status : all_.parents)
      if (status.route == object && !status.on.empty()) out.push_back(&status);
    return out;
  }

  template <class Route>
  void add(const Route& route) {
    FlatRoute flat{
        route.id(), route.kind, route.metadata.creation_timestamp, route.spec.rules.size(), out_.routes.size(), {}, {}};
    for (const kube::String& host : route.spec.hostnames) flat.hostnames.push_back(lower(host));
    for (std::size_t i = 0; i < route.spec.rules.size(); ++i) add_rule(route, route.spec.rules[i], i, flat);
    for (const ParentStatus* status : parents_of(&route))
      for (const ParentStatus::On& on : status->on) place(route, *status, on, flat);
    out_.routes.push_back(std::move(flat));
  }

  template <class Route, class Rule>
  void add_rule(const Route& route, const Rule& rule, std::size_t number, FlatRoute& flat) {
    FlatRule out;
    out.route = out_.routes.size();
    out.rule = number;
    out.invalid_regex = problem(rule).has_value();
    if (auto it = actions_.find(key(route.kind, route.id(), number)); it != actions_.end())
      out.action = std::shared_ptr<const Action>(table_, it->second);
    const BackendLookup lookup{index_, route.kind, route.metadata.ns, true};
    for (const kube::RouteFilter& filter : rule.filters) {
      out.filters.push_back(filter.type);
      if (const auto& ref = filter.extension_ref)
        out.extensions.push_back({ref->group.value_or(""), ref->kind.value_or(""), ref->name});
      if (filter.request_mirror)
        out.refused_mirror =
            out.refused_mirror ||
            resolve(lookup, view(filter.request_mirror->backend_ref, route.metadata.ns)).state == BackendState::invalid;
    }
    std::size_t number_of_match = 0;
    static const decltype(rule.matches) everything(1);
    for (const auto& match : rule.matches.empty() ? everything : rule.matches) {
      FlatMatch made = flat_match(match);
      made.rule = out_.rules.size();
      made.match = number_of_match++;
      flat.matches.push_back(out_.matches.size());
      out_.matches.push_back(std::move(made));
    }
    out_.rules.push_back(std::move(out));
  }

  template <class Route>
  void place(const Route& route, const ParentStatus& status, const ParentStatus::On& on, const FlatRoute& flat) {
    const std::string own = lower(all_.listeners[on.listener].listener->hostname.value_or(""));
    const auto put = [&](const std::string& hostname, const std::string& route_hostname) {
      out_.placements.push_back({out_.routes.size(), on.listener, hostname, route_hostname,
                                 status.ref->section_name && !status.ref->section_name->empty()});
    };
    if (route.spec.hostnames.empty()) return put(own, "");
    for (const std::string& host : flat.hostnames)
      if (auto both = intersect(own, host)) put(*both, host);
  }

  const kube::Index& index_;
  bool validated_;
  Attachments all_;
  std::shared_ptr<const Table> table_;
  std::unordered_map<std::string, const Action*> actions_;
  Flat out_;
};

bool bad_literal(const std::string& path) {
  if (!path.starts_with('/')) return true;
  for (std::string_view part : {"//", "/./", "/../", "%2f", "%2F", "#"})
    if (path.find(part) != std::string::npos) return true;
  return path.ends_with("/..") || path.ends_with("/.");
}

}  // namespace

bool fits(const FlatNamed& named, std::string_view value, bool anchored) {
  if (!named.regex) return named.value == value;
  if (!named.compiled) return false;
  const re2::StringPiece text(value.data(), value.size());
  return anchored ? RE2::FullMatch(text, *named.compiled) : RE2::PartialMatch(text, *named.compiled);
}

bool api_refuses(const kube::HttpRoute& route) {
  const auto upper = [](const std::string& host) { return host != lower(host); };
  if (std::any_of(route.spec.hostnames.begin(), route.spec.hostnames.end(), upper)) return true;
  for (const kube::HttpRouteRule& rule : route.spec.rules) {
    std::size_t prefixes = rule.matches.empty() ? 1 : 0;
    for (const kube::HttpRouteMatch& match : rule.matches) {
      const bool literal = !match.path || match.path->type.value_or("PathPrefix") != "RegularExpression";
      if (match.path && literal && bad_literal(match.path->value.value_or("/"))) return true;
      prefixes += !match.path || match.path->type.value_or("PathPrefix") == "PathPrefix";
    }
    for (const kube::BackendRef& ref : rule.backend_refs)
      if (ref.group.value_or("").empty() && ref.kind.value_or("Service") == "Service" && !ref.port) return true;
    const bool one_prefix = prefixes == 1 && rule.matches.size() <= 1;
    for (const kube::RouteFilter& filter : rule.filters) {
      if (filter.request_redirect && !rule.backend_refs.empty()) return true;
      for (const auto* path : {filter.url_rewrite ? &filter.url_rewrite->path : nullptr,
                               filter.request_redirect ? &filter.request_redirect->path : nullptr})
        if (path && *path && (*path)->type == "ReplacePrefixMatch" && !one_prefix) return true;
    }
  }
  return false;
}

bool api_refuses(const kube::Gateway& gateway) {
  std::set<std::tuple<kube::Port, std::string, std::string>> seen;
  for (const kube::Listener& listener : gateway.spec.listeners)
    if (!seen.insert({listener.port, listener.protocol, listener.hostname.value_or("")}).second) return true;
  return false;
}

Flat flatten(const kube::Index& index, const Attachments& attachments, bool validated) {
  return Flattener(index, attachments, validated).run();
}

}  // namespace gw::route
