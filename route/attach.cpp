// Computes every status of a set: classes, Gateways, ListenerSets, listeners, routes, policies. Gateway API v1.6.
#include "route/attach.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "route/backends.h"
#include "route/channel.h"
#include "route/listeners.h"
#include "route/names.h"
#include "route/order.h"
#include "route/policies.h"
#include "route/routes.h"
#include "route/target.h"

namespace gw::route {
namespace {

class Attacher {
 public:
  Attacher(const kube::Index& index, const AttachOptions& options, const CertificateFacts* facts,
           const Release& release)
      : index_(index),
        options_(options),
        facts_(facts),
        release_(release),
        controller_(!options.controller_name.empty()) {}

  Attachments run() {
    out_.own_hostnames = release_.own_hostnames();
    for (const kube::Gateway& gateway : index_.bundle().gateways) add_gateway(gateway);
    add_listener_sets();
    settle_listeners();
    Parents parents{out_, owners_, sets_, options_.faults_only};
    attach_routes(index_, parents);
    for (GatewayStatus& status : out_.gateways) conclude_gateway(status);
    for (ListenerSetStatus& status : out_.listener_sets) {
      conclude_set(status);
      if (options_.faults_only) keep_faults(status.conditions);
    }
    add_policies();
    return std::move(out_);
  }

 private:
  void add_gateway(const kube::Gateway& gateway) {
    const kube::GatewayClass* gateway_class = index_.gateway_class(gateway.spec.gateway_class_name);
    if (controller_ && (!gateway_class || gateway_class->spec.controller_name != options_.controller_name)) return;
    GatewayStatus status;
    status.gateway = &gateway;
    status.gateway_class = gateway_class;
    out_.gateways.push_back(std::move(status));
    add_listeners(gateway, gateway, gateway.spec.listeners);
  }

  void add_listeners(const kube::Object& owner, const kube::Gateway& gateway,
                     const std::vector<kube::Listener>& listeners) {
    auto& indexes = owners_[&owner];
    for (const kube::Listener& listener : listeners) {
      indexes.push_back(out_.listeners.size());
      out_.listeners.push_back(examine(index_, owner, gateway, listener, options_, facts_));
    }
  }

  bool ours(const kube::Gateway* gateway) const { return gateway && owners_.count(gateway) != 0; }

  // Gateway.spec.allowedListeners; by default none.
  bool allows(const kube::Gateway& gateway, const kube::ListenerSet& set) const {
    const auto& allowed = gateway.spec.allowed_listeners;
    if (!allowed || !allowed->namespaces) return false;
    return namespace_allowed(index_, *allowed->namespaces, "None", gateway.metadata.ns, set.metadata.ns);
  }

  void add_listener_sets() {
    std::vector<const kube::ListenerSet*> sets;
    for (const kube::ListenerSet& set : index_.bundle().listener_sets) sets.push_back(&set);
    std::sort(sets.begin(), sets.end(), [](auto* a, auto* b) { return older(*a, *b); });
    for (const kube::ListenerSet* set : sets) {
      const kube::ObjectReference& ref = set->spec.parent_ref;
      const kube::Gateway* gateway = index_.gateway({ref.ns.value_or(set->metadata.ns), ref.name});
      if (ref.kind.value_or("Gateway") != "Gateway" || !ours(gateway)) continue;
      sets_[set] = gateway;
      ListenerSetStatus status;
      status.set = set;
      if (allows(*gateway, *set)) {
        add_listeners(*set, *gateway, set->spec.listeners);
      } else {
        const std::string message =
            "Gateway " + gateway->id().display() + " allows no ListenerSet of namespace " + set->metadata.ns;
        for (const char* type : {"Accepted", "Programmed"})
          status.conditions.push_back({type, false, "NotAllowed", message, ref.node});
      }
      out_.listener_sets.push_back(std::move(status));
    }
  }

