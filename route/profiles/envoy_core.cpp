#include "route/profiles/envoy_core.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "route/target.h"

namespace gw::route::envoy {
namespace {

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const auto bracket = host.rfind(']');
  return bracket != std::string_view::npos && bracket > colon ? host : host.substr(0, colon);
}

bool path_fits(const FlatMatch& match, const std::string& path) {
  switch (match.type) {
    case PathType::exact:
      return path == match.path;
    case PathType::regex:
      return match.compiled && RE2::FullMatch(path, *match.compiled);
    case PathType::prefix: {
      std::string_view prefix = match.path;
      while (prefix.ends_with('/')) prefix.remove_suffix(1);
      return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
    }
  }
  return false;
}

void absolute_form(Request& request) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equal_fold(std::string_view(request.target).substr(0, scheme.size()), scheme)) continue;
    const std::string rest = request.target.substr(scheme.size());
    const auto slash = rest.find_first_of("/?");
    request.host = rest.substr(0, slash);
    request.target = slash == std::string::npos ? "/" : rest.substr(slash);
    if (request.target.starts_with('?')) request.target.insert(0, "/");
    return;
  }
}

std::pair<int, std::size_t> rank(const std::string& name) {
  return {name.empty() ? 0 : name.starts_with("*.") ? 1 : 2, name.size()};
}

bool covers(const std::string& name, const std::string& host) {
  return name.empty() || name == host ||
         (name.starts_with("*.") && host.size() + 1 > name.size() && host.ends_with(std::string_view(name).substr(1)));
}

AnswerSet only(Answer answer) {
  return {{std::move(answer)}};
}

}  // namespace

bool known_method(std::string_view method) {
  constexpr std::string_view methods[] = {
      "ACL",     "BIND",   "CHECKOUT",   "CONNECT",    "COPY",      "DELETE", "GET",     "HEAD",       "LINK",
      "LOCK",    "MERGE",  "MKACTIVITY", "MKCALENDAR", "MKCOL",     "MOVE",   "MSEARCH", "M-SEARCH",   "NOTIFY",
      "OPTIONS", "PATCH",  "POST",       "PROPFIND",   "PROPPATCH", "PURGE",  "PUT",     "REBIND",     "REPORT",
      "SEARCH",  "SOURCE", "SUBSCRIBE",  "TRACE",      "UNBIND",    "UNLINK", "UNLOCK",  "UNSUBSCRIBE"};
  return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

bool is_preflight(const Request& request) {
  bool origin = false, asked = false;
  for (const auto& [name, value] : request.headers) {
    origin = origin || equal_fold(name, "origin");
    asked = asked || equal_fold(name, "access-control-request-method");
  }
  return request.method == "OPTIONS" && origin && asked;
}

bool is_upgrade(const Request& request) {
  bool upgrade = false, connection = false;
  for (const auto& [name, value] : request.headers) {
    upgrade = upgrade || equal_fold(name, "upgrade");
    connection = connection || (equal_fold(name, "connection") && lower(value).find("upgrade") != std::string::npos);
  }
  return upgrade && connection;
}

bool header_fits(const FlatNamed& header, const Request& request) {
  const auto value_fits = [&](std::string_view value) { return route::fits(header, trim(value), true); };
  if (equal_fold(header.name, "host") || header.name == ":authority") return value_fits(request.host);
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& line) { return equal_fold(line.first, header.name) && value_fits(line.second); });
}

bool fits(const FlatMatch& match, const Request& request, const std::string& path) {
  if (!path_fits(match, path)) return false;
  if (match.grpc && match.service.empty() && !match.grpc_method.empty() && match.type != PathType::regex &&
      !path.ends_with("/" + match.grpc_method))
    return false;
  if (!match.method.empty() && match.method != request.method) return false;
  const auto one = [&](const FlatNamed& header) { return header_fits(header, request); };
  if (!std::all_of(match.headers.begin(), match.headers.end(), one)) return false;
  return std::all_of(match.query.begin(), match.query.end(), [&](const FlatNamed& parameter) {
    bool good = false;
    any_parameter(split_target(request.target).query, [&](std::string_view name, std::string_view value) {
      if (name != parameter.name) return false;
      good = route::fits(parameter, value, true);  // undecoded; the first counts
      return true;
    });
    return good;
  });
}

