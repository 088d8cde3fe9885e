// Cilium's Ingress: Envoy rules; ImplementationSpecific is an expression for the whole path.
#include "convert/providers/dialects.h"
#include "convert/providers/reader.h"
#include "convert/providers/values.h"
#include "convert/regex.h"
#include "diag/ascii.h"

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

// ImplementationSpecific is an expression for the whole path, also a plain one, and goes between the two others; none
// at all is everything.
bool match(Offer& offer, Asking&) {
  offer.rank = offer.type == "Exact" ? 2 : 0;
  if (offer.type == "Exact" || offer.type == "Prefix" || offer.fallback || offer.text == "/") return true;
  offer.rank = 1;
  offer.reach = literal(offer.text) ? Reach::exact : Reach::regex;
  return true;
}
bool before(const Offer& a, const Offer& b) {
  const auto length = [](const Offer& o) {
    return o.rank == 0 && o.text.size() > 1 && o.text.ends_with('/') ? o.text.size() - 1 : o.text.size();
  };
  if (a.rank != b.rank) return a.rank > b.rank;
  if (length(a) != length(b)) return length(a) > length(b);
  return a.place < b.place;
}

// Every Ingress has a load balancer of its own, unless it asks for the shared one.
bool shared(const Input& input, const Offer& offer) {
  if (const std::string_view mode = offer.wishes->text("loadbalancer-mode"); !mode.empty()) return mode == "shared";
  for (const kube::ConfigMap& config : input.bundle.config_maps)
    if (config.metadata.name == "cilium-config")
      if (const std::string* mode = kube::find(config.data, "ingress-default-lb-mode")) return *mode == "shared";
  return false;
}
bool together(const Input& input, const Offer& a, const Offer& b) {
  return shared(input, a) && shared(input, b);
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: Cilium decodes what needs no escape and "
     "resolves dots, but keeps '//', before it matches and forwards, and keeps %2F; other gateways read such paths in "
     "their own way",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624", DialectNote::When::always,
     "a Service that is missing, lacks the port, has no endpoints or refuses: 503 from Cilium; a gateway answers 500, "
     "502 "
     "or 503",
     "GET http://www.example.org/"},
    {"GW627", DialectNote::When::always,
     "hosts with a final dot, none at all, two, or HTTP/1.0: gateways differ in what they answer",
     "GET http://www.example.org./"},
    {"GW630", DialectNote::When::redirect,
     "a port in Host stays in the Location of a redirect to https, but for :80; gateways may leave it out or write one",
     "GET http://www.example.org:8080/"},
    {"GW640", DialectNote::When::always,
     "hosts with TLS redirect http to https unless Cilium's configuration says enforce-https: false, which the files "
     "do not show; force-https says it for one Ingress",
     "GET http://www.example.org/"},
    {"GW621", DialectNote::When::wildcard,
     "hosts with two or more labels under a wildcard, or with a port: Cilium takes *.example.com for one label without "
     "port, Gateway API for one label or more",
     "GET http://a.b.example.com/"},
    {"GW622", DialectNote::When::no_tls,
     "https to a host without TLS: Cilium refuses the handshake, as does the output", "GET https://www.example.org/"},
    {"GW629", DialectNote::When::tls,
     "https with the server name of one host and the Host of another: Cilium answers from one table of all hosts with "
     "TLS",
     "GET https://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "cilium",
    .rows = rows,
    .equals = Equals::split,
    .default_backend = DefaultBackend::other_hosts,
    .tls = TlsMatch::exact,
    .redirect = TlsScope::named_hosts,
    .code = 301,
    .notes = notes,
    .match = match,
    .before = before,
    .together = together,
};

}  // namespace

void read_cilium(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

std::vector<std::string_view> cilium_annotations() {
  return full_names("ingress.cilium.io/", rows);
}

// A dedicated load balancer is the Service that the annotations of its Ingress shape: those of the clouds are passed
// on, and a Service of another type than LoadBalancer has no address outside.
std::optional<bool> cilium_internal(const kube::Ingress& ingress, const kube::Index&) {
  const kube::StringMap& notes = ingress.metadata.annotations;
  const auto says = [&](std::string_view key, std::string_view value) {
    const std::string* written = kube::find(notes, key);
    return written && diag::lower(*written) == value;
  };
  if (says("ingress.cilium.io/loadbalancer-mode", "shared")) return std::nullopt;
  const std::string* type = kube::find(notes, "ingress.cilium.io/service-type");
  if ((type && *type != "LoadBalancer") || says("service.beta.kubernetes.io/aws-load-balancer-internal", "true") ||
      says("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal") ||
      says("service.beta.kubernetes.io/azure-load-balancer-internal", "true") ||
      says("networking.gke.io/load-balancer-type", "internal") ||
      says("cloud.google.com/load-balancer-type", "internal"))
    return true;
  return std::nullopt;
}

}  // namespace gw::convert