  void settle_listeners() {
    std::map<const kube::Gateway*, std::vector<ListenerStatus*>> by_gateway;
    // out_.listeners holds Gateways first, then sets by age: precedence order already.
    for (ListenerStatus& status : out_.listeners) by_gateway[status.gateway].push_back(&status);
    for (auto& [gateway, listeners] : by_gateway) {
      mark_conflicts(listeners, release_.mixed_tls());
      for (ListenerStatus* status : listeners) {
        conclude(*status);
        if (options_.faults_only) keep_faults(status->conditions);
      }
      mark_overlaps(listeners);
    }
  }

  // Names of one port that two certificates may serve: a browser may reuse a connection for the other name.
  static void mark_overlaps(const std::vector<ListenerStatus*>& listeners) {
    for (ListenerStatus* a : listeners) {
      if (a->listener->protocol != "HTTPS" || !a->usable) continue;
      const auto overlaps = [&](const ListenerStatus* b) {
        return a != b && b->usable && b->listener->protocol == "HTTPS" && b->listener->port == a->listener->port &&
               intersect(a->listener->hostname.value_or(""), b->listener->hostname.value_or("")).has_value();
      };
      if (listeners.size() <= overlap_limit && std::any_of(listeners.begin(), listeners.end(), overlaps))
        a->conditions.push_back({"OverlappingTLSConfig", true, "OverlappingHostnames",
                                 "another listener of this port serves overlapping names; misdirected requests get 421",
                                 a->listener->node});
    }
  }
  static constexpr std::size_t overlap_limit = 256;  // pairs are compared

  // What only a controller can judge: it owns the addresses and the parameters.
  void controller_checks(const kube::Gateway& gateway, Condition& accepted) const {
    if (!controller_) return;
    for (const kube::GatewayAddress& address : gateway.spec.addresses)
      if (address.type.value_or("IPAddress") != "IPAddress")
        accepted = {"Accepted", false, "UnsupportedAddress",
                    "addresses of type " + *address.type + " are not supported", address.node};
    if (gateway.spec.infrastructure && gateway.spec.infrastructure->parameters_ref)
      accepted = {"Accepted", false, "InvalidParameters", "infrastructure.parametersRef is not supported",
                  gateway.spec.infrastructure->parameters_ref->node};
  }

  // Gateway.spec.tls.backend.clientCertificateRef.
  Condition client_certificate(const kube::Gateway& gateway) const {
    Condition good{"ResolvedRefs", true, "ResolvedRefs", "all references resolve", nullptr};
    if (!gateway.spec.tls || !gateway.spec.tls->backend || !gateway.spec.tls->backend->client_certificate_ref)
      return good;
    const kube::ObjectReference& ref = *gateway.spec.tls->backend->client_certificate_ref;
    const auto bad = [&](std::string reason, std::string message) {
      return Condition{"ResolvedRefs", false, std::move(reason), std::move(message), ref.node};
    };
    const kube::NamespacedName id{ref.ns.value_or(gateway.metadata.ns), ref.name};
    if (!ref.group.value_or("").empty() || ref.kind.value_or("Secret") != "Secret")
      return bad("InvalidClientCertificateRef", "the client certificate must be a Secret");
    if (id.ns != gateway.metadata.ns &&
        !index_.granted(gateway_group, "Gateway", gateway.metadata.ns, "", "Secret", id.ns, id.name))
      return bad("RefNotPermitted", "no ReferenceGrant lets Secret " + id.display() + " be used");
    const kube::Secret* secret = index_.secret(id);
    if (!secret)
      return options_.assume_secrets ? good
                                     : bad("InvalidClientCertificateRef", "Secret " + id.display() + " does not exist");
    for (const char* key : {"tls.crt", "tls.key"})
      if (!kube::find(secret->data, key) && !kube::find(secret->string_data, key))
        return bad("InvalidClientCertificateRef", "Secret " + id.display() + " has no " + key);
    const std::string why = facts_ ? facts_->check_pair(*secret) : std::string();
    return why.empty() ? good : bad("InvalidClientCertificateRef", "Secret " + id.display() + ": " + why);
  }

