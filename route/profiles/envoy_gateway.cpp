// Envoy Gateway 1.9 on Envoy 1.40, by its measured rules: one route table a port (HTTP) or a listener (HTTPS), a
// virtual host for each effective hostname, a sorted list of matches in it.
#include "route/profiles/envoy_gateway.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "route/profiles/envoy_core.h"
#include "route/profiles/envoy_policies.h"
#include "route/profiles/profiles.h"
#include "route/target.h"

namespace gw::route {
namespace {

struct VirtualHost {
  std::size_t listener = 0;
  std::vector<std::size_t> matches;  // in the order Envoy tries them
};

// What one Envoy listener routes with.
struct RouteTable {
  kube::NamespacedName gateway;
  std::map<std::string, VirtualHost> hosts;  // by effective hostname
  std::string dead;                          // why Envoy refuses it
};

class EnvoyModel : public Model {
 public:
  EnvoyModel(const kube::Index& index, const Attachments& attachments)
      : flat_(flatten(index, attachments)), policies_(index) {
    build();
  }

  AnswerSet answer(const Request& request) const override;

 private:
  using Key = std::pair<std::string, kube::Port>;  // Gateway, port

  void build();
  bool taken_by_other(const Placement& placement) const;
  auto order(std::size_t m) const;
  AnswerSet route(const RouteTable& table, const Request& request, const envoy::Path& path, kube::Port port) const;
  AnswerSet serve(const FlatMatch& match, const Request& request, const std::string& path, kube::Port port) const;
  const RouteTable* find_tls(kube::Port port, const std::string& sni) const;

