// TLS of a whole Gateway: authorities that check clients, the certificate shown to backends, ports that none of it
// meets. Gateway API v1.6, GatewayTLSConfig.
#include <algorithm>

#include "pki/certificate.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"
#include "yaml/scalar.h"

namespace gw::validate {
namespace {

std::string value_of(const kube::Secret& secret, std::string_view key) {
  if (const std::string* plain = kube::find(secret.string_data, key)) return *plain;
  const std::string* encoded = kube::find(secret.data, key);
  return encoded ? yaml::decode_base64(*encoded).value_or("") : "";
}

bool granted(const Context& c, const kube::Gateway& gateway, std::string_view kind, const kube::NamespacedName& id) {
  return id.ns == gateway.metadata.ns ||
         c.index.granted("gateway.networking.k8s.io", "Gateway", gateway.metadata.ns, "", kind, id.ns, id.name);
}

std::string no_grant(std::string_view what, const kube::NamespacedName& id) {
  return "no ReferenceGrant in " + quoted(id.ns) + " lets this Gateway use " + std::string(what) + " " + id.display();
}

void check_authority(const Context& c, const kube::Gateway& gateway, const kube::ObjectReference& ref) {
  const std::string kind = ref.kind.value_or("ConfigMap");
  if (!ref.group.value_or("").empty() || (kind != "ConfigMap" && kind != "Secret"))
    return report(c,
                  {"GW220", gateway, member(ref, "kind"), "a CA certificate of kind " + quoted(kind) + " is not known",
                   "refer to a ConfigMap with the key ca.crt"});
  const kube::NamespacedName id{ref.ns.value_or(gateway.metadata.ns), ref.name};
  if (!granted(c, gateway, kind, id))
    return report(c, {"GW221", gateway, member(ref, "namespace"), no_grant(kind, id),
                      "add a ReferenceGrant to namespace " + id.ns});
  const kube::ConfigMap* map = kind == "ConfigMap" ? c.index.config_map(id) : nullptr;
  const kube::Secret* secret = kind == "Secret" ? c.index.secret(id) : nullptr;
  const bool any = kind == "ConfigMap" ? !c.bundle.config_maps.empty() : !c.bundle.secrets.empty();
  if (!map && !secret) {
    if (any || c.options.complete)
      report(c, {"GW220", gateway, member(ref, "name"), kind + " " + id.display() + " is not here",
                 "clients cannot be checked without it", c.missing(id.ns)});
    return;
  }
  const std::string* plain = map ? kube::find(map->data, "ca.crt") : nullptr;
  const std::string pem = plain ? *plain : secret ? value_of(*secret, "ca.crt") : "";
  if (pem.empty())
    return report(c, {"GW220", gateway, member(ref, "name"), kind + " " + id.display() + " has no key ca.crt",
                      "put the CA's PEM under ca.crt"});
  if (const std::string why = pki::check_ca(pem); !why.empty())
    report(c, {"GW220", gateway, member(ref, "name"), kind + " " + id.display() + ": " + why,
               "put the CA's certificates as PEM under ca.crt"});
}

void check_client_certificate(const Context& c, const kube::Gateway& gateway, const kube::ObjectReference& ref) {
  const std::string kind = ref.kind.value_or("Secret");
  if (!ref.group.value_or("").empty() || kind != "Secret")
    return report(c, {"GW222", gateway, member(ref, "kind"),
                      "a client certificate of kind " + quoted(kind) + " is not known", "refer to a Secret"});
  const kube::NamespacedName id{ref.ns.value_or(gateway.metadata.ns), ref.name};
  if (!granted(c, gateway, "Secret", id))
    return report(c, {"GW223", gateway, member(ref, "namespace"), no_grant("Secret", id),
                      "add a ReferenceGrant to namespace " + id.ns});
  const kube::Secret* secret = c.index.secret(id);
  if (!secret) {
    if (!c.bundle.secrets.empty() || c.options.complete)
      report(c, {"GW222", gateway, member(ref, "name"), "Secret " + id.display() + " is not here",
                 "backends that ask for a certificate refuse the Gateway", c.missing(id.ns)});
    return;
  }
  if (const std::string why = pki::check_pair(value_of(*secret, "tls.crt"), value_of(*secret, "tls.key")); !why.empty())
    report(c, {"GW222", gateway, member(ref, "name"), "Secret " + id.display() + ": " + why,
               "create the Secret anew from a certificate and its key"});
}

bool https_on(const Context& c, const kube::Gateway& gateway, kube::Port port) {
  return std::any_of(c.attachments.listeners.begin(), c.attachments.listeners.end(), [&](const auto& each) {
    return each.gateway == &gateway && each.listener->protocol == "HTTPS" && each.listener->port == port;
  });
}

void check_frontend(const Context& c, const kube::Gateway& gateway, const kube::GatewayFrontendTls& frontend) {
  auto authorities = [&](const kube::FrontendTlsConfig& config) {
    if (config.validation)
      for (const kube::ObjectReference& ref : config.validation->ca_certificate_refs) check_authority(c, gateway, ref);
  };
  authorities(frontend.default_config);
  for (const kube::FrontendPortTls& port : frontend.per_port) {
    authorities(port.tls);
    if (port.port != 0 && !https_on(c, gateway, port.port))
      report(c, {"GW320", gateway, member(port, "port"),
                 "no HTTPS listener of this Gateway has port " + std::to_string(port.port),
                 "these settings have no effect: give the port of an HTTPS listener"});
  }
}

}  // namespace

void check_gateway_tls(const Context& c) {
  for (const kube::Gateway& gateway : c.bundle.gateways) {
    if (!gateway.spec.tls) continue;
    if (gateway.spec.tls->frontend) check_frontend(c, gateway, *gateway.spec.tls->frontend);
    if (const auto& backend = gateway.spec.tls->backend; backend && backend->client_certificate_ref)
      check_client_certificate(c, gateway, *backend->client_certificate_ref);
  }
}

}  // namespace gw::validate
