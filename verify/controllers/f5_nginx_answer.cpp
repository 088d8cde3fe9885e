// One request through the F5 controller's nginx: handshake by SNI, server by Host, server rewrites, location.
#include <algorithm>
#include <memory>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/f5_nginx.h"
#include "verify/controllers/models.h"
#include "verify/controllers/nginx_uri.h"
#include "verify/controllers/nginx_variables.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using f5_nginx::Configuration;
using f5_nginx::Location;
using f5_nginx::Server;

struct Context {
  const route::Request& request;
  NginxTarget target;
  std::string host;
  int port = 80;
  bool https = false;
};

class Side {
 public:
  explicit Side(Configuration configuration) : config_(std::move(configuration)) {}
  const Configuration& config() const { return config_; }

  route::Answer answer(const route::Request& request) const {
    Context context{request, {}, {}, 80, request.scheme == route::Scheme::https};
    context.port = request.port ? request.port : context.https ? 443 : 80;
    if (!listening(context)) return no_answer("port=closed");
    if (context.https)
      if (auto refused = handshake(context)) return *refused;
    auto target = nginx_target(request.target);
    if (!target || has_header(request, "Host") || request.method == "CONNECT") return status(400);
    if (!request.host.empty() || !request.http10) {
      const auto host = nginx_host(target->authority ? *target->authority : request.host);
      if (!host) return status(400);
      context.host = *host;
    }
    if (request.method == "TRACE") return status(405);
    context.target = std::move(*target);
    const Server* server = server_for(context, context.host);
    if (!server) return default_server(context);
    return at_server(context, *server);
  }

 private:
  // Without a certificate for the name the handshake is refused: no HTTP answer at all.
  std::optional<route::Answer> handshake(const Context& context) const {
    const std::string name =
        lower(context.request.sni.value_or(context.request.host.substr(0, context.request.host.find(':'))));
    if (auto it = config_.passthrough.find(name); it != config_.passthrough.end()) {
      route::Answer out = status(200);
      out.backend = it->second.backend;
      out.port = it->second.port;
      out.backend_target = context.request.target;
      out.rule = it->second.origin;
      return out;
    }
    const Server* server = server_for(context, name);
    if (server ? server->handshake : config_.settings.default_secret) return std::nullopt;
    return no_answer("the TLS handshake is refused");
  }

  // The connection fails below HTTP: status 0.
  static route::Answer no_answer(std::string why) {
    route::Answer out;
    out.error = std::move(why);
    return out;
  }

  bool on_port(const Context& context, const Server& server) const {
    const auto& ports = context.https ? server.tls_ports : server.ports;
    return (!context.https || server.tls) && std::find(ports.begin(), ports.end(), context.port) != ports.end();
  }

  bool listening(const Context& context) const {
    if (context.port == (context.https ? 443 : 80)) return true;
    return std::any_of(config_.servers.begin(), config_.servers.end(),
                       [&](const auto& entry) { return on_port(context, entry.second); });
  }

  // Exact, then the longest wildcard of any depth; an extra port's first server takes every other Host.
  const Server* server_for(const Context& context, const std::string& host) const {
    const Server* wildcard = nullptr;
    const Server* first = nullptr;
    for (const auto& [name, server] : config_.servers) {
      if (!on_port(context, server)) continue;
      if (!first) first = &server;
      if (name == host && !host.empty()) return &server;
      const bool dotted = name.starts_with('.');
      if (!dotted && !name.starts_with("*.")) continue;
      const std::string suffix = name.substr(dotted ? 0 : 1);
      const bool matches =
          (host.ends_with(suffix) && host.size() > suffix.size()) || (dotted && host == suffix.substr(1));
      if (matches && (!wildcard || name.size() > wildcard->host.size())) wildcard = &server;
    }
    if (wildcard) return wildcard;
    if (auto empty = config_.servers.find(""); empty != config_.servers.end() && on_port(context, empty->second))
      return &empty->second;
    return context.port != 80 && context.port != 443 ? first : nullptr;
  }

  route::Answer default_server(const Context& context) const {
    if (config_.settings.health && context.target.uri.starts_with("/nginx-health")) return status(200);
    return status(404);
  }

