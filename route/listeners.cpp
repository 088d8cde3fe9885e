// Listener validity. Gateway.spec.listeners, "Distinct Listeners" and "Handling indistinct Listeners", Gateway API
// v1.6.
#include "route/listeners.h"

#include <algorithm>
#include <map>
#include <set>

#include "diag/ascii.h"
#include "route/backends.h"
#include "route/names.h"
#include "route/policies.h"

namespace gw::route {
namespace {

// Sorts of traffic that cannot share a port. HTTPS and TLS can: SNI tells them apart.
enum class Family : std::uint8_t { http, tls, tcp, udp };

struct ProtocolRow {
  std::string_view protocol;
  Family family;
  bool needs_tls;
  std::vector<std::string> kinds;
};
const ProtocolRow protocols[] = {
    {"HTTP", Family::http, false, {"HTTPRoute", "GRPCRoute"}},
    {"HTTPS", Family::tls, true, {"HTTPRoute", "GRPCRoute"}},
    {"TLS", Family::tls, true, {"TLSRoute"}},
    {"TCP", Family::tcp, false, {"TCPRoute"}},
    {"UDP", Family::udp, false, {"UDPRoute"}},
};
const ProtocolRow* row_of(std::string_view protocol) {
  for (const ProtocolRow& row : protocols)
    if (row.protocol == protocol) return &row;
  return nullptr;
}

void route_kinds(ListenerStatus& status) {
  const kube::Listener& listener = *status.listener;
  const std::vector<std::string> possible = kinds_of(listener.protocol);
  if (!listener.allowed_routes || listener.allowed_routes->kinds.empty()) {
    status.supported_kinds = possible;
    return;
  }
  for (const kube::RouteGroupKind& kind : listener.allowed_routes->kinds) {
    const bool known = kind.group.value_or(std::string(gateway_group)) == gateway_group &&
                       std::find(possible.begin(), possible.end(), kind.kind) != possible.end();
    if (!known)
      status.conditions.push_back({"ResolvedRefs", false, "InvalidRouteKinds",
                                   "a " + listener.protocol + " listener cannot serve routes of kind " + kind.kind,
                                   kind.node});
    else if (std::find(status.supported_kinds.begin(), status.supported_kinds.end(), kind.kind) ==
             status.supported_kinds.end())
      status.supported_kinds.push_back(kind.kind);
  }
}

// Why a certificateRef cannot be used: {reason, message}; both empty when it can.
std::pair<std::string, std::string> certificate_problem(const kube::Index& index, const ListenerStatus& status,
                                                        const kube::ObjectReference& ref, const AttachOptions& options,
                                                        const CertificateFacts* facts) {
  const kube::Object& owner = *status.owner;
  const kube::NamespacedName id{ref.ns.value_or(owner.metadata.ns), ref.name};
  const std::string kind = ref.kind.value_or("Secret"), shown = "Secret " + id.display();
  if (!ref.group.value_or("").empty() || kind != "Secret")
    return {"InvalidCertificateRef", "certificates of kind " + kind + " are not supported; use a Secret"};
  const std::string_view owner_kind = status.owner == status.gateway ? "Gateway" : "ListenerSet";
  if (id.ns != owner.metadata.ns &&
      !index.granted(gateway_group, owner_kind, owner.metadata.ns, "", "Secret", id.ns, id.name))
    return {"RefNotPermitted", "no ReferenceGrant in namespace " + id.ns + " lets " + shown + " be used"};
  const kube::Secret* secret = index.secret(id);
  if (!secret) {
    if (options.assume_secrets) return {};
    return {"InvalidCertificateRef", shown + " does not exist"};
  }
  for (const char* key : {"tls.crt", "tls.key"}) {
    const std::string* value = kube::find(secret->data, key);
    if (!value) value = kube::find(secret->string_data, key);
    if (!value || value->empty()) return {"InvalidCertificateRef", shown + " has no " + key};
  }
  std::string why = facts ? facts->check_pair(*secret) : std::string();
  if (!why.empty()) return {"InvalidCertificateRef", shown + ": " + why};
  return {};
}

bool keeps_earlier(const kube::Index& index, const kube::Object& owner, const kube::ObjectReference& ref,
                   const CertificateFacts* facts) {
  const kube::Secret* secret = index.secret({ref.ns.value_or(owner.metadata.ns), ref.name});
  return facts && secret && facts->keeps_earlier(*secret);
}

void certificates(const kube::Index& index, ListenerStatus& status, const AttachOptions& options,
                  const CertificateFacts* facts) {
  const kube::Listener& listener = *status.listener;
  if (!listener.tls) {
    status.conditions.push_back({"ResolvedRefs", false, "InvalidCertificateRef",
                                 "a " + listener.protocol + " listener needs tls.certificateRefs", listener.node});
    return;
  }
  const bool terminates = listener.tls->mode.value_or("Terminate") == "Terminate";
  if (!terminates) {
    if (listener.protocol == "HTTPS")
      status.conditions.push_back(
          {"Accepted", false, "UnsupportedValue", "an HTTPS listener must terminate TLS", listener.tls->node});
    return;
  }
  if (listener.tls->certificate_refs.empty()) {
    status.conditions.push_back(
        {"ResolvedRefs", false, "InvalidCertificateRef", "tls.certificateRefs is empty", listener.tls->node});
    return;
  }
  // One good certificate is enough to take traffic; the bad ones are told.
  std::size_t good = 0;
  for (const kube::ObjectReference& ref : listener.tls->certificate_refs) {
    auto [reason, message] = certificate_problem(index, status, ref, options, facts);
    if (reason.empty()) {
      ++good;
      continue;
    }
    if (reason == "InvalidCertificateRef" && keeps_earlier(index, *status.owner, ref, facts)) {
      ++good;
      status.earlier_certificate = true;
      message += "; the certificate before it stays in use";
    }
    status.conditions.push_back({"ResolvedRefs", false, std::move(reason), std::move(message), ref.node});
  }
  if (good == 0) status.usable = false;
}

// What has to be run before a request goes on and cannot be closes the listener.
void filters(const kube::Index& index, const kube::ListenerFilters& filters, ListenerStatus& status,
             const AttachOptions& options) {
  const kube::Listener& listener = *status.listener;
  const bool http = listener.protocol == "HTTP" || listener.protocol == "HTTPS";
  const BackendLookup lookup{index, status.owner == status.gateway ? "Gateway" : "ListenerSet",
                             status.owner->metadata.ns, options.assume_secrets};
  for (const kube::RouteFilter& filter : filters.requests) {
    if (http && filter.type == "ExternalAuth" && filter.external_auth) {
      ResolvedBackend service = resolve(lookup, view(filter.external_auth->backend_ref, lookup.route_ns));
      if (service.reason.empty()) continue;
      status.conditions.push_back({"ResolvedRefs", false, std::move(service.reason),
                                   "listener filter ExternalAuth: " + service.message, filter.node});
    } else {
      status.conditions.push_back({"Accepted", false, "UnsupportedValue",
                                   "listener filter " + std::string(filter.type) + " is not supported" +
                                       (http ? "" : " on a listener of protocol " + std::string(listener.protocol)),
                                   filter.node});
    }
    status.closed = true;
    status.usable = false;
  }
}

constexpr CaReasons frontend_reasons{"InvalidCACertificateKind", "InvalidCACertificateRef", "RefNotPermitted"};

// Gateway.spec.tls.frontend: client certificates on HTTPS listeners.
void client_certificates(const kube::Index& index, ListenerStatus& status, const CertificateFacts* facts) {
  const kube::Listener& listener = *status.listener;
  const kube::FrontendValidation* validation = frontend_validation(*status.gateway, listener);
  if (!validation) return;
  std::size_t good = 0;
  for (const kube::ObjectReference& ref : validation->ca_certificate_refs) {
    CaBundle bundle = ca_bundle(index, ref, "Gateway", status.gateway->metadata.ns, frontend_reasons, facts);
    if (bundle.reason.empty())
      ++good;
    else
      status.conditions.push_back({"ResolvedRefs", false, bundle.reason, bundle.message, ref.node});
  }
  if (good == 0)
    status.conditions.push_back({"Accepted", false, "NoValidCACertificate",
                                 "no usable CA certificate for client validation", validation->node});
}

// Two rows of one port that cannot be told apart: UDP is another transport and never meets the others.
bool cannot_share(Family a, Family b) {
  return a != b && a != Family::udp && b != Family::udp;
}

// TLSRouteModeMixed: one port that both terminates TLS for TLSRoutes and passes it through.
bool mixes(const kube::Listener& a, const kube::Listener& b) {
  const auto mode = [](const kube::Listener& listener) {
    return listener.tls ? listener.tls->mode.value_or("Terminate") : std::string("Terminate");
  };
  return a.protocol == "TLS" && b.protocol == "TLS" && mode(a) != mode(b);
}

void conflict(ListenerStatus& loser, const ListenerStatus& other, const char* reason) {
  if (find(loser.conditions, "Conflicted")) return;
  const std::string message = "listener " + loser.listener->name + " is not distinct from listener " +
                              other.listener->name + " on port " + std::to_string(loser.listener->port);
  loser.conditions.push_back({"Conflicted", true, reason, message, loser.listener->node});
  loser.usable = false;
}

// Two listeners that cannot be told apart.
struct Rival {
  ListenerStatus* earlier;
  const char* reason;
  bool mixed = false;  // by TLS mode: neither serves any kind of route so
};

// A listener meets all that come before it and that it cannot be told apart from. Against another owner the earlier one
// stays; among listeners of one owner both lose. Who has lost to another owner holds nothing and harms nobody.
class Contest {
 public:
  void settle(ListenerStatus& later, const std::vector<Rival>& rivals) {
    for (const auto& [earlier, reason, mixed] : rivals)
      if (earlier->owner != later.owner && holds_place(*earlier)) {
        conflict(later, *earlier, reason);
        if (mixed) later.supported_kinds.clear();
        out_.insert(&later);
      }
    if (out_.count(&later)) return;
    for (const auto& [earlier, reason, mixed] : rivals)
      if (earlier->owner == later.owner && !out_.count(earlier)) {
        conflict(later, *earlier, reason);
        conflict(*earlier, later, reason);
        if (!mixed) continue;
        later.supported_kinds.clear();
        earlier->supported_kinds.clear();
      }
  }

