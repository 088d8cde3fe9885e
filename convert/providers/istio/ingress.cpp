// Istio's Ingress: what becomes of it on the classic ingress gateway. Paths are text, no annotation has an effect.
#include "convert/providers/istio/istio.h"
#include "convert/providers/reader.h"

namespace gw::convert {
namespace {

// Without a type an exact text; "/*" and ".*" at its end make a prefix. `rank` is the length that counts.
bool match(Offer& offer, Asking&) {
  offer.rank = static_cast<long>(offer.text.size());
  if (offer.type == "Exact" || offer.type == "Prefix" || offer.fallback) return true;
  offer.reach = Reach::element;
  if (offer.text == "/" || offer.text == "*" || offer.text == "/*" || offer.text == ".*") {
    // A path that is left out is everything; one that says "/" is that path alone.
    const yaml::Node* written = offer.at ? offer.at->find("path") : nullptr;
    if (offer.text == "/" && written && written->is_string() && written->string() == "/") {
      offer.reach = Reach::exact;
      return true;
    }
    offer.text = "/";
    offer.rank = 0;
    return true;
  }
  if (!offer.text.ends_with(".*") && !offer.text.ends_with("/*")) {
    offer.reach = Reach::exact;
    return true;
  }
  offer.text.remove_suffix(2);
  if (offer.text.empty()) offer.text = "/";
  offer.rank = static_cast<long>(offer.text.size());
  return true;
}

// The length with a final slash first; only then Exact.
bool before(const Offer& a, const Offer& b) {
  if (a.rank != b.rank) return a.rank > b.rank;
  const bool exact = a.reach == Reach::exact;
  if (exact != (b.reach == Reach::exact)) return exact;
  return a.place < b.place;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: Istio decodes what needs no escape and "
     "resolves dots, but keeps '//', before it matches and forwards, and keeps %2F; other gateways read such paths in "
     "their own way",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624", DialectNote::When::always,
     "a Service that is missing, lacks the port, has no endpoints or refuses: 503 from Istio; a gateway answers 500, "
     "502 "
     "or 503",
     "GET http://www.example.org/"},
    {"GW627", DialectNote::When::always,
     "hosts with a final dot, none at all, two, or HTTP/1.0: gateways differ in what they answer",
     "GET http://www.example.org./"},
    {"GW609", DialectNote::When::tls,
     "Istio reads the Secrets of tls entries in the namespace of its gateway (istio-system), the output in that of the "
     "Ingress: copy them",
     "GET https://www.example.org/"},
    {"GW629", DialectNote::When::tls,
     "one host in several Ingresses: Istio serves https only where the oldest of them has the tls entry, the output "
     "wherever one has",
     "GET https://www.example.org/"},
    {"GW622", DialectNote::When::no_tls, "https to a host without TLS: Istio refuses the handshake, as does the output",
     "GET https://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "istio",
    .default_backend = DefaultBackend::never,
    .notes = notes,
    .match = match,
    .before = before,
};

}  // namespace

// Istio reads Secrets beside its gateway: where one lies there among the input, the listener refers to it.
void read_istio_ingresses(const Input& input, Ir& ir, Ledger& ledger) {
  const std::size_t before = ir.servers.size();
  read_ingresses(traits, input, ir, ledger);
  for (std::size_t i = before; i < ir.servers.size(); ++i)
    for (Certificate& certificate : ir.servers[i].certificates)
      certificate.ns = istio_secret_namespace(input, certificate.ns, certificate.name);
}

std::string_view istio_secret_namespace(const Input& input, std::string_view own, std::string_view name) {
  constexpr std::string_view gateways = "istio-system";
  return input.index.secret({std::string(gateways), std::string(name)}) ? gateways : own;
}

}  // namespace gw::convert
