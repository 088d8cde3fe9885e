// Istio as a Gateway API implementation, by its measured rules: a route table a port (HTTP) or a listener (HTTPS);
// hosts meet in blocks by the hostname that the routes name; Exact, PathPrefix, RegularExpression.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "route/profiles/envoy_core.h"
#include "route/profiles/profiles.h"
#include "route/target.h"

namespace gw::route {
namespace {

using envoy::Entry;
using envoy::Hosts;
using envoy::Seen;

constexpr int regex_last = 3;

bool bare_root(const FlatMatch& match) {
  return match.type == PathType::prefix && match.path == "/" && match.method.empty() && match.headers.empty() &&
         match.query.empty() && !match.grpc;
}

class IstioModel final : public envoy::Core {
 public:
  IstioModel(const kube::Index& index, const Attachments& attachments)
      : Core(flatten(index, attachments), {paths(), false, true}) {
    build();
  }

 private:
  static envoy::Traits paths() {
    envoy::Traits traits;
    traits.redirects_escaped_slashes = false;
    traits.merges_slashes = false;
    traits.cuts_fragment = true;
    return traits;
  }

  // Matches of the routes that name one hostname.
  struct Block {
    std::tuple<std::string, int, std::string> rank;  // age of its oldest route; none, "*.…", exact
    std::vector<Entry> entries;
  };
  using Blocks = std::map<std::string, std::map<std::string, Block>>;  // by effective, then by route hostname

  bool conflicted(std::size_t listener) const {
    return std::any_of(flat_.listener_conditions[listener].begin(), flat_.listener_conditions[listener].end(),
                       [](const Condition& c) { return c.type == "Conflicted" && c.status; });
  }

  // A hostname of another listener of the port belongs to that one.
  bool taken_by_other(const Placement& placement) const {
    const Listener& own = flat_.listeners[placement.listener];
    return !placement.route_hostname.empty() && placement.route_hostname != own.hostname &&
           std::any_of(flat_.listeners.begin(), flat_.listeners.end(), [&](const Listener& other) {
             return other.gateway == own.gateway && other.port == own.port && other.protocol == own.protocol &&
                    &other != &own && other.hostname == placement.route_hostname;
           });
  }

  // On https each listener has a table of its own: a closer listener that carries the route, too, has its hosts alone.
  bool left_to_closer(const Placement& placement) const {
    const Listener& own = flat_.listeners[placement.listener];
    return std::any_of(flat_.placements.begin(), flat_.placements.end(), [&](const Placement& other) {
      const Listener& theirs = flat_.listeners[other.listener];
      return other.route == placement.route && other.hostname == placement.hostname && theirs.port == own.port &&
             theirs.protocol == own.protocol && theirs.hostname.size() > own.hostname.size();
    });
  }

  void add(const Placement& placement, Blocks& to, std::string& refused) const {
    const FlatRoute& route = flat_.routes[placement.route];
    const bool extended = std::any_of(route.matches.begin(), route.matches.end(), [&](std::size_t m) {
      return !flat_.rules[flat_.matches[m].rule].extensions.empty();
    });
    if (extended || taken_by_other(placement)) return;
    Block& block = to[placement.hostname][placement.route_hostname];
    const std::string& name = placement.route_hostname;
    // What has no age yet is made later than the others.
    const std::tuple rank(route.created.empty() ? std::string("9") : route.created,
                          name.empty()             ? 0
                          : name.starts_with("*.") ? 1
                                                   : 2,
                          name);
    if (block.entries.empty() || rank < block.rank) block.rank = rank;
    for (std::size_t m : route.matches) {
      const FlatRule& rule = flat_.rules[flat_.matches[m].rule];
      if (rule.invalid_regex)
        refused = "Envoy refuses the route table: an expression of " + route.id.display() + " is not RE2";
      if (rule.action)
        for (const auto* changes : {&rule.action->request_headers, &rule.action->response_headers})
          for (const HeaderChange& change : *changes)
            if (!envoy::format_is_valid(change.value))
              refused = "Envoy refuses the route table: the value of header " + change.name + " is not a format string";
      const bool known =
          std::any_of(block.entries.begin(), block.entries.end(), [&](const Entry& e) { return e.match == m; });
      if (!known) block.entries.push_back({m, placement.listener});
    }
  }

