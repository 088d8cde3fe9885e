// haproxytech/kubernetes-ingress: maps of host and path; age does not count; any TLS redirects the whole Ingress.
#include <algorithm>

#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert {
namespace {

// "yes" is off.
bool on(std::string_view v) {
  return nginx::one_of(nginx::lower(v), "true", "1", "t", "enabled", "on");
}
bool switch_word(std::string_view v) {
  return is_bool(v) || nginx::one_of(v, "enabled", "disabled", "on", "off");
}
bool code(std::string_view v) {
  return is_redirect_code(v);
}

void rewrite(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  wish.claims = {given.claim};
  const auto lines = nginx::split(given.text, '\n');
  std::vector<std::string> words;
  if (!lines.empty()) words = nginx::split(lines[0], ' ');
  if (lines.size() > 1)
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::rewrite,
                         "several rewrites one after the other cannot be expressed");
  if (words.size() == 1) {
    wish.kind = RewriteWish::Kind::whole;
    wish.target = words[0];
  } else if (words.size() == 2) {
    wish.kind = RewriteWish::Kind::pattern;
    wish.pattern = words[0];
    wish.target = words[1];
  } else {
    wish.claims.clear();
    asking.ignored(given, "is not 'TARGET' or 'EXPRESSION TARGET'; the controller ignores it");
  }
}

void request_redirect(Asking& asking, const Given& given) {
  Redirect to;
  to.scheme = "http";
  to.status = small_int(asking.wishes.text("request-redirect-code", "302")).value_or(302);
  if (const auto url =
          nginx::parse_url(given.text.find("://") == std::string::npos ? "http://" + given.text : given.text)) {
    to.scheme = url->scheme;
    to.host = url->host;
    if (url->port != 0) to.port = url->port;
    if (!url->path.empty() && url->path != "/")
      return asking.demand(Foreign{given.text}, {given.claim}, Loss::rewrite,
                           "the controller appends the path to the path it is given; a gateway keeps or replaces it");
  }
  asking.wishes.redirect = to;
  asking.converted(given, "RequestRedirect");
}
// A code that is not valid silently takes the rule along.
void redirect_code(Asking& asking, const Given& given) {
  if (!code(given.text)) {
    asking.wishes.redirect.reset();
    return asking.ignored(given, "is not a code of a redirect; the controller leaves out the redirect");
  }
  asking.converted(given, "RequestRedirect.statusCode");
}
void ssl_redirect(Asking& asking, const Given& given) {
  asking.wishes.https_redirect = on(given.text);
  asking.converted(given, *asking.wishes.https_redirect ? "http redirects to https" : "no redirect to https");
}
void ssl_code(Asking& asking, const Given& given) {
  if (!code(given.text)) {
    asking.wishes.https_redirect = false;
    return asking.ignored(given, "is not a code of a redirect; the controller serves the paths in clear");
  }
  asking.wishes.https_code = *small_int(given.text);
  asking.converted(given, "RequestRedirect.statusCode");
}
void ssl_port(Asking& asking, const Given& given) {
  if (const auto port = small_int(given.text)) asking.wishes.https_port = *port == 443 ? 0 : *port;
  asking.converted(given, "RequestRedirect.port");
}

void addresses(Asking& asking, const Given& given, bool deny) {
  if (given.text.starts_with("patterns/"))
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::allow_list,
                         "the list stands in a pattern file of the controller; write its networks here");
  deny ? deny_addresses(asking, given) : allow_addresses(asking, given);
}
void allow(Asking& asking, const Given& given) {
  addresses(asking, given, false);
}
void deny(Asking& asking, const Given& given) {
  addresses(asking, given, true);
}

void rate(Asking& asking, const Given& given) {
  RateLimit limit;
  limit.requests = *small_int(given.text);
  const auto period = duration(asking.wishes.text("rate-limit-period", "1s"));
  if (period && *period >= std::chrono::hours(1))
    limit.unit = 'h';
  else if (period && *period >= std::chrono::minutes(1))
    limit.unit = 'm';
  asking.demand(limit, asking.wishes.claims({"rate-limit-requests", "rate-limit-period"}), Loss::rate_limit,
                sentence::rate_limit);
}

