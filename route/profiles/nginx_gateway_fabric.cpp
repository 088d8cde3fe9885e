// NGINX Gateway Fabric 2.6 by its measured rules: the routes of a host become nginx locations, a location is chosen by
// path alone, and what its conditions refuse is 404, never a shorter path's.
#include <algorithm>
#include <map>
#include <tuple>

#include "route/profiles/flat.h"
#include "route/profiles/profiles.h"
#include "route/target.h"

namespace gw::route {
namespace {

// The matches that share one path and type on one host, in precedence order.
struct Location {
  PathType type = PathType::prefix;
  std::string path;
  std::shared_ptr<const RE2> regex;  // "^" + path
  std::vector<std::size_t> matches;
};

struct Server {
  std::string hostname;
  kube::Port port = 0;
  bool tls = false;
  std::vector<Location> locations;
};

bool has_conditions(const FlatMatch& match) {
  return !match.method.empty() || !match.headers.empty() || !match.query.empty() || !match.grpc_method.empty();
}

// nginx's $uri written into a request line again.
std::string escape_uri(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '#' || c == '%' || c == '?')
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    else
      out += c;
  }
  return out;
}

class NgfModel : public Model {
 public:
  NgfModel(const kube::Index& index, const Attachments& attachments) : flat_(flatten(index, attachments, false)) {
    for (const Placement& placement : flat_.placements) add(placement);
    for (Server& server : servers_)
      for (Location& location : server.locations)
        std::stable_sort(location.matches.begin(), location.matches.end(),
                         [&](std::size_t a, std::size_t b) { return order(a) < order(b); });
  }

  AnswerSet answer(const Request& request) const override;

 private:
  void add(const Placement& placement) {
    const Listener& listener = flat_.listeners[placement.listener];
    if (!listener.usable) return;
    Server& server = server_of(listener.port, listener.protocol == Protocol::https, placement.hostname);
    for (std::size_t m : flat_.routes[placement.route].matches) {
      const FlatMatch& match = flat_.matches[m];
      // A pattern is put behind '^' and must start with a slash; an invalid one costs its rule.
      if (match.type == PathType::regex && (!match.compiled || !match.path.starts_with('/'))) continue;
      auto same = std::find_if(server.locations.begin(), server.locations.end(),
                               [&](const Location& l) { return l.type == match.type && l.path == match.path; });
      if (same == server.locations.end()) {
        same = server.locations.insert(same, Location{match.type, match.path, nullptr, {}});
        if (match.type == PathType::regex) same->regex = std::make_shared<RE2>("^" + match.path, RE2::Quiet);
      }
      if (std::find(same->matches.begin(), same->matches.end(), m) == same->matches.end()) same->matches.push_back(m);
    }
  }

  Server& server_of(kube::Port port, bool tls, const std::string& hostname) {
    for (Server& server : servers_)
      if (server.port == port && server.tls == tls && server.hostname == hostname) return server;
    servers_.push_back({hostname, port, tls, {}});
    return servers_.back();
  }

  std::tuple<bool, std::size_t, std::size_t, std::size_t, std::size_t> order(std::size_t m) const {
    const FlatMatch& match = flat_.matches[m];
    return {match.method.empty(), ~match.headers.size(), ~match.query.size(),
            flat_.routes[flat_.rules[match.rule].route].age_order, m};
  }

  // Exact name, then the longest wildcard, then host-less; null when no server listens.
  const Server* find_server(kube::Port port, bool tls, const std::string& host) const {
    const Server* best = nullptr;
    const auto rank = [](const Server& s) {
      return s.hostname.starts_with("*.") ? s.hostname.size() : s.hostname.empty() ? 0 : 10000;
    };
    for (const Server& server : servers_) {
      if (server.port != port || server.tls != tls || !covers(server.hostname, host)) continue;
      if (!best || rank(server) > rank(*best)) best = &server;
    }
    return best;
  }
  static bool covers(const std::string& pattern, const std::string& host) {
    if (pattern.empty()) return true;
    if (!pattern.starts_with("*.")) return pattern == host;
    const std::string_view suffix = std::string_view(pattern).substr(1);
    return host.size() > suffix.size() && host.ends_with(suffix);
  }

