// From attached routes to the flat table. Matches are ranked once, globally; everything later is "first fit wins".
//
// Why matches are ranked once, for all listeners together. The spec orders matches by what they compare and, where that
// is equal, by the age and name of their routes and the place of their rules. All of that is known before a request
// arrives, and none of it depends on a listener or a host. So every match gets one place in one global order, and the
// table keeps only lists in that order: whoever looks for an answer takes the first that fits, and never compares two
// matches.
//
// A match is stored once, with its conditions and its action, however many listeners and hosts its route serves; what
// is multiplied is a number of four bytes (Placed). Routes with a thousand hostnames stay small that way.
//
// A host has three ways to find a path: exact paths in the dictionary, prefixes in a trie of path segments, regular
// expressions in a list, which RE2 searches at once as a set where they are many. Each node of the trie ends in a chain
// of the matches that stand there, and a look-up walks from the longest prefix upwards. The rank decides between the
// three, so that they can be searched one after the other, from Exact down.
//
// What does not resolve is compiled, too: a missing Service or an invalid rule is an action that answers 500 or 503, as
// the spec wants, and keeps its place. A rule left out would hand its requests to the next one.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "route/compiler.h"
#include "route/filters.h"
#include "route/impl.h"
#include "route/listeners.h"
#include "route/names.h"
#include "route/order.h"
#include "route/policies.h"
#include "route/target.h"

namespace gw::route {
namespace {

template <class Named>
void add_named(const std::vector<kube::NamedMatch>& from, Named&& regex_of, bool fold,
               std::vector<NamedCondition>& to) {
  for (const kube::NamedMatch& match : from) {
    const auto same = [&](const NamedCondition& seen) {
      return fold ? equal_fold(seen.name, match.name) : seen.name == match.name;
    };
    if (std::any_of(to.begin(), to.end(), same)) continue;
    NamedCondition condition{match.name, match.value, nullptr};
    if (match.type == "RegularExpression") condition.regex = regex_of(match.value);
    to.push_back(std::move(condition));
  }
}

}  // namespace

void Compiler::run() {
  add_listeners();
  add_routes();
  name_tls_routes();
  place();
  out_.backends = next_backend_;
  out_.names.shrink();
  for (const Action& action : out_.actions)
    out_.straight.push_back(action.broken.empty() && !action.cors && !action.redirect && !action.rewrite &&
                            backend_error(action) == 0);
}

void Compiler::add_listeners() {
  std::vector<const kube::Gateway*> gateways;
  for (const GatewayStatus& status : attachments_.gateways) gateways.push_back(status.gateway);
  std::sort(gateways.begin(), gateways.end(), [](auto* a, auto* b) { return a->id() < b->id(); });
  for (const kube::Gateway* gateway : gateways) {
    out_.names.insert(scope(gateway->metadata.ns), gateway->metadata.name,
                      static_cast<std::uint32_t>(out_.gateways.size()));
    gateway_numbers_[gateway] = out_.gateways.size();
    out_.gateways.push_back({gateway->id(), {}});
  }
  for (std::size_t i = 0; i < attachments_.listeners.size(); ++i) add_listener(i);
  for (GatewayPorts& ports : out_.gateways)
    std::sort(ports.groups.begin(), ports.groups.end(), [](const Group& a, const Group& b) { return a.port < b.port; });
}

// Namespaces are looked up below gateway_scope, Gateways below their namespace.
std::uint32_t Compiler::scope(std::string_view ns) {
  const std::uint32_t found = out_.names.insert(gateway_scope, ns, next_scope_);
  if (found == next_scope_) ++next_scope_;
  return found;
}

void Compiler::add_listener(std::size_t i) {
  const ListenerStatus& status = attachments_.listeners[i];
  out_.listeners.push_back(describe(status));
  const Listener& listener = out_.listeners.back();
  bucket_of_.push_back(Entry::none);
  group_of_.emplace_back();
  if (!listener.usable && !listener.closed) return;
  GatewayPorts& ports = out_.gateways[gateway_numbers_.at(status.gateway)];
  const Traffic traffic = traffic_of(listener.protocol);
  auto group = std::find_if(ports.groups.begin(), ports.groups.end(),
                            [&](const Group& g) { return g.port == listener.port && g.traffic == traffic; });
  if (group == ports.groups.end())
    group = ports.groups.insert(group, Group{listener.port, traffic, next_scope_++, Entry::none});
  group_of_.back() = {gateway_numbers_.at(status.gateway), listener.port, traffic};
  if (traffic == Traffic::tcp || traffic == Traffic::udp) return;
  const bool shared = traffic == Traffic::http && !options_.listener_isolation;
  const std::uint32_t fresh = static_cast<std::uint32_t>(out_.buckets.size());
  const std::uint32_t bucket = out_.names.insert(group->names, shared ? "" : name_key(listener.hostname), fresh);
  if (bucket == fresh) out_.buckets.push_back({static_cast<std::uint32_t>(i), next_scope_++});
  bucket_of_.back() = bucket;
}

Traffic Compiler::traffic_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::http:
      return Traffic::http;
    case Protocol::https:
    case Protocol::tls:
      return Traffic::tls;
    case Protocol::tcp:
      return Traffic::tcp;
    case Protocol::udp:
      return Traffic::udp;
  }
  return Traffic::http;
}

