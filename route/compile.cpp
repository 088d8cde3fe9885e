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
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "route/filters.h"
#include "route/impl.h"
#include "route/listeners.h"
#include "route/names.h"
#include "route/order.h"
#include "route/policies.h"
#include "route/target.h"

namespace gw::route {
namespace {

// HTTPRoute.spec.rules.matches: "Exact" path, then the longest prefix, then method, headers, query parameters; ties by
// age, name, and the order of rules and matches. Where RegularExpression ranks is open in the spec: here, as in Envoy
// Gateway, below Exact and above PathPrefix, a longer pattern first. So a host whose rules are all regexes keeps the
// order its author wrote by pattern length, and equal lengths keep rule order.
enum class PathKind : std::uint8_t { exact, regex, prefix };

struct Rank {
  PathKind kind = PathKind::prefix;
  std::uint32_t length = 0;  // longer first
  std::uint32_t method = 0;  // 1 with a method; of a gRPC match the method's length
  std::uint32_t headers = 0, query = 0;
  std::uint32_t route = 0, rule = 0, match = 0;  // smaller first

  bool operator<(const Rank& other) const {
    return std::tuple(kind, ~length, ~method, ~headers, ~query, route, rule, match) <
           std::tuple(other.kind, ~other.length, ~other.method, ~other.headers, ~other.query, other.route, other.rule,
                      other.match);
  }
};

// A match before it has a place.
struct Match {
  Rank rank;
  std::string path;  // decoded literal or pattern
  std::uint32_t conditions = Entry::none;
  std::uint32_t action = 0;
};

// A match on one host table.
struct Placed {
  std::uint32_t host_table;
  std::uint32_t match;
};

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

class Compiler {
 public:
  Compiler(const kube::Index& index, const Attachments& attachments, const Options& options, Table::Impl& out)
      : index_(index), attachments_(attachments), options_(options), policies_(index), out_(out) {
    note_rejected_policies();
  }

