// jcmoraisjr/haproxy-ingress: oldest first, falls through hosts path by path, https only where the Ingress lists the
// host.
#include <algorithm>
#include <set>

#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

bool protocol(std::string_view v) {
  const std::string w = nginx::lower(v);
  return nginx::one_of(w, "h1", "h2", "h1-ssl", "h2-ssl", "http", "https", "grpc", "grpcs", "fcgi");
}

void ssl_redirect(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(true)) asking.wishes.https_redirect = false;
  asking.converted(given, asking.wishes.https_redirect ? "no redirect to https" : "hosts with TLS redirect to https");
}
void ssl_code(Asking& asking, const Given& given) {
  asking.wishes.https_code = *small_int(given.text);
  asking.converted(given, "RequestRedirect.statusCode");
}
void rewrite(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  if (!given.text.starts_with('/'))
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::rewrite,
                         "a path without '/' in front is sent as it is; Gateway API writes none");
  wish.kind = RewriteWish::Kind::prefix;
  wish.target = given.text;
  wish.claims = {given.claim};
}
void app_root(Asking& asking, const Given& given) {
  asking.wishes.app_root = given.text;
  asking.settle(given.claim, Outcome::approximated, "a redirect of '/'; the query is kept");
}
void redirect_to(Asking& asking, const Given& given) {
  const auto url = nginx::parse_url(given.text);
  if (!url)
    return asking.demand(
        Foreign{given.text}, {given.claim}, Loss::rewrite,
        "a Location that is no URL cannot be expressed: RequestRedirect has scheme, hostname and path");
  Redirect to;
  to.scheme = url->scheme;
  to.host = url->host;
  if (url->port != 0) to.port = url->port;
  to.path = PathRewrite{false, url->path.empty() ? "/" : url->path.substr(0, url->path.find('?'))};
  to.status = 302;
  asking.wishes.redirect = to;
  asking.settle(given.claim, Outcome::approximated, "RequestRedirect; the query of the request is kept");
}
void redirect_from(Asking& asking, const Given& given) {
  asking.wishes.redirect_hosts.push_back(given.text);
  asking.settle(given.claim, Outcome::approximated, "RequestRedirect of that host; Location has a scheme");
}
void alias(Asking& asking, const Given& given) {
  if (given.text.find_first_of(" ,") != std::string::npos)
    return asking.ignored(given, "names several hosts; the controller takes one and ignores it");
  asking.wishes.aliases.push_back(given.text);
  asking.converted(given, "hostnames of the routes");
}
void header_match(Asking& asking, const Given& given, bool regex) {
  const auto lines = header_lines(given.text, ':', HeaderEdit::Op::set);
  if (!lines) return asking.ignored(given, "is not 'Header: value'");
  for (const HeaderEdit& e : *lines)
    asking.wishes.conditions.headers.push_back({e.name, regex ? ".*(?:" + e.value + ").*" : e.value, regex});
  asking.converted(given, "matches.headers");
}
void header_equal(Asking& asking, const Given& given) {
  header_match(asking, given, false);
}
void header_regex(Asking& asking, const Given& given) {
  header_match(asking, given, true);
}
void balance(Asking& asking, const Given& given) {
  if (given.text == "roundrobin")
    return asking.demand(RoundRobin{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
  if (given.text == "source")
    return asking.demand(HashBalance{HashBalance::By::address, {}}, {given.claim}, Loss::other, sentence::balancing,
                         Outcome::approximated);
  asking.demand(LeastRequest{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
}
void affinity(Asking& asking, const Given& given) {
  if (given.text != "cookie") return asking.ignored(given, "is not 'cookie'");
  CookieAffinity c;
  c.name = asking.wishes.text("session-cookie-name", "INGRESSCOOKIE");
  c.same_site = asking.wishes.on("session-cookie-same-site") ? "None" : "";
  c.domain = asking.wishes.text("session-cookie-domain");
  std::vector<Claim> claims{given.claim};
  for (const auto& [name, g] : asking.wishes.given)
    if (name.starts_with("session-cookie-")) claims.push_back(g.claim);
  asking.demand(std::move(c), std::move(claims), Loss::other, sentence::session);
}
void rps(Asking& asking, const Given& given) {
  RateLimit limit;
  limit.requests = *small_int(given.text);
  asking.demand(limit, {given.claim}, Loss::rate_limit, sentence::rate_limit);
}
void connections(Asking& asking, const Given& given) {
  asking.demand(ConnectionLimit{*small_int(given.text)}, {given.claim}, Loss::rate_limit, sentence::connections);
}
void auth_secret(Asking& asking, const Given& given) {
  BasicAuth auth;
  std::tie(auth.ns, auth.secret) = qualified(given.text, asking.wishes.object->metadata.ns);
  auth.realm = asking.wishes.text("auth-realm");
  asking.demand(std::move(auth), asking.wishes.claims({"auth-secret", "auth-type", "auth-realm"}), Loss::auth,
                sentence::auth);
}
void auth_url(Asking& asking, const Given& given) {
  ExternalAuth auth;
  auth.url = given.text;
  std::string text = given.text;
  // svc://namespace/service:port/path
  if (text.starts_with("svc://")) {
    text = text.substr(6);
    const std::size_t slash = text.find('/');
    const std::size_t colon = text.find(':');
    if (slash != std::string::npos && (colon == std::string::npos || slash < colon))
      auth.ns = text.substr(0, slash), text = text.substr(slash + 1);
    if (auth.ns.empty()) auth.ns = asking.wishes.object->metadata.ns;
    const std::size_t end = text.find_first_of(":/");
    auth.service = text.substr(0, end);
    if (end != std::string::npos && text[end] == ':')
      auth.port = small_int(text.substr(end + 1, text.find('/', end) - end - 1)).value_or(80);
    const std::size_t path = text.find('/');
    auth.path = path == std::string::npos ? "/" : text.substr(path);
  } else if (const auto url = nginx::parse_url(text)) {
    const auto labels = nginx::split(url->host, '.');
    if (labels.size() >= 3 && labels[2] == "svc") auth.service = labels[0], auth.ns = labels[1];
    auth.port = url->port != 0 ? url->port : 80;
    auth.path = url->path.empty() ? "/" : url->path;
  }
  auth.signin = asking.wishes.text("auth-signin");
  auth.method = asking.wishes.text("auth-method");
  asking.demand(std::move(auth),
                asking.wishes.claims({"auth-url", "auth-signin", "auth-method", "auth-headers-succeed"}), Loss::auth,
                "external authentication needs --channel experimental or a target with policies");
}
void cors(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(false)) return asking.converted(given, "off");
  const Wishes& w = asking.wishes;
  CorsPolicy c;
  const std::string_view origins = w.text("cors-allow-origin", "*");
  c.origins = nginx::split(origins);
  const bool plain = origins.find(' ') == std::string_view::npos;
  c.methods = nginx::split(w.text("cors-allow-methods", "GET, PUT, POST, DELETE, PATCH, OPTIONS"));
  c.headers = nginx::split(w.text("cors-allow-headers",
                                  "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-"
                                  "Control,Content-Type,Authorization"));
  c.expose = nginx::split(w.text("cors-expose-headers"));
  c.credentials = w.text("cors-allow-credentials", "true") == "true";
  c.max_age = small_int(w.text("cors-max-age", "86400")).value_or(86400);
  asking.wishes.plain.cors = std::move(c);
  asking.wishes.plain.claims.push_back({FieldClaim::Field::cors, given.claim});
  asking.settle(given.claim, Outcome::approximated,
                plain ? "CORS filter; the controller answers every OPTIONS with 204"
                      : "CORS filter with the origins as written; the controller allows every origin when there is a "
                        "space in the list");
}
void backend_protocol(Asking& asking, const Given& given) {
  const std::string v = nginx::lower(given.text);
  if (v == "h1" || v == "http") return asking.converted(given, "the default");
  if (v == "h2" || v == "grpc") return asking.settle(given.claim, Outcome::approximated, sentence::h2c);
  asking.unchecked_tls({given.claim});
}
void secure_backends(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(false)) return asking.converted(given, "off");
  asking.unchecked_tls({given.claim});
}
// Lines "Header: value"; variables are those of HAProxy.
void edit_headers(Asking& asking, const Given& given, HeaderEdit::Op op, std::vector<HeaderEdit>& edits,
                  std::string_view filter) {
  const auto lines = header_lines(given.text, ':', op);
  if (!lines) return asking.ignored(given, "is not 'Header: value'");
  if (std::any_of(lines->begin(), lines->end(), [](const HeaderEdit& e) { return e.value.find('%') != e.value.npos; }))
    return asking.settle(given.claim, Outcome::refused, "a header made of variables of HAProxy cannot be expressed");
  edits.insert(edits.end(), lines->begin(), lines->end());
  asking.converted(given, filter);
}
void remove_headers(Asking& asking, const Given& given, std::vector<HeaderEdit>& edits, std::string_view filter) {
  for (const std::string& name : nginx::split(given.text)) edits.push_back({HeaderEdit::Op::remove, name, {}});
  asking.converted(given, filter);
}
constexpr std::string_view of_requests = "RequestHeaderModifier", of_answers = "ResponseHeaderModifier";
void request_headers(Asking& asking, const Given& given) {
  const Given* own = asking.wishes.find("request-set-headers");
  if (own && own->claim != given.claim)
    return asking.ignored(given, "request-set-headers says it too, and goes before its older name");
  edit_headers(asking, given, HeaderEdit::Op::set, asking.wishes.plain.request_headers, of_requests);
}
void more_request_headers(Asking& asking, const Given& given) {
  edit_headers(asking, given, HeaderEdit::Op::add, asking.wishes.plain.request_headers, of_requests);
}
void fewer_request_headers(Asking& asking, const Given& given) {
  remove_headers(asking, given, asking.wishes.plain.request_headers, of_requests);
}
void response_headers(Asking& asking, const Given& given) {
  edit_headers(asking, given, HeaderEdit::Op::set, asking.wishes.plain.response_headers, of_answers);
}
void more_response_headers(Asking& asking, const Given& given) {
  edit_headers(asking, given, HeaderEdit::Op::add, asking.wishes.plain.response_headers, of_answers);
}
void fewer_response_headers(Asking& asking, const Given& given) {
  remove_headers(asking, given, asking.wishes.plain.response_headers, of_answers);
}
void hsts(Asking& asking, const Given& given) {
  const Wishes& w = asking.wishes;
  if (!go_bool(w.text("hsts", "true")).value_or(true)) {
    asking.wishes.hsts = "off";
  } else {
    std::string value = "max-age=" + std::string(w.text("hsts-max-age", "15768000"));
    if (w.on("hsts-include-subdomains")) value += "; includeSubDomains";
    if (w.on("hsts-preload")) value += "; preload";
    asking.wishes.hsts = value;
  }
  asking.converted(given, "ResponseHeaderModifier on https");
}
void client_certificate(Asking& asking, const Given& given) {
  ClientCertificate c;
  std::tie(c.ns, c.secret) = qualified(given.text, asking.wishes.object->metadata.ns);
  c.mode = asking.wishes.text("auth-tls-verify-client", "on");
  c.passed_on = asking.wishes.on("auth-tls-cert-header");
  std::vector<Claim> claims;
  for (const auto& [name, g] : asking.wishes.given)
    if (name.starts_with("auth-tls-")) claims.push_back(g.claim);
  asking.wishes.host_intents.push_back(
      {c, std::move(claims), Loss::client_certificate, Outcome::refused, sentence::client_certificate, asking.field});
}
void passthrough(Asking& asking, const Given& given) {
  asking.wishes.passthrough = go_bool(given.text).value_or(false);
  asking.converted(given, asking.wishes.passthrough ? "TLSRoute: the backend terminates TLS" : "off");
}

constexpr std::string_view config_text = "text of HAProxy's configuration means nothing to another gateway";

constexpr WishRow rows[] = {
    {.key = "ssl-redirect", .valid = is_bool, .apply = ssl_redirect},
    {.key = "ssl-redirect-code", .valid = is_redirect_code, .apply = ssl_code},
    {.key = "rewrite-target", .valid = not_empty, .apply = rewrite},
    {.key = "app-root", .valid = not_empty, .apply = app_root},
    {.key = "redirect-to", .valid = not_empty, .apply = redirect_to},
    {.key = "redirect-from", .valid = not_empty, .apply = redirect_from},
    {.key = "redirect-from-regex",
     .outcome = Outcome::refused,
     .detail = "hostnames of Gateway API are names, not expressions",
     .loss = Loss::redirect},
    {.key = "redirect-to-code", .outcome = Outcome::ignored, .detail = "the controller reads it in its ConfigMap only"},
    {.key = "redirect-from-code",
     .outcome = Outcome::ignored,
     .detail = "the controller reads it in its ConfigMap only"},
    {.key = "server-alias", .valid = not_empty, .apply = alias},
    {.key = "server-alias-regex",
     .outcome = Outcome::refused,
     .detail = "hostnames of Gateway API are names, not expressions",
     .loss = Loss::other},
    {.key = "path-type", .detail = "the match type of ImplementationSpecific paths"},
    {.key = "http-header-match", .apply = header_equal},
    {.key = "http-header-match-regex", .apply = header_regex},
    {.key = "balance-algorithm", .valid = not_empty, .apply = balance},
    {.key = "affinity", .apply = affinity},
    {.key = "session-cookie-*", .outcome = Outcome::approximated, .detail = "part of affinity", .with = "affinity"},
    {.key = "whitelist-source-range", .loss = Loss::allow_list, .apply = allow_addresses},
    {.key = "allowlist-source-range", .loss = Loss::allow_list, .apply = allow_addresses},
    {.key = "denylist-source-range", .loss = Loss::allow_list, .apply = deny_addresses},
    {.key = "limit-rps", .valid = is_int, .apply = rps},
    {.key = "limit-connections", .valid = is_int, .apply = connections},
    {.key = "limit-whitelist", .outcome = Outcome::approximated, .detail = "part of limit-rps", .with = "limit-rps"},
    {.key = "auth-url", .valid = not_empty, .loss = Loss::auth, .apply = auth_url},
    {.key = "auth-secret", .valid = not_empty, .loss = Loss::auth, .apply = auth_secret},
    {.key = "auth-type",
     .outcome = Outcome::approximated,
     .detail = "part of auth-secret",
     .loss = Loss::auth,
     .with = "auth-secret"},
    {.key = "auth-realm",
     .outcome = Outcome::approximated,
     .detail = "part of auth-secret",
     .loss = Loss::auth,
     .with = "auth-secret"},
    {.key = "auth-signin",
     .outcome = Outcome::approximated,
     .detail = "part of auth-url",
     .loss = Loss::auth,
     .with = "auth-url"},
    {.key = "auth-method",
     .outcome = Outcome::approximated,
     .detail = "part of auth-url",
     .loss = Loss::auth,
     .with = "auth-url"},
    {.key = "auth-headers-*",
     .outcome = Outcome::approximated,
     .detail = "part of auth-url",
     .loss = Loss::auth,
     .with = "auth-url"},
    {.key = "oauth*",
     .outcome = Outcome::refused,
     .detail = "OAuth needs a target with policies; write its SecurityPolicy",
     .loss = Loss::auth},
    {.key = "auth-tls-secret", .valid = not_empty, .loss = Loss::client_certificate, .apply = client_certificate},
    {.key = "auth-tls-*",
     .outcome = Outcome::approximated,
     .detail = "part of auth-tls-secret",
     .loss = Loss::client_certificate,
     .with = "auth-tls-secret"},
    {.key = "cors-enable", .valid = is_bool, .apply = cors},
    {.key = "cors-*", .detail = "part of the CORS filter", .with = "cors-enable"},
    {.key = "blue-green-deploy",
     .outcome = Outcome::refused,
     .detail = "weights of Gateway API lie between Services, these between pods of one: give each colour a Service"},
    {.key = "blue-green-balance",
     .outcome = Outcome::refused,
     .detail = "weights of Gateway API lie between Services, these between pods of one: give each colour a Service"},
    {.key = "blue-green-mode", .outcome = Outcome::approximated, .detail = "part of blue-green-balance"},
    {.key = "blue-green-*",
     .outcome = Outcome::refused,
     .detail = "a header or cookie that chooses pods cannot be expressed; give each colour a Service"},
    {.key = "backend-protocol", .valid = protocol, .apply = backend_protocol},
    {.key = "secure-backends", .valid = is_bool, .apply = secure_backends},
    {.key = "secure-crt-secret",
     .outcome = Outcome::refused,
     .detail = "a client certificate for the backend belongs to the Gateway (spec.tls.backend); it is not written",
     .loss = Loss::backend_tls},
    {.key = "secure-*",
     .outcome = Outcome::refused,
     .detail = "how the backend's certificate is checked belongs in a BackendTLSPolicy; it is not written",
     .loss = Loss::backend_tls},
    {.key = "timeout-server", .valid = is_time, .apply = backend_timeout},
    {.key = "timeout-connect", .valid = is_time, .apply = connect_timeout},
    {.key = "timeout-*",
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no such time; the gateway's own holds"},
    {.key = "headers", .apply = request_headers},
    {.key = "request-set-headers", .apply = request_headers},
    {.key = "request-add-headers", .apply = more_request_headers},
    {.key = "request-del-headers", .valid = not_empty, .apply = fewer_request_headers},
    {.key = "response-set-headers", .apply = response_headers},
    {.key = "response-add-headers", .apply = more_response_headers},
    {.key = "response-del-headers", .valid = not_empty, .apply = fewer_response_headers},
    {.key = "http-response-*",
     .outcome = Outcome::approximated,
     .detail = "the page of an answer that HAProxy gives itself; a gateway's own pages are its own"},
    {.key = "hsts", .valid = is_bool, .apply = hsts},
    {.key = "hsts-max-age", .valid = is_int, .apply = hsts},
    {.key = "hsts-include-subdomains", .valid = is_bool, .apply = hsts},
    {.key = "hsts-preload", .valid = is_bool, .apply = hsts},
    {.key = "config-backend*", .outcome = Outcome::refused, .detail = config_text, .loss = Loss::snippet},
    {.key = "config-frontend*", .outcome = Outcome::refused, .detail = config_text, .loss = Loss::snippet},
    {.key = "config-*", .outcome = Outcome::refused, .detail = config_text, .loss = Loss::snippet},
    {.key = "ssl-passthrough", .valid = is_bool, .apply = passthrough},
    {.key = "ssl-passthrough-http-port",
     .outcome = Outcome::approximated,
     .detail = "http of a host that passes TLS through is left out"},
    {.key = "ssl-options*", .outcome = Outcome::approximated, .detail = "TLS options are the gateway's own"},
    {.key = "waf*", .outcome = Outcome::refused, .detail = "a firewall is not part of Gateway API", .loss = Loss::waf},
    {.key = "proxy-body-size", .outcome = Outcome::approximated, .detail = "Gateway API has no limit of a body"},
    {.key = "proxy-protocol",
     .outcome = Outcome::refused,
     .detail = "the PROXY protocol to backends is the gateway's own setting"},
    {.key = "health-check*", .outcome = Outcome::approximated, .detail = "health checks are the gateway's own"},
    {.key = "backend-check-interval",
     .outcome = Outcome::approximated,
     .detail = "health checks are the gateway's own"},
    {.key = "service-upstream", .outcome = Outcome::approximated, .detail = "gateways choose endpoints themselves"},
    {.key = "slots-*", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "dynamic-scaling", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "maxconn-server", .outcome = Outcome::approximated, .detail = sentence::connections},
    {.key = "maxqueue-server", .outcome = Outcome::approximated, .detail = sentence::connections},
    {.key = "forwardfor", .outcome = Outcome::approximated, .detail = "gateways set X-Forwarded-For"},
    {.key = "allowlist-source-header",
     .outcome = Outcome::refused,
     .detail = "the address of the client is read from a header there; name it to the gateway as the client's address",
     .loss = Loss::allow_list,
     .with = "allowlist-source-range"},
    {.key = "auth-external-placement",
     .outcome = Outcome::approximated,
     .detail = "part of auth-url",
     .with = "auth-url"},
    {.key = "fcgi-app",
     .outcome = Outcome::refused,
     .detail = "FastCGI to backends cannot be expressed: gateways speak HTTP to them",
     .loss = Loss::backend},
    {.key = "tcp-service-*",
     .outcome = Outcome::refused,
     .detail = "a TCP service on a port of its own is a TCPRoute and a listener of its own; it is not written",
     .loss = Loss::backend},
    {.key = "ssl-always-*",
     .outcome = Outcome::approximated,
     .detail = "https of hosts without TLS of their own; listeners are written for hosts with a certificate"},
    {.key = "agent-check-*", .outcome = Outcome::approximated, .detail = "health checks are the gateway's own"},
    {.key = "initial-weight", .outcome = Outcome::approximated, .detail = "weights of endpoints are the gateway's own"},
    {.key = "assign-backend-server-id", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "backend-server-*", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "peers-table", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "source-address-intf",
     .outcome = Outcome::approximated,
     .detail = "the address of the gateway's own Pods is the source"},
    {.key = "use-resolver",
     .outcome = Outcome::approximated,
     .detail = "names are resolved by the gateway's own resolver"},
    {.key = "ssl-cipher*", .outcome = Outcome::approximated, .detail = "ciphers are the gateway's own"},
    {.key = "ssl-fingerprint-*", .outcome = Outcome::approximated, .detail = "TLS options are the gateway's own"},
    {.key = "tls-alpn", .outcome = Outcome::approximated, .detail = "TLS options are the gateway's own"},
    {.key = "var-namespace", .outcome = Outcome::approximated, .detail = "a variable for logs of HAProxy"},
    {.key = "acme-preferred-chain",
     .outcome = Outcome::approximated,
     .detail = "let cert-manager make the listener's Secret"},
    {.key = "cert-signer", .outcome = Outcome::approximated, .detail = "let cert-manager make the listener's Secret"},
};

constexpr WishRow service_rows[] = {
    {.key = "balance-algorithm", .valid = not_empty, .apply = balance},
    {.key = "backend-protocol", .valid = protocol, .apply = backend_protocol},
    {.key = "secure-backends", .valid = is_bool, .apply = secure_backends},
    {.key = "affinity", .apply = affinity},
    {.key = "session-cookie-*", .outcome = Outcome::approximated, .detail = "part of affinity", .with = "affinity"},
    {.key = "rewrite-target", .valid = not_empty, .apply = rewrite},
    {.key = "whitelist-source-range", .loss = Loss::allow_list, .apply = allow_addresses},
    {.key = "allowlist-source-range", .loss = Loss::allow_list, .apply = allow_addresses},
    {.key = "denylist-source-range", .loss = Loss::allow_list, .apply = deny_addresses},
    {.key = "auth-url", .valid = not_empty, .loss = Loss::auth, .apply = auth_url},
    {.key = "auth-secret", .valid = not_empty, .loss = Loss::auth, .apply = auth_secret},
    {.key = "limit-rps", .valid = is_int, .apply = rps},
    {.key = "headers", .apply = request_headers},
    {.key = "timeout-server", .valid = is_time, .apply = backend_timeout},
    {.key = "timeout-connect", .valid = is_time, .apply = connect_timeout},
    {.key = "config-backend*", .outcome = Outcome::refused, .detail = config_text, .loss = Loss::snippet},
};

// On a wildcard host every path is an expression that nothing anchors at its end, the longest first.
bool match(Offer& offer, Asking& asking) {
  const bool wildcard = offer.host.starts_with("*.");
  const bool specific = offer.type != "Exact" && offer.type != "Prefix";
  const std::string type = specific ? nginx::lower(offer.wishes->text("path-type", "begin")) : "";
  const std::string_view text = offer.text;
  const long length = static_cast<long>(text.size());
  int kind = offer.type == "Exact" ? 0 : offer.type == "Prefix" ? 1 : 2;
  if (type == "exact") kind = 0;
  if (type == "prefix") kind = 1;
  if (type == "regex") kind = 3;
  if (kind == 0) offer.reach = Reach::exact;
  if (kind == 1) offer.reach = wildcard && text != "/" ? Reach::bytes : Reach::element;
  if (kind == 2 && !wildcard && text != "/") {
    offer.reach = Reach::regex;
    offer.text = asking.ir.keep("(?i)" + escape_regex(text) + ".*");
  }
  if (kind == 3) {
    offer.reach = Reach::regex;
    const bool start = text.starts_with('^'), end = text.ends_with('$') && !text.ends_with("\\$");
    std::string body(start ? text.substr(1) : text);
    if (end) body.pop_back();
    // Only the first branch stands at the start of the path.
    if (top_level_alternation(body)) {
      const std::size_t bar = body.find('|');
      body = "(?:" + body.substr(0, bar) + "|.*(?:" + body.substr(bar + 1) + "))";
    }
    offer.text = asking.ir.keep(body + (end ? "" : ".*"));
    RewriteWish wish = offer.wishes->rewrite;
    if (wish.kind == RewriteWish::Kind::prefix) {
      wish.kind = RewriteWish::Kind::pattern;
      wish.pattern = "^" + body + ".*$";
      offer.own_rewrite = std::move(wish);
    }
  }
  const long redirect = offer.wishes->redirect ? 10'000'000 : 0;  // goes before every backend
  if (wildcard) {
    offer.rank = length + (kind == 1 ? (text.ends_with('/') ? 5 : 6) : kind == 0 ? 1 : 0);
  } else {
    offer.rank = (kind == 0 ? 2'000'000 : kind == 3 ? 0 : 1'000'000) + length * 4 + (3 - kind) + redirect;
  }
  return true;
}

int breadth(std::string_view host) {
  return host.empty() ? 2 : host.starts_with("*.") ? 1 : 0;
}

// The exact host's paths, then those of its wildcard, then those without a host.
bool before(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) { return std::tuple(o.fallback, breadth(o.host), -o.rank, o.place); };
  return key(a) < key(b);
}

// strict-host of the controller's ConfigMap.
bool strict(const Input& input) {
  for (const kube::ConfigMap& map : input.bundle.config_maps)
    if (const std::string* value = kube::find(map.data, "strict-host");
        value && map.metadata.name.find("haproxy-ingress") != std::string::npos)
      return go_bool(*value).value_or(false);
  return false;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: HAProxy matches and forwards them raw; "
     "Gateway API matches what the gateway sees",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW621", DialectNote::When::wildcard,
     "hosts with two or more labels, or odd characters, under a wildcard: HAProxy takes *.example.com for one label, "
     "Gateway API for one or more",
     "GET http://a.b.example.com/"},
    {"GW622", DialectNote::When::no_tls,
     "https to a host or path without TLS of its own: the controller answers 404, or has port 443 closed; so does a "
     "gateway without that listener, before HTTP",
     "GET https://www.example.org/"},
    {"GW624", DialectNote::When::always,
     "a Service without endpoints or one that refuses: 503 from the controller; a gateway answers 503, 500 or 502",
     "GET http://www.example.org/"},
    {"GW627", DialectNote::When::always,
     "requests with an empty, doubled or missing Host, or one with a trailing dot: HAProxy answers 400 or 404",
     "GET http://www.example.org./"},
    {"GW629", DialectNote::When::tls,
     "https with a server name other than Host: the controller shows a fake certificate and answers for Host; a "
     "gateway refuses the handshake or answers 421",
     "GET https://unknown.example.org/"},
    {"GW630", DialectNote::When::redirect,
     "Location of redirects: the controller keeps the port of Host and the raw path, and drops the query for app-root "
     "and redirect-to",
     "GET http://www.example.org:8080/?q=1"},
    {"GW633", DialectNote::When::always,
     "paths that nothing names: the controller answers 404 of its own or the default backend",
     "GET http://www.example.org/not-there"},
    {"GW634", DialectNote::When::always, "methods TRACE and CONNECT: HAProxy passes or refuses them itself",
     "TRACE http://www.example.org/"},
};

constexpr std::string_view config_maps[] = {"haproxy-ingress", "haproxy-ingress-controller"};
constexpr std::string_view charts[] = {"haproxy-ingress"};

constexpr Dialect traits{
    .provider = "haproxy-ingress",
    .rows = rows,
    .service_rows = service_rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .fall_through = true,
    .missing_drops = true,
    .own_https = true,
    .tls = TlsMatch::named,
    .redirect = TlsScope::named_hosts,
    .code = 302,
    .hsts = "max-age=15768000",
    .notes = notes,
    .match = match,
    .before = before,
    .strict = strict,
    .config_map = {{config_maps, charts}, deciding_haproxy_word},
};

}  // namespace

void read_haproxy_ingress(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

std::vector<std::string_view> haproxy_ingress_annotations() {
  return full_names("haproxy-ingress.github.io/", rows);
}

}  // namespace gw::convert
