#include "verify/controllers/envoy.h"

#include <algorithm>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/text.h"

namespace gw::verify::envoy {
namespace {

bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

// Dot segments go; those above the root vanish. Empty segments stay.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool directory = false;  // the path ends in a slash
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    const bool dots = segment == "." || segment == "..";
    directory = rest.empty() && (segment.empty() || dots);
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!dots && !(rest.empty() && segment.empty())) kept.push_back(segment);
  }
  std::string out;
  for (std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || directory) out += '/';
  return out;
}

// Slashes become one, but those at both ends stay: "//" is left as it is.
std::string merged(std::string_view path) {
  if (path.find("//") == std::string_view::npos) return std::string(path);
  std::string out = "/";
  for (const std::string& segment : split(path, '/')) {
    if (segment.empty()) continue;
    if (out.size() > 1) out += '/';
    out += segment;
  }
  if (path.ends_with('/')) out += '/';
  return out;
}

bool known_method(std::string_view method) {
  constexpr std::string_view methods[] = {
      "ACL",     "BIND",   "CHECKOUT",   "CONNECT",    "COPY",      "DELETE", "GET",     "HEAD",       "LINK",
      "LOCK",    "MERGE",  "MKACTIVITY", "MKCALENDAR", "MKCOL",     "MOVE",   "MSEARCH", "M-SEARCH",   "NOTIFY",
      "OPTIONS", "PATCH",  "POST",       "PROPFIND",   "PROPPATCH", "PURGE",  "PUT",     "REBIND",     "REPORT",
      "SEARCH",  "SOURCE", "SUBSCRIBE",  "TRACE",      "UNBIND",    "UNLINK", "UNLOCK",  "UNSUBSCRIBE"};
  return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

bool value_fits(const Condition& condition, std::string value) {
  std::string wanted = condition.value;
  if (condition.ignore_case) {
    value = lower(value);
    wanted = lower(wanted);
  }
  switch (condition.how) {
    case Condition::How::exact:
      return value == wanted;
    case Condition::How::prefix:
      return value.starts_with(wanted);
    case Condition::How::suffix:
      return value.ends_with(wanted);
    case Condition::How::contains:
      return value.find(wanted) != std::string::npos;
    case Condition::How::regex:
      return condition.pattern.state() == Pattern::State::ok && condition.pattern.found(value);
    case Condition::How::present:
      return true;
  }
  return false;
}

// The values that a condition looks at: every line of a header, the first value of a query parameter.
std::vector<std::string> values_of(const Condition& condition, const route::Request& request, std::string_view query) {
  switch (condition.on) {
    case Condition::On::header: {
      if (equal_fold(condition.name, "host") || condition.name == ":authority") return {request.host};
      std::vector<std::string> out;
      for (const std::string& value : header_values(request, condition.name)) out.emplace_back(trim(value));
      return out;
    }
    case Condition::On::query:
      for (const std::string& part : split(query, '&')) {
        const auto equals = part.find('=');
        if (part.substr(0, equals) == condition.name)
          return {equals == std::string::npos ? "" : part.substr(equals + 1)};
      }
      return {};
    case Condition::On::method:
      return {request.method};
    case Condition::On::authority:
      return {request.host};
    case Condition::On::scheme:
      return {std::string(scheme_of(request))};
    case Condition::On::port:
      return {std::to_string(request.port != 0 ? request.port : request.scheme == route::Scheme::https ? 443 : 80)};
  }
  return {};
}

bool holds(const Condition& condition, const route::Request& request, std::string_view query) {
  std::vector<std::string> values = values_of(condition, request, query);
  if (values.empty() && condition.missing_is_empty) values = {""};
  if (values.empty()) return condition.missing_fits || (condition.how == Condition::How::present && condition.negated);
  const bool any =
      std::any_of(values.begin(), values.end(), [&](const std::string& value) { return value_fits(condition, value); });
  return any != condition.negated;
}

// How much of the path a route matches; nullopt: it does not.
std::optional<std::size_t> matched(const Route& route, const std::string& path) {
  const std::string text = route.ignore_case ? lower(path) : path;
  const std::string wanted = route.ignore_case ? lower(route.path) : route.path;
  switch (route.kind) {
    case Route::Kind::exact:
      if (text == wanted) return path.size();
      return std::nullopt;
    case Route::Kind::element:
      if (text == wanted || (text.starts_with(wanted) && (text[wanted.size()] == '/' || wanted == "/")))
        return wanted.size();
      return std::nullopt;
    case Route::Kind::prefix:
      if (text.starts_with(wanted)) return wanted.size();
      return std::nullopt;
    case Route::Kind::regex:
      if (route.expression.state() == Pattern::State::ok && route.expression.found(path)) return path.size();
      return std::nullopt;
  }
  return std::nullopt;
}

struct Seen {
  const route::Request& request;
  std::string path, query;  // query with '?'
};

std::string location(const Redirect& redirect, const Seen& seen, std::size_t length) {
  const std::string own(scheme_of(seen.request));
  const std::string scheme = redirect.scheme.empty() ? own : redirect.scheme;
  std::string authority = redirect.hostname;
  if (authority.empty()) {
    authority = seen.request.host;
    const std::string port = authority.substr(without_port(authority).size());
    const bool stale = scheme != own && port == (own == "https" ? ":443" : ":80");
    if (!redirect.port.empty() || stale) authority = without_port(authority);
  }
  if (!redirect.port.empty()) authority += ":" + redirect.port;
  std::string path = seen.path, query = seen.query;
  if (!redirect.path.empty()) {
    path = redirect.path;
    if (path.find('?') != std::string::npos) query.clear();
  } else if (redirect.has_prefix) {
    path = redirect.prefix + path.substr(length);
  }
  return scheme + "://" + authority + path + query;
}

std::string rewritten(const Rewrite& rewrite, const std::string& path, std::size_t length) {
  switch (rewrite.kind) {
    case Rewrite::Kind::none:
      return path;
    case Rewrite::Kind::matched:
      return rewrite.text + path.substr(length);
    case Rewrite::Kind::regex:
      return rewrite.pattern.replace_all(path, rewrite.text);
  }
  return path;
}

bool is_upgrade(const route::Request& request) {
  const auto connection = header_values(request, "connection");
  return has_header(request, "upgrade") && std::any_of(connection.begin(), connection.end(), [](const auto& value) {
           return lower(value).find("upgrade") != std::string::npos;
         });
}

bool preflight(const Cors& cors, const route::Request& request) {
  if (request.method != "OPTIONS" || !has_header(request, "access-control-request-method")) return false;
  const auto origins = header_values(request, "origin");
  if (origins.empty()) return false;
  return cors.answers_others || std::any_of(cors.origins.begin(), cors.origins.end(), [&](const Cors::Origin& origin) {
           Condition condition;
           condition.how = origin.how;
           condition.value = origin.text;
           condition.pattern = origin.pattern;
           return origin.text == "*" || value_fits(condition, origins.front());
         });
}

void serve(const Route& route, const Seen& seen, std::size_t length, route::AnswerSet& out) {
  const auto add = [&](route::Answer answer) {
    answer.rule = route.origin;
    out.any_of.push_back(std::move(answer));
  };
  if (!route.unmodelled.empty()) return add(unmodelled(route.unmodelled));
  if (route.cors && preflight(*route.cors, seen.request)) return add(status(200));
  if (route.addresses && !route.addresses->admits(route::client_address(seen.request))) return add(status(403));
  if (route.direct != 0) return add(status(route.direct));
  if (route.redirect) return add(redirect(route.redirect->code, location(*route.redirect, seen, length)));
  if (is_upgrade(seen.request) && !route.upgrades) return add(status(403));
  std::uint64_t weights = 0;
  std::size_t shares = 0;
  for (const Destination& destination : route.destinations) {
    weights += destination.weight;
    shares += destination.weight > 0;
  }
  if (weights == 0) return add(status(route.no_destination));
  std::vector<route::WeightedBackend> backends;
  for (const Destination& destination : route.destinations)
    if (destination.weight > 0 && destination.broken == 0 && shares > 1)
      backends.push_back({destination.backend, destination.port, destination.weight});
  std::set<int> said;
  for (const Destination& destination : route.destinations) {
    if (destination.weight == 0) continue;
    if (destination.broken != 0) {
      if (said.insert(destination.broken).second) add(status(destination.broken));
      continue;
    }
    route::Answer answer = status(is_upgrade(seen.request) ? 101 : 200);
    answer.backend = destination.backend;
    answer.port = destination.port;
    answer.backend_target = rewritten(route.rewrite, seen.path, length) + seen.query;
    answer.backend_host = route.rewrite.authority.empty() ? seen.request.host : route.rewrite.authority;
    answer.attributes = route.attributes;
    answer.backends = backends;
    add(std::move(answer));
    if (!backends.empty() && backends.size() == shares) break;  // one answer tells of all
  }
}

bool covers(const std::string& domain, const std::string& host) {
  return domain.empty() || domain == host ||
         (domain.starts_with("*.") && host.size() + 1 > domain.size() && host.ends_with(domain.substr(1)));
}

class Model final : public Controller {
 public:
  Model(std::vector<Balancer> balancers, Traits traits) : balancers_(std::move(balancers)), traits_(traits) {}

  bool measured() const override { return true; }
  bool answers_when_refused() const override { return true; }
  std::string refused() const override {
    for (const Balancer& balancer : balancers_)
      if (!balancer.refused.empty()) return balancer.refused;
    return {};
  }

  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    for (const Balancer& balancer : balancers_)
      if (balancers_.size() == 1 || knows(balancer, request)) add(out, on(balancer, request));
    if (out.any_of.empty() && !balancers_.empty()) add(out, on(balancers_.front(), request));
    if (out.any_of.empty()) out.any_of.push_back(closed("no Ingress opens a port"));
    return out;
  }

  Boundaries boundaries() const override;

 private:
  static route::Answer closed(std::string why) {
    route::Answer out;
    out.error = std::move(why);
    return out;
  }
  static void add(route::AnswerSet& to, route::AnswerSet from) {
    for (route::Answer& answer : from.any_of) {
      const bool known = std::any_of(to.any_of.begin(), to.any_of.end(), [&](const route::Answer& other) {
        return other.status == answer.status && other.backend == answer.backend && other.port == answer.port &&
               other.backend_target == answer.backend_target && other.location == answer.location &&
               other.backends == answer.backends && other.unmodelled == answer.unmodelled;
      });
      if (!known) to.any_of.push_back(std::move(answer));
    }
  }

  // The virtual host of a table, as Envoy chooses it.
  const VirtualHost* find(const Table& table, const std::string& authority) const {
    const std::string host = lower(without_port(authority));
    const bool port = host.size() != authority.size();
    if (const auto exact = table.find(host); exact != table.end() && !host.empty()) return &exact->second;
    if (traits_.wildcards_ignore_port || !port)
      for (auto dot = host.find('.', 1); dot != std::string::npos; dot = host.find('.', dot + 1))
        if (const auto wild = table.find("*" + host.substr(dot)); wild != table.end()) return &wild->second;
    const auto every = table.find("");
    return every == table.end() ? nullptr : &every->second;
  }

  // Whether some rule of the balancer names the host.
  bool knows(const Balancer& balancer, const route::Request& request) const {
    if (balancer.http && find(*balancer.http, request.host)) return true;
    return std::any_of(balancer.https.begin(), balancer.https.end(),
                       [&](const Chain& chain) { return covers(chain.name, lower(without_port(request.host))); });
  }

  const Chain* chain_of(const Balancer& balancer, const std::string& sni) const {
    const Chain* best = nullptr;
    for (const Chain& chain : balancer.https)
      if (covers(chain.name, sni) && !(sni.empty() && !chain.name.empty()) &&
          (!best || rank(chain.name) > rank(best->name)))
        best = &chain;
    return best;
  }
  static std::pair<int, std::size_t> rank(const std::string& name) {
    return {name.empty() ? 0 : name.starts_with("*.") ? 1 : 2, name.size()};
  }

  route::AnswerSet on(const Balancer& balancer, const route::Request& sent) const {
    const auto only = [](route::Answer answer) { return route::AnswerSet{{std::move(answer)}}; };
    route::Request request = sent;
    const bool tls = request.scheme == route::Scheme::https;
    if (balancer.refused_whole) return only(closed(balancer.refused));
    if (tls ? balancer.https.empty() : !balancer.http) return only(closed("nothing listens on this port"));
    const Table* table = tls ? nullptr : &*balancer.http;
    std::string sni = lower(request.sni ? *request.sni : std::string(without_port(request.host)));
    if (!request.sni && sni.ends_with('.')) sni.pop_back();  // no client sends it
    const Chain* chain = nullptr;
    if (tls) {
      chain = chain_of(balancer, sni);
      if (!chain || !chain->handshake) return only(closed("no certificate for this server name: the handshake fails"));
      if (!chain->unmodelled.empty()) return only(unmodelled(chain->unmodelled));
      table = chain->table.get();
    }
    static const Table nothing;
    if (!balancer.refused.empty()) table = &nothing;
    if (!known_method(request.method)) return only(status(400));
    if (request.http10 && !traits_.http10) return only(status(426));
    route::AnswerSet out = routed(*table, chain, sni, request);
    // A gRPC client gets errors as 200 with a grpc-status.
    const auto type = header_values(request, "content-type");
    for (route::Answer& answer : out.any_of)
      if (!type.empty() && type.front().starts_with("application/grpc") && answer.backend.empty() &&
          answer.status >= 400)
        answer.status = 200;
    return out;
  }

  route::AnswerSet routed(const Table& table, const Chain* chain, const std::string& sni,
                          route::Request& request) const {
    const auto only = [](route::Answer answer) { return route::AnswerSet{{std::move(answer)}}; };
    absolute_form(request);
    for (const std::string& value : header_values(request, "host")) request.host += "," + value;
    if (const auto end = without_port(request.host).size();
        traits_.strips_final_dot && end > 0 && request.host[end - 1] == '.')
      request.host.erase(end - 1, 1);
    const auto mark = request.target.find_first_of("?#");
    const bool query = mark != std::string::npos && request.target[mark] == '?';
    if (request.target == "*") return only(status(request.method == "OPTIONS" ? 404 : 400));
    const std::string raw = query ? request.target.substr(0, mark) : request.target;
    Path path = read_path(raw, traits_.paths);
    if (path.error != 0) return only(status(path.error));
    Seen seen{request, std::move(path.text), query ? request.target.substr(mark) : ""};
    if (const auto hash = seen.query.find('#'); hash != std::string::npos) {
      if (!traits_.paths.cuts_fragment) return only(status(400));
      seen.query.erase(hash);
    }
    if (chain && chain->misdirects) {
      const std::string host = lower(request.host.substr(0, request.host.find(':')));
      if (host != (chain->name.starts_with("*.") ? sni : chain->name)) return only(status(421));
    }
    const VirtualHost* found = find(table, request.host);
    if (!found || (found->checks_authority && !found->authority.found(request.host))) return only(status(404));
    return among(*found, seen);
  }

  // The first route that fits, and those that may stand in its place.
  static route::AnswerSet among(const VirtualHost& host, const Seen& seen) {
    route::AnswerSet out;
    std::set<std::string> open;  // groups of which one member fits: another may be there instead of it
    const std::string_view query = std::string_view(seen.query).substr(seen.query.empty() ? 0 : 1);
    for (std::size_t i = 0; i < host.routes.size(); ++i) {
      const Route& route = host.routes[i];
      const auto length = matched(route, seen.path);
      const bool fits = length && std::all_of(route.conditions.begin(), route.conditions.end(),
                                              [&](const auto& c) { return holds(c, seen.request, query); });
      if (!fits) continue;
      route::AnswerSet one;
      serve(route, seen, *length, one);
      add(out, std::move(one));
      if (route.rivals.empty()) return out;
      // Members of a group test the same: whichever is there answers.
      const bool more = std::any_of(host.routes.begin() + static_cast<std::ptrdiff_t>(i) + 1, host.routes.end(),
                                    [&](const Route& other) { return other.rivals == route.rivals; });
      if (!more) return out;
      for (std::size_t j = i + 1; j < host.routes.size(); ++j)
        if (host.routes[j].rivals == route.rivals) {
          route::AnswerSet rival;
          serve(host.routes[j], seen, matched(host.routes[j], seen.path).value_or(0), rival);
          add(out, std::move(rival));
        }
      return out;
    }
    add(out, {{status(404)}});
    return out;
  }

  static void absolute_form(route::Request& request) {
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

  std::vector<Balancer> balancers_;
  Traits traits_;
};

void add_route(const Route& route, HostBoundaries& to) {
  if (!to.span.known()) to.span = route.origin.span;
  if (route.kind == Route::Kind::regex)
    to.regexes.push_back({route.expression.re2(), route.expression.state() == Pattern::State::ok});
  else
    to.paths.push_back(route.path);
  for (const Condition& condition : route.conditions) {
    NamedValues named{condition.name, {}, {}};
    if (condition.how == Condition::How::regex)
      named.expressions.push_back({condition.pattern.re2(), condition.pattern.state() == Pattern::State::ok});
    else if (condition.how == Condition::How::exact)
      named.values.push_back(condition.value);
    else if (condition.how != Condition::How::present)
      named.expressions.push_back({(condition.how == Condition::How::prefix ? "^" : "") +
                                       Pattern::quote(condition.value) +
                                       (condition.how == Condition::How::suffix ? "$" : ""),
                                   true});
    if (condition.on == Condition::On::header)
      to.headers.push_back(std::move(named));
    else if (condition.on == Condition::On::query)
      to.queries.push_back(std::move(named));
    else if (condition.on == Condition::On::method)
      to.methods.push_back(condition.value);
  }
  if (route.cors)
    for (const Cors::Origin& origin : route.cors->origins)
      if (origin.how == Condition::How::exact) to.preflights.push_back(origin.text);
  if (route.rewrite.kind == Rewrite::Kind::regex) to.sampled.emplace_back("a rewrite by an expression");
}

Boundaries Model::boundaries() const {
  Boundaries out;
  out.path_view = PathView::raw;
  out.one_label_wildcards = false;
  out.falls_through = false;
  const auto add_table = [&](const Table& table) {
    for (const auto& [domain, host] : table) {
      HostBoundaries entry;
      entry.host = domain;
      for (const Route& route : host.routes) add_route(route, entry);
      out.hosts.push_back(std::move(entry));
    }
  };
  for (const Balancer& balancer : balancers_) {
    if (balancer.http) add_table(*balancer.http);
    for (const Chain& chain : balancer.https) {
      if (chain.table) add_table(*chain.table);
      if (!chain.name.empty()) out.server_names.push_back(chain.name);
    }
  }
  tidy(out);
  return out;
}

}  // namespace

