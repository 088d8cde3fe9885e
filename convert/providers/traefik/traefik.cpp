#include "convert/providers/traefik/traefik.h"

#include <algorithm>
#include <climits>

#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/traefik/rule.h"
#include "convert/providers/values.h"

namespace gw::convert {
namespace {

// "default-strip@kubernetescrd" is Middleware strip of namespace default.
void middlewares(Asking& asking, const Given& given) {
  for (const std::string& name : nginx::split(given.text)) {
    const auto found = std::find_if(asking.input.own.begin(), asking.input.own.end(), [&](const kube::OtherObject* o) {
      return o->kind == "Middleware" && o->metadata.ns + "-" + o->metadata.name + "@kubernetescrd" == name;
    });
    if (found == asking.input.own.end())
      traefik::missing_middleware(name, given.claim, asking);
    else
      traefik::apply_middleware(**found, given.claim, asking);
  }
}

void entry_points(Asking& asking, const Given& given) {
  bool web = false, secure = false;
  std::string other;
  for (const std::string& name : nginx::split(given.text)) {
    web = web || name == "web" || name == "http";
    secure = secure || name == "websecure" || name == "https";
    if (name != "web" && name != "http" && name != "websecure" && name != "https") other = name;
  }
  asking.wishes.http = web;
  asking.wishes.https = secure;
  // A port of its own may be one that not everybody reaches: its paths are not opened on 80 and 443.
  if (!web && !secure)
    return asking.settle(given.claim, Outcome::refused,
                         asking.ir.keep("which port entry point '" + other +
                                        "' has stands in Traefik's static configuration: its routes are left out"));
  if (!other.empty())
    return asking.settle(given.claim, Outcome::approximated,
                         asking.ir.keep("listeners of 80 and 443; entry point '" + other + "' is left out"));
  asking.converted(given, "listeners");
}

void tls(Asking& asking, const Given& given) {
  if (go_bool(given.text).value_or(false)) asking.wishes.http = false;
  asking.converted(given, "the routes are attached to https listeners only");
}

void domains(Asking& asking, const Given& given) {
  asking.wishes.http = false;
  asking.settle(given.claim, Outcome::approximated,
                "names of a certificate that Traefik asks for itself: give the listener a Secret (cert-manager)");
}

bool priority(std::string_view v) {
  return nginx::integer(v);
}
bool matcher(std::string_view v) {
  return nginx::one_of(v, "Path", "PathPrefix", "PathRegexp");
}
// Of keys that Traefik does not have.
bool never(std::string_view) {
  return false;
}

void server_scheme(Asking& asking, const Given& given) {
  if (given.text == "http") return asking.converted(given, "the default");
  if (given.text == "h2c") return asking.settle(given.claim, Outcome::approximated, sentence::h2c);
  asking.unchecked_tls({given.claim});
}

constexpr WishRow rows[] = {
    {.key = "router.entrypoints", .apply = entry_points},
    {.key = "router.middlewares", .apply = middlewares},
    {.key = "router.pathmatcher", .valid = matcher, .detail = "the match type of ImplementationSpecific paths"},
    {.key = "router.priority",
     .valid = priority,
     .invalid = Invalid::dropped,
     .outcome = Outcome::approximated,
     .detail = "the order among the rules of a host is kept; Gateway API has none over hosts"},
    {.key = "router.rulesyntax",
     .outcome = Outcome::approximated,
     .detail = "braces in paths of the v2 syntax become expressions"},
    {.key = "router.tls", .valid = is_bool, .invalid = Invalid::dropped, .apply = tls},
    {.key = "router.tls.certresolver", .apply = domains},
    {.key = "router.tls.options",
     .outcome = Outcome::refused,
     .detail = "TLSOption may ask for client certificates; write it into the listener (tls.frontendValidation)",
     .loss = Loss::client_certificate},
    {.key = "router.tls.domains*", .apply = domains},
    {.key = "router.observability.*",
     .outcome = Outcome::approximated,
     .detail = "logs, metrics and traces are the gateway's own"},
    {.key = "router.*", .valid = never, .invalid = Invalid::dropped},
    {.key = "service.*",
     .outcome = Outcome::ignored,
     .detail = "Traefik reads annotations of services on the Service only"},
};

void pass_host(Asking& asking, const Given& given) {
  if (go_bool(given.text).value_or(true)) return asking.converted(given, "the default");
  asking.settle(given.claim, Outcome::refused,
                "the address of the endpoint as Host cannot be expressed; URLRewrite.hostname takes a fixed name");
}

void sticky(Asking& asking, const Given& given) {
  const Wishes& w = asking.wishes;
  if (!w.on("service.sticky.cookie")) return asking.ignored(given, "has no effect without service.sticky.cookie: true");
  CookieAffinity c;
  c.name = w.text("service.sticky.cookie.name", "traefik");
  c.path = w.text("service.sticky.cookie.path");
  c.same_site = w.text("service.sticky.cookie.samesite");
  c.secure = w.on("service.sticky.cookie.secure");
  std::vector<Claim> claims;
  for (const auto& [name, g] : w.given)
    if (name.starts_with("service.sticky")) claims.push_back(g.claim);
  asking.demand(std::move(c), std::move(claims), Loss::other, sentence::session);
}

constexpr WishRow service_rows[] = {
    {.key = "service.serversscheme", .apply = server_scheme},
    {.key = "service.serverstransport",
     .outcome = Outcome::refused,
     .detail = "a ServersTransport says how the backend's certificate is checked; write a BackendTLSPolicy",
     .loss = Loss::backend_tls},
    {.key = "service.passhostheader", .valid = is_bool, .apply = pass_host},
    {.key = "service.sticky.cookie", .valid = is_bool, .apply = sticky},
    {.key = "service.sticky.cookie.*", .detail = "part of service.sticky.cookie", .with = "service.sticky.cookie"},
    {.key = "service.nativelb",
     .valid = is_bool,
     .outcome = Outcome::approximated,
     .detail = "gateways choose endpoints themselves"},
    {.key = "service.strategy", .outcome = Outcome::approximated, .detail = "balancing is the gateway's own"},
    {.key = "service.middlewares",
     .outcome = Outcome::refused,
     .detail = "Middlewares of a Service are not read",
     .loss = Loss::auth},
    {.key = "service.nodeportlb",
     .valid = is_bool,
     .outcome = Outcome::approximated,
     .detail = "gateways choose endpoints themselves"},
    {.key = "service.*", .valid = never, .invalid = Invalid::dropped},
};

// The rule's text decides about its priority: it is written here as Traefik writes it.
bool match(Offer& offer, Asking& asking) {
  const Wishes& w = *offer.wishes;
  std::string_view word = offer.reach == Reach::exact ? "Path" : "PathPrefix";
  if (offer.type != "Exact" && offer.type != "Prefix") word = w.text("router.pathmatcher", word);
  long length = static_cast<long>(offer.text.size() + word.size()) + 4;
  if (!offer.host.empty()) length += static_cast<long>(offer.host.size()) + 8 + 4;
  if (word == "Path") offer.reach = Reach::exact;
  if (word == "PathRegexp") {
    offer.reach = Reach::regex;
    offer.text = asking.ir.keep(traefik::whole(offer.text));
  } else if (w.text("router.rulesyntax") == "v2" && offer.text.find('{') != std::string_view::npos) {
    offer.text = asking.ir.keep(traefik::braces(offer.text) + (offer.reach == Reach::exact ? "" : ".*"));
    offer.reach = Reach::regex;
  }
  const long priority = nginx::to_int(w.text("router.priority", "0"));
  offer.rank = offer.fallback ? LONG_MIN : priority != 0 ? priority : length;
  return true;
}

// The later of two equal rules of one Ingress replaces the earlier.
bool before(const Offer& a, const Offer& b) {
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.ingress == b.ingress && a.text == b.text && a.type == b.type) return a.place > b.place;
  return a.place < b.place;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes or bytes that are not ASCII: Traefik cleans and partly decodes the path "
     "before it matches and forwards the cleaned one, and answers 400 for a bad escape; Gateway API matches what the "
     "gateway sees",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW621", DialectNote::When::wildcard,
     "hosts with two or more labels, or odd characters, under a wildcard: Traefik takes *.example.com for one label of "
     "any characters, Gateway API for one or more of a DNS name",
     "GET http://a.b.example.com/"},
    {"GW622", DialectNote::When::no_tls,
     "https to a host without TLS: Traefik serves every router there with its default certificate; the output has no "
     "listener",
     "GET https://www.example.org/"},
    {"GW629", DialectNote::When::tls,
     "https with a server name other than Host: Traefik chooses the certificate by the one and the router by the "
     "other; a gateway refuses the handshake, answers 421 or 404",
     "GET https://unknown.example.org/"},
    {"GW627", DialectNote::When::always,
     "requests with an empty, doubled or missing Host, or one with a trailing dot: Traefik answers 400 or ignores the "
     "dot",
     "GET http://www.example.org./"},
    {"GW634", DialectNote::When::always, "method CONNECT: Traefik answers 501; a gateway may forward it",
     "CONNECT http://www.example.org/"},
    {"GW640", DialectNote::When::always,
     "rules of equal length, also of a wildcard and an exact host: Traefik orders them at random at every reload; the "
     "output has one order",
     "GET http://www.example.org/"},
    {"GW630", DialectNote::When::redirect,
     "Location of redirects: Traefik cleans the path and drops the port of Host, and answers 307 or 308 for other "
     "methods than GET",
     "POST http://www.example.org/"},
    {"GW624", DialectNote::When::always,
     "a Service without ready endpoints, or an endpoint that refuses: Traefik drops the rule (404, or a shorter path "
     "serves) or answers 502; a gateway answers 503 or 500",
     "GET http://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "traefik",
    .rows = rows,
    .service_rows = service_rows,
    .prefix = Reach::bytes,
    .implementation = Reach::bytes,
    .fall_through = true,
    .missing_drops = true,
    .re2 = true,
    .default_backend = DefaultBackend::without_rules,
    .notes = notes,
    .match = match,
    .before = before,
};

}  // namespace

void read_traefik(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty()) read_ingresses(traits, input, ir, ledger);
  traefik::read_routes(input, ir, ledger);
}

std::vector<std::string_view> traefik_annotations() {
  return full_names("traefik.ingress.kubernetes.io/", rows);
}

}  // namespace gw::convert