 private:
  // A ListenerSet's listener that has lost already holds nothing.
  bool holds_place(const ListenerStatus& status) const {
    return !out_.count(&status) && (status.owner == status.gateway || !find(status.conditions, "Conflicted"));
  }
  std::set<const ListenerStatus*> out_;  // lost to another owner
};

}  // namespace

const kube::FrontendValidation* frontend_validation(const kube::Gateway& gateway, const kube::Listener& listener) {
  if (listener.protocol != "HTTPS" || !gateway.spec.tls || !gateway.spec.tls->frontend) return nullptr;
  const kube::GatewayFrontendTls& frontend = *gateway.spec.tls->frontend;
  for (const kube::FrontendPortTls& row : frontend.per_port)
    if (row.port == listener.port) return row.tls.validation ? &*row.tls.validation : nullptr;
  return frontend.default_config.validation ? &*frontend.default_config.validation : nullptr;
}

std::vector<std::string> kinds_of(std::string_view protocol) {
  const ProtocolRow* row = row_of(protocol);
  return row ? row->kinds : std::vector<std::string>{};
}

const Condition* find(const std::vector<Condition>& conditions, std::string_view type) {
  auto it = std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
  return it == conditions.end() ? nullptr : &*it;
}
bool fails(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* condition = find(conditions, type);
  return condition && !condition->status;
}
void keep_faults(std::vector<Condition>& conditions) {
  std::erase_if(conditions, [](const Condition& c) {
    const bool fine = c.type == "Accepted" || c.type == "ResolvedRefs" || c.type == "Programmed";
    return c.status == fine;
  });
  conditions.shrink_to_fit();
}

ListenerStatus examine(const kube::Index& index, const kube::Object& owner, const kube::Gateway& gateway,
                       const kube::Listener& listener, const AttachOptions& options, const CertificateFacts* facts) {
  ListenerStatus status;
  status.owner = &owner;
  status.gateway = &gateway;
  status.listener = &listener;
  const ProtocolRow* row = row_of(listener.protocol);
  if (!row) {
    status.conditions.push_back({"Accepted", false, "UnsupportedProtocol",
                                 "protocol " + listener.protocol + " is not supported", listener.node});
    return status;
  }
  if (listener.filters) filters(index, *listener.filters, status, options);
  route_kinds(status);
  if (row->needs_tls) certificates(index, status, options, facts);
  client_certificates(index, status, facts);
  return status;
}

void mark_conflicts(std::vector<ListenerStatus*>& listeners, bool mixed_tls) {
  struct PortUse {
    std::map<Family, std::vector<ListenerStatus*>> families;
    std::map<std::pair<Family, std::string>, std::vector<ListenerStatus*>> hosts;
  };
  std::map<kube::Port, PortUse> ports;
  Contest contest;
  for (ListenerStatus* later : listeners) {
    const kube::Listener& listener = *later->listener;
    const ProtocolRow* row = row_of(listener.protocol);
    if (!row) continue;
    PortUse& use = ports[listener.port];
    const bool by_host = row->family == Family::http || row->family == Family::tls;
    auto& same_host = use.hosts[{row->family, by_host ? diag::lower(listener.hostname.value_or("")) : std::string()}];
    std::vector<Rival> rivals;
    for (ListenerStatus* earlier : same_host)
      rivals.push_back({earlier, by_host && earlier->listener->protocol == listener.protocol ? "HostnameConflict"
                                                                                             : "ProtocolConflict"});
    for (auto& [family, others] : use.families)
      if (cannot_share(family, row->family) || (!mixed_tls && family == Family::tls && row->family == Family::tls))
        for (ListenerStatus* earlier : others)
          if (family != row->family || mixes(*earlier->listener, listener))
            rivals.push_back({earlier, "ProtocolConflict", family == row->family});
    contest.settle(*later, rivals);
    same_host.push_back(later);
    use.families[row->family].push_back(later);
  }
}

void conclude(ListenerStatus& status) {
  std::vector<Condition> found = std::move(status.conditions);
  const Condition* rejected = find(found, "Accepted");
  const Condition* conflicted = find(found, "Conflicted");
  const Condition* unresolved = find(found, "ResolvedRefs");
  if (status.supported_kinds.empty()) status.usable = false;
  const auto blame = [&]() -> const Condition* { return rejected ? rejected : conflicted; };

  Condition accepted{"Accepted", true, "Accepted", "the listener is valid", nullptr};
  if (const Condition* why = blame()) accepted = {"Accepted", false, why->reason, why->message, why->at};
  Condition programmed{"Programmed", true, "Programmed", "the listener takes traffic", nullptr};
  if (const Condition* why = blame())
    programmed = {"Programmed", false, conflicted && !rejected ? conflicted->reason : "Invalid", why->message, why->at};
  else if (unresolved)
    programmed = {"Programmed", false, "Invalid", unresolved->message, unresolved->at};
  status.usable = status.usable && accepted.status;
  if (status.usable && unresolved && unresolved->reason == "InvalidRouteKinds")
    programmed = {"Programmed", true, "Programmed", "the listener takes traffic for its supported kinds", nullptr};
  if (status.usable && status.earlier_certificate)
    programmed = {"Programmed", true, "Programmed", "the listener takes traffic with its earlier certificate", nullptr};

  status.conditions = {accepted, programmed};
  status.conditions.push_back(
      unresolved ? *unresolved : Condition{"ResolvedRefs", true, "ResolvedRefs", "all references resolve", nullptr});
  status.conditions.push_back(
      conflicted ? *conflicted : Condition{"Conflicted", false, "NoConflicts", "the listener is distinct", nullptr});
}

}  // namespace gw::route
