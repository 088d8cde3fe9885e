// Where the answers of ingress-nginx may change: the paths, headers and methods that some location looks at.
#include <algorithm>

#include "verify/controllers/ingress_nginx_model.h"
#include "verify/controllers/nginx_variables.h"

namespace gw::verify::ingress_nginx {
namespace {

PathRegex path_regex(const Pattern& pattern) {
  return {pattern.re2(), pattern.state() == Pattern::State::ok};
}

void add_canary(HostBoundaries& out, const Canary& canary) {
  if (!canary.header.empty()) {
    NamedValues header{canary.header, {}, {}};
    if (!canary.header_value.empty())
      header.values = {canary.header_value};
    else if (!canary.header_pattern.empty())
      header.expressions = {path_regex(Pattern(canary.header_pattern))};
    else
      header.values = {"always", "never"};
    out.headers.push_back(std::move(header));
  }
  if (!canary.cookie.empty()) out.cookies.push_back({canary.cookie, {"always", "never"}, {}});
}

}  // namespace

HostBoundaries Model::boundaries_of(const Server& server) const {
  HostBoundaries out;
  out.host = server.host == "_" ? "" : lower(server.host);
  out.span = server.span;
  out.methods = {"CONNECT", "TRACE"};
  bool cors = false;
  for (const Location& location : server.locations) {
    const Annotations& annotations = *location.annotations;
    if (server.regex)
      out.regexes.push_back(path_regex(location.match));
    else
      out.paths.push_back(location.path);
    // Where "^path" matches, the rewrite's "path" does too: only what it captures may go beyond the classes.
    if (server.regex && needs_rewrite(location) && !annotations.denied &&
        !plain_captures(location.path, annotations.rewrite_target, '$'))
      out.sampled.push_back("what " + location.path + " captures for rewrite-target " + annotations.rewrite_target);
    if (!annotations.app_root.empty()) out.paths.push_back("/");
    cors |= annotations.cors.enabled;
    if (annotations.cors.enabled && !annotations.cors.any)
      out.headers.push_back({"Origin", {}, {path_regex(annotations.cors.expression)}});
    if (annotations.basic_auth || external_auth(Context{route::Request{}, {}, {}, {}, {}, &server, &location}))
      out.sampled.push_back("the credentials of a request");
    if (annotations.rate_limited) out.sampled.push_back("the rate of requests");
    if (auto it = config_.upstreams.find(location.upstream); it != config_.upstreams.end())
      if (const Upstream* canary = alternative(it->second)) add_canary(out, *canary->shaping);
  }
  if (server.host == "_" && !server.regex) out.paths.insert(out.paths.end(), {"/healthz", "/nginx_status"});
  if (cors) out.methods.insert(out.methods.begin() + 1, "OPTIONS");
  const bool redirected = std::any_of(config_.redirects.begin(), config_.redirects.end(), [&](const auto& row) {
    return row.first == server.host || row.second == server.host;
  });
  if (!redirected) add_shape(config_, server, certificate_for(out.host), out);
  if (config_.settings.forwarded_headers) {
    out.headers.push_back({"X-Forwarded-Proto", {"http", "https"}, {}});
    out.sampled.push_back("X-Forwarded-Host and X-Forwarded-For");
  }
  return out;
}

Boundaries Model::boundaries() const {
  Boundaries out;
  out.tls_for_names_only = !flag(config_.settings.flags, "default-ssl-certificate");
  for (const auto& [host, server] : config_.servers) {
    HostBoundaries entry = boundaries_of(server);
    if (server.certificate && host != "_") out.server_names.push_back(lower(host));
    for (const std::string& alias : server.aliases) {
      HostBoundaries other = entry;
      other.regex = alias.find_first_of("~*") != std::string::npos || alias.starts_with('.');
      other.host = lower(alias);
      if (other.regex) other.host = alias.starts_with('~') ? alias.substr(1) : alias_expression(alias);
      out.hosts.push_back(std::move(other));
    }
    out.hosts.push_back(std::move(entry));
  }
  for (const auto& [from, to] : config_.redirects) {
    HostBoundaries entry;
    entry.host = from;
    entry.methods = {"CONNECT", "TRACE"};
    entry.span = config_.servers.at(to).span;
    out.hosts.push_back(std::move(entry));
  }
  tidy(out);
  return out;
}

}  // namespace gw::verify::ingress_nginx