  route::Answer at_server(const Context& context, const Server& server) const {
    if (!server.unmodelled.empty()) return unmodelled(server.unmodelled);
    const auto moved = [&](const std::string& to, int code) {
      auto out = redirect(code, to);
      out.rule = server.locations.empty() ? route::RuleRef{"Ingress for " + server.host, server.span}
                                          : server.locations[0].origin;
      return out;
    };
    if (server.ssl_redirect && !context.https)
      return moved("https://" + context.host + ":443" + context.target.raw, server.redirect_code);
    const auto forwarded = header_values(context.request, "X-Forwarded-Proto");
    if (server.forwarded_redirect && !forwarded.empty() && forwarded[0] == "http")
      return moved("https://" + context.host + context.target.raw, 301);
    if (!server.app_root.empty() && context.target.uri == "/")
      return moved(std::string(scheme_of(context.request)) + "://" + context.request.host + server.app_root, 302);
    return at_location(context, server);
  }

  route::Answer at_location(const Context& context, const Server& server) const {
    const std::string& uri = context.target.uri;
    const Location* chosen = nullptr;
    for (const Location& location : server.locations) {
      if (location.kind == Location::Kind::exact && location.path == uri) chosen = &location;
      if (chosen) break;
    }
    if (!chosen) {
      if (const Location* slash = with_slash(server, uri)) return to_slash(context, *slash);
      chosen = longest_prefix(server, uri);
      for (const Location& location : server.locations) {
        if (location.kind != Location::Kind::regex) continue;
        if (location.expression.state() == Pattern::State::needs_pcre) return unmodelled(location.expression.why());
        if (location.expression.state() != Pattern::State::ok || !location.expression.found(uri)) continue;
        chosen = &location;
        break;
      }
    }
    if (!chosen) return server.basic_auth ? status(401) : status(404);
    auto out = forward(context, server, *chosen);
    if (!out.rule) out.rule = chosen->origin;
    out.attributes.insert(out.attributes.end(), chosen->attributes.begin(), chosen->attributes.end());
    return out;
  }

  static const Location* with_slash(const Server& server, const std::string& uri) {
    const Location* found = nullptr;
    for (const Location& location : server.locations) {
      if (location.kind != Location::Kind::exact && location.kind != Location::Kind::prefix) continue;
      if (location.path == uri) return nullptr;
      if (location.path == uri + "/" && !location.fixed && location.redirect_code == 0) found = &location;
    }
    return found;
  }

  static const Location* longest_prefix(const Server& server, const std::string& uri) {
    const Location* longest = nullptr;
    for (const Location& location : server.locations)
      if (location.kind == Location::Kind::prefix && uri.starts_with(location.path) &&
          (!longest || location.path.size() > longest->path.size()))
        longest = &location;
    return longest;
  }

  static route::Answer to_slash(const Context& context, const Location& location) {
    std::string to = std::string(scheme_of(context.request)) + "://" + context.host + nginx_escape(location.path);
    if (!context.target.args.empty()) to += "?" + context.target.args;
    auto out = redirect(301, to);
    out.rule = location.origin;
    return out;
  }

  static route::Answer forward(const Context& context, const Server& server, const Location& location) {
    if (location.fixed) return *location.fixed;
    const auto length = header_values(context.request, "Content-Length");
    if (location.body_limit > 0 && !length.empty() && parse_int(length[0]).value_or(0) > location.body_limit)
      return status(413);
    if (location.redirect_code) {
      const auto to = expand_variables(location.redirect_text, {{"request_uri", context.target.raw},
                                                                {"host", context.host},
                                                                {"scheme", std::string(scheme_of(context.request))},
                                                                {"http_host", context.request.host}});
      return to ? redirect(location.redirect_code, *to) : unmodelled("a redirect with a variable");
    }
    if (server.basic_auth)
      return has_header(context.request, "Authorization") ? unmodelled("the credentials of the request decide")
                                                          : status(401);
    std::string target = context.target.raw;
    if (auto why = rewrite(context, location, target)) return unmodelled(*why);
    if (!location.reachable) return status(502);
    route::Answer out = status(200);
    out.backend = location.backend;
    out.port = location.port;
    out.backend_target = std::move(target);
    out.backend_host = context.host;
    return out;
  }

