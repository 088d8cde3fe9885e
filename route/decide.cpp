// The data path: one request against the compiled table. Nothing is allocated for a request on a canonical path that is
// forwarded without a rewrite.
#include <algorithm>
#include <array>
#include <tuple>

#include "route/cors.h"
#include "route/impl.h"
#include "route/target.h"

namespace gw::route {
namespace {

// A host name folded to lower case, without port and without the final dot, in a fixed buffer. Names longer than DNS
// allows match no listener or route by name.
class FoldedHost {
 public:
  explicit FoldedHost(std::string_view authority) {
    std::string_view host = split_host(authority).host;
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() > buffer_.size()) return;
    std::transform(host.begin(), host.end(), buffer_.begin(), to_lower);
    size_ = host.size();
  }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, 256> buffer_;
  std::size_t size_ = 0;
};

kube::Port parse_port(std::string_view text) {
  kube::Port port = 0;
  if (text.empty() || text.size() > 5) return 0;
  for (char c : text) {
    if (c < '0' || c > '9') return 0;
    port = port * 10 + (c - '0');
  }
  return port;
}

// Everything that is looked at more than once while a request is routed.
struct Lookup {
  const Table::Impl& table;
  const RequestView& request;
  std::string_view query, path;  // path is what rules are compared with
};

bool value_fits(const NamedCondition& condition, std::string_view value) {
  return condition.regex ? RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *condition.regex)
                         : condition.value == value;
}

// Any of several lines with the name may match; lines are not joined. Host is a header too.
bool header_fits(const RequestView& request, const NamedCondition& condition) {
  if (equal_fold(condition.name, "host")) return value_fits(condition, request.host);
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const HeaderView& header) {
    return equal_fold(header.name, condition.name) && value_fits(condition, header.value);
  });
}

// "If a query param is repeated, the first value counts"; values are compared decoded.
bool query_fits(std::string_view query, const NamedCondition& condition) {
  bool fits = false;
  any_parameter(query, [&](std::string_view name, std::string_view value) {
    const bool plain = (name.find_first_of("%+") == std::string_view::npos);
    if (plain ? name != condition.name : percent_decode(name, true) != condition.name) return false;
    fits = value.find_first_of("%+") == std::string_view::npos ? value_fits(condition, value)
                                                               : value_fits(condition, percent_decode(value, true));
    return true;
  });
  return fits;
}

bool grpc_fits(std::string_view path, std::string_view method) {
  const auto slash = path.find('/', 1);
  return slash != std::string_view::npos && slash > 1 && path.substr(slash + 1) == method;
}

bool fits(const Lookup& at, const Entry& entry) {
  if (entry.conditions == Entry::none) return true;
  const Conditions& conditions = at.table.conditions[entry.conditions];
  if (!conditions.method.empty() && conditions.method != at.request.method) return false;
  if (!conditions.grpc_method.empty() && !grpc_fits(at.path, conditions.grpc_method)) return false;
  return std::all_of(conditions.headers.begin(), conditions.headers.end(),
                     [&](const NamedCondition& c) { return header_fits(at.request, c); }) &&
         std::all_of(conditions.query.begin(), conditions.query.end(),
                     [&](const NamedCondition& c) { return query_fits(at.query, c); });
}

const Entry* first_fit(const Lookup& at, std::uint32_t node) {
  const Chain chain = at.table.chains[node - at.table.node_base];
  for (std::uint32_t i = chain.begin; i < chain.end; ++i)
    if (fits(at, at.table.entries[i])) return &at.table.entries[i];
  return nullptr;
}

