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

void read_istio_ingresses(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

}  // namespace gw::convert
