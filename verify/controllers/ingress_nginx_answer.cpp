// One request through nginx: server, server-level redirects, location, rewrite phase, access phase, balancer.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "verify/compare.h"
#include "verify/controllers/answers.h"
#include "verify/controllers/ingress_nginx.h"
#include "verify/controllers/ingress_nginx_model.h"
#include "verify/controllers/nginx_uri.h"
#include "verify/controllers/nginx_variables.h"

namespace gw::verify::ingress_nginx {
namespace {

std::string first_of(std::string_view list, char separator) {
  return std::string(trim(list.substr(0, list.find(separator))));
}

}  // namespace

route::AnswerSet Model::answer(const route::Request& request) const {
  route::AnswerSet out;
  if (!config_.refused.empty()) {
    out.any_of.push_back(unmodelled("the controller refuses this configuration: " + config_.refused));
    return out;
  }
  if (request.port != 0 && request.port != (request.scheme == route::Scheme::https ? 443 : 80)) {
    out.any_of.emplace_back();
    out.any_of.back().error = "nothing listens on port " + std::to_string(request.port);
    return out;
  }
  Context context{request, {}, {}, {}, {}, nullptr, nullptr};
  if (auto early = accept(context)) {
    out.any_of.push_back(std::move(*early));
    return out;
  }
  at_server(context, out.any_of);
  for (route::Answer& answer : out.any_of) describe(context, answer);
  return out;
}

void Model::name_servers() {
  for (const auto& [from, to] : config_.redirects) exact_.emplace(from, &config_.servers.at(to));
  for (const auto& [host, server] : config_.servers) {
    if (host.starts_with("*"))
      expressions_.emplace_back(Pattern("^[\\w-]+\\." + Pattern::quote(host.substr(2)) + "$"), &server);
    else
      exact_.emplace(lower(host), &server);
    for (const std::string& alias : server.aliases) name_alias(alias, server);
    if (!server.certificate) continue;
    certificates_.push_back(host);
    for (const std::string& alias : server.alias_certificates) certificates_.push_back(alias);
  }
  std::sort(certificates_.begin(), certificates_.end());
}

void Model::name_alias(const std::string& alias, const Server& server) {
  if (alias.starts_with('~')) {
    const bool upper = std::any_of(alias.begin(), alias.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    expressions_.emplace_back(Pattern(alias.substr(1), upper ? Pattern::Case::ignored : Pattern::Case::sensitive),
                              &server);
    if (expressions_.back().first.state() == Pattern::State::invalid && config_.refused.empty())
      config_.refused = "nginx refuses the configuration: server-alias " + alias;
  } else if (alias.starts_with("*.") || alias.starts_with('.')) {
    heads_.emplace_back(lower(alias.substr(alias.find('.'))), &server);
    if (alias.starts_with('.')) exact_.emplace(lower(alias.substr(1)), &server);
  } else if (alias.ends_with(".*")) {
    tails_.emplace_back(lower(alias.substr(0, alias.size() - 1)), &server);
  } else {
    exact_.emplace(lower(alias), &server);
  }
}

// Exact, then the longest wildcard alias, then regexes (wildcard hosts among them) in configuration order.
const Server* Model::server_for(const std::string& host, std::string& why) const {
  const Server* fallback = &config_.servers.at("_");
  if (host.empty()) return fallback;
  if (auto it = exact_.find(host); it != exact_.end()) return it->second;
  const std::pair<std::string, const Server*>* best = nullptr;
  for (const auto& head : heads_)
    if (host.size() > head.first.size() && host.ends_with(head.first) &&
        (!best || head.first.size() > best->first.size()))
      best = &head;
  if (best) return best->second;
  for (const auto& tail : tails_)
    if (host.starts_with(tail.first) && host.size() > tail.first.size() &&
        (!best || tail.first.size() > best->first.size()))
      best = &tail;
  if (best) return best->second;
  for (const auto& [expression, server] : expressions_) {
    if (expression.state() == Pattern::State::needs_pcre) why = expression.why();
    if (expression.state() == Pattern::State::needs_pcre) return nullptr;
    if (expression.found(host)) return server;
  }
  return fallback;
}

// Request line and Host: 400 and 405 come before any server.
std::optional<route::Answer> Model::accept(Context& context) const {
  const route::Request& request = context.request;
  auto target = nginx_target(request.target);
  if (!target) return status(400);
  if (has_header(request, "Host")) return status(400);  // a second one
  if (!request.host.empty() || !request.http10) {
    const auto host = nginx_host(request.host);
    if (!host) return status(400);
    context.host = *host;
  }
  if (target->authority) {
    const auto host = nginx_host(*target->authority);
    if (!host) return status(400);
    context.host = *host;
  }
  if (request.method == "TRACE" || request.method == "CONNECT") return status(405);
  if (!config_.settings.unmodelled.empty()) return unmodelled(config_.settings.unmodelled);
  context.target = std::move(*target);
  context.scheme = scheme_of(request);
  context.best_host = request.host.empty() ? context.host : request.host;
  if (config_.settings.forwarded_headers) trust_forwarded(context);
  std::string why;
  context.server = server_for(context.host, why);
  if (!context.server) return unmodelled(why);
  return std::nullopt;
}

void Model::trust_forwarded(Context& context) {
  if (auto proto = header_values(context.request, "X-Forwarded-Proto"); !proto.empty()) context.scheme = proto[0];
  if (auto host = header_values(context.request, "X-Forwarded-Host"); !host.empty())
    context.best_host = first_of(host[0], ',');
}

void Model::at_server(Context& context, Answers& out) const {
  const Server& server = *context.server;
  if (auto to = config_.redirects.find(context.host); to != config_.redirects.end()) {
    out.push_back(www_redirect(context, to->second));
    return;
  }
  if (!server.unmodelled.empty()) return out.push_back(unmodelled(server.unmodelled));
  const bool https = context.request.scheme == route::Scheme::https;
  if (https && server.passthrough && flag(config_.settings.flags, "enable-ssl-passthrough") == "true")
    return out.push_back(passed_through(context));
  if (server.tls_auth_error) return out.push_back(status(403));
  if (https && !server.tls_auth.empty()) out.push_back(status(400));  // no client certificate was sent
  if (auto root = app_root(context)) return out.push_back(std::move(*root));
  if (auto answer = locate(context)) return out.push_back(std::move(*answer));
  at_location(context, out);
}

// The connection goes to the backend of "/", which ends TLS itself.
route::Answer Model::passed_through(const Context& context) const {
  const Server& server = *context.server;
  for (const Location& location : server.locations) {
    const auto upstream = config_.upstreams.find(location.upstream);
    if (location.path != "/" || upstream == config_.upstreams.end()) continue;
    route::Answer out = upstream->second.ready ? status(200) : route::Answer();
    if (!upstream->second.ready) out.error = "no backend takes the connection";
    if (upstream->second.ready)
      std::tie(out.backend_target, out.backend_host) = std::tie(context.request.target, context.request.host);
    out.rule = location.rule;
    std::tie(out.backend, out.port) =
        std::tuple(upstream->second.ns + "/" + upstream->second.service, upstream->second.port);
    return out;
  }
  return unmodelled("TLS of " + server.host + " is passed through to the backend");
}

route::Answer Model::www_redirect(const Context& context, const std::string& to) const {
  const bool https = context.request.scheme == route::Scheme::https;
  std::string target = context.target.raw;
  if (target.ends_with('/')) target.pop_back();
  std::string scheme(scheme_of(context.request)), port = https ? "443" : "80";
  if (config_.settings.forwarded_headers) {
    scheme = context.scheme;
    if (auto forwarded = header_values(context.request, "X-Forwarded-Port"); !forwarded.empty()) port = forwarded[0];
  }
  return redirect(config_.settings.redirect_code, scheme + "://" + to + ":" + port + target);
}

std::optional<route::Answer> Model::app_root(const Context& context) const {
  if (context.target.uri != "/") return std::nullopt;
  for (const Location& location : context.server->locations) {
    const std::string& root = location.annotations->app_root;
    if (root.empty()) continue;
    if (root.find('$') != std::string::npos) return unmodelled("app-root with a variable");
    auto answer = redirect(302, std::string(scheme_of(context.request)) + "://" + context.request.host + root);
    answer.rule = location.rule;
    return answer;
  }
  return std::nullopt;
}

// Sets context.location, or answers: the redirect to a trailing slash, the built-in pages of the default server.
std::optional<route::Answer> Model::locate(Context& context) const {
  const std::string& uri = context.target.uri;
  const Server& server = *context.server;
  if (server.regex) {
    for (const Location& location : server.locations) {
      if (location.match.state() == Pattern::State::needs_pcre) return unmodelled(location.match.why());
      if (!location.match.found(uri)) continue;
      context.location = &location;
      return std::nullopt;
    }
    return status(404);
  }
  const Locations& locations = locations_.at(&server);
  context.location = locations.exact(uri);
  if (context.location) return std::nullopt;
  if (const Location* slash = locations.with_slash(uri)) return to_slash(context, *slash);
  const Location* longest = locations.longest(uri);
  if (server.host == "_")
    for (std::string_view page : {"/healthz", "/nginx_status"})
      if (uri.starts_with(page) && (!longest || longest->path.size() < page.size())) return status(200);
  context.location = longest;
  return longest ? std::nullopt : std::optional(status(404));
}

route::Answer Model::to_slash(const Context& context, const Location& location) const {
  std::string to = nginx_escape(location.path);
  if (!context.target.args.empty()) to += "?" + context.target.args;
  auto answer = redirect(301, absolute(context, location, std::move(to)));
  answer.rule = location.rule;
  return answer;
}

// nginx completes a Location that starts with "/" with its own idea of scheme and host.
std::string Model::absolute(const Context& context, const Location& location, std::string to) const {
  if (location.annotations->relative_redirects || !to.starts_with('/')) return to;
  return std::string(scheme_of(context.request)) + "://" + context.host + to;
}

void Model::at_location(Context& context, Answers& out) const {
  const Location& location = *context.location;
  const Annotations& annotations = *location.annotations;
  if (too_large(context)) return out.push_back(status(413));
  if (annotations.denied) return out.push_back(status(503));
  if (preflight(context)) return out.push_back(status(204));
  if (!annotations.redirect_url.empty()) return out.push_back(configured_redirect(context));
  std::string target = context.target.raw;
  if (auto answer = rewrite(context, target)) return out.push_back(std::move(*answer));
  if (to_https(context)) return out.push_back(https_redirect(context));
  const auto upstream = config_.upstreams.find(location.upstream);
  if (upstream == config_.upstreams.end() || !upstream->second.ready) return out.push_back(status(503));
  if (upstream->second.default_backend) return at_access(context, status(404), out);
  at_access(context, forward(context, upstream->second, std::move(target)), out);
  if (!annotations.custom_errors.empty() && !out.back().backend_target.empty()) error_pages(location, out);
}

// Where the backend answers with one of these, another one gives the page: which, no manifest tells.
void Model::error_pages(const Location& location, Answers& out) const {
  const auto pages = config_.upstreams.find(location.default_backend_upstream);
  if (pages == config_.upstreams.end()) return;
  for (int code : location.annotations->custom_errors) {
    route::Answer page = status(pages->second.default_backend ? 404 : code);
    if (!pages->second.default_backend) {
      page.backend = backend(pages->second, 1).backend;
      page.port = pages->second.port;
      page.backend_target = "/";
    }
    page.notes.emplace_back("the backend answered " + std::to_string(code));
    out.push_back(std::move(page));
  }
}

bool Model::too_large(const Context& context) {
  const auto& limit = context.location->annotations->body_limit;
  const auto length = header_values(context.request, "Content-Length");
  return limit && *limit > 0 && !length.empty() && parse_int(length[0]).value_or(0) > *limit;
}

bool Model::preflight(const Context& context) {
  const Cors& cors = context.location->annotations->cors;
  if (!cors.enabled || context.request.method != "OPTIONS") return false;
  if (cors.any) return true;
  const auto origin = header_values(context.request, "Origin");
  return cors.expression.state() == Pattern::State::ok && cors.expression.found(origin.empty() ? "" : origin[0]);
}

route::Answer Model::configured_redirect(const Context& context) const {
  const Annotations& annotations = *context.location->annotations;
  const int code = annotations.redirect_code;
  const bool with_location = code <= 303 ? code != 300 : code == 307 || code == 308;
  if (!with_location) return status(code);
  if (annotations.redirect_url.find('$') != std::string::npos) {  // captures of the location's expression
    const bool regex = context.server->regex && context.location->match.state() == Pattern::State::ok;
    const auto groups = regex ? context.location->match.groups(context.target.uri) : std::vector<std::string_view>();
    const auto url = expand_captures(annotations.redirect_url, groups);
    if (groups.empty() || !url) return unmodelled("a redirect to " + annotations.redirect_url + " uses a variable");
    return redirect(code, absolute(context, *context.location, *url));
  }
  return redirect(code, absolute(context, *context.location, annotations.redirect_url));
}

// rewrite "(?i)path" target break: unanchored, on the decoded path, replaces all of it.
std::optional<route::Answer> Model::rewrite(const Context& context, std::string& target) const {
  const Location& location = *context.location;
  if (!needs_rewrite(location)) return std::nullopt;
  if (location.rewrite.state() == Pattern::State::needs_pcre) return unmodelled(location.rewrite.why());
  const auto groups = location.rewrite.groups(context.target.uri);
  if (groups.empty()) return std::nullopt;
  const auto uri = expand_captures(location.annotations->rewrite_target, groups);
  if (!uri) return unmodelled("rewrite-target " + location.annotations->rewrite_target + " uses a variable");
  if (uri->empty()) return status(500);
  const std::string tail = context.target.args.empty() ? "" : "?" + context.target.args;
  if (uri->starts_with("http://") || uri->starts_with("https://") || uri->starts_with("$scheme"))
    return redirect(302, *uri + tail);  // nginx answers by itself
  target = nginx_escape(*uri) + tail;
  return std::nullopt;
}

bool Model::certificate_for(const std::string& host) const {
  const auto known = [&](std::string_view name) {
    return std::binary_search(certificates_.begin(), certificates_.end(), name);
  };
  const auto dot = host.find('.');
  return known(host) || (dot != std::string::npos && dot > 0 && known("*" + host.substr(dot)));
}

bool Model::to_https(const Context& context) const {
  const Annotations& annotations = *context.location->annotations;
  if (context.scheme != "http") return false;
  for (const std::string& prefix : config_.settings.no_tls_redirect)
    if (context.location->path.starts_with(prefix)) return false;
  return annotations.force_ssl_redirect || (annotations.ssl_redirect && certificate_for(context.host));
}

route::Answer Model::https_redirect(const Context& context) const {
  const Annotations& annotations = *context.location->annotations;
  std::string target = context.target.raw;
  if (!annotations.preserve_trailing_slash && target.ends_with('/')) target.pop_back();
  std::string host = first_of(context.best_host, ':');
  if (annotations.ports_in_redirects) host += ":443";
  return redirect(config_.settings.redirect_code, "https://" + host + target);
}

Network Model::client(const Context& context) const {
  const auto forwarded = header_values(context.request, "X-Forwarded-For");
  if (config_.settings.forwarded_headers && !forwarded.empty())
    if (auto address = parse_network(first_of(forwarded[0], ','))) return *address;
  return route::client_address(context.request);
}

// 0: no list decides; 200: allowed; 403: refused.
int Model::by_address(const Context& context) const {
  const Annotations& annotations = *context.location->annotations;
  if (annotations.allow.empty() && annotations.deny.empty()) return 0;
  const Network address = client(context);
  const auto holds = [&](const Network& network) { return network.contains(address); };
  if (std::any_of(annotations.deny.begin(), annotations.deny.end(), holds)) return 403;
  if (annotations.allow.empty()) return 0;
  return std::any_of(annotations.allow.begin(), annotations.allow.end(), holds) ? 200 : 403;
}

void Model::at_access(const Context& context, route::Answer passed, Answers& out) const {
  const std::size_t before = out.size();
  decide_access(context, std::move(passed), out);
  const bool https = context.request.scheme == route::Scheme::https;
  for (std::size_t i = before; i < out.size(); ++i) out[i].effects = context.location->effects[https];
}

// Whether a request with unknown credentials passes is open: both answers are given.
void Model::decide_access(const Context& context, route::Answer passed, Answers& out) const {
  const Annotations& annotations = *context.location->annotations;
  if (annotations.rate_limited) {
    out.push_back(status(503));
    out.back().notes.emplace_back(rate_limit);
  }
  const int address = by_address(context);
  const bool external = external_auth(context), basic = annotations.basic_auth && !without_auth(context);
  if (annotations.satisfy_any && address == 200) return out.push_back(std::move(passed));
  if (address == 403 && !(annotations.satisfy_any && (external || basic))) return out.push_back(status(403));
  if (external) out.push_back(sign_in(context));
  if (external) out.push_back(status(403));
  if (basic) out.push_back(status(401));
  if (basic && !external && !has_header(context.request, "Authorization")) return;
  out.push_back(std::move(passed));
}

bool Model::without_auth(const Context& context) const {
  const auto& list = config_.settings.no_auth;
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& prefix) { return context.location->path.starts_with(prefix); });
}