  // proxy_pass with a URI replaces the location's prefix; rewrite replaces the whole path and may add arguments.
  static std::optional<std::string> rewrite(const Context& context, const Location& location, std::string& target) {
    const std::string& args = context.target.args;
    if (location.uri) {
      target = *location.uri + nginx_escape(context.target.uri.substr(location.path.size()));
      if (!args.empty()) target += "?" + args;
      return std::nullopt;
    }
    if (location.rewrite_target.empty()) return std::nullopt;
    if (location.rewrite.state() != Pattern::State::ok) return location.rewrite.why();
    const auto groups = location.rewrite.groups(context.target.uri);
    if (groups.empty()) return std::nullopt;
    const auto mark = location.rewrite_target.find('?');
    const auto path = expand_captures(location.rewrite_target.substr(0, mark), groups);
    const auto query =
        expand_captures(mark == std::string::npos ? "" : location.rewrite_target.substr(mark + 1), groups);
    if (!path || !query) return "rewrite-target uses a variable";
    target = nginx_escape(*path);
    std::string all = *query;
    if (!args.empty()) all += (all.empty() ? "" : "&") + args;
    if (!all.empty()) target += "?" + all;
    return std::nullopt;
  }

  Configuration config_;
};

class F5Nginx final : public Controller {
 public:
  F5Nginx(const kube::Index& index, const ControllerOptions& options) {
    sides_.emplace_back(f5_nginx::configuration(index, options, true));
    if (sides_[0].config().ties) sides_.emplace_back(f5_nginx::configuration(index, options, false));
  }

  bool measured() const override { return true; }
  std::string refused() const override { return sides_[0].config().refused; }

  // Of resources of equal age the larger UID wins, and manifests hold no UID: both orders may be real.
  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    if (!refused().empty()) {
      out.any_of.push_back(unmodelled("the controller refuses this configuration: " + refused()));
      return out;
    }
    for (const Side& side : sides_) {
      auto answer = side.answer(request);
      const bool known = std::any_of(out.any_of.begin(), out.any_of.end(), [&](const route::Answer& other) {
        return other.status == answer.status && other.backend == answer.backend && other.location == answer.location &&
               other.backend_target == answer.backend_target && other.unmodelled == answer.unmodelled;
      });
      if (!known) out.any_of.push_back(std::move(answer));
    }
    return out;
  }

  Boundaries boundaries() const override {
    Boundaries out;
    out.one_label_wildcards = false;
    out.tls_for_names_only = true;
    std::set<std::pair<route::Scheme, std::uint16_t>> ports;
    for (const Side& side : sides_)
      for (const auto& [host, server] : side.config().servers) {
        HostBoundaries entry;
        entry.host = host;
        entry.span = server.span;
        entry.methods = {"CONNECT", "TRACE"};
        if (server.forwarded_redirect) entry.headers.push_back({"X-Forwarded-Proto", {"http"}, {}});
        if (server.basic_auth) entry.headers.push_back({"Authorization", {}, {}});
        if (!server.app_root.empty()) entry.paths.push_back("/");
        for (const Location& location : server.locations) {
          if (location.kind == Location::Kind::regex)
            entry.regexes.push_back({location.expression.re2(), location.expression.state() == Pattern::State::ok});
          else
            entry.paths.push_back(location.path);
          if (location.rewrite_target.empty()) continue;
          entry.regexes.push_back({location.rewrite.re2(), location.rewrite.state() == Pattern::State::ok});
          if (!plain_captures(location.path, location.rewrite_target, '$'))
            entry.sampled.push_back("what " + location.path + " captures for rewrite-target " +
                                    location.rewrite_target);
        }
        if (server.tls) out.server_names.push_back(host);
        out.hosts.push_back(std::move(entry));
        for (const int port : server.ports)
          if (port != 80) ports.emplace(route::Scheme::http, static_cast<std::uint16_t>(port));
        if (server.tls)
          for (const int port : server.tls_ports)
            if (port != 443) ports.emplace(route::Scheme::https, static_cast<std::uint16_t>(port));
      }
    out.ports.assign(ports.begin(), ports.end());
    for (const Side& side : sides_)
      for (const auto& [name, location] : side.config().passthrough) {
        HostBoundaries entry;
        entry.host = name;
        entry.span = location.origin.span;
        out.hosts.push_back(std::move(entry));
        out.server_names.push_back(name);
      }
    tidy(out);
    return out;
  }

 private:
  std::vector<Side> sides_;
};

}  // namespace

std::unique_ptr<Controller> make_f5_nginx(const kube::Index& index, const ControllerOptions& options) {
  return std::make_unique<F5Nginx>(index, options);
}

}  // namespace gw::verify