// Gateway.spec.listeners.filters: all that attach() let through are of type ExternalAuth.
void Compiler::ask_first(const ListenerStatus& status, Listener& to) {
  if (!status.listener->filters || to.closed) return;
  const FilterContext with{{index_, status.owner == status.gateway ? "Gateway" : "ListenerSet",
                            status.owner->metadata.ns, options_.assume_endpoints},
                           policies_,
                           next_backend_,
                           options_.asks_services};
  for (const kube::RouteFilter& filter : status.listener->filters->requests) {
    if (!filter.external_auth) continue;
    to.auth.push_back(make_auth(with, *filter.external_auth));
    to.closed = to.closed || !options_.asks_services || to.auth.back().backend.state == BackendState::invalid;
  }
  if (to.closed) to.auth.clear();
  to.usable = to.usable && !to.closed;
}

Listener Compiler::describe(const ListenerStatus& status) {
  struct Name {
    std::string_view text;
    Protocol protocol;
  };
  constexpr Name names[] = {{"HTTP", Protocol::http},
                            {"HTTPS", Protocol::https},
                            {"TLS", Protocol::tls},
                            {"TCP", Protocol::tcp},
                            {"UDP", Protocol::udp}};
  const kube::Listener& from = *status.listener;
  Listener to;
  to.gateway = status.gateway->id();
  to.name = from.name;
  if (status.owner != status.gateway) to.set = status.owner->id();
  to.port = from.port;
  for (const Name& name : names)
    if (name.text == from.protocol) to.protocol = name.protocol;
  to.hostname = lower(from.hostname.value_or(""));
  to.usable = status.usable;
  to.closed = status.closed;
  if (from.tls) {
    to.passthrough = from.tls->mode.value_or("Terminate") == "Passthrough";
    for (const kube::ObjectReference& ref : from.tls->certificate_refs)
      to.certificates.push_back({ref.ns.value_or(status.owner->metadata.ns), ref.name});
  }
  if (const kube::FrontendValidation* validation = frontend_validation(*status.gateway, from)) {
    ClientValidation clients;
    clients.allow_insecure_fallback = validation->mode == "AllowInsecureFallback";
    for (const kube::ObjectReference& ref : validation->ca_certificate_refs)
      clients.ca_pem += ca_bundle(index_, ref, "Gateway", status.gateway->metadata.ns, {}, nullptr).pem;
    to.client_validation = std::move(clients);
  }
  ask_first(status, to);
  return to;
}

// What attach() found wrong with the help of a crypto library is wrong here too.
void Compiler::note_rejected_policies() {
  for (const PolicyStatus& status : attachments_.policies)
    if (const Condition* accepted = find(status.conditions, "Accepted");
        accepted && !accepted->status && accepted->reason == "NoValidCACertificate")
      policies_.reject(*status.policy);
}