bool Model::external_auth(const Context& context) const {
  const Annotations& annotations = *context.location->annotations;
  const bool global = annotations.global_auth && !config_.settings.global_auth_url.empty();
  return (!annotations.auth.url.empty() || global) && !without_auth(context);
}

route::Answer Model::sign_in(const Context& context) const {
  const ExternalAuth& own = context.location->annotations->auth;
  std::string page = own.url.empty() ? config_.settings.global_auth_signin : own.signin;
  if (page.empty()) return status(401);
  const std::string parameter = own.redirect_parameter.empty() ? "rd" : own.redirect_parameter;
  const auto query = page.find('?');
  const bool present = query != std::string::npos && page.find(parameter + "=", query) != std::string::npos;
  if (!present)
    page +=
        (query == std::string::npos ? "?" : "&") + parameter + "=$pass_access_scheme://$http_host$escaped_request_uri";
  const auto location = expand_variables(page, {{"host", context.host},
                                                {"http_host", context.request.host},
                                                {"best_http_host", context.best_host},
                                                {"scheme", std::string(scheme_of(context.request))},
                                                {"pass_access_scheme", context.scheme},
                                                {"request_uri", context.target.raw},
                                                {"escaped_request_uri", escape_component(context.target.raw)}});
  if (!location) return unmodelled("auth-signin " + page + " uses a variable");
  return redirect(302, *location);
}