  bool serves_directly(const Location& location) const {
    const FlatMatch& match = flat_.matches[location.matches.front()];
    const FlatRule& rule = flat_.rules[match.rule];
    return !has_conditions(match) && rule.action && !rule.action->redirect && rule.action->total_weight > 0 &&
           std::any_of(rule.action->backends.begin(), rule.action->backends.end(),
                       [](const Backend& b) { return b.state != BackendState::invalid; });
  }

  struct Found {
    const Location* location = nullptr;
    bool slash = false;  // nginx's own 301 to path + "/"
  };
  // "= /p" before the longest prefix; a regex beats a prefix, but not the prefix's own "= /p".
  Found find_location(const Server& server, std::string_view path) const {
    const Location* longest = nullptr;
    for (const Location& location : server.locations)
      if (location.type == PathType::exact && location.path == path) return {&location, false};
    for (const Location& location : server.locations) {
      if (location.type != PathType::prefix) continue;
      if (location.path == path) {
        if (!location.path.ends_with('/')) return {&location, false};
      } else if (location.path.ends_with('/') && location.path.size() == path.size() + 1 &&
                 location.path.starts_with(path) && serves_directly(location)) {
        return {&location, true};
      }
      const bool fits =
          location.path.ends_with('/') ? path.starts_with(location.path) : path.starts_with(location.path + "/");
      if (fits && (!longest || location.path.size() > longest->path.size())) longest = &location;
    }
    const Location* regex = nullptr;
    for (const Location& location : server.locations)
      if (location.regex && RE2::PartialMatch(re2::StringPiece(path.data(), path.size()), *location.regex))
        if (!regex || location.path.size() > regex->path.size()) regex = &location;
    return {regex ? regex : longest, false};
  }

  static bool fits(const FlatMatch& match, const Request& request) {
    if (!match.method.empty() && match.method != request.method) return false;
    for (const FlatNamed& header : match.headers) {
      const bool any = std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& line) {
        return equal_fold(line.first, header.name) && route::fits(header, line.second, false);
      });
      if (!any) return false;
    }
    for (const FlatNamed& parameter : match.query) {
      bool fits = false;
      any_parameter(split_target(request.target).query, [&](std::string_view name, std::string_view value) {
        if (percent_decode(name, true) != parameter.name) return false;
        fits = route::fits(parameter, percent_decode(value, true), false);  // the first value counts
        return true;
      });
      if (!fits) return false;
    }
    return true;
  }

  AnswerSet serve(const Location& location, const FlatMatch& match, const Request& request, const std::string& host,
                  kube::Port port, std::string_view path) const;

  Flat flat_;
  std::vector<Server> servers_;
};

// Redirects name the port unless a scheme is given whose own port it is.
std::string redirect_base(const Redirect& redirect, const Request& request, const std::string& host, kube::Port port) {
  const std::string own = request.scheme == Scheme::https ? "https" : "http";
  const std::string name = redirect.hostname.value_or(host);
  const kube::Port to = redirect.port.value_or(port);
  const std::string scheme = redirect.scheme.value_or(own);
  const bool usual = (to == 80 && scheme == "http") || (to == 443 && scheme == "https");
  const bool bare = redirect.scheme && (usual || !redirect.port);
  return scheme + "://" + name + (bare ? "" : ":" + std::to_string(to));
}

std::string replaced(const PathChange& change, const FlatMatch& match, std::string_view path) {
  if (change.kind == PathChange::Kind::full) return change.value;
  if (match.type != PathType::prefix) return std::string(path);
  std::string prefix = match.path, value = change.value;
  while (prefix.ends_with('/')) prefix.pop_back();
  while (value.ends_with('/')) value.pop_back();
  std::string out = value + std::string(path.substr(std::min(prefix.size(), path.size())));
  return out.empty() ? "/" : out;
}

