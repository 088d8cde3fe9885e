// Certificates of listeners: present, well-formed, covering the host, in date. Key material never reaches a message.
#include <algorithm>
#include <ctime>
#include <functional>

#include "pki/certificate.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"
#include "yaml/scalar.h"

namespace gw::validate {
namespace {

constexpr std::int64_t soon = 21 * 24 * 3600;  // seconds before the end of validity that are worth a warning

std::string value_of(const kube::Secret& secret, std::string_view key) {
  if (const std::string* plain = kube::find(secret.string_data, key)) return *plain;
  const std::string* encoded = kube::find(secret.data, key);
  return encoded ? yaml::decode_base64(*encoded).value_or("") : "";
}

std::string day(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

// Will the Secret be there though the set has none: made by cert-manager for this object, or by something of the set?
bool to_come(const Context& c, const kube::Object& owner, const kube::NamespacedName& id) {
  if (c.index.secret_promised(id)) return true;
  return std::any_of(owner.metadata.annotations.begin(), owner.metadata.annotations.end(), [](const auto& annotation) {
    return annotation.first == "kubernetes.io/tls-acme" || annotation.first == "cert-manager.io/issuer" ||
           annotation.first == "cert-manager.io/cluster-issuer";
  });
}

// Secrets are made by hand and by controllers more often than they are kept beside manifests.
diag::Severity absent_secret(const Context& c) {
  return c.options.complete ? diag::Severity::error : diag::Severity::warning;
}

// What is wrong with a Secret as a server certificate, told about whoever refers to it.
void check_pair(const Context& c, const kube::Object& owner, const kube::Place& at, const kube::Secret& secret,
                std::string_view malformed_code, std::string_view mismatch_code) {
  if (secret.encrypted) return;
  const std::string id = "Secret " + secret.id().display();
  const std::string certificate = value_of(secret, "tls.crt"), key = value_of(secret, "tls.key");
  if (secret.type != "kubernetes.io/tls" && secret.type != "Opaque" && !secret.type.empty())
    return report(c, {malformed_code, owner, at, id + " is of type " + secret.type,
                      "a certificate is of type kubernetes.io/tls"});
  for (const auto& [name, value] : {std::pair{"tls.crt", &certificate}, {"tls.key", &key}})
    if (value->empty())
      return report(c, {malformed_code, owner, at, id + " has no usable " + name,
                        "kubectl create secret tls makes one of the right form"});
  if (const std::string why = pki::check_pair(certificate, key); !why.empty())
    report(c, {mismatch_code, owner, at, id + ": " + why, "create the Secret anew from a certificate and its key"});
}

void check_names(const Context& c, const kube::Object& owner, const kube::Place& at, const kube::Secret& secret,
                 std::string_view host) {
  const auto info = pki::parse_certificate(value_of(secret, "tls.crt"));
  if (!info) return;
  const std::string id = "Secret " + secret.id().display();
  if (!host.empty() && !pki::covers(*info, host))
    report(c, {"GW307", owner, at, "the certificate of " + id + " does not cover " + quoted(host),
               "clients will refuse it: use a certificate with this name"});
  const std::int64_t now = c.options.now ? c.options.now : std::time(nullptr);
  if (info->not_after < now)
    report(c, {"GW308", owner, at, "the certificate of " + id + " expired on " + day(info->not_after), "renew it"});
  else if (info->not_after < now + soon)
    report(c, {"GW308", owner, at, "the certificate of " + id + " expires on " + day(info->not_after),
               "renew it in time"});
}

void check_reference(const Context& c, const kube::Object& owner, const kube::Listener& listener,
                     const kube::ObjectReference& ref) {
  if (!ref.group.value_or("").empty() || ref.kind.value_or("Secret") != "Secret")
    return report(c, {"GW218", owner, member(ref, "kind"),
                      "a certificate of kind " + quoted(ref.kind.value_or("")) + " is not known", "refer to a Secret"});
  const kube::NamespacedName id{ref.ns.value_or(owner.metadata.ns), ref.name};
  if (id.ns != owner.metadata.ns &&
      !c.index.granted("gateway.networking.k8s.io", owner.kind, owner.metadata.ns, "", "Secret", id.ns, id.name))
    report(c, {"GW219", owner, member(ref, "namespace"),
               "no ReferenceGrant in " + quoted(id.ns) + " lets this " + owner.kind + " use Secret " + id.display(),
               "add a ReferenceGrant to namespace " + id.ns});
  const kube::Secret* secret = c.index.secret(id);
  if (!secret) {
    if (c.bundle.secrets.empty() && !c.options.complete) return;  // Secrets are rarely kept beside manifests
    if (to_come(c, owner, id)) return;
    return report(c, {"GW216", owner, member(ref, "name"), "Secret " + id.display() + " is not here",
                      "the listener does not work without it", absent_secret(c)});
  }
  check_pair(c, owner, ref.node, *secret, "GW217", "GW309");
  check_names(c, owner, ref.node, *secret, listener.hostname.value_or(""));
}

}  // namespace

void check_certificates(const Context& c) {
  each_listener_owner(c.bundle, [&](const auto& owner, const std::vector<kube::Listener>& listeners) {
    for (const kube::Listener& listener : listeners)
      if (listener.tls && listener.tls->mode.value_or("Terminate") == "Terminate")
        for (const kube::ObjectReference& ref : listener.tls->certificate_refs)
          check_reference(c, owner, listener, ref);
  });
}

void check_ingress_certificates(const Context& c) {
  for (const kube::Ingress& ingress : c.bundle.ingresses)
    for (const kube::IngressTls& tls : ingress.spec.tls) {
      const kube::Secret* secret = c.index.secret({ingress.metadata.ns, tls.secret_name});
      if (tls.secret_name.empty()) continue;
      if (secret)
        check_pair(c, ingress, member(tls, "secretName"), *secret, "IN208", "IN208");
      else if ((!c.bundle.secrets.empty() || c.options.complete) &&
               !to_come(c, ingress, {ingress.metadata.ns, tls.secret_name}))
        report(c, {"IN207", ingress, member(tls, "secretName"),
                   "Secret " + ingress.metadata.ns + "/" + tls.secret_name + " is not here",
                   "most controllers then serve a certificate of their own", absent_secret(c)});
    }
}

}  // namespace gw::validate