const Entry* find_regex(const Lookup& at, const HostTable& host) {
  const re2::StringPiece path(at.path.data(), at.path.size());
  if (host.set) {
    std::vector<int> hits;
    RE2::Set::ErrorInfo error;
    if (host.set->Match(path, &hits, &error)) {
      std::sort(hits.begin(), hits.end());
      for (int hit : hits) {
        const RegexEntry& regex = at.table.regexes[host.regex_begin + static_cast<std::uint32_t>(hit)];
        if (fits(at, regex.entry)) return &regex.entry;
      }
      return nullptr;
    }
    if (error.kind == RE2::Set::kNoError) return nullptr;  // no pattern matches; else: out of memory, one by one
  }
  for (std::uint32_t i = host.regex_begin; i < host.regex_end; ++i) {
    const RegexEntry& regex = at.table.regexes[i];
    if (RE2::FullMatch(path, *regex.regex) && fits(at, regex.entry)) return &regex.entry;
  }
  return nullptr;
}

// Down the trie segment by segment, remembering where rules hang; then the deepest that fits. Empty segments do not
// occur inside a normalised path.
const Entry* find_prefix(const Lookup& at, const HostTable& host) {
  constexpr std::size_t remembered = 64;
  std::array<std::uint32_t, remembered> nodes;
  std::size_t depth = 0;
  const auto remember = [&](std::uint32_t node) {
    const Chain chain = at.table.chains[node - at.table.node_base];
    if (chain.begin == chain.end) return;
    if (depth == remembered) {  // deeper than any sane table: forget the shallowest
      std::copy(nodes.begin() + 1, nodes.end(), nodes.begin());
      --depth;
    }
    nodes[depth++] = node;
  };
  remember(host.root);
  std::uint32_t node = host.root;
  std::string_view rest = at.path.substr(1);
  while (!rest.empty()) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    node = at.table.names.find(node, segment);
    if (node == Dictionary::none) break;
    remember(node);
    rest.remove_prefix(segment.size() == rest.size() ? segment.size() : segment.size() + 1);
  }
  while (depth > 0)
    if (const Entry* entry = first_fit(at, nodes[--depth])) return entry;
  return nullptr;
}

const Entry* find_entry(const Lookup& at, const HostTable& host) {
  if (host.has_exact)
    if (const std::uint32_t node = at.table.names.find(host.exact, at.path); node != Dictionary::none)
      if (const Entry* entry = first_fit(at, node)) return entry;
  if (host.regex_begin != host.regex_end)
    if (const Entry* entry = find_regex(at, host)) return entry;
  return find_prefix(at, host);
}

// ---- what the rule does

constexpr kube::Port well_known(std::string_view scheme) {
  return scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
}

// HTTPRequestRedirectFilter: the port is the filter's, else that of a given scheme, else the listener's; the well-known
// port of the scheme is not written.
std::string redirect_location(const Redirect& redirect, const RequestView& request, kube::Port listener_port,
                              std::string_view path, std::string_view tail) {
  const std::string_view own_scheme = request.scheme == Scheme::https ? "https" : "http";
  const std::string_view scheme = redirect.scheme ? std::string_view(*redirect.scheme) : own_scheme;
  kube::Port port = listener_port;
  if (redirect.port)
    port = *redirect.port;
  else if (redirect.scheme && well_known(scheme) != 0)
    port = well_known(scheme);
  std::string out(scheme);
  out.append("://").append(redirect.hostname ? std::string_view(*redirect.hostname) : split_host(request.host).host);
  if (port != well_known(scheme)) out.append(":").append(std::to_string(port));
  return out.append(path).append(tail);
}

// The path after a PathChange. `prefix` is the matched one.
std::string changed_path(const PathChange& change, std::string_view prefix, std::string_view raw,
                         std::string_view matched, const PathScratch& scratch) {
  if (change.kind == PathChange::Kind::full) return change.value.starts_with('/') ? change.value : "/" + change.value;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return replace_prefix(change.value, rest_of_path(raw, matched, prefix.size(), scratch));
}

Decision respond(int status, const Action* action = nullptr) {
  Decision decision;
  decision.status = status;
  decision.action = action;
  return decision;
}

thread_local PathScratch path_scratch;

