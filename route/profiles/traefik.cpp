// Traefik 3.7 as a Gateway API implementation, by its measured rules: one priority number decides across hosts and
// listeners of an entry point, and the cleaned path is what is matched and forwarded.
#include <algorithm>
#include <map>
#include <set>

#include "route/profiles/flat.h"
#include "route/profiles/profiles.h"
#include "route/profiles/traefik_objects.h"
#include "route/target.h"

namespace gw::route {
namespace {

bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}
std::string escaped(char c) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'%', digits[byte >> 4], digits[byte & 15]};
}

// What Go's URL writes without an escape in a path when it has to encode one itself.
bool go_plain(char c) {
  return unreserved(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos;
}
// Bytes that keep Go from trusting the path as it was sent.
bool go_suspicious(char c) {
  return !unreserved(c) && std::string_view("!'()*$&+,/:;=@[]%").find(c) == std::string_view::npos;
}

struct Cleaned {
  int error = 0;       // 400, 404; 0 when good
  std::string raw;     // forwarded and rewritten
  std::string routed;  // matched: reserved characters stay encoded
};

// Go's path.Clean on the escaped path, with a final slash kept.
std::string clean_slashes(const std::string& path) {
  std::vector<std::string_view> kept;
  std::string_view rest = path;
  const bool slash = path.ends_with('/');
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
      continue;
    }
    kept.push_back(segment);
  }
  std::string out;
  for (std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || slash) out += '/';
  return out;
}

Cleaned clean(std::string_view path) {
  Cleaned out;
  if (path == "*") return {404, {}, {}};
  if (!path.starts_with('/')) return {400, {}, {}};
  const bool reencode = std::any_of(path.begin(), path.end(), go_suspicious);
  std::string normal;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '#') return {400, {}, {}};
    if (c != '%') {
      if (reencode && !go_plain(c))
        normal += escaped(c);
      else
        normal += c;
      continue;
    }
    if (i + 2 >= path.size() || diag::hex_digit(path[i + 1]) < 0 || diag::hex_digit(path[i + 2]) < 0)
      return {400, {}, {}};
    const char decoded = static_cast<char>(diag::hex_digit(path[i + 1]) * 16 + diag::hex_digit(path[i + 2]));
    i += 2;
    if (unreserved(decoded) || (reencode && go_plain(decoded) && decoded != '/'))
      normal += decoded;
    else
      normal += escaped(decoded);
  }
  out.raw = clean_slashes(normal);
  constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=%";
  for (std::size_t i = 0; i < out.raw.size(); ++i) {
    if (out.raw[i] != '%') {
      out.routed += out.raw[i];
      continue;
    }
    const char decoded = static_cast<char>(diag::hex_digit(out.raw[i + 1]) * 16 + diag::hex_digit(out.raw[i + 2]));
    if (reserved.find(decoded) == std::string_view::npos)
      out.routed += decoded;
    else
      out.routed.append(out.raw, i, 3);
    i += 2;
  }
  return out;
}

std::string clean_tail(std::string_view tail) {
  std::string out(tail);
  std::replace(out.begin(), out.end(), ';', '&');
  return out;
}

// ---- routers

struct Router {
  std::int64_t priority = 0;
  std::size_t match = 0;  // in Flat::matches
  std::vector<std::string> hosts;
  std::size_t route = 0;
  std::string rule_text;  // identical texts are one router
};

std::string named_text(const std::vector<FlatNamed>& named) {
  std::string out;
  for (const FlatNamed& item : named) out += "|" + item.name + (item.regex ? "~" : "=") + item.value;
  return out;
}

bool clashes_only(const std::vector<Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
    return condition.type == "Conflicted" ? condition.status
                                          : condition.status || condition.reason == "ProtocolConflict";
  });
}

struct EntryPoint {
  std::vector<Router> routers;  // priority descending
};