  static bool insecure_frontend(const kube::Gateway& gateway) {
    if (!gateway.spec.tls || !gateway.spec.tls->frontend) return false;
    const auto insecure = [](const kube::FrontendTlsConfig& config) {
      return config.validation && config.validation->mode == "AllowInsecureFallback";
    };
    const kube::GatewayFrontendTls& frontend = *gateway.spec.tls->frontend;
    return insecure(frontend.default_config) || std::any_of(frontend.per_port.begin(), frontend.per_port.end(),
                                                            [&](const auto& row) { return insecure(row.tls); });
  }

  struct Tally {
    std::size_t accepted = 0, total = 0, valid = 0;
    std::string rejected;  // names
  };
  Tally tally(const kube::Object& owner) const {
    Tally out;
    auto it = owners_.find(&owner);
    if (it == owners_.end()) return out;
    for (std::size_t i : it->second) {
      const ListenerStatus& status = out_.listeners[i];
      ++out.total;
      if (fails(status.conditions, "Accepted")) {
        out.rejected += (out.rejected.empty() ? "" : ", ") + status.listener->name;
      } else {
        ++out.accepted;
        out.valid += !fails(status.conditions, "ResolvedRefs") || status.usable;
      }
    }
    return out;
  }

  void conclude_gateway(GatewayStatus& status) {
    const kube::Gateway& gateway = *status.gateway;
    for (const ListenerSetStatus& set : out_.listener_sets)
      if (sets_.at(set.set) == &gateway && holds_valid_listener(*set.set)) ++status.attached_listener_sets;
    const Tally own = tally(gateway);
    const bool any = own.accepted > 0 || status.attached_listener_sets > 0;
    Condition accepted{"Accepted", true, "Accepted", "the Gateway is valid", nullptr};
    if (own.accepted < own.total)
      accepted = {"Accepted", any, "ListenersNotValid", "not valid: " + own.rejected, gateway.node};
    controller_checks(gateway, accepted);
    Condition programmed{"Programmed", true, "Programmed", "the Gateway takes traffic", nullptr};
    if (!accepted.status) programmed = {"Programmed", false, "Invalid", accepted.message, accepted.at};
    if (!accepted.status)
      for (ListenerStatus& listener : out_.listeners)
        if (listener.gateway == &gateway) listener.usable = false;
    status.conditions = {accepted, programmed, client_certificate(gateway)};
    if (insecure_frontend(gateway))
      status.conditions.push_back({"InsecureFrontendValidationMode", true, "ConfigurationChanged",
                                   "clients without a valid certificate are let in", gateway.spec.tls->frontend->node});
  }

  bool holds_valid_listener(const kube::ListenerSet& set) const { return tally(set).valid > 0; }

  void conclude_set(ListenerSetStatus& status) const {
    if (!status.conditions.empty()) return;  // not allowed
    const Tally own = tally(*status.set);
    if (own.valid == 0) {
      for (const char* type : {"Accepted", "Programmed"})
        status.conditions.push_back({type, false, "ListenersNotValid", "no listener is valid", status.set->node});
      return;
    }
    const bool all = own.valid == own.total;
    status.conditions.push_back({"Accepted", true, all ? "Accepted" : "ListenersNotValid",
                                 all ? "the ListenerSet is valid" : "some listeners are not valid", nullptr});
    status.conditions.push_back({"Programmed", true, "Programmed", "the ListenerSet takes traffic", nullptr});
  }

