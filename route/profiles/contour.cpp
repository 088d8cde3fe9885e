// Contour as a Gateway API implementation (its provisioner), by its measured rules: the spec's order, one virtual host
// for each name of a listener, a rule that matches like an earlier one is left out.
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

bool more_specific(const std::string& a, const std::string& b) {
  const auto rank = [](const std::string& name) {
    return std::pair(name.empty() ? 0 : name.starts_with("*.") ? 1 : 2, name.size());
  };
  return rank(a) > rank(b);
}

bool covers(const std::string& wide, const std::string& name) {
  return wide.empty() || wide == name ||
         (wide.starts_with("*.") && name.size() > wide.size() - 1 && name.ends_with(std::string_view(wide).substr(1)));
}

class ContourModel final : public envoy::Core {
 public:
  ContourModel(const kube::Index& index, const Attachments& attachments)
      : Core(flatten(index, attachments), {paths(), true, true}) {
    find_refused(index);
    build();
  }

 private:
  static envoy::Traits paths() {
    envoy::Traits traits;
    traits.redirects_escaped_slashes = false;
    return traits;
  }

  // Its CRDs are those of Gateway API 1.3: other redirects than 301 and 302 are refused with their route.
  void find_refused(const kube::Index& index) {
    for (const kube::HttpRoute& route : index.bundle().http_routes)
      for (const kube::HttpRouteRule& rule : route.spec.rules)
        for (const kube::RouteFilter& filter : rule.filters)
          if (refused_by_api(filter)) refused_routes_.insert(route.id());
  }

  static bool refused_by_api(const kube::RouteFilter& filter) {
    if (filter.request_redirect) {
      const auto code = filter.request_redirect->status_code.value_or(302);
      if (code != 301 && code != 302) return true;
    }
    return filter.cors &&
           std::any_of(filter.cors->allow_origins.begin(), filter.cors->allow_origins.end(),
                       [](std::string_view origin) { return origin.find("://") == std::string_view::npos; });
  }