class TraefikModel : public Model {
 public:
  TraefikModel(const kube::Index& index, const Attachments& attachments)
      : flat_(flatten(index, attachments)), objects_(index) {
    std::set<kube::NamespacedName> refused;
    for (const kube::Gateway& gateway : index.bundle().gateways)
      if (api_refuses(gateway)) refused.insert(gateway.id());
    for (const ListenerStatus& status : attachments.listeners) {
      // HTTP beside HTTPS on one port is no conflict here; the entry point then speaks plain HTTP.
      const bool good = status.usable || clashes_only(status.conditions);
      usable_.push_back(good && !refused.count(status.gateway->id()));
      ports_[status.listener->port];
      // A port carries one entry point; whether it terminates TLS is the first listener's protocol.
      if (!refused.count(status.gateway->id())) schemes_[status.listener->port].insert(status.listener->protocol);
    }
    build();
  }

  AnswerSet answer(const Request& request) const override;

 private:
  struct Key {
    kube::Port port;
    bool tls;
    auto operator<=>(const Key&) const = default;
  };

  void build();
  AnswerSet serve(const Router& router, const Request& request, const Cleaned& path) const;
  // What a rule does on the way to its backends.
  struct Forward {
    const Action& action;
    const FlatMatch& match;
    const traefik::Middleware* changed;  // the Middleware that replaces the path, if any
  };
  Answer forwarded(const Backend& backend, const Forward& by, const Request& request, const std::string& raw,
                   const std::string& tail) const;
  bool fits(const Router& router, const Request& request, const std::string& host, const Cleaned& path) const;
  kube::Port port_of(const Request& request) const;

  // The ExtensionRefs of a rule: a missing one answers 500, a check's answer is not modelled.
  std::optional<Answer> extensions(const FlatRule& rule, const Request& request,
                                   const traefik::Middleware*& path) const;
  AnswerSet traefik_service(const Backend& backend, const Action& action, const Request& request,
                            const std::string& target) const;

  Flat flat_;
  traefik::Objects objects_;
  std::vector<bool> usable_;
  std::map<kube::Port, int> ports_;
  std::map<kube::Port, std::set<std::string>> schemes_;
  std::map<Key, EntryPoint> entry_points_;
};

void TraefikModel::build() {
  // A route's rules on one listener carry all its hostnames in one rule text.
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::string>> hosts;  // (route, listener)
  for (const Placement& placement : flat_.placements)
    if (usable_[placement.listener]) hosts[{placement.route, placement.listener}].push_back(placement.hostname);
  for (auto& [where, names] : hosts) {
    const FlatRoute& route = flat_.routes[where.first];
    if (route.kind != "HTTPRoute") continue;
    const Listener& listener = flat_.listeners[where.second];
    std::size_t longest = 0;
    for (const std::string& name : names) longest = std::max(longest, name.size());
    auto& routers = entry_points_[{listener.port, listener.protocol == Protocol::https}].routers;
    for (std::size_t m : route.matches) {
      const FlatMatch& match = flat_.matches[m];
      const FlatRule& rule = flat_.rules[match.rule];
      if (match.type == PathType::regex && !match.compiled) continue;
      Router router{0, m, names, where.first, {}};
      const auto length = static_cast<std::int64_t>(match.path.size());
      router.priority = match.type == PathType::exact                         ? 100000
                        : match.type == PathType::prefix && match.path == "/" ? 1
                                                                              : 10000 + 100 * length;
      if (!match.method.empty()) router.priority += 1000;
      router.priority += 100 * static_cast<std::int64_t>(match.headers.size()) +
                         10 * static_cast<std::int64_t>(match.query.size()) + static_cast<std::int64_t>(longest) +
                         static_cast<std::int64_t>(route.rules - rule.rule);
      std::string path = match.path;
      if (match.type == PathType::prefix && path.size() > 1 && path.ends_with('/')) path.pop_back();
      std::string all;
      for (const std::string& name : names) all += name + ",";
      router.rule_text = all + "|" + std::to_string(static_cast<int>(match.type)) + path + "|" + match.method +
                         named_text(match.headers) + "&" + named_text(match.query);
      routers.push_back(std::move(router));
    }
  }
  for (auto& [key, entry] : entry_points_) {
    // Routers of one rule text are one router: the oldest route's, and in a route the first rule's.
    std::stable_sort(entry.routers.begin(), entry.routers.end(), [&](const Router& a, const Router& b) {
      return std::pair(flat_.routes[a.route].age_order, a.match) < std::pair(flat_.routes[b.route].age_order, b.match);
    });
    std::set<std::string> texts;
    std::erase_if(entry.routers, [&](const Router& router) { return !texts.insert(router.rule_text).second; });
    std::stable_sort(entry.routers.begin(), entry.routers.end(), [&](const Router& a, const Router& b) {
      const auto order = [&](const Router& r) {
        return std::tuple(-r.priority, flat_.routes[r.route].age_order, r.match);
      };
      return order(a) < order(b);
    });
  }
}