// Accepted routes, oldest first; HTTPRoutes before GRPCRoutes of the same age and name.
std::vector<Compiler::RouteRef> Compiler::accepted_routes() const {
  std::unordered_map<const kube::Object*, std::size_t> seen;
  std::vector<RouteRef> routes;
  for (const ParentStatus& status : attachments_.parents) {
    if (!status.accepted) continue;
    auto [it, fresh] = seen.emplace(status.route, routes.size());
    if (fresh) routes.push_back({status.route, status.route_kind, {}});
    for (const ParentStatus::On& on : status.on)
      if (attachments_.listeners[on.listener].usable) routes[it->second].ons.push_back(&on);
  }
  std::stable_sort(routes.begin(), routes.end(),
                   [](const auto& a, const auto& b) { return older(*a.object, *b.object); });
  return routes;
}

void Compiler::add_routes() {
  std::uint32_t number = 0;
  const std::vector<RouteRef> routes = accepted_routes();
  out_.actions.reserve(out_.actions.size() + rules_of(routes));
  for (const RouteRef& route : routes) {
    if (route.kind == "HTTPRoute")
      add_http(static_cast<const kube::HttpRoute&>(*route.object), route, number++);
    else if (route.kind == "GRPCRoute")
      add_http(static_cast<const kube::GrpcRoute&>(*route.object), route, number++);
    else if (route.kind == "TLSRoute")
      add_l4(static_cast<const kube::TlsRoute&>(*route.object), route);
    else if (route.kind == "TCPRoute")
      add_l4(static_cast<const kube::TcpRoute&>(*route.object), route);
    else
      add_l4(static_cast<const kube::UdpRoute&>(*route.object), route);
  }
}

std::size_t Compiler::rules_of(const std::vector<RouteRef>& routes) {
  std::size_t count = 0;
  for (const RouteRef& route : routes) {
    if (route.kind == "HTTPRoute") count += static_cast<const kube::HttpRoute&>(*route.object).spec.rules.size();
    if (route.kind == "GRPCRoute") count += static_cast<const kube::GrpcRoute&>(*route.object).spec.rules.size();
  }
  return count;
}

FilterContext Compiler::context(const RouteRef& route) {
  return {{index_, route.kind, route.object->metadata.ns, options_.assume_endpoints},
          policies_,
          next_backend_,
          options_.asks_services};
}

template <class Rule>
Source Compiler::source(const RouteRef& route, std::size_t number, const Rule& rule) const {
  Source out{std::string(route.kind), route.object->id(), number, {}, {}};
  if (rule.name) out.rule_name = *rule.name;
  if (rule.node)
    out.span = rule.node->span();
  else if (route.object->node)
    out.span = route.object->node->span();
  return out;
}

template <class Route>
void Compiler::add_http(const Route& route, const RouteRef& ref, std::uint32_t number) {
  const std::size_t first = matches_.size();
  for (std::size_t i = 0; i < route.spec.rules.size(); ++i) {
    const auto& rule = route.spec.rules[i];
    const auto wrong = problem(rule);
    if (wrong && !wrong->answered) continue;
    const auto action = static_cast<std::uint32_t>(out_.actions.size());
    out_.actions.push_back(make_action(ref, i, rule));
    if (wrong) out_.actions.back().broken = wrong->message;
    const std::size_t begin = matches_.size();
    add_matches(rule);
    for (std::size_t m = begin; m < matches_.size(); ++m) {
      matches_[m].action = action;
      matches_[m].rank.route = number;
      matches_[m].rank.rule = static_cast<std::uint32_t>(i);
      matches_[m].rank.match = static_cast<std::uint32_t>(m - begin);
    }
  }
  std::set<std::uint32_t> tables;
  for (const ParentStatus::On* on : ref.ons)
    for (const std::string& host : on->hostnames)
      tables.insert(host_table(bucket_of_[on->listener], host, claim(host, route.spec.hostnames)));
  for (std::uint32_t table : tables)
    for (std::size_t m = first; m < matches_.size(); ++m) placed_.push_back({table, static_cast<std::uint32_t>(m)});
}