void basic_auth(Asking& asking, const Given& given) {
  if (given.text != "basic-auth")
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::auth,
                         "it is not 'basic-auth'; the controller leaves the route open");
  const std::string_view secret = asking.wishes.text("auth-secret");
  BasicAuth auth;
  std::tie(auth.ns, auth.secret) = qualified(secret, asking.wishes.object->metadata.ns);
  auth.realm = asking.wishes.text("auth-realm");
  auth.map = true;
  asking.demand(std::move(auth), asking.wishes.claims({"auth-type", "auth-secret", "auth-realm"}), Loss::auth,
                sentence::auth);
}

void cors(Asking& asking, const Given& given) {
  if (!on(given.text)) return asking.converted(given, "off");
  const Wishes& w = asking.wishes;
  CorsPolicy c;
  const std::string_view origin = w.text("cors-allow-origin", "*");
  const bool plain =
      origin == "*" || (origin.starts_with("http") && origin.find_first_of("*()[]|?+$^\\, ") == std::string_view::npos);
  c.origins = {plain ? std::string(origin) : std::string("*")};
  c.methods = nginx::split(w.text("cors-allow-methods", "*"));
  c.headers = nginx::split(w.text("cors-allow-headers", "*"));
  c.expose = nginx::split(w.text("cors-expose-headers"));
  c.credentials = on(w.text("cors-allow-credentials"));
  if (const auto age = duration(w.text("cors-max-age", "5")))
    c.max_age = static_cast<std::int32_t>(age->count() / 1000);
  if (!plain) {
    c.origins.clear();
    asking.ledger.settle(
        w.claim("cors-allow-origin"), Outcome::refused,
        "an origin that is an expression cannot be expressed; the controller matches it unanchored besides", "GW601",
        Loss::other);
    return asking.settle(given.claim, Outcome::refused, "its origin cannot be expressed");
  }
  asking.wishes.plain.cors = std::move(c);
  asking.wishes.plain.claims.push_back({FieldClaim::Field::cors, given.claim});
  asking.settle(given.claim, Outcome::approximated,
                "CORS filter; it answers preflights itself, the controller passes them on");
}