bool prefix_fits(std::string_view prefix, std::string_view path) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// A wildcard takes several labels of letters, digits, '-' and '.'.
bool host_fits(const std::string& pattern, const std::string& host) {
  if (pattern.empty()) return true;
  if (!pattern.starts_with("*.")) return pattern == host;
  const std::string_view suffix = std::string_view(pattern).substr(1);
  if (host.size() <= suffix.size() || !host.ends_with(suffix)) return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

bool TraefikModel::fits(const Router& router, const Request& request, const std::string& host,
                        const Cleaned& path) const {
  const FlatMatch& match = flat_.matches[router.match];
  if (std::none_of(router.hosts.begin(), router.hosts.end(), [&](const auto& h) { return host_fits(h, host); }))
    return false;
  switch (match.type) {
    case PathType::exact:
      if (path.routed != match.path) return false;
      break;
    case PathType::prefix:
      if (!prefix_fits(match.path, path.routed)) return false;
      break;
    case PathType::regex:
      if (!RE2::PartialMatch(path.routed, *match.compiled)) return false;
      break;
  }
  if (!match.method.empty() && match.method != request.method) return false;
  for (const FlatNamed& header : match.headers) {
    const bool any = std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& line) {
      return equal_fold(line.first, header.name) && route::fits(header, line.second, false);
    });
    if (!any) return false;
  }
  const std::string query = clean_tail(split_target(request.target).query);
  for (const FlatNamed& parameter : match.query) {
    const bool any = any_parameter(query, [&](std::string_view name, std::string_view value) {
      return percent_decode(name, true) == parameter.name && route::fits(parameter, percent_decode(value, true), false);
    });
    if (!any) return false;
  }
  return true;
}

// Characters of a filter's value that Traefik encodes when it writes the path.
std::string encode_value(const std::string& value) {
  std::string out;
  for (char c : value) {
    if (c == '?' || c == '%' || c == '#' || static_cast<unsigned char>(c) <= 0x20)
      out += escaped(c);
    else
      out += c;
  }
  return out;
}

std::string change(const PathChange& change, const FlatMatch& match, const std::string& raw) {
  if (change.kind == PathChange::Kind::full) return encode_value(change.value);
  std::string prefix = match.path;
  if (prefix.ends_with('/')) prefix.pop_back();
  std::string_view rest = std::string_view(raw).substr(std::min(prefix.size(), raw.size()));
  std::string value = encode_value(change.value);
  while (value.ends_with('/')) value.pop_back();
  std::string out = value + std::string(rest);
  return out.empty() ? "/" : out;
}

// The redirect of one filter: what it leaves open is taken from the request.
Answer redirected(const Redirect& redirect, const FlatMatch& match, const Request& request, const std::string& raw,
                  const std::string& tail) {
  const HostPort sent = split_host(request.host);
  const std::string own = request.scheme == Scheme::https ? "https" : "http";
  std::string location = redirect.scheme.value_or(own) + "://" + redirect.hostname.value_or(std::string(sent.host));
  if (redirect.port)
    location += ":" + std::to_string(*redirect.port);
  else if (!redirect.scheme && !sent.port.empty())
    location += ":" + std::string(sent.port);
  Answer answer = plain(redirect.status);
  answer.location = location + (redirect.path ? change(*redirect.path, match, raw) : raw) + tail;
  return answer;
}

