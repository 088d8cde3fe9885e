#include "convert/account.h"

#include <algorithm>

#include "convert/providers/own.h"
#include "convert/providers/wishes.h"

namespace gw::convert {
namespace {

bool described(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "metadata" || key == "status";
}

void tell_unread(const FieldEntry& entry, Ledger& ledger) {
  const std::string_view key = std::string_view(entry.path).substr(entry.path.rfind('.') + 1);
  FieldRef field{entry.object, entry.at, entry.path};
  tell(ledger, field, Outcome::refused, "nothing in the output says it", guards(key) ? Loss::auth : Loss::unknown);
}

// Kinds that say something about routes and that gwctl does not read.
struct Beside {
  std::string_view provider, group, kind;
  Loss loss;  // none: a warning
  std::string_view why;
};
constexpr std::string_view balances = "balancing and connections are the gateway's own";
constexpr Beside beside[] = {
    {"traefik", "traefik.io", "TLSOption", Loss::client_certificate,
     "it may ask for client certificates; write it into the listeners (tls.frontendValidation)"},
    {"traefik", "traefik.io", "TLSStore", Loss::none, "the listeners name their Secrets themselves"},
    {"traefik", "traefik.io", "ServersTransport", Loss::none, "TLS to backends belongs in a BackendTLSPolicy"},
    {"traefik", "traefik.io", "ServersTransportTCP", Loss::none, "TLS to backends belongs in a BackendTLSPolicy"},
    {"kong", "configuration.konghq.com", "KongUpstreamPolicy", Loss::none, balances},
    {"kong", "configuration.konghq.com", "KongConsumer", Loss::none, "credentials are of use beside a plugin only"},
    {"kong", "configuration.konghq.com", "KongConsumerGroup", Loss::auth, "its plugins may limit who comes in"},
    {"kong", "configuration.konghq.com", "KongCustomEntity", Loss::auth, "an entity of Kong may decide who comes in"},
    {"contour", "projectcontour.io", "ExtensionService", Loss::none, "it serves authorization, which is told there"},
    {"contour", "projectcontour.io", "ContourConfiguration", Loss::none,
     "settings of the whole installation: compare its timeouts, policies and rate limits with the gateway's"},
    {"istio", "networking.istio.io", "DestinationRule", Loss::none,
     "it goes on where Istio serves the backend; another gateway does not read its TLS and balancing"},
    {"istio", "networking.istio.io", "ServiceEntry", Loss::none, "hosts outside the cluster are no Services"},
    {"istio", "networking.istio.io", "EnvoyFilter", Loss::auth, "it may decide who comes in"},
    {"istio", "security.istio.io", "AuthorizationPolicy", Loss::auth, "it decides who comes in; Istio alone reads it"},
    {"istio", "security.istio.io", "RequestAuthentication", Loss::auth,
     "it decides who comes in; Istio alone reads it"},
    {"istio", "security.istio.io", "PeerAuthentication", Loss::none, "it is about the mesh, not about gateways"},
};

}  // namespace

void account_fields(std::span<const kube::OtherObject* const> own, Ledger& ledger) {
  for (const kube::OtherObject* object : own) {
    if (!object->node) continue;
    if (!ledger.touched(object->node))
      dismiss(ledger, *object, "GW605", "is not used by anything that was read: nothing of it is in the output");
    for (const yaml::Entry& e : object->node->entries()) {
      if (described(e.key.string())) continue;
      for (const FieldEntry& unread : ledger.account(*object, e.value, e.key.string())) tell_unread(unread, ledger);
    }
  }
}

void account_others(const Provider& provider, const kube::Bundle& bundle, std::string_view target,
                    const std::set<const kube::Object*>& taken, Ledger& ledger) {
  for (const kube::OtherObject& object : bundle.others) {
    const std::string_view group = std::string_view(object.api_version).substr(0, object.api_version.find('/'));
    const auto row = std::find_if(std::begin(beside), std::end(beside), [&](const Beside& b) {
      return b.provider == provider.name && b.group == group && b.kind == object.kind;
    });
    if (row == std::end(beside) || taken.contains(&object) || provider.name == target) continue;
    // One that stands before a gateway was taken; an application's own goes on.
    if (provider.name == "istio" && row->loss == Loss::auth) {
      ledger.note({"GW605",
                   diag::Severity::warning,
                   object.object_id().display() + " selects Pods of an application: it goes on at their sidecars",
                   {},
                   &object,
                   nullptr});
      continue;
    }
    const bool grave = row->loss != Loss::none;
    ledger.note({grave ? (security(row->loss) ? "GW602" : "GW601") : "GW605",
                 grave ? diag::Severity::error : diag::Severity::warning,
                 object.object_id().display() + " is not converted: " + std::string(row->why),
                 {},
                 &object,
                 nullptr,
                 {},
                 row->loss});
  }
}

}  // namespace gw::convert