// origin_target is the target in origin-form.
Decision act(const Action& action, std::string_view prefix, const RequestView& request, std::string_view path,
             kube::Port listener_port, std::string_view origin_target) {
  const auto [raw_path, query, tail] = split_target(origin_target);
  if (!action.broken.empty()) return respond(500, &action);
  if (action.cors && is_preflight(request)) return respond(204, &action);
  Decision decision;
  decision.action = &action;
  decision.matched_prefix = prefix;
  const auto changed = [&, raw = raw_path](const PathChange& change) {
    return changed_path(change, prefix, raw, path, path_scratch);
  };
  if (action.redirect) {
    decision.kind = Decision::Kind::redirect;
    decision.status = action.redirect->status;
    const std::string to = action.redirect->path ? changed(*action.redirect->path) : std::string(raw_path);
    decision.location = redirect_location(*action.redirect, request, listener_port, to, tail);
    return decision;
  }
  if (const int error = backend_error(action)) {
    decision.status = error;
    return decision;
  }
  decision.kind = Decision::Kind::forward;
  decision.status = 200;
  if (action.rewrite) {
    if (action.rewrite->hostname) decision.host = *action.rewrite->hostname;
    if (action.rewrite->path) decision.target = changed(*action.rewrite->path).append(tail);
  }
  // Absolute-form reaches backends in origin-form.
  if (decision.target.empty() && origin_target.data() != request.target.data()) decision.target = origin_target;
  return decision;
}

// ---- listeners

constexpr kube::Port default_port(Scheme scheme) {
  return scheme == Scheme::https ? 443 : 80;
}

const Group* find_group(const GatewayPorts& gateway, kube::Port port, Traffic traffic) {
  for (const Group& group : gateway.groups)
    if (group.port == port && group.traffic == traffic) return &group;
  return nullptr;
}

// A request without a listener port (trace): the port in Host where something listens on it, else the scheme's own,
// else the lowest that speaks the scheme.
const Group* group_of(const GatewayPorts& gateway, const RequestView& request) {
  const Traffic traffic = request.scheme == Scheme::https ? Traffic::tls : Traffic::http;
  if (request.port != 0) return find_group(gateway, request.port, traffic);
  if (const Group* group = find_group(gateway, parse_port(split_host(request.host).port), traffic)) return group;
  if (const Group* group = find_group(gateway, default_port(request.scheme), traffic)) return group;
  for (const Group& group : gateway.groups)
    if (group.traffic == traffic) return &group;
  return nullptr;
}

// How specific a decision's listener and host were, to choose between Gateways that are looked at together.
struct Scored {
  Decision decision;
  bool listens = false;
  std::size_t listener_score = 0, host_score = 0;
  bool better_than(const Scored& other) const {
    const auto key = [](const Scored& s) {
      return std::tuple(s.listens, s.decision.action != nullptr, s.listener_score, s.host_score);
    };
    return key(*this) > key(other);
  }
};

// Exact names before wildcards, longer wildcards before shorter ones.
std::size_t score(std::string_view hostname) {
  return hostname.empty() ? 0 : hostname.size() + (hostname.starts_with("*.") ? 0 : 1000);
}

