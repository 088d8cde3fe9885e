#include "convert/providers/istio/openings.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/istio/pods.h"
#include "convert/providers/values.h"
#include "convert/words.h"

namespace gw::convert::istio {
namespace {

bool opens(const std::string& pattern, const std::string& host) {
  if (pattern == "*" || pattern == host) return true;
  if (pattern.starts_with("*.")) return host.ends_with(pattern.substr(1));
  return host.starts_with("*.") && pattern.ends_with(host.substr(1));
}

// Of two patterns of which one covers the other.
const std::string& narrower(const std::string& pattern, const std::string& host) {
  if (pattern == "*" || !host.starts_with("*.")) return host;
  return !pattern.starts_with("*.") || pattern.size() > host.size() ? pattern : host;
}

// Do the Pods that carry it speak of a network of one's own ("istio: ingressgateway-internal")?
bool internal(const kube::OtherObject& object) {
  const yaml::Node* spec = object.node->find("spec");
  const yaml::Node* selector = spec && spec->is_map() ? spec->find("selector") : nullptr;
  if (!selector || !selector->is_map()) return false;
  return std::any_of(selector->entries().begin(), selector->entries().end(),
                     [](const yaml::Entry& label) { return speaks_of_internal(text_of(&label.value)); });
}

}  // namespace

std::set<std::string> served(const Opening& opening, const std::string& host, const std::string& ns) {
  std::set<std::string> out;
  for (const auto& [who, pattern] : opening.hosts) {
    if (who != "*" && who != ns && !(who == "." && ns == opening.ns)) continue;
    if (host == "*")
      out.insert(pattern);
    else if (opens(pattern, host))
      out.insert(narrower(pattern, host));
  }
  return out;
}

Gateways::Gateways(const Input& input, Ledger& ledger) : input_(input), ledger_(ledger) {
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "Gateway" && object->node) (internal(*object) ? inside_ : outside_) = true;
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "Gateway" && object->node) add(*object);
}

void Gateways::add(const kube::OtherObject& object) {
  Fields spec = Fields::spec(object, ledger_);
  const bool apart = inside_ && outside_ && internal(object);
  if (apart && spec.take("selector"))
    tell(ledger_, spec.ref("selector"), Outcome::refused,
         "its Pods are those of an internal gateway, and the input has a public one: routes of its hosts are left "
         "out; convert them apart, onto a Gateway of their own",
         Loss::allow_list);
  else
    spec.skip("selector", "which pods of Istio carry it");
  const istio::Pods pods = istio::pods_of(object, input_.bundle);
  for (const yaml::Node* item : spec.items("servers")) {
    Fields f = spec.at(*item, "servers[]");
    Opening o;
    o.ns = object.metadata.ns;
    for (const std::string& host : f.list("hosts")) {
      const auto [ns, pattern] = qualified(host, "*");
      if (!apart || input_.options.accepts(Loss::allow_list)) o.hosts.emplace_back(ns, pattern);
    }
    Fields port = f.object("port");
    o.port = static_cast<kube::Port>(port.number("number").value_or(80));
    const std::string protocol = port.text("protocol");
    port.skip("name", name_only);
    port.skip("targetPort", "Istio does not read it");
    port.rest();
    Fields tls = f.object("tls");
    const std::string mode = tls.text("mode");
    o.credential = tls.text("credentialName");
    const auto there = [&](const std::string& ns) { return input_.index.secret({ns, o.credential}) != nullptr; };
    const bool beside = !there(pods.ns) && there(o.ns);
    o.credential_ns = beside ? o.ns : pods.ns;
    if (!o.credential.empty() && pods.guessed && !beside && !there(pods.ns))
      tell(ledger_, tls.ref("credentialName"), Outcome::approximated,
           "Secret '" + o.credential + "' lies in the namespace of the gateway's Pods; " + pods.ns +
               " is taken, which is a guess",
           Loss::none);
    o.redirect = tls.on("httpsRedirect");
    o.passthrough = mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH";
    o.https = protocol == "HTTPS" && !o.passthrough;
    o.http = protocol == "HTTP" || protocol == "HTTP2" || protocol == "GRPC";
    o.tcp = protocol == "TCP" || protocol == "TLS";
    if (mode == "MUTUAL" || mode == "OPTIONAL_MUTUAL" || mode == "ISTIO_MUTUAL") {
      o.guarded = true;
      tell(ledger_, tls.ref("mode"), Outcome::refused,
           "client certificates are the listener's: write tls.frontendValidation; routes of these hosts are left out",
           Loss::client_certificate);
    }
    for (const char* known : {"minProtocolVersion", "maxProtocolVersion", "cipherSuites"})
      tls.tell(known, Outcome::approximated, "TLS settings are the gateway's own");
    for (const char* known : {"serverCertificate", "privateKey", "caCertificates", "tlsCertificates"})
      tls.tell(known, Outcome::refused, "a file of the proxy is no Secret: name one with credentialName", Loss::other);
    for (const char* known :
         {"subjectAltNames", "verifyCertificateHash", "verifyCertificateSpki", "caCrl", "caCertCredentialName"})
      tls.tell(known, Outcome::refused, "which client certificates are taken is the listener's own",
               Loss::client_certificate);
    if (tls.rest()) o.guarded = true;
    f.skip("name", name_only);
    f.tell("bind", Outcome::refused, "the address that a listener binds is the gateway's own", Loss::other);
    f.tell("defaultEndpoint", Outcome::refused, "a listener has no endpoint of its own", Loss::backend);
    if (f.rest()) o.guarded = true;
    if (o.port != 80 && o.port != 443)
      tell(ledger_, f.ref("port"), Outcome::approximated,
           "routes attach to listeners of 80 and 443; add one of port " + std::to_string(o.port) + " to the Gateway",
           Loss::none);
    gateways_[object.metadata.ns + "/" + object.metadata.name].push_back(std::move(o));
  }
  spec.rest();
}

std::vector<Opening> Gateways::openings(Fields& spec, const std::string& ns) {
  std::vector<Opening> all;
  for (const std::string& name : spec.list("gateways")) {
    if (name == "mesh") continue;
    const auto [where, local] = qualified(name, ns);
    const auto at = gateways_.find(std::string(where) + "/" + std::string(local));
    if (at == gateways_.end()) {
      tell(ledger_, spec.ref("gateways"), Outcome::approximated,
           "Gateway '" + name + "' is not among the input: http on port 80 is taken, and for tls routes passthrough",
           Loss::none);
      Opening o;
      o.hosts = {{"*", "*"}};
      o.http = o.passthrough = o.assumed = true;
      o.ns = ns;
      all.push_back(std::move(o));
    } else {
      all.insert(all.end(), at->second.begin(), at->second.end());
    }
  }
  return all;
}

}  // namespace gw::convert::istio
