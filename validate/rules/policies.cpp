// BackendTLSPolicy: its target, its certificates, and who else claims the same Service.
#include <algorithm>
#include <map>

#include "route/order.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

void check_target(const Context& c, const kube::BackendTlsPolicy& policy, const kube::PolicyTargetRef& target) {
  if (!target.group.empty() || target.kind != "Service") return;
  const kube::NamespacedName id{policy.metadata.ns, target.name};
  const kube::Service* service = c.index.service(id);
  if (!service) {
    if (c.bundle.services_known() || c.options.complete)
      report(c, {"GW501", policy, member(target, "name"), "Service " + id.display() + " is not here",
                 "a policy applies in its own namespace only", c.missing(id.ns)});
    return;
  }
  if (!target.section_name) return;
  const auto& ports = service->spec.ports;
  if (std::none_of(ports.begin(), ports.end(), [&](const auto& port) { return port.name == *target.section_name; }))
    report(c, {"GW502", policy, member(target, "sectionName"),
               "Service " + id.display() + " has no port named " + quoted(*target.section_name),
               "sectionName is the name of a Service port"});
}

void check_authorities(const Context& c, const kube::BackendTlsPolicy& policy) {
  for (const kube::ObjectReference& ref : policy.spec.validation.ca_certificate_refs) {
    const std::string kind = ref.kind.value_or("");
    if (!ref.group.value_or("").empty() || (kind != "ConfigMap" && kind != "Secret")) {
      report(c, {"GW505", policy, member(ref, "kind"), "a CA certificate of kind " + quoted(kind) + " is not known",
                 "refer to a ConfigMap with the key ca.crt"});
      continue;
    }
    const kube::NamespacedName id{policy.metadata.ns, ref.name};
    const kube::ConfigMap* map = kind == "ConfigMap" ? c.index.config_map(id) : nullptr;
    const kube::Secret* secret = kind == "Secret" ? c.index.secret(id) : nullptr;
    const bool any = kind == "ConfigMap" ? !c.bundle.config_maps.empty() : !c.bundle.secrets.empty();
    if (!map && !secret) {
      if (any || c.options.complete)
        report(c, {"GW504", policy, member(ref, "name"), kind + " " + id.display() + " is not here",
                   "requests to the backend fail without it", c.missing(id.ns)});
      continue;
    }
    const bool has = map ? kube::find(map->data, "ca.crt") != nullptr
                         : kube::find(secret->data, "ca.crt") || kube::find(secret->string_data, "ca.crt");
    if (!has)
      report(c, {"GW504", policy, member(ref, "name"), kind + " " + id.display() + " has no key ca.crt",
                 "put the CA's PEM under ca.crt"});
  }
}

// The name that the backend's certificate must have: public names have dots, and so have names inside a cluster.
void check_server_name(const Context& c, const kube::BackendTlsPolicy& policy) {
  const std::string& host = policy.spec.validation.hostname;
  const bool short_name = !host.empty() && host.find('.') == std::string::npos;
  const bool local = host.ends_with(".svc") || host.ends_with(".local") || host.ends_with(".svc.cluster.local");
  if (!short_name && !local) return;
  if (local && policy.spec.validation.well_known_ca_certificates.value_or("") != "System") return;
  report(c, {"GW508", policy, member(policy.spec.validation, "hostname"),
             short_name ? quoted(host) + " is a short name: certificates rarely have one"
                        : "no public authority gives a certificate for " + quoted(host),
             short_name
                 ? "write the name in the backend's certificate, such as " + host + "." + policy.metadata.ns + ".svc"
                 : "name the authority with caCertificateRefs"});
}

}  // namespace

void check_policies(const Context& c) {
  std::vector<const kube::BackendTlsPolicy*> order;
  for (const auto& policy : c.bundle.backend_tls_policies) order.push_back(&policy);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return route::older(*a, *b); });
  std::map<std::tuple<std::string, std::string, std::string>, const kube::BackendTlsPolicy*> first;
  for (const kube::BackendTlsPolicy* policy : order) {
    check_authorities(c, *policy);
    check_server_name(c, *policy);
    for (const kube::PolicyTargetRef& target : policy->spec.target_refs) {
      check_target(c, *policy, target);
      auto [it, fresh] = first.try_emplace(
          {policy->metadata.ns, target.kind + "/" + target.name, target.section_name.value_or("")}, policy);
      if (!fresh && it->second != policy)
        report(c, {"GW503",
                   *policy,
                   target.node,
                   "BackendTLSPolicy " + it->second->id().display() + " has the same target",
                   "only the older one applies",
                   {},
                   {{span_of(*it->second, nullptr), "the older policy"}}});
    }
  }
}

}  // namespace gw::validate