AnswerSet NgfModel::serve(const Location& location, const FlatMatch& match, const Request& request,
                          const std::string& host, kube::Port port, std::string_view path) const {
  const FlatRule& rule = flat_.rules[match.rule];
  const SplitTarget split = split_target(request.target);
  AnswerSet out;
  const auto one = [&](Answer answer) {
    if (rule.action) answer.rule = rule_ref(rule.action->source);
    add_answer(out, std::move(answer));
  };
  if (!rule.action || !rule.action->broken.empty()) {
    one(plain(500));
    return out;
  }
  const Action& action = *rule.action;
  if (action.redirect) {
    Answer answer = plain(action.redirect->status);
    const std::string base = redirect_base(*action.redirect, request, host, port);
    const bool internal = has_conditions(match) || location.matches.size() > 1;
    if (!action.redirect->path)
      answer.location = base + request.target;
    else if (internal && action.redirect->path->kind == PathChange::Kind::prefix)
      // A known fault: the internal location's name is written.
      answer.location = base + "/_ngf-internal-rule" + std::to_string(rule.rule) + "-route" +
                        std::to_string(match.match) + std::string(split.tail);
    else
      answer.location = base + replaced(*action.redirect->path, match, path) + std::string(split.tail);
    one(std::move(answer));
    return out;
  }
  if (action.total_weight == 0) {
    one(plain(500));
    return out;
  }
  std::size_t weighted = 0;
  for (const Backend& backend : action.backends) weighted += backend.weight > 0;
  for (const Backend& backend : action.backends) {
    if (backend.weight == 0) continue;
    if (backend.state != BackendState::ready) {
      one(plain(backend.state == BackendState::invalid ? 500 : 503));
      continue;
    }
    Answer answer = plain(200);
    answer.backend = backend.service.display();
    answer.port = backend.port;
    answer.backend_host = action.rewrite && action.rewrite->hostname ? *action.rewrite->hostname : request.host;
    answer.backend_target = request.target;
    if (action.rewrite && action.rewrite->path &&
        (match.type == PathType::prefix || action.rewrite->path->kind == PathChange::Kind::full))
      answer.backend_target = escape_uri(replaced(*action.rewrite->path, match, path)) + std::string(split.tail);
    answer.attributes = attributes(action);
    if (weighted > 1) answer.backends.push_back({answer.backend, answer.port, backend.weight});
    one(std::move(answer));
  }
  return out;
}

AnswerSet NgfModel::answer(const Request& request) const {
  const auto only = [](Answer answer) { return AnswerSet{{std::move(answer)}}; };
  const bool tls = request.scheme == Scheme::https;
  kube::Port port = request.port != 0 ? request.port : tls ? 443 : 80;
  const auto listens = [&](kube::Port p) {
    return std::any_of(flat_.listeners.begin(), flat_.listeners.end(), [&](const Listener& l) {
      return l.port == p && l.usable && (l.protocol == (tls ? Protocol::https : Protocol::http));
    });
  };
  if (!listens(port) && request.port == 0)
    for (const Listener& listener : flat_.listeners)
      if (listens(listener.port)) port = listener.port;
  if (!listens(port)) return only(no_answer("nothing listens on port " + std::to_string(port)));
  if (request.method == "CONNECT" || request.method == "TRACE") return only(plain(405));

  std::string host = lower(split_host(request.host).host);
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return only(plain(request.http10 ? 404 : 400));
  PathScratch scratch;
  std::string raw(split_target(request.target).path);
  raw = raw.substr(0, raw.find('#'));
  const auto path = match_path(raw, scratch);
  if (!path) return only(plain(400));
  const Server* server = find_server(port, tls, host);
  if (!server) return only(plain(404));
  const Found found = find_location(*server, *path);
  if (!found.location) return only(plain(404));
  if (found.slash) {
    Answer answer = plain(301);
    const bool usual = port == (tls ? 443 : 80);
    answer.location = std::string(tls ? "https://" : "http://") + host + (usual ? "" : ":" + std::to_string(port)) +
                      escape_uri(found.location->path) + std::string(split_target(request.target).tail);
    return only(std::move(answer));
  }
  for (std::size_t m : found.location->matches)
    if (fits(flat_.matches[m], request)) return serve(*found.location, flat_.matches[m], request, host, port, *path);
  return only(plain(404));
}

}  // namespace

std::unique_ptr<Model> make_nginx_gateway_fabric(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<NgfModel>(index, attachments);
}

}  // namespace gw::route