  // The hostname under which a placement is served; nullopt where it is not.
  std::optional<std::string> served_as(const Placement& placement) const {
    const Listener& own = flat_.listeners[placement.listener];
    const std::string& named = placement.route_hostname;
    // A wildcard of the route that is wider than the listener's does not meet it.
    if (named.starts_with("*.") && own.hostname.starts_with("*.") && named != own.hostname &&
        covers(named, own.hostname))
      return std::nullopt;
    // What another listener of the Gateway names or covers more closely is left to that one, whatever its port.
    for (const Listener& other : flat_.listeners)
      if (&other != &own && other.gateway == own.gateway && more_specific(other.hostname, own.hostname) &&
          other.hostname == placement.hostname)
        return std::nullopt;
    return placement.hostname;
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

  using Names = std::map<std::string, std::map<std::string, Entry>>;  // by hostname, then by what they match

  // A rule of which one match is there already, on one of its hosts, is left out whole.
  void add(std::size_t route, std::size_t listener, const std::set<std::string>& hosts, Names& to) const {
    std::map<std::size_t, std::vector<std::size_t>> rules;
    for (std::size_t m : flat_.routes[route].matches)
      if (!flat_.rules[flat_.matches[m].rule].invalid_regex) rules[flat_.matches[m].rule].push_back(m);
    for (const auto& [rule, matches] : rules) {
      const bool conflict = std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        return std::any_of(matches.begin(), matches.end(),
                           [&](std::size_t m) { return to[host].count(text_of(flat_.matches[m])) > 0; });
      });
      if (conflict) continue;
      for (const std::string& host : hosts)
        for (std::size_t m : matches) to[host].emplace(text_of(flat_.matches[m]), Entry{m, listener});
    }
  }

  // A prefix counts with its final slash.
  auto order(const Entry& entry) const {
    const auto spec = envoy::spec_order(flat_, entry.match, 1);
    return std::tuple(std::get<0>(spec), -static_cast<long>(flat_.matches[entry.match].path.size()), spec);
  }

  std::vector<std::vector<Entry>> sorted(const std::map<std::string, Entry>& from) const {
    std::vector<Entry> all;
    for (const auto& [text, entry] : from) all.push_back(entry);
    std::stable_sort(all.begin(), all.end(), [&](const Entry& a, const Entry& b) { return order(a) < order(b); });
    std::vector<std::vector<Entry>> out;
    for (const Entry& entry : all) out.push_back({entry});
    return out;
  }

  void build() {
    std::map<std::size_t, Names> made;                                           // by listener
    std::map<std::pair<std::size_t, std::size_t>, std::set<std::string>> hosts;  // of a route on a listener
    for (const Placement& placement : flat_.placements) {
      const Listener& listener = flat_.listeners[placement.listener];
      if (!listener.usable || refused_routes_.count(flat_.routes[placement.route].id) > 0) continue;
      if (const auto name = served_as(placement)) hosts[{placement.route, placement.listener}].insert(*name);
    }
    for (const auto& [at, names] : hosts) add(at.first, at.second, names, made[at.second]);
    std::map<kube::Port, std::shared_ptr<Hosts>> http;
    for (const auto& [i, names] : made) {
      const Listener& listener = flat_.listeners[i];
      for (const auto& [name, entries] : names) {
        if (entries.empty()) continue;
        if (listener.protocol == Protocol::http) {
          auto& table = http[listener.port];
          if (!table) table = std::make_shared<Hosts>();
          table->by_name[name] = sorted(entries);
          continue;
        }
        if (listener.protocol != Protocol::https) continue;
        auto table = std::make_shared<Hosts>();
        table->by_name[name] = sorted(entries);
        ports_[listener.port].https.push_back({name, std::move(table), true, !name.empty()});
      }
    }
    for (auto& [port, table] : http) {
      isolate(port, *table);
      ports_[port].http = table;
    }
  }

  // A listener that is open takes its hosts away from wider ones, whether or not it has a rule for them.
  void isolate(kube::Port port, Hosts& hosts) const {
    for (const Listener& listener : flat_.listeners)
      if (listener.usable && listener.protocol == Protocol::http && listener.port == port && !listener.hostname.empty())
        hosts.by_name[listener.hostname];
  }

  static std::string changed(const PathChange& change, const FlatMatch& match, const std::string& path, bool redirect) {
    if (change.kind == PathChange::Kind::full) return change.value.empty() ? (redirect ? path : "/") : change.value;
    std::string rest = path.substr(envoy::prefix_length(match, path));
    if (change.value == "/" || change.value.empty()) return rest.starts_with('/') ? rest : "/" + rest;
    return change.value + rest;
  }

  bool serve(const std::vector<Entry>& group, const Seen& seen, AnswerSet& out) const override {
    const Entry& entry = group.front();
    const FlatMatch& match = flat_.matches[entry.match];
    const FlatRule& rule = rule_of(entry);
    if (!rule.action) return add_answer(out, plain(500)), true;
    const Action& action = *rule.action;
    const auto one = [&](Answer answer) {
      answer.rule = rule_ref(action.source);
      add_answer(out, std::move(answer));
      return true;
    };
    if (action.redirect) {
      Answer answer = plain(action.redirect->status);
      const std::string port = action.redirect->port ? std::to_string(*action.redirect->port) : "";
      const std::string path =
          action.redirect->path ? changed(*action.redirect->path, match, seen.path, true) : seen.path;
      answer.location = envoy::location_of(*action.redirect, port, path, seen);
      return one(std::move(answer));
    }
    if (action.backends.empty()) return one(plain(404));
    std::string path = seen.path, host = seen.request.host;
    if (action.rewrite && action.rewrite->hostname) host = *action.rewrite->hostname;
    if (action.rewrite && action.rewrite->path) path = changed(*action.rewrite->path, match, path, false);
    for (const HeaderChange& change : action.request_headers)
      if (equal_fold(change.name, "host") && change.op != HeaderChange::Op::remove) host = change.value;
    // What does not resolve is left out.
    std::vector<const Backend*> backends;
    std::uint64_t weights = 0;
    for (const Backend& backend : action.backends)
      if (backend.state != BackendState::invalid) {
        backends.push_back(&backend);
        weights += backend.weight;
      }
    if (weights == 0) return one(plain(500));
    forward(backends, action, seen, path + seen.tail, host, out);
    return true;
  }

  std::set<kube::NamespacedName> refused_routes_;
};

}  // namespace

std::unique_ptr<Model> make_contour(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<ContourModel>(index, attachments);
}

}  // namespace gw::route