  void run() {
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

 private:
  using Ons = std::vector<const ParentStatus::On*>;

  // ---- listeners

  void add_listeners() {
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
      std::sort(ports.groups.begin(), ports.groups.end(),
                [](const Group& a, const Group& b) { return a.port < b.port; });
  }

  // Namespaces are looked up below gateway_scope, Gateways below their namespace.
  std::uint32_t scope(std::string_view ns) {
    const std::uint32_t found = out_.names.insert(gateway_scope, ns, next_scope_);
    if (found == next_scope_) ++next_scope_;
    return found;
  }

  void add_listener(std::size_t i) {
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

  static Traffic traffic_of(Protocol protocol) {
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
  void ask_first(const ListenerStatus& status, Listener& to) {
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

  Listener describe(const ListenerStatus& status) {
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

  // ---- routes

  // What attach() found wrong with the help of a crypto library is wrong here too.
  void note_rejected_policies() {
    for (const PolicyStatus& status : attachments_.policies)
      if (const Condition* accepted = find(status.conditions, "Accepted");
          accepted && !accepted->status && accepted->reason == "NoValidCACertificate")
        policies_.reject(*status.policy);
  }

  struct RouteRef {
    const kube::Object* object;
    std::string_view kind;
    Ons ons;
  };

  // Accepted routes, oldest first; HTTPRoutes before GRPCRoutes of the same age and name.
  std::vector<RouteRef> accepted_routes() const {
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

  void add_routes() {
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

  static std::size_t rules_of(const std::vector<RouteRef>& routes) {
    std::size_t count = 0;
    for (const RouteRef& route : routes) {
      if (route.kind == "HTTPRoute") count += static_cast<const kube::HttpRoute&>(*route.object).spec.rules.size();
      if (route.kind == "GRPCRoute") count += static_cast<const kube::GrpcRoute&>(*route.object).spec.rules.size();
    }
    return count;
  }

  FilterContext context(const RouteRef& route) {
    return {{index_, route.kind, route.object->metadata.ns, options_.assume_endpoints},
            policies_,
            next_backend_,
            options_.asks_services};
  }

  template <class Rule>
  Source source(const RouteRef& route, std::size_t number, const Rule& rule) const {
    Source out{std::string(route.kind), route.object->id(), number, {}, {}};
    if (rule.name) out.rule_name = *rule.name;
    if (rule.node)
      out.span = rule.node->span();
    else if (route.object->node)
      out.span = route.object->node->span();
    return out;
  }

  template <class Route>
  void add_http(const Route& route, const RouteRef& ref, std::uint32_t number) {
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
  Action make_action(const RouteRef& route, std::size_t number, const Rule& rule) {
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

  static Session make_session(const kube::SessionPersistence& from, const Source& source) {
    Session session;
    session.header = from.by_header();
    session.name = from.name().value_or("gwctl-" + source.object.ns + "-" + source.object.name + "-" +
                                        std::to_string(source.rule));
    if (from.absolute_timeout)
      session.absolute_timeout = std::chrono::duration_cast<std::chrono::seconds>(
          duration(*from.absolute_timeout).value_or(std::chrono::milliseconds(0)));
    session.permanent = from.permanent();
    if (from.cookie && from.cookie->path && !from.cookie->path->empty()) session.path = *from.cookie->path;
    return session;
  }

  // ---- matches

  std::shared_ptr<const RE2> regex(const std::string& pattern) {
    auto& slot = regexes_[pattern];
    if (!slot) slot = std::make_shared<RE2>(pattern, RE2::Quiet);
    return slot;
  }

  void add_conditions(Conditions conditions, Match& match) {
    match.rank.headers = static_cast<std::uint32_t>(conditions.headers.size());
    match.rank.query = static_cast<std::uint32_t>(conditions.query.size());
    const bool none = conditions.method.empty() && conditions.headers.empty() && conditions.query.empty() &&
                      conditions.grpc_method.empty();
    if (none) return;
    match.conditions = static_cast<std::uint32_t>(out_.conditions.size());
    out_.conditions.push_back(std::move(conditions));
  }

  void add_matches(const kube::HttpRouteRule& rule) {
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
  void add_matches(const kube::GrpcRouteRule& rule) {
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

  // ---- places

  std::uint32_t new_node() {
    out_.chains.emplace_back();
    return next_scope_++;
  }

  std::uint32_t claim(const std::string& host, const std::vector<kube::String>& own_hostnames) const {
    return attachments_.own_hostnames ? looseness(host, own_hostnames) : 0;
  }

  // The table of a name and, behind it, those of routes that claim it more loosely.
  std::uint32_t host_table(std::uint32_t bucket, const std::string& host, std::uint32_t claimed) {
    const auto fresh = static_cast<std::uint32_t>(out_.host_tables.size());
    std::uint32_t table = out_.names.insert(out_.buckets[bucket].hosts, name_key(host), fresh);
    if (table == fresh) out_.host_tables.emplace_back();
    while (out_.host_tables[table].looseness < claimed) {
      const std::uint32_t next = out_.host_tables[table].looser;
      if (next == Entry::none || out_.host_tables[next].looseness > claimed) {
        const auto added = static_cast<std::uint32_t>(out_.host_tables.size());
        out_.host_tables.emplace_back();
        out_.host_tables[added].looseness = claimed;
        out_.host_tables[added].looser = next;
        out_.host_tables[table].looser = added;
      }
      table = out_.host_tables[table].looser;
    }
    return table;
  }

  // The trie node or exact path a literal match belongs to. Scopes from node_base_ on are numbers of chains.
  std::uint32_t node_of(HostTable& table, const Match& match) {
    if (match.rank.kind == PathKind::exact) {
      table.has_exact = true;
      return child(table.exact, match.path);
    }
    std::uint32_t node = table.root;
    std::string_view path = match.path;
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    while (!path.empty()) {
      const std::string_view segment = path.substr(0, path.find('/'));
      path.remove_prefix(segment.size() == path.size() ? segment.size() : segment.size() + 1);
      node = child(node, segment);
    }
    return node;
  }
  std::uint32_t child(std::uint32_t node, std::string_view text) {
    const std::uint32_t found = out_.names.insert(node, text, next_scope_);
    return found == next_scope_ ? new_node() : found;
  }

  Entry entry_of(const Match& match) {
    Entry entry{match.action, match.conditions, 0, 0};
    if (match.rank.kind == PathKind::prefix) {
      entry.prefix_begin = prefix_text(match);
      entry.prefix_size = static_cast<std::uint32_t>(match.path.size());
    }
    return entry;
  }
  // A match may hang on many hosts; its text is kept once.
  std::uint32_t prefix_text(const Match& match) {
    const std::size_t number = static_cast<std::size_t>(&match - matches_.data());
    prefixes_.resize(matches_.size(), Entry::none);
    if (prefixes_[number] == Entry::none) {
      prefixes_[number] = static_cast<std::uint32_t>(out_.texts.size());
      out_.texts += match.path;
    }
    return prefixes_[number];
  }

  void place() {
    std::vector<std::uint32_t> order(matches_.size()), position(matches_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return matches_[a].rank < matches_[b].rank; });
    for (std::uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
    std::sort(placed_.begin(), placed_.end(), [&](const Placed& a, const Placed& b) {
      return std::pair(a.host_table, position[a.match]) < std::pair(b.host_table, position[b.match]);
    });
    out_.node_base = next_scope_;
    for (HostTable& table : out_.host_tables) {
      table.exact = new_node();
      table.root = new_node();
    }
    fill_chains();
    add_regexes();
    std::vector<bool> listed(out_.actions.size());
    for (std::uint32_t i : order)
      if (const std::uint32_t action = matches_[i].action; !listed[action]) {
        listed[action] = true;
        out_.precedence.push_back(action);
      }
  }

  // Counting sort: literal matches by node, rank order kept.
  void fill_chains() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> literal;  // node, match
    for (const Placed& placed : placed_)
      if (const Match& match = matches_[placed.match]; match.rank.kind != PathKind::regex)
        literal.emplace_back(node_of(out_.host_tables[placed.host_table], match) - out_.node_base, placed.match);
    for (const auto& [node, match] : literal) ++out_.chains[node].end;
    std::uint32_t at = 0;
    for (Chain& chain : out_.chains) {
      const std::uint32_t count = chain.end;
      chain = {at, at};
      at += count;
    }
    out_.entries.resize(at);
    for (const auto& [node, match] : literal) out_.entries[out_.chains[node].end++] = entry_of(matches_[match]);
  }

  static constexpr std::size_t many_regexes = 8;

  void add_regexes() {
    for (const Placed& placed : placed_) {
      const Match& match = matches_[placed.match];
      if (match.rank.kind != PathKind::regex) continue;
      HostTable& table = out_.host_tables[placed.host_table];
      const auto at = static_cast<std::uint32_t>(out_.regexes.size());
      if (table.regex_begin == table.regex_end) table.regex_begin = at;
      out_.regexes.push_back({regex(match.path), entry_of(match)});
      table.regex_end = at + 1;
    }
    for (HostTable& table : out_.host_tables) {
      if (table.regex_end - table.regex_begin < many_regexes) continue;
      auto set = std::make_unique<RE2::Set>(RE2::DefaultOptions, RE2::ANCHOR_BOTH);
      for (std::uint32_t i = table.regex_begin; i < table.regex_end; ++i)
        set->Add(out_.regexes[i].regex->pattern(), nullptr);
      if (set->Compile()) table.set = std::move(set);
    }
  }

  // ---- TLS, TCP, UDP

  template <class Route>
  void add_l4(const Route& route, const RouteRef& ref) {
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
  void name_tls_routes() {
    std::stable_sort(tls_names_.begin(), tls_names_.end(),
                     [](const TlsName& a, const TlsName& b) { return a.claimed < b.claimed; });
    for (const TlsName& name : tls_names_)
      out_.names.insert(out_.buckets[name.bucket].hosts, name_key(name.host), name.rule);
  }

  struct TlsName {
    std::uint32_t claimed, bucket;
    std::string host;
    std::uint32_t rule;  // in Impl::l4_rules
  };

  const kube::Index& index_;
  const Attachments& attachments_;
  const Options& options_;
  BackendTlsPolicies policies_;
  Table::Impl& out_;
  std::uint32_t next_scope_ = gateway_scope + 1, next_backend_ = 0;
  std::unordered_map<const kube::Gateway*, std::size_t> gateway_numbers_;
  std::vector<std::uint32_t> bucket_of_;  // by listener
  std::vector<std::tuple<std::size_t, kube::Port, Traffic>> group_of_;
  std::vector<Match> matches_;
  std::vector<Placed> placed_;
  std::vector<TlsName> tls_names_;
  std::vector<std::uint32_t> prefixes_;  // by match: where its text lies
  std::unordered_map<std::string, std::shared_ptr<const RE2>> regexes_;
};

}  // namespace

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