  // A policy has one status for each Gateway through which its Service is reached.
  void add_policies() {
    const BackendTlsPolicies policies(index_, facts_);
    if (policies.verdicts().empty()) return;
    std::map<const kube::BackendTlsPolicy*, std::set<const kube::Gateway*>> ancestors;
    const auto reached = services_by_gateway(index_, out_);
    for (const PolicyVerdict& verdict : policies.verdicts())
      for (const kube::PolicyTargetRef& target : verdict.policy->spec.target_refs)
        if (auto it = reached.find({verdict.policy->metadata.ns, target.name}); it != reached.end())
          ancestors[verdict.policy].insert(it->second.begin(), it->second.end());
    for (const PolicyVerdict& verdict : policies.verdicts()) {
      std::vector<const kube::Gateway*> sorted(ancestors[verdict.policy].begin(), ancestors[verdict.policy].end());
      std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->id() < b->id(); });
      for (const kube::Gateway* gateway : sorted)
        out_.policies.push_back({verdict.policy, gateway, verdict.conditions});
    }
  }

  const kube::Index& index_;
  const AttachOptions& options_;
  const CertificateFacts* facts_;
  const Release release_;
  bool controller_;  // GatewayClasses are told apart
  Attachments out_;
  std::map<const kube::Object*, std::vector<std::size_t>> owners_;  // Gateway or ListenerSet -> its listeners
  std::map<const kube::ListenerSet*, const kube::Gateway*> sets_;   // every set of a Gateway of ours, allowed or not
};

}  // namespace

bool namespace_allowed(const kube::Index& index, const kube::RouteNamespaces& allowed, std::string_view otherwise,
                       std::string_view home, std::string_view guest) {
  const std::string_view from = allowed.from ? std::string_view(*allowed.from) : otherwise;
  if (from == "All") return true;
  if (from == "Same") return home == guest;
  if (from == "Selector") return allowed.selector && kube::matches(*allowed.selector, index.namespace_labels(guest));
  return false;
}

std::uint32_t looseness(std::string_view host, const std::vector<kube::String>& own_hostnames) {
  if (host.empty()) return 0;
  constexpr std::uint32_t no_hostname = 1000;  // above every length of a name
  std::uint32_t least = no_hostname;
  for (const std::string_view own : own_hostnames) {
    if (equal_fold(own, host)) return 0;
    if (own.starts_with("*.") && intersect(own, host) == std::optional<std::string>(host))
      least = std::min(least, no_hostname - static_cast<std::uint32_t>(own.size()));
  }
  return least;
}

std::optional<std::string> intersect(std::string_view listener_host, std::string_view route_host) {
  const auto wildcard = [](std::string_view host) { return host.starts_with("*."); };
  // "*.example.com" covers any host that ends in ".example.com", wildcards included, but not example.com.
  const auto covers = [](std::string_view pattern, std::string_view host) {
    const std::string_view suffix = pattern.substr(1);
    if (host.starts_with("*.")) host.remove_prefix(1);
    return host.size() >= suffix.size() && host.ends_with(suffix) &&
           (host.size() > suffix.size() || host.front() == '.');
  };
  std::string a(listener_host), b(route_host);
  for (std::string* text : {&a, &b})
    for (char& c : *text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (a.empty()) return b;
  if (b.empty() || a == b) return a;
  if (wildcard(a) && covers(a, b)) return b;
  if (wildcard(b) && covers(b, a)) return a;
  return std::nullopt;
}

Release release_of(std::string_view bundle_version, Channel channel) {
  Release release{channel, 6};
  constexpr std::string_view major = "v1.";
  if (!bundle_version.starts_with(major)) return release;
  std::from_chars(bundle_version.data() + major.size(), bundle_version.data() + bundle_version.size(), release.minor);
  return release;
}

Attachments attach(const kube::Index& index, const AttachOptions& options, const CertificateFacts* facts) {
  return attach(index, options, facts, Release{});
}

Attachments attach(const kube::Index& index, const AttachOptions& options, const CertificateFacts* facts,
                   const Release& release) {
  return Attacher(index, options, facts, release).run();
}

}  // namespace gw::route
