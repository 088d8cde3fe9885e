#include "convert/emitters/traits.h"

#include <algorithm>

namespace gw::convert {
namespace {

// What there is in a conversion that a trait may concern.
struct Facts {
  std::string host = "www.example.org";
  bool tls = false, redirects = false, prefix_rewrites = false, cors = false, demands = false, wide = false,
       deep = false, regex = false, mirrors = false, headers = false;
};

Facts facts_of(const Ir& ir) {
  Facts f;
  bool named = false;
  for (const Server& server : ir.servers) {
    const bool wide = server.host.empty() || server.host.starts_with("*.");
    if (!wide && !named) f.host = server.host, named = true;
    f.tls = f.tls || server.tls;
    for (const Rule& rule : server.rules) {
      f.wide = f.wide || wide;
      f.deep = f.deep || (wide && rule.path != "/");
      f.regex = f.regex || rule.kind == PathKind::regex;
      f.headers = f.headers || rule.conditions;
      if (!rule.action) continue;
      const Action& a = *rule.action;
      f.redirects = f.redirects || a.redirect;
      f.prefix_rewrites = f.prefix_rewrites || (a.rewrite && a.rewrite->prefix);
      f.cors = f.cors || a.cors;
      f.mirrors = f.mirrors || !a.mirrors.empty();
      f.demands = f.demands || !a.intents.empty();
    }
  }
  return f;
}

bool always(const Facts&) {
  return true;
}
bool redirects(const Facts& f) {
  return f.redirects;
}
bool tls(const Facts& f) {
  return f.tls;
}
bool cors(const Facts& f) {
  return f.cors;
}
bool demands(const Facts& f) {
  return f.demands;
}

struct Trait {
  std::string_view target, code;
  bool (*concerns)(const Facts&);
  std::string_view message;
  std::string_view path;  // of a request that shows it; "https:" in front: over TLS
};

constexpr Trait rows[] = {
    {"envoy-gateway", "GW660", always,
     "paths with %2F or %5C: Envoy Gateway answers 307 to the decoded path, before any route; '//' and dot segments "
     "are cleaned and escapes of unreserved characters decoded before matching and towards the backend; '#', %00, "
     "spaces and bytes that are not ASCII get 400 (ClientTrafficPolicy path has settings)",
     "/a%2Fb"},
    {"envoy-gateway", "GW661", redirects,
     "Location of redirects: Envoy Gateway keeps the port of the Host header unless the filter names one, and writes "
     "the cleaned path",
     "/"},
    {"envoy-gateway", "GW662", tls,
     "https: Envoy Gateway chooses the listener by server name alone and never answers 421; a name without listener is "
     "reset; Host is looked up among the routes of that listener, else 404",
     "https:/"},
    {"envoy-gateway", "GW663", [](const Facts& f) { return f.wide; },
     "hosts on http: Envoy Gateway takes the most specific host name that has a route and never falls through to a "
     "wider one; a wildcard takes any depth",
     "/not-there"},
    {"envoy-gateway", "GW664", always,
     "backends: a Service, port or grant that does not exist is 500, one without endpoints 503; endpoints that are not "
     "ready are used when all of them are",
     "/"},
    {"envoy-gateway", "GW665", demands,
     "policies: what Envoy Gateway does not accept (a missing Secret, passwords that are not {SHA}) answers 500 on its "
     "routes; a policy of a route replaces the Gateway's",
     "/"},
    {"envoy-gateway", "GW666", always,
     "requests with a header name that has '_', an unknown method or a missing Host: Envoy Gateway answers 400", "/"},
    {"envoy-gateway", "GW667", cors,
     "preflights: Envoy Gateway answers every preflight with 200, for an origin that is not allowed without headers",
     "/"},
    {"nginx-gateway-fabric", "GW661", redirects,
     "Location of redirects: NGINX Gateway Fabric writes :80 or :443 when the filter names neither scheme nor port",
     "/"},
    {"nginx-gateway-fabric", "GW660", always,
     "prefixes that end in '/': NGINX Gateway Fabric answers 301 for the path without it; matching is done on the "
     "decoded path with '//' merged",
     "/a//b%2Fc"},
    {"nginx-gateway-fabric", "GW662", tls,
     "https: NGINX Gateway Fabric takes any server name that a listener's certificate is for and routes by Host; "
     "another Host than the server name is 421",
     "https:/"},
    {"nginx-gateway-fabric", "GW663", [](const Facts& f) { return f.wide || f.headers || f.regex; },
     "order: NGINX Gateway Fabric chooses a location by path alone, so a rule whose headers do not match is 404 "
     "instead of a shorter path's; a regular expression goes before a longer prefix",
     "/not-there"},
    {"nginx-gateway-fabric", "GW664", always,
     "backends: an invalid reference, no backend or weight 0 is 500, no endpoints 503, a refused connection 502", "/"},
    {"nginx-gateway-fabric", "GW666", always,
     "methods CONNECT and TRACE are 405; a missing Host is 400, with HTTP/1.0 404", "/"},
    {"traefik", "GW660", always,
     "paths: Traefik cleans '//' and dot segments, decodes escapes of unreserved characters, and forwards the cleaned "
     "path; %2F stays one segment; a bad escape, '#' or a path without '/' is 400; ';' in a query becomes '&'",
     "/a//b%2Fc"},
    {"traefik", "GW661", redirects,
     "Location of redirects: Traefik keeps the port of the Host header, and writes :80 or :443 where the filter names "
     "it",
     "/"},
    {"traefik", "GW662", tls,
     "https: Traefik finds the certificate among all listeners, routes by Host whatever the server name, and serves "
     "its default certificate for a name it does not know",
     "https:/"},
    {"traefik", "GW663", [](const Facts& f) { return f.wide; },
     "order: Traefik tries routes by one number in which the path outranks the host: a longer or exact path of a "
     "wildcard or host-less route goes before a shorter one of the exact host, and they serve what the exact host "
     "lacks",
     "/not-there"},
    {"traefik", "GW664", always,
     "backends: a missing Service, port, grant or EndpointSlice is 500, no ready endpoint 503, a refused connection "
     "502",
     "/"},
    {"traefik", "GW666", always,
     "requests: CONNECT is 501, two Host headers or an empty one 400; X-Forwarded-* of the client are replaced", "/"},
    {"traefik", "GW668", [](const Facts& f) { return f.demands || f.cors || f.mirrors; },
     "Middlewares and TraefikServices need Traefik's kubernetesCRD provider beside kubernetesGateway; a rule whose "
     "Middleware is missing answers 500",
     "/"},
    {"traefik", "GW668", always,
     "each listener port needs an entry point of Traefik with that port; without one nothing listens there", "/"},
    {"kong", "GW661", redirects,
     "redirects: Kong writes http where the filter names a host and no scheme, and takes only a path that is replaced "
     "as a whole",
     "/"},
    {"gke", "GW668", always,
     "health checks: GKE asks every backend for GET / and takes only 200 for healthy; write a HealthCheckPolicy for a "
     "Service that answers otherwise",
     "/"},
    {"cilium", "GW660", always, "paths: Cilium's Envoy cleans '//' and dot segments before it matches", "/a//b"},
};

}  // namespace

void add_traits(const Ir& ir, PolicyContext& context) {
  if (ir.servers.empty()) return;
  const Facts facts = facts_of(ir);
  for (const Trait& row : rows) {
    if (row.target != context.profile.target || !row.concerns(facts)) continue;
    const bool over_tls = row.path.starts_with("https:");
    const std::string request = std::string("GET ") + (over_tls ? "https://" : "http://") + facts.host +
                                std::string(over_tls ? row.path.substr(6) : row.path);
    context.ledger.note(
        {std::string(row.code), diag::Severity::info, std::string(row.message), request, nullptr, nullptr});
  }
}

}  // namespace gw::convert