template <class Rule>
Action Compiler::make_action(const RouteRef& route, std::size_t number, const Rule& rule) {
  Action action;
  action.source = source(route, number, rule);
  action.index = static_cast<std::uint32_t>(out_.actions.size());
  action.grpc = route.kind == "GRPCRoute";
  const FilterContext with = context(route);
  apply_filters(with, rule.filters, action);
  action.backends.reserve(rule.backend_refs.size());
  for (const kube::BackendRef& ref : rule.backend_refs) {
    Backend backend = make_backend(with, ref);
    if (action.grpc && backend.protocol == BackendProtocol::http1) backend.protocol = BackendProtocol::h2c;
    if (action.grpc && backend.protocol == BackendProtocol::http1_tls) backend.protocol = BackendProtocol::h2_tls;
    action.total_weight += backend.weight;
    action.backends.push_back(std::move(backend));
  }
  if (rule.session_persistence) action.session = make_session(*rule.session_persistence, action.source);
  if constexpr (requires { rule.timeouts; }) {
    // A duration of zero means no timeout.
    const auto timeout = [](const std::optional<std::string>& text) {
      auto value = text ? duration(*text) : std::nullopt;
      return value && value->count() > 0 ? value : std::nullopt;
    };
    if (rule.timeouts) action.request_timeout = timeout(rule.timeouts->request);
    if (rule.timeouts) action.backend_timeout = timeout(rule.timeouts->backend_request);
    if (rule.retry)
      action.retry = Retry{{rule.retry->codes.begin(), rule.retry->codes.end()},
                           rule.retry->attempts.value_or(1),
                           rule.retry->backoff ? duration(*rule.retry->backoff).value_or(std::chrono::milliseconds(0))
                                               : std::chrono::milliseconds(0)};
  }
  return action;
}

Session Compiler::make_session(const kube::SessionPersistence& from, const Source& source) {
  Session session;
  session.header = from.by_header();
  session.name =
      from.name().value_or("gwctl-" + source.object.ns + "-" + source.object.name + "-" + std::to_string(source.rule));
  if (from.absolute_timeout)
    session.absolute_timeout = std::chrono::duration_cast<std::chrono::seconds>(
        duration(*from.absolute_timeout).value_or(std::chrono::milliseconds(0)));
  session.permanent = from.permanent();
  if (from.cookie && from.cookie->path && !from.cookie->path->empty()) session.path = *from.cookie->path;
  return session;
}

std::shared_ptr<const RE2> Compiler::regex(const std::string& pattern) {
  auto& slot = regexes_[pattern];
  if (!slot) slot = std::make_shared<RE2>(pattern, RE2::Quiet);
  return slot;
}

void Compiler::add_conditions(Conditions conditions, Match& match) {
  match.rank.headers = static_cast<std::uint32_t>(conditions.headers.size());
  match.rank.query = static_cast<std::uint32_t>(conditions.query.size());
  const bool none = conditions.method.empty() && conditions.headers.empty() && conditions.query.empty() &&
                    conditions.grpc_method.empty();
  if (none) return;
  match.conditions = static_cast<std::uint32_t>(out_.conditions.size());
  out_.conditions.push_back(std::move(conditions));
}

void Compiler::add_matches(const kube::HttpRouteRule& rule) {
  static const std::vector<kube::HttpRouteMatch> everything(1);
  const auto regex_of = [this](const std::string& pattern) { return regex(pattern); };
  for (const kube::HttpRouteMatch& from : rule.matches.empty() ? everything : rule.matches) {
    Match match;
    const std::string type = from.path ? from.path->type.value_or("PathPrefix") : "PathPrefix";
    std::string value = from.path ? from.path->value.value_or("/") : "/";
    match.rank.kind = type == "Exact" ? PathKind::exact : type == "PathPrefix" ? PathKind::prefix : PathKind::regex;
    match.rank.length = static_cast<std::uint32_t>(value.size());
    match.path = match.rank.kind == PathKind::regex ? std::move(value) : percent_decode(value, false);
    Conditions conditions;
    conditions.method = from.method.value_or("");
    match.rank.method = conditions.method.empty() ? 0 : 1;
    add_named(from.headers, regex_of, true, conditions.headers);
    add_named(from.query_params, regex_of, false, conditions.query);
    add_conditions(std::move(conditions), match);
    matches_.push_back(std::move(match));
  }
}