Scored decide_on(const Table::Impl& table, const GatewayPorts& gateway, const RequestView& request,
                 std::string_view origin_target, std::string_view authority) {
  Scored out;
  const Group* group = group_of(gateway, request);
  if (!group) return out;
  out.listens = true;
  const FoldedHost host(authority);
  std::uint32_t bucket = most_specific(table.names, group->names, host.view());
  if (group->traffic == Traffic::tls && request.sni) {
    // Gateway.spec.listeners.hostname: the name in the request must lead to the listener that SNI chose.
    const FoldedHost sni(*request.sni);
    if (most_specific(table.names, group->names, sni.view()) != bucket) {
      out.decision.status = bucket == Dictionary::none ? 404 : 421;
      return out;
    }
  }
  if (bucket == Dictionary::none) return out;
  const Listener& listener = table.listeners[table.buckets[bucket].listener];
  out.decision.listener = &listener;
  out.listener_score = score(listener.hostname);
  if (listener.closed) {
    out.decision.status = 500;
    return out;
  }
  if (listener.protocol == Protocol::tls) return out;  // not HTTP: TLSRoutes only
  const SplitTarget split = split_target(origin_target);
  Lookup at{table, request, split.query, {}};
  if (origin_target == "*") return out;
  const auto path = match_path(split.path, path_scratch);
  if (!path) {
    out.decision.status = 400;
    return out;
  }
  at.path = *path;
  const std::uint32_t hosts = most_specific(table.names, table.buckets[bucket].hosts, host.view());
  if (hosts == Dictionary::none) return out;
  const Entry* entry = nullptr;
  for (std::uint32_t own = hosts; !entry && own != Entry::none; own = table.host_tables[own].looser)
    entry = find_entry(at, table.host_tables[own]);
  if (!entry) return out;
  if (table.straight[entry->action] && origin_target.data() == request.target.data()) {
    out.decision.kind = Decision::Kind::forward;
    out.decision.status = 200;
    out.decision.action = &table.actions[entry->action];
    out.decision.matched_prefix = std::string_view(table.texts).substr(entry->prefix_begin, entry->prefix_size);
    return out;
  }
  RequestView seen = request;
  seen.host = authority;
  const std::string_view prefix = std::string_view(table.texts).substr(entry->prefix_begin, entry->prefix_size);
  out.decision = act(table.actions[entry->action], prefix, seen, at.path, listener.port, origin_target);
  out.decision.listener = &listener;
  return out;
}

// "http://host/path" -> authority and "/path".
bool take_absolute(std::string_view& target, std::string_view& authority) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equal_fold(target.substr(0, scheme.size()), scheme)) continue;
    std::string_view rest = target.substr(scheme.size());
    const auto slash = rest.find_first_of("/?");
    authority = rest.substr(0, slash);
    target = slash == std::string_view::npos || rest[slash] != '/' ? std::string_view("/") : rest.substr(slash);
    return true;
  }
  return false;
}

const GatewayPorts* find_gateway(const Table::Impl& table, const kube::NamespacedName& id) {
  const std::uint32_t ns = table.names.find(gateway_scope, id.ns);
  const std::uint32_t number = ns == Dictionary::none ? ns : table.names.find(ns, id.name);
  return number == Dictionary::none ? nullptr : &table.gateways[number];
}

}  // namespace

int backend_error(const Action& action) {
  if (action.total_weight == 0) return 500;
  bool invalid = false, empty = false;
  for (const Backend& backend : action.backends) {
    if (backend.weight == 0) continue;
    if (backend.state == BackendState::ready) return 0;
    (backend.state == BackendState::invalid ? invalid : empty) = true;
  }
  // A mixture answers by weight, like a pick.
  return invalid && empty ? 0 : invalid ? 500 : 503;
}

Decision Table::decide(const RequestView& request, const kube::NamespacedName* gateway) const {
  std::string_view target = request.target, authority = request.host;
  take_absolute(target, authority);
  if (gateway) {
    const GatewayPorts* found = find_gateway(*impl_, *gateway);
    return found ? decide_on(*impl_, *found, request, target, authority).decision : Decision{};
  }
  Scored best;
  bool first = true;
  for (const GatewayPorts& candidate : impl_->gateways) {
    Scored scored = decide_on(*impl_, candidate, request, target, authority);
    if (first || scored.better_than(best)) best = std::move(scored);
    first = false;
  }
  return best.decision;
}

Decision execute(const Action& action, std::string_view prefix, const RequestView& request, kube::Port listener_port) {
  std::string_view target = request.target, authority = request.host;
  take_absolute(target, authority);
  const auto path = match_path(split_target(target).path, path_scratch);
  if (!path) return respond(400);
  RequestView seen = request;
  seen.host = authority;
  return act(action, prefix, seen, *path, listener_port, target);
}

