// BackendTLSPolicy: which policy governs a Service port, and whether it can be used.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "route/attach.h"
#include "route/table.h"

namespace gw::route {

struct PolicyVerdict {
  const kube::BackendTlsPolicy* policy = nullptr;
  std::vector<Condition> conditions;  // Accepted, ResolvedRefs
  bool conflicted = false;
  std::shared_ptr<const BackendTls> tls;  // never null
};

class BackendTlsPolicies {
 public:
  // Borrows the Index and the policies in it.
  explicit BackendTlsPolicies(const kube::Index& index, const CertificateFacts* facts = nullptr);

  const std::vector<PolicyVerdict>& verdicts() const { return verdicts_; }
  // Marks a policy unusable: its backends answer 5xx.
  void reject(const kube::BackendTlsPolicy& policy);
  // The policy in force for a port of a Service: one that names the port, else one for the whole Service; else null.
  const PolicyVerdict* find(const kube::NamespacedName& service, std::string_view port_name) const;

 private:
  std::vector<PolicyVerdict> verdicts_;           // oldest first
  std::map<std::string, std::size_t> by_target_;  // "ns/service" or "ns/service:port" -> verdicts_
};

// The PEM text of a CA bundle in ConfigMap key ca.crt. reason is empty, or the condition's reason with a message.
struct CaBundle {
  std::string pem, reason, message;
};
// `kind_reason`, `ref_reason`, `grant_reason` are the reasons for a wrong kind, a missing or broken bundle, a missing
// grant: policies and frontend validation name them differently.
struct CaReasons {
  std::string_view kind, ref, grant;
};
// Reads the ConfigMap that a policy or a listener of `home_ns` names; `facts` may be null.
CaBundle ca_bundle(const kube::Index& index, const kube::ObjectReference& ref, std::string_view home_kind,
                   std::string_view home_ns, const CaReasons& reasons, const CertificateFacts* facts);

}  // namespace gw::route