  std::shared_ptr<const Hosts> finished(Blocks& from, std::string refused) const {
    auto out = std::make_shared<Hosts>();
    out->refused = std::move(refused);
    for (auto& [name, blocks] : from) {
      std::vector<const Block*> order;
      for (auto& [route_name, block] : blocks) {
        std::stable_sort(block.entries.begin(), block.entries.end(), [&](const Entry& a, const Entry& b) {
          return envoy::spec_order(flat_, a.match, regex_last) < envoy::spec_order(flat_, b.match, regex_last);
        });
        // Nothing behind a bare prefix "/" is reached.
        const auto root = std::find_if(block.entries.begin(), block.entries.end(),
                                       [&](const Entry& e) { return bare_root(flat_.matches[e.match]); });
        if (root != block.entries.end()) block.entries.erase(root + 1, block.entries.end());
        order.push_back(&block);
      }
      std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->rank < b->rank; });
      std::vector<Entry> all;
      for (const Block* block : order) all.insert(all.end(), block->entries.begin(), block->entries.end());
      std::stable_partition(all.begin(), all.end(), [&](const Entry& e) { return !bare_root(flat_.matches[e.match]); });
      auto& to = out->by_name[name];
      for (const Entry& entry : all) to.push_back({entry});
    }
    return out;
  }

  void build() {
    std::map<kube::Port, Blocks> http;
    std::map<kube::Port, std::string> refused;
    for (std::size_t i = 0; i < flat_.listeners.size(); ++i) {
      const Listener& listener = flat_.listeners[i];
      if (listener.protocol == Protocol::http) http[listener.port];
    }
    for (const Placement& placement : flat_.placements) {
      const Listener& listener = flat_.listeners[placement.listener];
      if (listener.protocol == Protocol::http) add(placement, http[listener.port], refused[listener.port]);
    }
    for (auto& [port, blocks] : http) ports_[port].http = finished(blocks, refused[port]);
    for (std::size_t i = 0; i < flat_.listeners.size(); ++i) {
      const Listener& listener = flat_.listeners[i];
      // Where plain http shares the port, TLS is not served.
      if (listener.protocol != Protocol::https || http.count(listener.port) > 0 || conflicted(i)) continue;
      Blocks blocks;
      std::string why;
      for (const Placement& placement : flat_.placements)
        if (placement.listener == i && !left_to_closer(placement)) add(placement, blocks, why);
      ports_[listener.port].https.push_back({listener.hostname, finished(blocks, why), listener.usable, false});
    }
  }

  // The port that a redirect writes: the default of the scheme is left out.
  static std::string redirect_port(const Redirect& redirect, const Seen& seen, kube::Port listener_port) {
    const std::string scheme = redirect.scheme.value_or(seen.request.scheme == Scheme::https ? "https" : "http");
    const kube::Port port = redirect.port ? *redirect.port : redirect.scheme ? 0 : listener_port;
    return port == 0 || port == (scheme == "https" ? 443 : 80) ? "" : std::to_string(port);
  }

  static std::string redirect_path(const Redirect& redirect, const FlatMatch& match, const std::string& path) {
    if (!redirect.path || (redirect.path->kind == PathChange::Kind::full && redirect.path->value.empty())) return path;
    if (redirect.path->kind == PathChange::Kind::full) return redirect.path->value;
    return redirect.path->value + path.substr(envoy::prefix_length(match, path));
  }

  // "/" takes the prefix and one slash away, any other value takes its own place.
  static std::string rewritten(const PathChange& change, const FlatMatch& match, const std::string& path) {
    if (change.kind == PathChange::Kind::full) return change.value.empty() ? path : change.value;
    std::string rest = path.substr(envoy::prefix_length(match, path));
    std::string value = change.value;
    while (value.ends_with('/')) value.pop_back();
    if (!value.empty()) return value + rest;
    if (rest.starts_with('/')) rest.erase(0, 1);
    return "/" + rest;
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
    if (action.cors && envoy::is_preflight(seen.request)) return one(plain(200));
    if (action.redirect) {
      Answer answer = plain(action.redirect->status);
      answer.location = envoy::location_of(*action.redirect,
                                           redirect_port(*action.redirect, seen, flat_.listeners[entry.listener].port),
                                           redirect_path(*action.redirect, match, seen.path), seen);
      return one(std::move(answer));
    }
    if (!action.broken.empty() || action.total_weight == 0) return one(plain(500));
    std::string path = seen.path, host = seen.request.host;
    if (action.rewrite && action.rewrite->hostname) host = *action.rewrite->hostname;
    if (action.rewrite && action.rewrite->path) path = rewritten(*action.rewrite->path, match, path);
    for (const HeaderChange& change : action.request_headers)
      if (equal_fold(change.name, "host") && change.op != HeaderChange::Op::remove) host = change.value;
    std::vector<const Backend*> backends;
    for (const Backend& backend : action.backends) backends.push_back(&backend);
    forward(backends, action, seen, path + seen.tail, host, out);
    return true;
  }
};

}  // namespace

std::unique_ptr<Model> make_istio(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<IstioModel>(index, attachments);
}

}  // namespace gw::route
