#include "convert/movers.h"

#include <algorithm>
#include <map>

namespace gw::convert {
namespace {

enum class Home : std::uint8_t { gateway, route, gone };

struct Row {
  std::string_view key;  // a trailing '/' or '-' matches what follows
  Home home;
  std::string_view detail;
};
constexpr std::string_view dns_on_routes =
    "moved to the routes; external-dns reads it there with --source=gateway-httproute, for GRPCRoutes and TLSRoutes "
    "with "
    "--source=gateway-grpcroute and --source=gateway-tlsroute (keep --source=ingress until the Ingress is gone, or its "
    "records go with it)";

// First match wins.
constexpr Row rows[] = {
    {"cert-manager.io/", Home::gateway, {}},
    {"acme.cert-manager.io/http01-edit-in-place", Home::gone,
     "cert-manager solves HTTP-01 with a route of its own on the Gateway"},
    {"acme.cert-manager.io/http01-ingress-", Home::gone, "choose the solver's gatewayHTTPRoute in the Issuer instead"},
    {"acme.cert-manager.io/", Home::gateway, {}},
    {"kubernetes.io/tls-acme", Home::gateway, {}},
    {"external-dns.alpha.kubernetes.io/target", Home::gateway, {}},
    {"external-dns.alpha.kubernetes.io/", Home::route, dns_on_routes},
    {"external-dns.kubernetes.io/target", Home::gateway, {}},
    {"external-dns.kubernetes.io/", Home::route, dns_on_routes},
};

const Row* row_of(std::string_view key) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) {
    return key == r.key || ((r.key.ends_with('/') || r.key.ends_with('-')) && key.starts_with(r.key));
  });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace

void move_annotations(const std::vector<const kube::Object*>& objects, Ir& ir, Ledger& ledger) {
  for (const kube::Object* object : objects) {
    const kube::StringMap& annotations = object->metadata.annotations;
    for (std::uint32_t i = 0; i < annotations.size(); ++i) {
      const Row* row = row_of(annotations[i].first);
      if (!row) continue;
      const Claim claim = ledger.take(*object, i);
      if (row->home == Home::gateway)
        ir.gateway_annotations.push_back({annotations[i].first, annotations[i].second, claim, object,
                                          row->key.find("external-dns") == row->key.npos});
      else  // the emitter says which Gateway or ListenerSet it went to
        ledger.settle(claim, row->home == Home::gone ? Outcome::approximated : Outcome::converted, row->detail,
                      row->home == Home::gone ? "GW603" : "");
    }
  }
}

bool moved(std::string_view key) {
  return row_of(key) != nullptr;
}

std::vector<std::pair<std::string, std::string>> route_annotations(const kube::Object& ingress) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& annotation : ingress.metadata.annotations)
    if (const Row* row = row_of(annotation.first); row && row->home == Home::route) {
      auto& [key, value] = kept.emplace_back(annotation);
      // What an Ingress calls ingress-hostname-source, a route calls gateway-hostname-source.
      constexpr std::string_view of_ingress = "/ingress-hostname-source";
      if (key.ends_with(of_ingress))
        key.replace(key.size() - of_ingress.size(), of_ingress.size(), "/gateway-hostname-source");
    }
  return kept;
}

}  // namespace gw::convert
