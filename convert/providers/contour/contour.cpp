// Contour: Ingress on Envoy's virtual hosts, and its own HTTPProxy.
#include <algorithm>

#include "convert/providers/contour/http_proxy.h"
#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert {
namespace {

void force_ssl(Asking& asking, const Given& given) {
  if (given.text != "true") return asking.converted(given, "the default: only the word true counts");
  asking.wishes.https_redirect = true;
  asking.converted(given, "RequestRedirect to https");
}
void allow_http(Asking& asking, const Given& given) {
  if (given.text == "false") asking.wishes.http = false;
  asking.converted(given, asking.wishes.http ? "the default" : "no http listener carries the routes");
}
void retries(Asking& asking, const Given&) {
  Retry retry;
  retry.attempts = small_int(asking.wishes.text("num-retries", "1")).value_or(1);
  if (const auto time = duration(asking.wishes.text("per-try-timeout"))) retry.timeout_seconds = whole_seconds(*time);
  asking.demand(retry, asking.wishes.claims({"retry-on", "num-retries", "per-try-timeout"}), Loss::other,
                "retries need --channel experimental or a target with policies", Outcome::approximated);
}
void response_timeout(Asking& asking, const Given& given) {
  if (given.text == "infinity") {
    asking.wishes.plain.request_timeout = "0s";
    return asking.converted(given, "timeouts.request: 0s");
  }
  request_timeout(asking, given);
}
bool time_or_infinity(std::string_view v) {
  return v == "infinity" || is_time(v);
}
void h2(Asking& asking, const Given& given) {
  asking.settle(given.claim, Outcome::approximated, sentence::h2c);
}
void tls(Asking& asking, const Given& given) {
  asking.unchecked_tls({given.claim});
}
void connections(Asking& asking, const Given& given) {
  asking.demand(ConnectionLimit{*small_int(given.text)}, {given.claim}, Loss::other,
                "Gateway API has no circuit breakers; use a target with policies", Outcome::approximated);
}

constexpr WishRow rows[] = {
    {.key = "ingress.kubernetes.io/force-ssl-redirect", .apply = force_ssl},
    {.key = "kubernetes.io/ingress.allow-http", .apply = allow_http},
    {.key = "num-retries",
     .valid = is_int,
     .outcome = Outcome::approximated,
     .detail = "part of retry-on",
     .with = "retry-on"},
    {.key = "retry-on", .valid = not_empty, .apply = retries},
    {.key = "per-try-timeout",
     .valid = is_time,
     .outcome = Outcome::approximated,
     .detail = "part of retry-on",
     .with = "retry-on"},
    {.key = "response-timeout", .valid = time_or_infinity, .apply = response_timeout},
    {.key = "request-timeout", .valid = time_or_infinity, .apply = response_timeout},
    {.key = "tls-minimum-protocol-version",
     .outcome = Outcome::refused,
     .detail = "TLS versions are the gateway's own setting (tls.options)"},
    {.key = "tls-maximum-protocol-version",
     .outcome = Outcome::refused,
     .detail = "TLS versions are the gateway's own setting (tls.options)"},
    {.key = "websocket-routes", .detail = "gateways pass upgrades of every route; Contour refuses them on the others"},
    {.key = "tls-cert-namespace",
     .outcome = Outcome::refused,
     .detail = "the listener refers to the Secret in the Ingress's namespace: write certificateRefs.namespace and a "
               "ReferenceGrant"},
    {.key = "ingress.class", .detail = "the Gateway's class takes its place"},
    {.key = "generated-by-version", .outcome = Outcome::ignored, .detail = "of the controller itself"},
};
constexpr WishRow service_rows[] = {
    {.key = "upstream-protocol.h2",
     .outcome = Outcome::refused,
     .detail = "HTTP/2 over TLS to the backend needs a BackendTLSPolicy",
     .loss = Loss::backend_tls},
    {.key = "upstream-protocol.h2c", .apply = h2},
    {.key = "upstream-protocol.tls", .apply = tls},
    {.key = "max-connections", .valid = is_int, .apply = connections},
    {.key = "max-*", .outcome = Outcome::approximated, .detail = "Gateway API has no circuit breakers"},
    {.key = "per-host-max-connections",
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no circuit breakers"},
};

bool match(Offer& offer, Asking&) {
  if (offer.type == "Exact" || offer.type == "Prefix" || offer.fallback) return true;
  if (offer.text.find_first_of("^+*[]%") != std::string_view::npos) {
    offer.reach = Reach::regex;
    if (offer.text.starts_with('^')) offer.text.remove_prefix(1);
  }
  return true;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: Contour decodes what needs no escape "
     "and "
     "resolves dots and doubled slashes before it matches and forwards, and keeps %2F; other gateways read such paths "
     "in their own way",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW627", DialectNote::When::always,
     "hosts with a final dot, none at all, two, or HTTP/1.0: gateways differ in what they answer",
     "GET http://www.example.org./"},
    {"GW630", DialectNote::When::redirect,
     "a port in Host stays in the Location of a redirect to https, but for :80; gateways may leave it out or write one",
     "GET http://www.example.org:8080/"},
    {"GW621", DialectNote::When::wildcard,
     "hosts with two or more labels under a wildcard: Contour takes *.example.com for one label, Gateway API for one "
     "or more",
     "GET http://a.b.example.com/"},
    {"GW629", DialectNote::When::tls,
     "https with the server name of one host and the Host of another: Contour answers 421",
     "GET https://www.example.org/"},
    {"GW622", DialectNote::When::no_tls,
     "https to a host without TLS: Contour refuses the handshake, as does the output", "GET https://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "contour",
    .rows = rows,
    .service_rows = service_rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .missing_drops = true,
    .bad_regex_ends_rule = true,
    .equals = Equals::random,
    .default_backend = DefaultBackend::other_hosts,
    .tls = TlsMatch::exact,
    .notes = notes,
    .match = match,
    .before = by_reach_and_length,
};

// What an HTTPProxy of the host matches alike takes the place of an Ingress's rule.
void replace_rules(Ir& ir, std::size_t proxies, Ledger& ledger) {
  for (std::size_t i = 0; i < proxies; ++i)
    for (std::size_t j = proxies; j < ir.servers.size(); ++j) {
      if (ir.servers[i].host != ir.servers[j].host) continue;
      const std::vector<Rule>& theirs = ir.servers[j].rules;
      std::erase_if(ir.servers[i].rules, [&](const Rule& rule) {
        const auto same = std::find_if(theirs.begin(), theirs.end(), [&](const Rule& other) {
          return other.kind == rule.kind && other.path == rule.path && !other.conditions && !rule.conditions &&
                 (other.scheme == rule.scheme || other.scheme == Scheme::both);
        });
        if (same == theirs.end()) return false;
        ledger.note({"GW643",
                     diag::Severity::warning,
                     "path '" + std::string(rule.path) + "' is never used: " + same->owner->object_id().display() +
                         " has it, and an HTTPProxy goes before an Ingress",
                     {},
                     rule.owner,
                     rule.at});
        return true;
      });
    }
}

}  // namespace

void read_contour(const Input& input, Ir& ir, Ledger& ledger) {
  const std::size_t before = ir.servers.size();
  if (!input.ingresses.empty()) read_ingresses(traits, input, ir, ledger);
  const std::size_t proxies = ir.servers.size();
  contour::read_proxies(input, ir, ledger);
  if (before < proxies) replace_rules(ir, proxies, ledger);
}

std::vector<std::string_view> contour_annotations() {
  return full_names("projectcontour.io/", rows);
}

}  // namespace gw::convert