Path read_path(std::string_view raw, const PathReading& reading) {
  if (!raw.starts_with('/')) return {400, {}};
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '#' && reading.cuts_fragment) break;
    if (byte <= 0x20 || byte > 0x7E || c == '#') return {400, {}};
    if (c == '\\') {
      text += '/';
    } else if (c == '%') {
      const auto decoded = decode_escape(raw, i);
      if (decoded && *decoded == '\0') return {400, {}};
      if (!decoded) {
        text += c;
        continue;
      }
      if (unreserved(*decoded))
        text += *decoded;
      else
        text.append(raw, i, 3);
      i += 2;
    } else if (std::string_view("{}|\"<>^`").find(c) != std::string_view::npos) {
      append_escape(text, c);
    } else {
      text += c;
    }
  }
  text = without_dots(text);
  return {0, reading.merge_slashes ? merged(text) : text};
}

std::unique_ptr<Controller> make(std::vector<Balancer> balancers, Traits traits) {
  return std::make_unique<Model>(std::move(balancers), traits);
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const auto bracket = host.rfind(']');
  return bracket != std::string_view::npos && bracket > colon ? host : host.substr(0, colon);
}

Pattern full(std::string_view expression) {
  return Pattern::go("^(?:" + std::string(expression) + ")$");
}

}  // namespace gw::verify::envoy
