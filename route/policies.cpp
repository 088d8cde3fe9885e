// BackendTLSPolicy resolution: conflicts (the oldest wins, then the name), CA bundles, conditions.
#include "route/policies.h"

#include <algorithm>
#include <tuple>

#include "kube/wire.h"
#include "route/names.h"
#include "route/order.h"

namespace gw::route {
namespace {

constexpr CaReasons policy_reasons{"InvalidKind", "InvalidCACertificateRef", "RefNotPermitted"};

// Certificates of every usable reference; the first failure goes to ResolvedRefs.
void resolve_ca(const kube::Index& index, const CertificateFacts* facts, PolicyVerdict& verdict, BackendTls& tls) {
  const kube::BackendTlsPolicy& policy = *verdict.policy;
  const kube::BackendTlsValidation& validation = policy.spec.validation;
  Condition resolved{"ResolvedRefs", true, "ResolvedRefs", "all references resolve", nullptr};
  Condition accepted{"Accepted", true, "Accepted", "the policy is in force", nullptr};
  if (validation.ca_certificate_refs.empty()) {
    tls.system_trust = validation.well_known_ca_certificates == "System";
    if (!tls.system_trust)
      accepted = {"Accepted", false, "NoValidCACertificate", "the policy names no CA certificate", validation.node};
  }
  for (const kube::ObjectReference& ref : validation.ca_certificate_refs) {
    // The reference is local by definition of the field.
    CaBundle bundle = ca_bundle(index, ref, "BackendTLSPolicy", policy.metadata.ns, policy_reasons, facts);
    if (bundle.reason.empty())
      tls.ca_pem += bundle.pem;
    else if (resolved.status)
      resolved = {"ResolvedRefs", false, bundle.reason, bundle.message, ref.node};
  }
  if (!validation.ca_certificate_refs.empty() && tls.ca_pem.empty())
    accepted = {"Accepted", false, "NoValidCACertificate", resolved.message, validation.node};
  if (!kube::wire::is_host(validation.hostname))
    accepted = {"Accepted", false, "Invalid", "validation.hostname is not a host name", validation.node};
  tls.valid = accepted.status;
  verdict.conditions = {accepted, resolved};
}

std::shared_ptr<BackendTls> names_of(const kube::BackendTlsValidation& validation) {
  auto tls = std::make_shared<BackendTls>();
  tls->server_name = validation.hostname;
  for (const kube::SubjectAltName& name : validation.subject_alt_names)
    tls->subject_alt_names.push_back(
        {name.type == "URI", name.type == "URI" ? name.uri.value_or("") : name.hostname.value_or("")});
  return tls;
}

}  // namespace

CaBundle ca_bundle(const kube::Index& index, const kube::ObjectReference& ref, std::string_view home_kind,
                   std::string_view home_ns, const CaReasons& reasons, const CertificateFacts* facts) {
  const std::string kind = ref.kind.value_or("ConfigMap");
  const kube::NamespacedName id{ref.ns.value_or(std::string(home_ns)), ref.name};
  if (!ref.group.value_or("").empty() || kind != "ConfigMap")
    return {{}, std::string(reasons.kind), "CA certificates of kind " + kind + " are not supported; use a ConfigMap"};
  if (id.ns != home_ns && !index.granted(gateway_group, home_kind, home_ns, "", "ConfigMap", id.ns, id.name))
    return {{}, std::string(reasons.grant), "no ReferenceGrant lets ConfigMap " + id.display() + " be used"};
  const kube::ConfigMap* map = index.config_map(id);
  if (!map) return {{}, std::string(reasons.ref), "ConfigMap " + id.display() + " does not exist"};
  const std::string* pem = kube::find(map->data, "ca.crt");
  if (!pem) return {{}, std::string(reasons.ref), "ConfigMap " + id.display() + " has no key ca.crt"};
  std::string why = facts ? facts->check_ca(*pem) : std::string();
  if (why.empty() && pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) why = "no certificate in it";
  if (!why.empty()) return {{}, std::string(reasons.ref), "ca.crt of ConfigMap " + id.display() + ": " + why};
  return {*pem + (pem->ends_with('\n') ? "" : "\n"), {}, {}};
}

BackendTlsPolicies::BackendTlsPolicies(const kube::Index& index, const CertificateFacts* facts) {
  std::vector<const kube::BackendTlsPolicy*> policies;
  for (const kube::BackendTlsPolicy& policy : index.bundle().backend_tls_policies) policies.push_back(&policy);
  std::sort(policies.begin(), policies.end(), [](auto* a, auto* b) { return older(*a, *b); });
  for (const kube::BackendTlsPolicy* policy : policies) {
    PolicyVerdict verdict;
    verdict.policy = policy;
    auto tls = names_of(policy->spec.validation);
    resolve_ca(index, facts, verdict, *tls);
    verdict.tls = std::move(tls);
    for (const kube::PolicyTargetRef& target : policy->spec.target_refs) {
      if (!target.group.empty() || target.kind != "Service") continue;
      std::string key = policy->metadata.ns + "/" + target.name;
      if (target.section_name && !target.section_name->empty()) key += ":" + *target.section_name;
      auto [it, won] = by_target_.emplace(std::move(key), verdicts_.size());
      // A policy that names its own target twice is in conflict with nobody.
      if (won || verdict.conflicted || it->second == verdicts_.size()) continue;
      verdict.conflicted = true;
      verdict.conditions[0] = {"Accepted", false, "Conflicted",
                               "BackendTLSPolicy " + verdicts_[it->second].policy->id().display() +
                                   " already governs Service " + target.name,
                               target.node};
    }
    verdicts_.push_back(std::move(verdict));
  }
}

void BackendTlsPolicies::reject(const kube::BackendTlsPolicy& policy) {
  for (PolicyVerdict& verdict : verdicts_)
    if (verdict.policy == &policy) {
      auto broken = std::make_shared<BackendTls>(*verdict.tls);
      broken->valid = false;
      verdict.tls = std::move(broken);
    }
}

const PolicyVerdict* BackendTlsPolicies::find(const kube::NamespacedName& service, std::string_view port_name) const {
  if (by_target_.empty()) return nullptr;
  auto it = by_target_.find(service.display() + ":" + std::string(port_name));
  if (it == by_target_.end()) it = by_target_.find(service.display());
  return it == by_target_.end() ? nullptr : &verdicts_[it->second];
}

}  // namespace gw::route
