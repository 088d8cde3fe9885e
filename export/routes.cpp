// A match and its action as a route of an Envoy virtual host.
#include <nlohmann/json.hpp>

#include "export/parts.h"
#include "route/target.h"

namespace gw::envoy {
namespace {

// A literal path as Envoy sees it: what no request line may carry is escaped.
std::string on_the_wire(const std::string& path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '#' && c != '?') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

// The text as a regular expression that matches only itself.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()[]{}|^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string without_end_slashes(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

Json regex(const std::string& pattern) {
  return {{"regex", pattern}};
}

// A substitution of RE2 takes \ as the start of a group.
std::string literal_substitution(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\\' ? std::string("\\\\") : std::string(1, c);
  return out;
}

Json string_match(const kube::NamedMatch& match) {
  if (match.type == "RegularExpression") return {{"safe_regex", regex(match.value)}};
  return {{"exact", match.value}};
}

Json path_match(const graph::MatchRow& row) {
  if (!row.grpc_method.empty()) return {{"safe_regex", regex("/[^/]+/" + quoted(row.grpc_method))}};
  if (row.type == "RegularExpression") return {{"safe_regex", regex(row.path)}};
  if (row.type == "Exact") return {{"path", on_the_wire(row.path)}};
  const std::string prefix = without_end_slashes(on_the_wire(row.path));
  if (prefix.empty()) return {{"prefix", "/"}};
  return {{"path_separated_prefix", prefix}};
}

Json make_match(const graph::MatchRow& row) {
  Json out = path_match(row);
  Json headers = Json::array(), query = Json::array();
  if (!row.method.empty()) headers.push_back({{"name", ":method"}, {"string_match", {{"exact", row.method}}}});
  for (const kube::NamedMatch& match : row.headers)
    headers.push_back({{"name", route::equal_fold(match.name, "host") ? ":authority" : route::lower(match.name)},
                       {"string_match", string_match(match)}});
  for (const kube::NamedMatch& match : row.query)
    query.push_back({{"name", match.name}, {"string_match", string_match(match)}});
  if (!headers.empty()) out["headers"] = std::move(headers);
  if (!query.empty()) out["query_parameters"] = std::move(query);
  return out;
}

// ReplaceFullPath and ReplacePrefixMatch as a replacement over the path without its query.
Json path_rewrite(const route::PathChange& change, const graph::MatchRow& row) {
  if (change.kind == route::PathChange::Kind::full) {
    const std::string to = change.value.starts_with('/') ? change.value : "/" + change.value;
    return {{"pattern", regex("^.*$")}, {"substitution", literal_substitution(to)}};
  }
  const std::string prefix = row.type == "PathPrefix" ? without_end_slashes(on_the_wire(row.path)) : "";
  std::string to = literal_substitution(without_end_slashes(change.value));
  if (to.empty()) return {{"pattern", regex("^" + quoted(prefix) + "/*(.*)$")}, {"substitution", "/\\1"}};
  if (!to.starts_with('/')) to.insert(to.begin(), '/');
  return {{"pattern", regex("^" + quoted(prefix) + "(/.*)?$")}, {"substitution", to + "\\1"}};
}

const char* redirect_code(int status) {
  switch (status) {
    case 301:
      return "MOVED_PERMANENTLY";
    case 303:
      return "SEE_OTHER";
    case 307:
      return "TEMPORARY_REDIRECT";
    case 308:
      return "PERMANENT_REDIRECT";
    default:  // not an enum: the API allows these and 302
      return "FOUND";
  }
}

// The port as HTTPRequestRedirectFilter defines it; the scheme's own is left out.
Json make_redirect(const route::Redirect& redirect, const graph::MatchRow& row, const route::Listener& listener) {
  const std::string own = listener.protocol == route::Protocol::https ? "https" : "http";
  const std::string scheme = redirect.scheme.value_or(own);
  const kube::Port usual = scheme == "https" ? 443 : 80;
  const kube::Port port = redirect.port ? *redirect.port : redirect.scheme ? usual : listener.port;
  Json out = {{"response_code", redirect_code(redirect.status)}};
  if (redirect.scheme) out["scheme_redirect"] = scheme;
  if (redirect.hostname) out["host_redirect"] = *redirect.hostname;
  if (port != usual) out["port_redirect"] = port;
  if (!redirect.path) return out;
  if (redirect.path->kind == route::PathChange::Kind::full)
    out["path_redirect"] = redirect.path->value.starts_with('/') ? redirect.path->value : "/" + redirect.path->value;
  else
    out["regex_rewrite"] = path_rewrite(*redirect.path, row);
  return out;
}

// '%' begins a command in Envoy's header values.
std::string header_value(const std::string& value) {
  std::string out;
  for (const char c : value) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

void add_headers(const route::HeaderChanges& changes, const std::string& side, Json& out) {
  Json add = Json::array(), remove = Json::array();
  for (const route::HeaderChange& change : changes) {
    const char* action = nullptr;
    switch (change.op) {
      case route::HeaderChange::Op::set:
        action = "OVERWRITE_IF_EXISTS_OR_ADD";
        break;
      case route::HeaderChange::Op::add:
        action = "APPEND_IF_EXISTS_OR_ADD";
        break;
      case route::HeaderChange::Op::remove:
        remove.push_back(change.name);
        break;
    }
    if (action != nullptr)
      add.push_back({{"header", {{"key", change.name}, {"value", header_value(change.value)}}},
                     {"append_action", action},
                     {"keep_empty_value", true}});
  }
  if (!add.empty()) out[side + "_headers_to_add"] = std::move(add);
  if (!remove.empty()) out[side + "_headers_to_remove"] = std::move(remove);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Json origin_matcher(const std::string& origin) {
  if (origin == "*") return {{"safe_regex", regex(".*")}};
  const auto star = origin.find('*');
  if (star == std::string::npos) return {{"exact", origin}, {"ignore_case", true}};
  return {{"safe_regex", regex("(?i)" + quoted(origin.substr(0, star)) + ".+" + quoted(origin.substr(star + 1)))}};
}

Json make_cors(const route::CorsPolicy& cors) {
  Json origins = Json::array();
  for (const std::string& origin : cors.origins) origins.push_back(origin_matcher(origin));
  Json out = {{"allow_origin_string_match", std::move(origins)},
              {"max_age", std::to_string(cors.max_age)},
              {"allow_credentials", cors.credentials},
              {"forward_not_matching_preflights", false}};
  if (!cors.methods.empty()) out["allow_methods"] = joined(cors.methods);
  if (!cors.headers.empty()) out["allow_headers"] = joined(cors.headers);
  if (!cors.expose.empty()) out["expose_headers"] = joined(cors.expose);
  return any("envoy.extensions.filters.http.cors.v3.CorsPolicy", std::move(out));
}

Json make_session(const route::Session& session) {
  Json state;
  if (session.header) {
    state = {{"name", "envoy.http.stateful_session.header"},
             {"typed_config", any("envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState",
                                  {{"name", session.name}})}};
  } else {
    Json cookie = {{"name", session.name}, {"path", session.path}};
    if (session.permanent && session.absolute_timeout.count() > 0)
      cookie["ttl"] = std::to_string(session.absolute_timeout.count()) + "s";
    state = {{"name", "envoy.http.stateful_session.cookie"},
             {"typed_config", any("envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
                                  {{"cookie", std::move(cookie)}})}};
  }
  return any("envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
             {{"stateful_session", {{"session_state", std::move(state)}}}});
}

std::string route_name(const route::Source& source) {
  return source.kind + " " + source.object.display() + " rule " + std::to_string(source.rule);
}

void add_filters(const route::Action& action, RouteParts& parts, Json& out) {
  Json filters = Json::object();
  if (action.cors) {
    filters["envoy.filters.http.cors"] = make_cors(*action.cors);
    parts.cors = true;
    parts.notes.insert("a CORS preflight is answered 200 by Envoy, 204 by gwctl; the headers are the same in meaning");
  }
  if (action.session) {
    filters["envoy.filters.http.stateful_session"] = make_session(*action.session);
    parts.sessions = true;
    if (action.session->absolute_timeout.count() > 0 && (action.session->header || !action.session->permanent))
      parts.notes.insert(route_name(action.source) +
                         ": Envoy ends a session only with its permanent cookie; absoluteTimeout is left out");
  }
  if (!filters.empty()) out["typed_per_filter_config"] = std::move(filters);
}

constexpr const char* invalid_cluster = "invalid";  // named by routes, never defined: its share answers 500

Json weighted_backends(const route::Action& action, RouteParts& parts) {
  Json list = Json::array();
  for (const route::Backend& backend : action.backends) {
    if (backend.weight == 0) continue;
    const bool broken =
        backend.state == route::BackendState::invalid || (backend.tls != nullptr && !backend.tls->valid);
    Json one = {{"name", broken ? invalid_cluster : parts.clusters.name_of(backend)}, {"weight", backend.weight}};
    add_headers(backend.request_headers, "request", one);
    add_headers(backend.response_headers, "response", one);
    if (backend.rewrite && backend.rewrite->hostname) one["host_rewrite_literal"] = *backend.rewrite->hostname;
    if (backend.redirect || (backend.rewrite && backend.rewrite->path) || !backend.mirrors.empty())
      parts.notes.insert(action.source.kind + " " + action.source.object.display() + " rule " +
                         std::to_string(action.source.rule) +
                         ": a redirect, a path rewrite or a mirror of a single backendRef has no word in Envoy and is "
                         "left out; put it on the rule");
    list.push_back(std::move(one));
  }
  return list;
}

void add_timeouts(const route::Action& action, Json& route) {
  route["timeout"] = action.request_timeout ? duration(*action.request_timeout) : "0s";
  if (!action.retry && !action.backend_timeout) return;
  Json policy = Json::object();
  policy["num_retries"] = action.retry ? action.retry->attempts : 0;
  if (action.retry) {
    policy["retry_on"] = "reset-before-request,connect-failure,retriable-status-codes";
    policy["retriable_status_codes"] = action.retry->codes;
    if (action.retry->backoff.count() > 0)
      policy["retry_back_off"] = {{"base_interval", duration(action.retry->backoff)},
                                  {"max_interval", duration(action.retry->backoff)}};
  }
  if (action.backend_timeout && action.backend_timeout->count() > 0)
    policy["per_try_timeout"] = duration(*action.backend_timeout);
  route["retry_policy"] = std::move(policy);
}

void add_mirrors(const route::Action& action, RouteParts& parts, Json& route) {
  Json mirrors = Json::array();
  for (const route::Mirror& mirror : action.mirrors) {
    if (mirror.backend.state == route::BackendState::invalid || mirror.denominator == 0) continue;
    const std::uint64_t parts_of_million = std::uint64_t{mirror.numerator} * 1'000'000 / mirror.denominator;
    mirrors.push_back(
        {{"cluster", parts.clusters.name_of(mirror.backend)},
         {"runtime_fraction", {{"default_value", {{"numerator", parts_of_million}, {"denominator", "MILLION"}}}}},
         {"disable_shadow_host_suffix_append", true}});
  }
  if (!mirrors.empty()) route["request_mirror_policies"] = std::move(mirrors);
}

Json make_forward(const graph::MatchRow& row, RouteParts& parts) {
  const route::Action& action = *row.action;
  Json list = weighted_backends(action, parts);
  Json route = Json::object();
  if (list.size() == 1 && list[0].size() == 2)  // a name and a weight
    route["cluster"] = list[0]["name"];
  else
    route["weighted_clusters"] = {{"clusters", std::move(list)}};
  route["cluster_not_found_response_code"] = "INTERNAL_SERVER_ERROR";
  if (action.rewrite && action.rewrite->hostname) route["host_rewrite_literal"] = *action.rewrite->hostname;
  if (action.rewrite && action.rewrite->path) route["regex_rewrite"] = path_rewrite(*action.rewrite->path, row);
  add_timeouts(action, route);
  add_mirrors(action, parts, route);
  return route;
}

}  // namespace

Json make_route(const graph::MatchRow& row, const route::Listener& listener, RouteParts& parts) {
  const route::Action& action = *row.action;
  Json out = {{"name", route_name(action.source)}, {"match", make_match(row)}};
  if (!action.broken.empty())
    out["direct_response"] = {{"status", 500}};
  else if (action.redirect)
    out["redirect"] = make_redirect(*action.redirect, row, listener);
  else if (action.total_weight == 0)
    out["direct_response"] = {{"status", 500}};
  else
    out["route"] = make_forward(row, parts);
  add_headers(action.request_headers, "request", out);
  add_headers(action.response_headers, "response", out);
  add_filters(action, parts, out);
  return out;
}

}  // namespace gw::envoy