  Flat flat_;
  envoy::Policies policies_;
  std::map<Key, RouteTable> http_;
  std::map<std::size_t, RouteTable> https_;  // by listener
};

// A route hostname equal to another listener's own name belongs to that listener alone.
bool EnvoyModel::taken_by_other(const Placement& placement) const {
  const Listener& own = flat_.listeners[placement.listener];
  if (placement.route_hostname.empty() || placement.route_hostname == own.hostname) return false;
  return std::any_of(flat_.listeners.begin(), flat_.listeners.end(), [&](const Listener& other) {
    return other.gateway == own.gateway && other.port == own.port && other.protocol == own.protocol && &other != &own &&
           other.hostname == placement.route_hostname;
  });
}

// Rule 12 of the measured ones: the method counts as a header, exact values before regexes.
auto EnvoyModel::order(std::size_t m) const {
  const FlatMatch& match = flat_.matches[m];
  const FlatRule& rule = flat_.rules[match.rule];
  const auto exact = [](const std::vector<FlatNamed>& named) {
    return static_cast<long>(std::count_if(named.begin(), named.end(), [](const FlatNamed& n) { return !n.regex; }));
  };
  const int kind = match.type == PathType::exact ? 0 : match.type == PathType::regex ? 1 : 2;
  const long length = match.type == PathType::prefix && match.path == "/" ? 0 : static_cast<long>(match.path.size());
  const long extra =
      (match.method.empty() ? 0 : 1) + (match.grpc && match.service.empty() && !match.grpc_method.empty() ? 1 : 0);
  return std::tuple(kind, -length, -(static_cast<long>(match.headers.size()) + extra), -(exact(match.headers) + extra),
                    -static_cast<long>(match.query.size()), -exact(match.query), match.grpc,
                    flat_.routes[rule.route].age_order, rule.rule, match.match);
}

void EnvoyModel::build() {
  for (std::size_t i = 0; i < flat_.listeners.size(); ++i) {
    const Listener& listener = flat_.listeners[i];
    if (!listener.usable) continue;
    if (listener.protocol == Protocol::http)
      http_[{listener.gateway.display(), listener.port}].gateway = listener.gateway;
    if (listener.protocol == Protocol::https) https_[i].gateway = listener.gateway;
  }
  for (const Placement& placement : flat_.placements) {
    const Listener& listener = flat_.listeners[placement.listener];
    if (!listener.usable || (listener.protocol != Protocol::http && listener.protocol != Protocol::https)) continue;
    if (taken_by_other(placement)) continue;
    RouteTable& table = listener.protocol == Protocol::https ? https_[placement.listener]
                                                             : http_[{listener.gateway.display(), listener.port}];
    auto [host, fresh] = table.hosts.try_emplace(placement.hostname);
    if (fresh) host->second.listener = placement.listener;
    if (host->second.listener != placement.listener)
      table.dead = "two virtual hosts for " + (placement.hostname.empty() ? "every host" : placement.hostname);
    for (std::size_t m : flat_.routes[placement.route].matches) {
      const FlatMatch& match = flat_.matches[m];
      const FlatRule& rule = flat_.rules[match.rule];
      if (rule.invalid_regex) continue;
      if (rule.action)
        for (const auto* changes : {&rule.action->request_headers, &rule.action->response_headers})
          for (const HeaderChange& change : *changes)
            if (!envoy::format_is_valid(change.value)) table.dead = "a header value is not a valid format string";
      auto& matches = host->second.matches;
      if (std::find(matches.begin(), matches.end(), m) == matches.end()) matches.push_back(m);
    }
  }
  const auto sort = [&](RouteTable& table) {
    for (auto& [name, host] : table.hosts)
      std::stable_sort(host.matches.begin(), host.matches.end(), [&](auto a, auto b) { return order(a) < order(b); });
  };
  for (auto& [key, table] : http_) sort(table);
  for (auto& [listener, table] : https_) sort(table);
}

bool touches_host(const HeaderChanges& changes) {
  return std::any_of(changes.begin(), changes.end(), [](const HeaderChange& c) { return equal_fold(c.name, "host"); });
}

AnswerSet EnvoyModel::serve(const FlatMatch& match, const Request& request, const std::string& path,
                            kube::Port port) const {
  const FlatRule& rule = flat_.rules[match.rule];
  const std::string tail(split_target(request.target).tail);
  AnswerSet out;
  const auto one = [&](Answer answer) {
    if (rule.action) answer.rule = rule_ref(rule.action->source);
    add_answer(out, std::move(answer));
  };
  if (!rule.action) return {{plain(500)}};
  const Action& action = *rule.action;
  const bool only_host = touches_host(action.request_headers);
  const envoy::ExtensionFilter* extension = nullptr;
  bool broken = false;
  for (const FlatRule::Extension& ref : rule.extensions) {
    const bool known = ref.group == "gateway.envoyproxy.io" && ref.kind == "HTTPRouteFilter";
    const envoy::ExtensionFilter* found =
        known ? policies_.filter({flat_.routes[rule.route].id.ns, ref.name}) : nullptr;
    // Two path rewrites in one rule are refused.
    broken = broken || !found || found->invalid || (extension && extension->pattern && found->pattern) ||
             (found->pattern && action.rewrite && action.rewrite->path);
    if (found && !found->unmodelled.empty()) return {{unmodelled(found->unmodelled)}};
    if (found) extension = found;
  }
  broken = broken || (!action.broken.empty() && rule.extensions.empty());
  for (const Backend& backend : action.backends)  // a backendRef may change headers only
    broken = broken || backend.rewrite || backend.redirect || !backend.mirrors.empty();
  if (action.cors && envoy::is_preflight(request)) {
    one(plain(200));
  } else if (broken || rule.refused_mirror || only_host) {
    one(plain(500));
  } else if (extension && extension->direct_response) {
    one(plain(*extension->direct_response));
  } else if (action.redirect) {
    Answer answer = plain(action.redirect->status);
    answer.location = envoy::location(*action.redirect, match, request, port, path, tail);
    one(std::move(answer));
  }
  if (!out.any_of.empty()) return out;
  if (action.total_weight == 0) return one(plain(500)), out;

  std::size_t weighted = 0;
  for (const Backend& backend : action.backends) weighted += backend.weight > 0;
  for (const Backend& backend : action.backends) {
    if (backend.weight == 0) continue;
    // With no endpoint ready Envoy panics and uses those that are not.
    const auto facts = flat_.services.find(backend.service);
    const bool panic =
        backend.state == BackendState::no_endpoints && facts != flat_.services.end() && facts->second.any_endpoint;
    if (backend.state == BackendState::invalid || (backend.tls && !backend.tls->valid)) {
      one(plain(500));
      continue;
    }
    if (backend.state == BackendState::no_endpoints && !panic) {
      one(plain(503));
      continue;
    }
    Answer answer = plain(200);
    answer.backend = backend.service.display();
    answer.port = backend.port;
    answer.backend_host = request.host;
    answer.backend_target = path + tail;
    if (action.rewrite) {
      if (action.rewrite->hostname) answer.backend_host = *action.rewrite->hostname;
      if (action.rewrite->path) answer.backend_target = envoy::rewritten(*action.rewrite->path, match, path, tail);
    }
    if (extension && extension->pattern) answer.backend_target = envoy::replace_regex(*extension, path) + tail;
    answer.attributes = attributes(action);
    if (weighted > 1) answer.backends.push_back({answer.backend, answer.port, backend.weight});
    one(std::move(answer));
  }
  return out;
}

AnswerSet EnvoyModel::route(const RouteTable& table, const Request& request, const envoy::Path& path,
                            kube::Port port) const {
  const std::string host = lower(split_host(request.host).host);
  const VirtualHost* found = nullptr;
  if (auto it = table.hosts.find(host); it != table.hosts.end() && !host.empty()) found = &it->second;
  for (auto dot = host.find('.', 1); !found && dot != std::string::npos; dot = host.find('.', dot + 1))
    if (auto it = table.hosts.find("*" + host.substr(dot)); it != table.hosts.end()) found = &it->second;
  if (auto it = table.hosts.find(""); !found && it != table.hosts.end()) found = &it->second;
  if (found)
    for (std::size_t m : found->matches)
      if (envoy::fits(flat_.matches[m], request, path.normal)) {
        const FlatRoute& owner = flat_.routes[flat_.rules[flat_.matches[m].rule].route];
        std::string why = policies_.unmodelled(table.gateway, owner.id, owner.kind, envoy::is_preflight(request));
        if (!why.empty()) return {{unmodelled("policy of Envoy Gateway: " + why)}};
        return serve(flat_.matches[m], request, path.normal, port);
      }
  return {{plain(404)}};
}

const RouteTable* EnvoyModel::find_tls(kube::Port port, const std::string& sni) const {
  const RouteTable* best = nullptr;
  std::size_t best_rank = 0;
  for (const auto& [i, table] : https_) {
    const Listener& listener = flat_.listeners[i];
    if (listener.port != port) continue;
    const std::string& name = listener.hostname;
    std::size_t rank = 0;
    if (name.empty())
      rank = 1;
    else if (name == sni)
      rank = 10000;
    else if (name.starts_with("*.") && sni.size() + 1 > name.size() && sni.ends_with(name.substr(1)))
      rank = 1 + name.size();
    if (rank > best_rank) {
      best_rank = rank;
      best = &table;
    }
  }
  return best;
}

AnswerSet EnvoyModel::answer(const Request& sent) const {
  const auto only = [](Answer answer) { return AnswerSet{{std::move(answer)}}; };
  Request request = sent;
  const bool tls = request.scheme == Scheme::https;
  std::set<kube::Port> ports;
  for (const auto& [key, table] : http_)
    if (!tls) ports.insert(key.second);
  for (const auto& [listener, table] : https_)
    if (tls) ports.insert(flat_.listeners[listener].port);
  const kube::Port usual = tls ? 443 : 80;
  const kube::Port port = request.port != 0                     ? request.port
                          : ports.count(usual) || ports.empty() ? usual
                                                                : *ports.begin();
  if (!ports.count(port)) return only(no_answer("nothing listens on port " + std::to_string(port)));
  const RouteTable* table = nullptr;
  if (tls) {
    table = find_tls(port, lower(request.sni ? *request.sni : std::string(split_host(request.host).host)));
    if (!table) return only(no_answer("no listener for this server name: the handshake is refused"));
  } else {
    for (const auto& [key, candidate] : http_)
      if (key.second == port) table = &candidate;
  }
  if (!table->dead.empty())
    return only(no_answer("Envoy refuses the configuration of port " + std::to_string(port) + ": " + table->dead));

  if (!envoy::known_method(request.method)) return only(plain(400));
  for (std::string_view scheme : {"http://", "https://"})
    if (equal_fold(std::string_view(request.target).substr(0, scheme.size()), scheme)) {
      const std::string rest = request.target.substr(scheme.size());
      const auto slash = rest.find('/');
      request.host = rest.substr(0, slash);
      request.target = slash == std::string::npos ? "/" : rest.substr(slash);
      break;
    }
  const envoy::Traits traits = policies_.traits(table->gateway, {});
  const bool underscore = traits.refuses_underscores &&
                          std::any_of(request.headers.begin(), request.headers.end(),
                                      [](const auto& header) { return header.first.find('_') != std::string::npos; });
  const SplitTarget split = split_target(request.target);
  const envoy::Path path = envoy::read_path(split.path, traits);
  if (underscore || path.error != 0) return only(plain(400));
  if (path.redirect) {
    Answer answer = plain(307);
    answer.location = path.normal + std::string(split.tail);
    return only(std::move(answer));
  }
  AnswerSet out = route(*table, request, path, port);
  // gRPC clients get errors as 200 with a grpc-status.
  const bool grpc = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_fold(header.first, "content-type") && header.second.starts_with("application/grpc");
  });
  for (Answer& answer : out.any_of)
    if (grpc && answer.backend.empty() && answer.status >= 400) answer.status = 200;
  return out;
}

}  // namespace

std::unique_ptr<Model> make_envoy_gateway(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<EnvoyModel>(index, attachments);
}

}  // namespace gw::route
