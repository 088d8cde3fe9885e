// Cilium's Ingress: Envoy rules; ImplementationSpecific is an expression for the whole path.
#include "convert/providers/dialects.h"
#include "convert/providers/reader.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

void passthrough(Asking& asking, const Given& given) {
  asking.wishes.passthrough = given.text == "enabled" || given.text == "true";
  asking.converted(given, asking.wishes.passthrough ? "TLSRoute: the backend terminates TLS" : "off");
}
void https(Asking& asking, const Given& given) {
  if (given.text == "enabled" || given.text == "true")
    asking.wishes.https_redirect = true;
  else
    asking.wishes.https_redirect = false;
  asking.converted(given, *asking.wishes.https_redirect ? "hosts with TLS redirect to https" : "no redirect to https");
}
void timeout(Asking& asking, const Given& given) {
  request_timeout(asking, given);
}
bool word(std::string_view v) {
  return v == "enabled" || v == "disabled" || v == "true" || v == "false";
}
bool mode(std::string_view v) {
  return v == "dedicated" || v == "shared";
}

constexpr WishRow rows[] = {
    {.key = "loadbalancer-mode",
     .valid = mode,
     .outcome = Outcome::approximated,
     .detail = "--layout ingress gives every Ingress a Gateway of its own"},
    {.key = "loadbalancer-class",
     .outcome = Outcome::approximated,
     .detail = "write it into the Gateway's infrastructure"},
    {.key = "service-type", .outcome = Outcome::approximated, .detail = "the kind of Service is the gateway's own"},
    {.key = "service-external-traffic-policy",
     .outcome = Outcome::approximated,
     .detail = "the kind of Service is the gateway's own"},
    {.key = "insecure-node-port", .outcome = Outcome::approximated, .detail = "ports of nodes are the gateway's own"},
    {.key = "secure-node-port", .outcome = Outcome::approximated, .detail = "ports of nodes are the gateway's own"},
    {.key = "host-listener-port", .outcome = Outcome::approximated, .detail = "ports of nodes are the gateway's own"},
    {.key = "tls-passthrough", .valid = word, .apply = passthrough},
    {.key = "force-https", .valid = word, .apply = https},
    {.key = "tcp-keep-alive*", .outcome = Outcome::approximated, .detail = "connections are the gateway's own"},
    {.key = "websocket", .detail = "gateways pass upgrades of every route"},
    {.key = "request-timeout", .valid = is_time, .apply = timeout},
};

bool match(Offer& offer, Asking&) {
  if (offer.type == "Exact" || offer.type == "Prefix" || offer.fallback) return true;
  offer.reach = literal(offer.text) ? Reach::element : Reach::regex;
  return true;
}

constexpr DialectNote notes[] = {
    {"GW640", DialectNote::When::always,
     "hosts with TLS redirect http to https unless Cilium's configuration says enforce-https: false, which the files "
     "do not show; force-https says it for one Ingress",
     "GET http://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "cilium",
    .rows = rows,
    .redirect = TlsScope::named_hosts,
    .code = 301,
    .notes = notes,
    .match = match,
    .before = by_reach_and_length,
};

}  // namespace

void read_cilium(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

std::vector<std::string_view> cilium_annotations() {
  return full_names("ingress.cilium.io/", rows);
}

}  // namespace gw::convert
