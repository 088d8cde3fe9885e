// Cilium as a Gateway API implementation, by its measured rules: one table for all HTTP listeners of a Gateway, one for
// all HTTPS listeners of a port; equal matches of several routes share their traffic, and the filters of whichever is
// listed first act on all of it.
#include <algorithm>
#include <map>
#include <set>

#include "route/profiles/envoy_core.h"
#include "route/profiles/profiles.h"
#include "route/target.h"

namespace gw::route {
namespace {

using envoy::Entry;
using envoy::Hosts;
using envoy::Seen;

class CiliumModel final : public envoy::Core {
 public:
  CiliumModel(const kube::Index& index, const Attachments& attachments)
      : Core(flatten(index, attachments), {paths(), false, false}) {
    build();
  }

 private:
  static envoy::Traits paths() {
    envoy::Traits traits;
    traits.redirects_escaped_slashes = false;
    traits.merges_slashes = false;
    return traits;
  }

  // An expression that is not RE2, or a change of Host, takes the whole route away.
  bool refuses(const FlatRoute& route) const {
    return std::any_of(route.matches.begin(), route.matches.end(), [&](std::size_t m) {
      const FlatRule& rule = flat_.rules[flat_.matches[m].rule];
      if (rule.invalid_regex) return true;
      return rule.action && std::any_of(rule.action->request_headers.begin(), rule.action->request_headers.end(),
                                        [](const HeaderChange& c) { return equal_fold(c.name, "host"); });
    });
  }

  std::string refusal(const FlatRoute& route) const {
    for (std::size_t m : route.matches) {
      const FlatRule& rule = flat_.rules[flat_.matches[m].rule];
      if (!rule.action) continue;
      for (const auto* changes : {&rule.action->request_headers, &rule.action->response_headers})
        for (const HeaderChange& change : *changes)
          if (!envoy::format_is_valid(change.value))
            return "Envoy refuses the route table: the value of header " + change.name + " is not a format string";
      if (rule.action->backends.size() > 1 && rule.action->total_weight == 0)
        return "Envoy refuses the route table: all weights of a rule of " + route.id.display() + " are 0";
    }
    return {};
  }

  static std::string text_of(const FlatMatch& match) {
    std::string out = std::to_string(static_cast<int>(match.type)) + " " + match.path + " " + match.method;
    const auto add = [&](const std::vector<FlatNamed>& named, const char* kind) {
      for (const FlatNamed& one : named)
        out += std::string("\n") + kind + (one.regex ? "~" : "=") + one.name + " " + one.value;
    };
    add(match.headers, "h");
    add(match.query, "q");
    return out;
  }

  // By hostname, then in the order of first mention.
  using Groups = std::map<std::string, std::vector<std::vector<Entry>>>;

  void add(const Placement& placement, Groups& to) const {
    auto& groups = to[placement.hostname];
    for (std::size_t m : flat_.routes[placement.route].matches) {
      const std::string text = text_of(flat_.matches[m]);
      const auto known = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
        return text_of(flat_.matches[group.front().match]) == text;
      });
      if (known == groups.end()) {
        groups.push_back({{m, placement.listener}});
        continue;
      }
      // Of one route the first rule stays.
      const bool own = std::any_of(known->begin(), known->end(), [&](const Entry& e) {
        return rule_of(e).route == placement.route && rule_of(e).rule != flat_.rules[flat_.matches[m].rule].rule;
      });
      const bool twice = std::any_of(known->begin(), known->end(), [&](const Entry& e) { return e.match == m; });
      if (!own && !twice) known->push_back({m, placement.listener});
    }
  }

  std::shared_ptr<Hosts> finished(const Groups& from, std::string refused) {
    auto out = std::make_shared<Hosts>();
    out->refused = std::move(refused);
    for (const auto& [name, groups] : from) {
      auto& to = out->by_name[name];
      to = groups;
      std::stable_sort(to.begin(), to.end(), [&](const auto& a, const auto& b) {
        return envoy::spec_order(flat_, a.front().match, 1) < envoy::spec_order(flat_, b.front().match, 1);
      });
      for (std::size_t i = 0; i < to.size(); ++i)
        for (std::size_t j = i + 1; j < to.size(); ++j)
          if (tied(to[i].front(), to[j].front())) rivals_[to[i].front().match].push_back(to[j]);
    }
    return out;
  }

  // Prefixes that differ in a final slash: of two routes, whichever is listed first.
  bool tied(const Entry& a, const Entry& b) const {
    FlatMatch x = flat_.matches[a.match], y = flat_.matches[b.match];
    if (x.type != PathType::prefix || x.path == y.path || rule_of(a).route == rule_of(b).route) return false;
    x.path.resize(envoy::prefix_length(x, x.path));
    y.path.resize(envoy::prefix_length(y, y.path));
    return text_of(x) == text_of(y);
  }

  // A listener of the same kind and port with a closer name keeps its hosts to itself.
  bool isolated(const Placement& placement) const {
    const Listener& own = flat_.listeners[placement.listener];
    return std::any_of(flat_.listeners.begin(), flat_.listeners.end(), [&](const Listener& other) {
      return &other != &own && other.gateway == own.gateway && other.port == own.port &&
             other.protocol == own.protocol && other.hostname == placement.hostname && other.hostname != own.hostname;
    });
  }