std::optional<Answer> TraefikModel::extensions(const FlatRule& rule, const Request& request,
                                               const traefik::Middleware*& path) const {
  const auto sent = [&](std::string_view name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const auto& header) { return equal_fold(header.first, name); });
  };
  const bool preflight = request.method == "OPTIONS" && sent("origin") && sent("access-control-request-method");
  std::optional<Answer> unknown;
  for (const FlatRule::Extension& ref : rule.extensions) {
    const traefik::Middleware* found = nullptr;
    if (ref.group == "traefik.io" && ref.kind == "Middleware")
      found = objects_.middleware({flat_.routes[rule.route].id.ns, ref.name});
    if (!found) return plain(500);
    if (!unknown && (!found->passes() || (found->cors && preflight)))
      unknown = unmodelled("Middleware of Traefik: " + found->kind);
    if (found->regex) path = found;
  }
  return unknown;
}

AnswerSet TraefikModel::traefik_service(const Backend& backend, const Action& action, const Request& request,
                                        const std::string& target) const {
  AnswerSet out;
  const auto services = objects_.services(backend.service);
  for (const traefik::WeightedService& part : *services) {
    if (part.weight == 0) continue;
    const auto facts = flat_.services.find(part.service);
    if (flat_.slices_known && facts == flat_.services.end())
      return {{unmodelled("a TraefikService with a missing Service")}};
    Answer answer = plain(flat_.slices_known && !facts->second.any_endpoint ? 503 : 200);
    if (answer.status == 200) {
      answer.backend_target = target;
      answer.backend_host = action.rewrite && action.rewrite->hostname ? *action.rewrite->hostname : request.host;
      answer.backend = part.service.display();
      answer.port = part.port;
      answer.attributes = attributes(action);
      if (services->size() > 1) answer.backends.push_back({answer.backend, answer.port, part.weight});
    }
    add_answer(out, std::move(answer));
  }
  if (out.any_of.empty()) out.any_of.push_back(plain(503));
  return out;
}

Answer TraefikModel::forwarded(const Backend& backend, const Forward& by, const Request& request,
                               const std::string& raw, const std::string& tail) const {
  const auto facts = flat_.services.find(backend.service);
  const bool no_slice = flat_.slices_known && (facts == flat_.services.end() || !facts->second.has_slice);
  if (backend.state == BackendState::invalid || (backend.state == BackendState::no_endpoints && no_slice))
    return plain(500);
  if (backend.state == BackendState::no_endpoints) return plain(503);
  Answer answer = plain(200);
  std::string target = raw;
  answer.backend_host = request.host;
  for (const auto* rewrite : {&by.action.rewrite, &backend.rewrite}) {
    if (!*rewrite) continue;
    if ((*rewrite)->path) target = change(*(*rewrite)->path, by.match, target);
    if ((*rewrite)->hostname) answer.backend_host = *(*rewrite)->hostname;
  }
  if (by.changed) target = traefik::replace_path(*by.changed, target);
  answer.backend_target = target + tail;
  answer.backend = backend.service.display();
  answer.port = backend.port;
  answer.attributes = attributes(by.action);
  return answer;
}