std::size_t prefix_length(const FlatMatch& match, const std::string& path) {
  if (match.type != PathType::prefix) return path.size();
  std::size_t length = match.path.size();
  while (length > 1 && match.path[length - 1] == '/') --length;
  return std::min(length, path.size());
}

std::string Core::refused() const {
  for (const auto& [number, port] : ports_) {
    if (port.http && !port.http->refused.empty()) return port.http->refused;
    for (const Chain& chain : port.https)
      if (chain.hosts && !chain.hosts->refused.empty()) return chain.hosts->refused;
  }
  return {};
}

void Core::forward(const std::vector<const Backend*>& backends, const Action& action, const Seen& seen,
                   const std::string& target, const std::string& host, AnswerSet& out) const {
  const auto one = [&](Answer answer) {
    answer.rule = rule_ref(action.source);
    add_answer(out, std::move(answer));
  };
  std::vector<WeightedBackend> shares;
  bool told = false;  // one answer tells of all that serve
  for (const Backend* backend : backends)
    if (backend->weight > 0 && backend->state == BackendState::ready)
      shares.push_back({backend->service.display(), backend->port, backend->weight});
  const auto weighted = static_cast<std::size_t>(
      std::count_if(backends.begin(), backends.end(), [](const Backend* b) { return b->weight > 0; }));
  for (const Backend* backend : backends) {
    if (backend->weight == 0) continue;
    if (backend->state == BackendState::invalid || (backend->tls && !backend->tls->valid)) {
      one(plain(500));
    } else if (backend->state == BackendState::no_endpoints) {
      one(plain(503));
    } else {
      Answer answer = plain(is_upgrade(seen.request) ? 101 : 200);
      answer.backend = backend->service.display();
      answer.port = backend->port;
      answer.backend_target = target;
      answer.backend_host = host;
      answer.attributes = attributes(action);
      if (weighted > 1) answer.backends = shares;
      if (!told) one(std::move(answer));
      told = true;
    }
  }
}

const std::vector<std::vector<Entry>>* Core::find(const Hosts& hosts, const std::string& authority) const {
  const std::string host = lower(without_port(authority));
  const bool port = host.size() != authority.size();
  if (const auto it = hosts.by_name.find(host); it != hosts.by_name.end() && !host.empty()) return &it->second;
  if (traits_.wildcards_ignore_port || !port)
    for (auto dot = host.find('.', 1); dot != std::string::npos; dot = host.find('.', dot + 1))
      if (const auto it = hosts.by_name.find("*" + host.substr(dot)); it != hosts.by_name.end()) return &it->second;
  const auto every = hosts.by_name.find("");
  return every == hosts.by_name.end() ? nullptr : &every->second;
}

AnswerSet Core::routed(const Hosts& hosts, const Chain* chain, const std::string& sni, Request& request) const {
  absolute_form(request);
  for (const auto& [name, value] : request.headers)
    if (equal_fold(name, "host")) request.host += "," + value;
  if (request.target == "*") return only(plain(request.method == "OPTIONS" ? 404 : 400));
  if (const auto hash = request.target.find('#'); hash != std::string::npos && traits_.paths.cuts_fragment)
    request.target.erase(hash);
  const SplitTarget split = split_target(request.target);
  const Path path = read_path(split.path, traits_.paths);
  if (path.error != 0 || split.tail.find('#') != std::string_view::npos) return only(plain(400));
  const Seen seen{request, path.normal, std::string(split.tail)};
  if (chain && chain->misdirects) {
    const std::string host = lower(request.host.substr(0, request.host.find(':')));
    if (host != (chain->name.starts_with("*.") ? sni : chain->name)) return only(plain(421));
  }
  const auto* groups = hosts.refused.empty() ? find(hosts, request.host) : nullptr;
  if (!groups) return only(plain(404));
  AnswerSet out;
  for (const std::vector<Entry>& group : *groups)
    if (fits(flat_.matches[group.front().match], request, seen.path) && serve(group, seen, out)) return out;
  add_answer(out, plain(404));
  return out;
}