// GRPCRoute.spec.rules.matches: characters of the service, then of the method, then headers.
void Compiler::add_matches(const kube::GrpcRouteRule& rule) {
  static const std::vector<kube::GrpcRouteMatch> everything(1);
  const auto regex_of = [this](const std::string& pattern) { return regex(pattern); };
  for (const kube::GrpcRouteMatch& from : rule.matches.empty() ? everything : rule.matches) {
    Match match;
    Conditions conditions;
    const std::string service = from.method ? from.method->service.value_or("") : "";
    const std::string method = from.method ? from.method->method.value_or("") : "";
    match.rank.length = static_cast<std::uint32_t>(service.size());
    match.rank.method = static_cast<std::uint32_t>(method.size());
    match.path = "/" + service;
    if (from.method && from.method->type == "RegularExpression") {
      match.rank.kind = PathKind::regex;
      match.path = "/" + (service.empty() ? "[^/]+" : "(?:" + service + ")") + "/" +
                   (method.empty() ? "[^/]+" : "(?:" + method + ")");
    } else if (!service.empty() && !method.empty()) {
      match.rank.kind = PathKind::exact;
      match.path += "/" + method;
    } else {
      conditions.grpc_method = method;
    }
    add_named(from.headers, regex_of, true, conditions.headers);
    add_conditions(std::move(conditions), match);
    matches_.push_back(std::move(match));
  }
}

template <class Route>
void Compiler::add_l4(const Route& route, const RouteRef& ref) {
  if (route.spec.rules.empty() || ref.ons.empty()) return;
  const kube::L4RouteRule& rule = route.spec.rules.front();  // the CRDs allow one
  const auto number = static_cast<std::uint32_t>(out_.l4_rules.size());
  L4Rule out{source(ref, 0, rule), {}, 0};
  const FilterContext with = context(ref);
  for (const kube::BackendRef& backend : rule.backend_refs) {
    out.backends.push_back(make_backend(with, backend));
    Backend& made = out.backends.back();
    if (made.protocol == BackendProtocol::http1 || made.protocol == BackendProtocol::h2c)
      made.protocol = ref.kind == "UDPRoute" ? BackendProtocol::udp : BackendProtocol::tcp;
    out.total_weight += made.weight;
  }
  out_.l4_rules.push_back(std::move(out));
  // Routes come oldest first: the first on a port stays; of a name, see name_tls_routes().
  for (const ParentStatus::On* on : ref.ons) {
    if (ref.kind == "TLSRoute") {
      for (const std::string& host : on->hostnames)
        tls_names_.push_back({claim(host, route.spec.hostnames), bucket_of_[on->listener], host, number});
      continue;
    }
    const auto& [gateway, port, traffic] = group_of_[on->listener];
    for (Group& group : out_.gateways[gateway].groups)
      if (group.port == port && group.traffic == traffic && group.l4 == Entry::none) group.l4 = number;
  }
}

// The first on a name stays: the tightest claim, then the oldest.
void Compiler::name_tls_routes() {
  std::stable_sort(tls_names_.begin(), tls_names_.end(),
                   [](const TlsName& a, const TlsName& b) { return a.claimed < b.claimed; });
  for (const TlsName& name : tls_names_)
    out_.names.insert(out_.buckets[name.bucket].hosts, name_key(name.host), name.rule);
}

Table::Table() : impl_(std::make_unique<Impl>()) {}
Table::~Table() = default;

const std::vector<Listener>& Table::listeners() const {
  return impl_->listeners;
}
std::size_t Table::actions() const {
  return impl_->actions.size();
}
std::size_t Table::backends() const {
  return impl_->backends;
}

std::vector<const Action*> Table::all_actions() const {
  std::vector<const Action*> out;
  out.reserve(impl_->precedence.size());
  for (std::uint32_t action : impl_->precedence) out.push_back(&impl_->actions[action]);
  return out;
}

std::shared_ptr<const Table> compile(const kube::Index& index, const Attachments& attachments, const Options& options) {
  auto table = std::make_shared<Table>();
  Compiler(index, attachments, options, table->impl()).run();
  return table;
}

}  // namespace gw::route