AnswerSet TraefikModel::serve(const Router& router, const Request& request, const Cleaned& path) const {
  const FlatMatch& match = flat_.matches[router.match];
  const FlatRule& rule = flat_.rules[match.rule];
  const std::string tail = clean_tail(split_target(request.target).tail);
  AnswerSet out;
  const auto one = [&](Answer answer) {
    if (rule.action) answer.rule = rule_ref(rule.action->source);
    add_answer(out, std::move(answer));
  };
  const auto unsupported = [](const std::string& type) {
    return type == "RequestMirror" || type == "CORS" || type == "ExternalAuth";
  };
  if (!rule.action || std::any_of(rule.filters.begin(), rule.filters.end(), unsupported)) {
    one(plain(500));
    return out;
  }
  const traefik::Middleware* changed = nullptr;
  if (auto answer = extensions(rule, request, changed)) {
    one(std::move(*answer));
    return out;
  }
  const Action& action = *rule.action;
  if (action.redirect) {
    one(redirected(*action.redirect, match, request, path.raw, tail));
    return out;
  }
  if (action.backends.empty()) {
    one(plain(500));
    return out;
  }
  if (action.total_weight == 0) {
    one(plain(503));
    return out;
  }
  std::size_t weighted = 0;
  for (const Backend& backend : action.backends) weighted += backend.weight > 0;
  for (const Backend& backend : action.backends) {
    if (backend.weight == 0) continue;
    if (objects_.services(backend.service)) {
      std::string target = path.raw;
      if (action.rewrite && action.rewrite->path) target = change(*action.rewrite->path, match, target);
      if (changed) target = traefik::replace_path(*changed, target);
      for (Answer& answer : traefik_service(backend, action, request, target + tail).any_of) one(std::move(answer));
      continue;
    }
    Answer answer = backend.redirect ? redirected(*backend.redirect, match, request, path.raw, tail)
                                     : forwarded(backend, {action, match, changed}, request, path.raw, tail);
    if (answer.status == 200 && weighted > 1) answer.backends.push_back({answer.backend, answer.port, backend.weight});
    one(std::move(answer));
  }
  return out;
}

kube::Port TraefikModel::port_of(const Request& request) const {
  if (request.port != 0) return request.port;
  const kube::Port usual = request.scheme == Scheme::https ? 443 : 80;
  if (ports_.count(usual)) return usual;
  for (const auto& [key, entry] : entry_points_)
    if (key.tls == (request.scheme == Scheme::https)) return key.port;
  return usual;
}

AnswerSet TraefikModel::answer(const Request& request) const {
  const auto only = [](Answer answer) { return AnswerSet{{std::move(answer)}}; };
  Request seen = request;
  const kube::Port port = port_of(request);
  if (!ports_.count(port))
    return only(request.port == 0 ? plain(404) : no_answer("nothing listens on port " + std::to_string(port)));
  if (request.method == "CONNECT") return only(plain(501));
  // Absolute-form overrides Host.
  for (std::string_view scheme : {"http://", "https://"})
    if (equal_fold(std::string_view(seen.target).substr(0, scheme.size()), scheme)) {
      const std::string rest = seen.target.substr(scheme.size());
      const auto slash = rest.find('/');
      seen.host = rest.substr(0, slash);
      seen.target = slash == std::string::npos ? "/" : rest.substr(slash);
      break;
    }
  const SplitTarget split = split_target(seen.target);
  const Cleaned path = clean(split.path);
  if (path.error != 0) return only(plain(path.error));
  if (seen.host.find('/') != std::string::npos) return only(plain(400));
  std::string host = lower(split_host(seen.host).host);
  if (host.ends_with('.')) host.pop_back();
  auto entry = entry_points_.find({port, request.scheme == Scheme::https});
  const bool plain_port = request.scheme == Scheme::https && schemes_.at(port).count("HTTP") != 0;
  if (entry == entry_points_.end() || plain_port) return only(plain(404));
  AnswerSet out;
  std::int64_t priority = 0;
  std::string text;
  for (const Router& router : entry->second.routers) {
    if (!out.any_of.empty() && router.priority != priority) break;
    if (!fits(router, seen, host, path)) continue;
    // Equal priorities are tried in random order, except in one route (rule order) and for one rule text (the oldest).
    if (!out.any_of.empty() && router.rule_text == text) continue;
    if (out.any_of.empty()) text = router.rule_text;
    priority = router.priority;
    for (Answer& answer : serve(router, seen, path).any_of) add_answer(out, std::move(answer));
  }
  return out.any_of.empty() ? only(plain(404)) : out;
}

}  // namespace

std::unique_ptr<Model> make_traefik(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<TraefikModel>(index, attachments);
}

}  // namespace gw::route