AnswerSet Core::answer(const Request& sent) const {
  Request request = sent;
  const bool tls = request.scheme == Scheme::https;
  std::set<kube::Port> open;
  for (const auto& [number, port] : ports_)
    if (tls ? !port.https.empty() : port.http != nullptr) open.insert(number);
  const kube::Port usual = tls ? 443 : 80;
  const kube::Port number = request.port != 0                   ? request.port
                            : open.count(usual) || open.empty() ? usual
                                                                : *open.begin();
  if (!open.count(number)) return only(no_answer("nothing listens on port " + std::to_string(number)));
  const Port& port = ports_.at(number);
  const Hosts* hosts = port.http.get();
  const Chain* chain = nullptr;
  std::string sni = lower(request.sni ? *request.sni : std::string(without_port(request.host)));
  if (!request.sni && sni.ends_with('.')) sni.pop_back();  // no client sends it
  if (tls) {
    for (const Chain& candidate : port.https)
      if (covers(candidate.name, sni) && (!sni.empty() || candidate.name.empty()) &&
          (!chain || rank(candidate.name) > rank(chain->name)))
        chain = &candidate;
    if (!chain || !chain->handshake)
      return only(no_answer("no listener for this server name: the handshake is refused"));
    hosts = chain->hosts.get();
  }
  if (!known_method(request.method)) return only(plain(400));
  if (request.http10 && !traits_.http10) return only(plain(426));
  AnswerSet out = routed(*hosts, chain, sni, request);
  // gRPC clients get errors as 200 with a grpc-status.
  const bool grpc = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_fold(header.first, "content-type") && header.second.starts_with("application/grpc");
  });
  for (Answer& answer : out.any_of)
    if (grpc && answer.backend.empty() && answer.status >= 400) answer.status = 200;
  return out;
}

std::string location_of(const Redirect& redirect, const std::string& port, const std::string& path, const Seen& seen) {
  const std::string own = seen.request.scheme == Scheme::https ? "https" : "http";
  const std::string scheme = redirect.scheme.value_or(own);
  std::string authority = redirect.hostname.value_or(seen.request.host);
  if (!redirect.hostname) {
    const std::string sent = authority.substr(without_port(authority).size());
    const bool stale = scheme != own && sent == (own == "https" ? ":443" : ":80");
    if (!port.empty() || stale) authority = without_port(authority);
  }
  if (!port.empty()) authority += ":" + port;
  const bool query = path.find('?') != std::string::npos;
  return scheme + "://" + authority + path + (query ? "" : seen.tail);
}

std::tuple<int, long, int, long, long, bool, std::size_t, std::size_t, std::size_t> spec_order(const Flat& flat,
                                                                                               std::size_t m,
                                                                                               int regex_rank) {
  const FlatMatch& match = flat.matches[m];
  const FlatRule& rule = flat.rules[match.rule];
  const int kind = match.type == PathType::exact ? 0 : match.type == PathType::regex ? regex_rank : 2;
  const auto length =
      static_cast<long>(match.type == PathType::prefix ? prefix_length(match, match.path) : match.path.size());
  return {kind,
          -length,
          match.method.empty() ? 1 : 0,
          -static_cast<long>(match.headers.size()),
          -static_cast<long>(match.query.size()),
          !match.grpc,
          flat.routes[rule.route].age_order,
          rule.rule,
          match.match};
}

}  // namespace gw::route::envoy