bool Table::reachable(const RequestView& request, const kube::NamespacedName* gateway) const {
  for (const GatewayPorts& candidate : impl_->gateways) {
    if (gateway && candidate.id != *gateway) continue;
    const Group* group = group_of(candidate, request);
    if (!group) continue;
    if (group->traffic != Traffic::tls) return true;
    const FoldedHost sni(request.sni.value_or(""));
    if (most_specific(impl_->names, group->names, sni.view()) != Dictionary::none) return true;
  }
  return false;
}

Decision refine(Decision decision, const Backend& backend, const RequestView& request) {
  if (!backend.redirect && !backend.rewrite) return decision;
  std::string_view target = request.target, authority = request.host;
  take_absolute(target, authority);
  const SplitTarget split = split_target(target);
  const auto path = match_path(split.path, path_scratch);
  if (!path) return decision;
  const auto changed = [&](const std::optional<PathChange>& change) {
    return change ? changed_path(*change, decision.matched_prefix, split.path, *path, path_scratch)
                  : std::string(split.path);
  };
  if (backend.redirect) {
    RequestView seen = request;
    seen.host = authority;
    decision.kind = Decision::Kind::redirect;
    decision.status = backend.redirect->status;
    const kube::Port port = decision.listener ? decision.listener->port : default_port(request.scheme);
    decision.location = redirect_location(*backend.redirect, seen, port, changed(backend.redirect->path), split.tail);
    return decision;
  }
  if (backend.rewrite->hostname) decision.host = *backend.rewrite->hostname;
  if (backend.rewrite->path) decision.target = changed(backend.rewrite->path).append(split.tail);
  return decision;
}

const Backend* pick(const Action& action, std::uint64_t ticket) {
  if (action.total_weight == 0) return nullptr;
  std::uint64_t at = ticket % action.total_weight;
  for (const Backend& backend : action.backends) {
    if (at < backend.weight) return &backend;
    at -= backend.weight;
  }
  return nullptr;
}

// ---- TLS, TCP, UDP

const L4Rule* Table::tls(const kube::NamespacedName& gateway, kube::Port port, std::string_view sni) const {
  const GatewayPorts* ports = find_gateway(*impl_, gateway);
  const Group* group = ports ? find_group(*ports, port, Traffic::tls) : nullptr;
  if (!group) return nullptr;
  const FoldedHost host(sni);
  const std::uint32_t bucket = most_specific(impl_->names, group->names, host.view());
  if (bucket == Dictionary::none) return nullptr;
  const Bucket& found = impl_->buckets[bucket];
  if (impl_->listeners[found.listener].protocol != Protocol::tls) return nullptr;
  const std::uint32_t rule = most_specific(impl_->names, found.hosts, host.view());
  return rule == Dictionary::none ? nullptr : &impl_->l4_rules[rule];
}

const L4Rule* Table::l4(const kube::NamespacedName& gateway, kube::Port port, Protocol protocol) const {
  const GatewayPorts* ports = find_gateway(*impl_, gateway);
  const Group* group =
      ports ? find_group(*ports, port, protocol == Protocol::udp ? Traffic::udp : Traffic::tcp) : nullptr;
  return group && group->l4 != Entry::none ? &impl_->l4_rules[group->l4] : nullptr;
}

const Listener* Table::terminating(const kube::NamespacedName& gateway, kube::Port port, std::string_view sni) const {
  const GatewayPorts* ports = find_gateway(*impl_, gateway);
  const Group* group = ports ? find_group(*ports, port, Traffic::tls) : nullptr;
  if (!group) return nullptr;
  const FoldedHost host(sni);
  const std::uint32_t bucket = most_specific(impl_->names, group->names, host.view());
  if (bucket == Dictionary::none) return nullptr;
  const Listener& listener = impl_->listeners[impl_->buckets[bucket].listener];
  return listener.passthrough ? nullptr : &listener;
}

}  // namespace gw::route