route::Answer Model::forward(const Context& context, const Upstream& primary, std::string target) const {
  route::Answer out = status(200);
  out.backend_target = std::move(target);
  const std::string& vhost = context.location->annotations->upstream_vhost;
  out.backend_host = vhost.empty() ? context.best_host : vhost;
  if (vhost.find('$') != std::string::npos) return unmodelled("upstream-vhost with a variable");
  const Upstream* canary = alternative(primary);
  const std::int64_t total = canary ? std::max<std::int64_t>(100, canary->shaping->total) : 0;
  std::int64_t share = 0;
  if (canary) {
    const auto chosen = canary_share(context, primary, *canary, total);
    if (!chosen) return unmodelled("a session cookie decides between the backends");
    share = *chosen;
  }
  if (share > 0 && share < total) {
    out.backends = {backend(primary, static_cast<std::uint64_t>(total - share)),
                    backend(*canary, static_cast<std::uint64_t>(share))};
    return out;
  }
  const route::WeightedBackend chosen = backend(share > 0 ? *canary : primary, 1);
  out.backend = chosen.backend;
  out.port = chosen.port;
  return out;
}

// Only the first canary of an upstream works, and only with endpoints.
const Upstream* Model::alternative(const Upstream& primary) const {
  if (primary.alternatives.empty()) return nullptr;
  const auto it = config_.upstreams.find(primary.alternatives[0]);
  return it != config_.upstreams.end() && it->second.ready && it->second.shaping ? &it->second : nullptr;
}

