// What every reader of Ingress needs: their order, their backends, their certificates.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "convert/provider.h"

namespace gw::convert {

// Oldest first; an Ingress without a time comes last. Ties go by namespace/name.
enum class Ties : std::uint8_t { ascending, descending };
// The oldest first; of equal age as `ties` says. Without a creationTimestamp an Ingress counts as the youngest.
std::vector<const kube::Ingress*> by_age(std::vector<const kube::Ingress*> ingresses, Ties ties);

// Lower case, without a trailing dot; borrows from the input where it can.
std::string_view normal_host(std::string_view host, Ir& ir);

// Nothing (and a note) when it names neither a Service nor a resource, or no port that is known.
std::optional<Backend> make_backend(const kube::Ingress& ingress, const kube::IngressBackend& backend,
                                    const Input& input, Ledger& ledger);
std::optional<Backend> make_backend(const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                                    const kube::IngressServiceBackend& service, const Input& input, Ledger& ledger);

// The Secret an Ingress gives for one of its hosts; nothing when it lists none for it.
struct TlsFor {
  const kube::IngressTls* entry = nullptr;
  bool named = false;  // the host stands in tls.hosts
};
// The entry of spec.tls that serves a host: exact before wildcard before one without hosts; nullopt for none.
std::optional<TlsFor> tls_for(const kube::Ingress& ingress, std::string_view host);

// Adds the certificate of the entry, or a name for one that must be made (told as GW609).
void add_certificate(Server& server, const kube::Ingress& ingress, const TlsFor& tls, Ir& ir, Ledger& ledger);

// Certificates of the cloud, by name, that listeners of the target name in their options. False without any.
bool add_cloud_certificates(Server& server, const kube::Ingress& ingress, const std::vector<std::string>& names,
                            Ir& ir);

// The ca.crt of a Secret of the input; empty without.
std::string authority_of(const Input& input, std::string_view ns, const std::string& secret);

// Was the object read from a cluster? Then the input is complete.
bool from_cluster(const Input& input, const kube::Object& object);

}  // namespace gw::convert