void headers(Asking& asking, const Given& given, std::vector<HeaderEdit>& to) {
  const auto lines = header_lines(given.text, ' ', HeaderEdit::Op::set);
  if (!lines) return asking.ignored(given, "is not 'NAME VALUE'");
  for (const HeaderEdit& e : *lines) {
    if (e.value.find('%') != std::string::npos) {
      asking.settle(
          given.claim, Outcome::refused,
          asking.ir.keep("header '" + e.name + "' is made of variables of HAProxy: Gateway API sets fixed values"));
      continue;
    }
    to.push_back(e);
  }
  asking.converted(given, "HeaderModifier");
}
void request_headers(Asking& asking, const Given& given) {
  headers(asking, given, asking.wishes.plain.request_headers);
}
void response_headers(Asking& asking, const Given& given) {
  headers(asking, given, asking.wishes.plain.response_headers);
}
void set_host(Asking& asking, const Given& given) {
  asking.wishes.plain.rewrite_host = given.text;
  asking.wishes.plain.claims.push_back({FieldClaim::Field::host, given.claim});
  asking.converted(given, "URLRewrite.hostname");
}
void balance(Asking& asking, const Given& given) {
  const std::string_view v = given.text;
  if (v == "roundrobin")
    return asking.demand(RoundRobin{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
  if (v == "source")
    return asking.demand(HashBalance{HashBalance::By::address, {}}, {given.claim}, Loss::other, sentence::balancing,
                         Outcome::approximated);
  if (v.starts_with("hdr("))
    return asking.demand(HashBalance{HashBalance::By::header, std::string(v.substr(4, v.find(')') - 4))}, {given.claim},
                         Loss::other, sentence::balancing, Outcome::approximated);
  asking.demand(LeastRequest{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
}
void cookie(Asking& asking, const Given& given) {
  CookieAffinity c;
  c.name = given.text;
  asking.demand(std::move(c), {given.claim}, Loss::other, sentence::session);
}
void server_ssl(Asking& asking, const Given& given) {
  if (!on(given.text)) return asking.converted(given, "off");
  asking.demand(InsecureBackendTls{}, asking.wishes.claims({"server-ssl", "server-crt", "server-ca", "server-sni"}),
                Loss::backend_tls, sentence::backend_tls);
}
void server_proto(Asking& asking, const Given& given) {
  asking.settle(given.claim, Outcome::approximated, sentence::h2c);
}
void passthrough(Asking& asking, const Given& given) {
  if (!on(given.text)) return asking.converted(given, "off");
  asking.wishes.passthrough = true;
  asking.converted(given, "TLSRoute: the backend terminates TLS");
}
void client_ca(Asking& asking, const Given& given) {
  ClientCertificate c;
  std::tie(c.ns, c.secret) = qualified(given.text, asking.wishes.object->metadata.ns);
  c.mode = on(asking.wishes.text("client-crt-optional")) ? "optional" : "on";
  asking.wishes.host_intents.push_back({c, asking.wishes.claims({"client-ca", "client-crt-optional"}),
                                        Loss::client_certificate, Outcome::refused, sentence::client_certificate,
                                        asking.field});
}

constexpr std::string_view own_health = "health checks are the gateway's own";
constexpr std::string_view snippet = "text of HAProxy's configuration means nothing to another gateway";

constexpr WishRow rows[] = {
    {.key = "path-rewrite", .valid = not_empty, .apply = rewrite},
    {.key = "request-redirect", .valid = not_empty, .apply = request_redirect},
    {.key = "request-redirect-code", .apply = redirect_code},
    {.key = "ssl-redirect", .valid = not_empty, .apply = ssl_redirect},
    {.key = "ssl-redirect-code", .apply = ssl_code},
    {.key = "ssl-redirect-port", .valid = is_int, .apply = ssl_port},
    {.key = "allow-list", .loss = Loss::allow_list, .apply = allow},
    {.key = "whitelist", .loss = Loss::allow_list, .apply = allow},
    {.key = "deny-list", .loss = Loss::allow_list, .apply = deny},
    {.key = "blacklist", .loss = Loss::allow_list, .apply = deny},
    {.key = "rate-limit-requests", .valid = is_int, .apply = rate},
    {.key = "rate-limit-*",
     .outcome = Outcome::approximated,
     .detail = "part of rate-limit-requests; gateways answer 429",
     .with = "rate-limit-requests"},
    {.key = "auth-type", .loss = Loss::auth, .apply = basic_auth},
    {.key = "auth-secret",
     .outcome = Outcome::approximated,
     .detail = "part of auth-type",
     .loss = Loss::auth,
     .with = "auth-type"},
    {.key = "auth-realm",
     .outcome = Outcome::approximated,
     .detail = "part of auth-type",
     .loss = Loss::auth,
     .with = "auth-type"},
    {.key = "cors-enable", .apply = cors},
    {.key = "cors-respond-to-options",
     .outcome = Outcome::approximated,
     .detail = "the CORS filter answers preflights"},
    {.key = "cors-*", .outcome = Outcome::converted, .detail = "part of the CORS filter", .with = "cors-enable"},
    {.key = "request-set-header", .apply = request_headers},
    {.key = "response-set-header", .apply = response_headers},
    {.key = "set-host", .valid = not_empty, .apply = set_host},
    {.key = "load-balance", .valid = not_empty, .apply = balance},
    {.key = "cookie-persistence", .outcome = Outcome::ignored, .detail = "the controller reads it on the Service only"},
    {.key = "route-acl", .outcome = Outcome::ignored, .detail = "the controller reads it on the Service only"},
    {.key = "server-ssl", .valid = switch_word, .apply = server_ssl},
    {.key = "server-proto", .apply = server_proto},
    {.key = "server-ca", .outcome = Outcome::approximated, .detail = "part of server-ssl", .with = "server-ssl"},
    {.key = "server-crt",
     .outcome = Outcome::refused,
     .detail = "a client certificate for the backend belongs to the Gateway (spec.tls.backend); it is not written",
     .loss = Loss::backend_tls},
    {.key = "server-sni", .outcome = Outcome::approximated, .detail = "part of server-ssl", .with = "server-ssl"},
    {.key = "timeout-server", .valid = is_time, .apply = backend_timeout},
    {.key = "timeout-connect", .valid = is_time, .apply = connect_timeout},
    {.key = "timeout-*",
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no such time; the gateway's own holds"},
    {.key = "ssl-passthrough", .valid = switch_word, .apply = passthrough},
    {.key = "src-ip-header",
     .outcome = Outcome::refused,
     .detail =
         "which header tells the client's address is the gateway's own setting; address lists would judge another one",
     .loss = Loss::allow_list},
    {.key = "client-ca", .valid = not_empty, .loss = Loss::client_certificate, .apply = client_ca},
    {.key = "client-crt-optional",
     .outcome = Outcome::approximated,
     .detail = "part of client-ca",
     .loss = Loss::client_certificate,
     .with = "client-ca"},
    {.key = "backend-config-snippet", .outcome = Outcome::refused, .detail = snippet, .loss = Loss::snippet},
    {.key = "frontend-config-snippet", .outcome = Outcome::refused, .detail = snippet, .loss = Loss::snippet},
    {.key = "global-config-snippet", .outcome = Outcome::refused, .detail = snippet, .loss = Loss::snippet},
    {.key = "check*", .outcome = Outcome::approximated, .detail = own_health},
    {.key = "forwarded-for", .outcome = Outcome::approximated, .detail = "gateways set X-Forwarded-For"},
    {.key = "pod-maxconn", .outcome = Outcome::approximated, .detail = sentence::connections},
    {.key = "scale-server-slots", .outcome = Outcome::approximated, .detail = "memory of HAProxy"},
    {.key = "abortonclose", .outcome = Outcome::approximated, .detail = "the gateway's own"},
    {.key = "standalone-backend",
     .outcome = Outcome::approximated,
     .detail = "a backend of its own; every rule has one"},
    {.key = "ssl-certificate", .outcome = Outcome::approximated, .detail = "name the Secret in the Gateway's listener"},
    {.key = "request-capture*", .outcome = Outcome::approximated, .detail = "logs are the gateway's own"},
    {.key = "send-proxy-protocol",
     .outcome = Outcome::refused,
     .detail = "the PROXY protocol to backends is the gateway's own setting"},
};

constexpr WishRow service_rows[] = {
    {.key = "route-acl",
     .outcome = Outcome::refused,
     .detail = "an ACL of HAProxy decides which requests the Service gets; write it as matches of the route",
     .loss = Loss::auth},
    {.key = "cookie-persistence", .valid = not_empty, .apply = cookie},
    {.key = "server-ssl", .valid = switch_word, .apply = server_ssl},
    {.key = "server-proto", .apply = server_proto},
    {.key = "server-ca", .outcome = Outcome::approximated, .detail = "part of server-ssl", .with = "server-ssl"},
    {.key = "load-balance", .valid = not_empty, .apply = balance},
    {.key = "timeout-server", .valid = is_time, .apply = backend_timeout},
    {.key = "timeout-connect", .valid = is_time, .apply = connect_timeout},
    {.key = "backend-config-snippet", .outcome = Outcome::refused, .detail = snippet, .loss = Loss::snippet},
    {.key = "check*", .outcome = Outcome::approximated, .detail = own_health},
};

void prepare(Asking& asking, const kube::Ingress& ingress) {
  Wishes& w = asking.wishes;
  if (!ingress.spec.ingress_class_name && kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class"))
    asking.ledger.note(
        {"GW610",
         diag::Severity::warning,
         "the class stands in an annotation only, which the controller ignores: it serves the Ingress only as "
         "one without a class",
         {},
         &ingress,
         nullptr});
  if (!w.https_port) w.https_port = 8443;
}

// A slash at the end does not count; of one host and path the smallest backend name wins, age does not count.
bool match(Offer& offer, Asking&) {
  if (offer.text.size() > 1 && offer.text.ends_with('/') && offer.reach != Reach::exact)
    offer.text = offer.text.substr(0, offer.text.size() - 1);
  // The controller drops a host-less rule without a path.
  return !offer.host.empty() || offer.fallback || (offer.at && offer.at->find("path"));
}

std::string backend_name(const Offer& o) {
  if (!o.backend->service) return {};
  const auto& s = *o.backend->service;
  return o.ingress->metadata.ns + "_svc_" + s.name + "_" +
         (s.port.name.empty() ? std::to_string(s.port.number) : s.port.name) +
         (o.wishes->given.empty() ? "" : ".rules");
}

bool before(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    const bool element = o.reach == Reach::element && o.text != "/";
    return std::tuple(o.fallback, o.reach != Reach::exact, ~(o.text.size() + (element ? 1 : 0)));
  };
  if (key(a) != key(b)) return key(a) < key(b);
  if (const std::string x = backend_name(a), y = backend_name(b); x != y) return x < y;
  return a.place < b.place;
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
    {"GW622", DialectNote::When::always,
     "https to a host without TLS: the controller serves every route there; the output has a listener only for hosts "
     "with TLS, and a certificate by server name alone",
     "GET https://www.example.org/"},
    {"GW624", DialectNote::When::always,
     "a Service without endpoints or one that refuses: 503 from the controller; a gateway answers 503, 500 or 502",
     "GET http://www.example.org/"},
    {"GW625", DialectNote::When::always,
     "/healthz and OPTIONS * of hosts and paths that nobody names: the controller answers 200",
     "GET http://unknown.example.org/healthz"},
    {"GW627", DialectNote::When::always,
     "requests with an empty, doubled or missing Host, or one with a trailing dot: HAProxy answers 400 or 404",
     "GET http://www.example.org./"},
    {"GW630", DialectNote::When::redirect,
     "Location of redirects: HAProxy keeps the raw path and query, Host's letter case, and writes port 8443",
     "GET http://www.example.org/?q=1"},
    {"GW633", DialectNote::When::always,
     "paths that an exact host does not have: the controller answers with the default backend or 404 and never looks "
     "at wildcard or host-less rules; gateways differ",
     "GET http://www.example.org/not-there"},
    {"GW634", DialectNote::When::always, "methods TRACE and CONNECT: HAProxy passes or refuses them itself",
     "TRACE http://www.example.org/"},
    {"GW640", DialectNote::When::always,
     "several default backends, and one host and path in several Ingresses: HAProxy's map decides by text, not by age, "
     "and between default backends at random",
     "GET http://unknown.example.org/"},
};

constexpr std::string_view config_maps[] = {"haproxy-kubernetes-ingress", "haproxy-configmap", "kubernetes-ingress"};
constexpr std::string_view charts[] = {"kubernetes-ingress", "haproxy-kubernetes-ingress"};

constexpr Dialect traits{
    .provider = "haproxytech",
    .rows = rows,
    .service_rows = service_rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .missing_drops = true,
    .tls = TlsMatch::named,
    .https_everywhere = true,
    .redirect = TlsScope::whole_ingress,
    .code = 302,
    .notes = notes,
    .match = match,
    .before = before,
    .prepare = prepare,
    .config_map = {{config_maps, charts}, deciding_haproxy_word},
};

}  // namespace

void read_haproxytech(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

std::vector<std::string_view> haproxytech_annotations() {
  return full_names("haproxy.org/", rows);
}

}  // namespace gw::convert