// How many of `total` requests like this one go to the canary: affinity > header > cookie > weight.
std::optional<std::int64_t> Model::canary_share(const Context& context, const Upstream& primary, const Upstream& canary,
                                                std::int64_t total) {
  for (const std::string& name : {primary.affinity_cookie, canary.affinity_cookie})
    if (const auto value = name.empty() ? std::nullopt : nginx_cookie(context.request, name);
        value && value->find('|') != std::string::npos)
      return std::nullopt;
  const Canary& rules = *canary.shaping;
  const auto values = rules.header.empty() ? std::vector<std::string>() : header_values(context.request, rules.header);
  if (!values.empty()) {
    std::string value = values[0];
    for (std::size_t i = 1; i < values.size(); ++i) value += ", " + values[i];
    if (!rules.header_value.empty()) {
      if (value == rules.header_value) return total;
    } else if (!rules.header_pattern.empty()) {
      const Pattern pattern(rules.header_pattern);
      if (pattern.state() == Pattern::State::needs_pcre) return std::nullopt;
      if (pattern.state() == Pattern::State::invalid) return 0;
      if (pattern.found(value)) return total;
    } else if (value == "always" || value == "never") {
      return value == "always" ? total : 0;
    }
  }
  if (!rules.cookie.empty())
    if (const auto value = nginx_cookie(context.request, rules.cookie); value == "always" || value == "never")
      return value == "always" ? total : 0;
  return std::clamp<std::int64_t>(rules.weight, 0, total);
}

void Model::describe(const Context& context, route::Answer& answer) {
  const Location* location = context.location;
  if (!location) return;
  if (!answer.rule) answer.rule = location->rule;
  answer.attributes = location->annotations->attributes;
  std::sort(answer.attributes.begin(), answer.attributes.end());
}

std::unique_ptr<Controller> model(Configuration configuration) {
  return std::make_unique<Model>(std::move(configuration));
}

}  // namespace gw::verify::ingress_nginx