  void build() {
    std::set<kube::Port> http, https;
    for (const Listener& listener : flat_.listeners) {
      if (listener.protocol == Protocol::http) http.insert(listener.port);
      if (listener.protocol == Protocol::https && listener.usable) https.insert(listener.port);
    }
    Groups plain_groups;
    std::map<kube::Port, Groups> secure;
    std::string refused;
    for (const Placement& placement : flat_.placements) {
      const Listener& listener = flat_.listeners[placement.listener];
      const FlatRoute& route = flat_.routes[placement.route];
      if (refuses(route) || isolated(placement)) continue;
      if (std::string why = refusal(route); !why.empty()) refused = std::move(why);
      if (listener.protocol == Protocol::http) add(placement, plain_groups);
      if (listener.protocol == Protocol::https && listener.usable) add(placement, secure[listener.port]);
    }
    for (const Listener& listener : flat_.listeners) {
      if (listener.hostname.empty()) continue;
      if (listener.protocol == Protocol::http) plain_groups[listener.hostname];
      if (listener.protocol == Protocol::https && listener.usable) secure[listener.port][listener.hostname];
    }
    const auto table = finished(plain_groups, refused);
    for (kube::Port port : http) ports_[port].http = table;
    for (kube::Port port : https) {
      const auto hosts = finished(secure[port], refused);
      for (const Listener& listener : flat_.listeners)
        if (listener.protocol == Protocol::https && listener.usable && listener.port == port)
          ports_[port].https.push_back({listener.hostname, hosts, true, false});
    }
  }

  // The port is always written.
  std::string redirect_port(const Redirect& redirect, const Entry& entry) const {
    if (redirect.port) return std::to_string(*redirect.port);
    if (redirect.scheme) return *redirect.scheme == "https" ? "443" : "80";
    return std::to_string(flat_.listeners[entry.listener].port);
  }

  static std::string redirected(const Redirect& redirect, const FlatMatch& match, const std::string& path) {
    if (!redirect.path) return path;
    const std::string& value = redirect.path->value;
    if (redirect.path->kind == PathChange::Kind::full) return value.empty() ? path : value;
    return value + path.substr(envoy::prefix_length(match, path));
  }

  // No slash is doubled, none is missing.
  static std::string rewritten(const PathChange& change, const FlatMatch& match, const std::string& path) {
    if (change.kind == PathChange::Kind::full && !change.value.empty()) return change.value;
    std::string rest = path.substr(envoy::prefix_length(match, path));
    std::string value = change.kind == PathChange::Kind::full ? "" : change.value;
    while (value.ends_with('/')) value.pop_back();
    if (match.type == PathType::prefix && envoy::prefix_length(match, path) == 1 && !rest.starts_with('/'))
      rest.insert(0, "/");
    if (value.empty() && !rest.starts_with('/')) rest.insert(0, "/");
    return value + rest;
  }

  // One member of a group stands first; its filters act on the backends of all.
  bool serve_as(const Entry& first, const std::vector<const Backend*>& backends, const Seen& seen,
                AnswerSet& out) const {
    const FlatMatch& match = flat_.matches[first.match];
    const FlatRule& rule = rule_of(first);
    if (!rule.action) return add_answer(out, plain(500)), true;
    const Action& action = *rule.action;
    const auto one = [&](Answer answer) {
      answer.rule = rule_ref(action.source);
      add_answer(out, std::move(answer));
      return true;
    };
    const std::string own = seen.request.scheme == Scheme::https ? "https" : "http";
    if (action.redirect && action.redirect->scheme == own) return false;
    if (action.cors && envoy::is_preflight(seen.request)) return one(plain(200));
    if (action.redirect) {
      Answer answer = plain(action.redirect->status);
      answer.location = envoy::location_of(*action.redirect, redirect_port(*action.redirect, first),
                                           redirected(*action.redirect, match, seen.path), seen);
      return one(std::move(answer));
    }
    const bool resolves =
        std::any_of(action.backends.begin(), action.backends.end(), [](const Backend& b) { return usable(b); });
    if (!resolves) return one(plain(500));
    std::string path = seen.path, host = seen.request.host;
    if (action.rewrite && action.rewrite->hostname) host = *action.rewrite->hostname;
    if (action.rewrite && action.rewrite->path) path = rewritten(*action.rewrite->path, match, path);
    forward(backends, action, seen, path + seen.tail, host, out);
    return true;
  }

  // A port that the Service lacks is found out by Envoy alone.
  static bool usable(const Backend& backend) { return backend.state != BackendState::invalid || lacks_port(backend); }
  static bool lacks_port(const Backend& backend) {
    return backend.state == BackendState::invalid && backend.why.find("port") != std::string::npos;
  }

  bool serve(const std::vector<Entry>& group, const Seen& seen, AnswerSet& out) const override {
    bool served = serve_group(group, seen, out);
    if (const auto rivals = rivals_.find(group.front().match); rivals != rivals_.end())
      for (const auto& rival : rivals->second) served = serve_group(rival, seen, out) || served;
    return served;
  }

  bool serve_group(const std::vector<Entry>& group, const Seen& seen, AnswerSet& out) const {
    std::vector<Backend> made;
    for (const Entry& entry : group)
      if (rule_of(entry).action)
        for (Backend backend : rule_of(entry).action->backends) {
          if (!usable(backend)) continue;
          if (lacks_port(backend)) backend.state = BackendState::no_endpoints;
          // A single backend is served whatever its weight.
          if (group.size() == 1 && rule_of(entry).action->backends.size() == 1) backend.weight = 1;
          made.push_back(std::move(backend));
        }
    std::vector<const Backend*> backends;
    for (const Backend& backend : made) backends.push_back(&backend);
    bool served = false;
    for (const Entry& entry : group) served = serve_as(entry, backends, seen, out) || served;
    return served;
  }

  std::map<std::size_t, std::vector<std::vector<Entry>>> rivals_;  // by the first match of a group
};

}  // namespace

std::unique_ptr<Model> make_cilium(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<CiliumModel>(index, attachments);
}

}  // namespace gw::route
