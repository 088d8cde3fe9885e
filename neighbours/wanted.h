// What external-dns and cert-manager ask for when they read a set of manifests: DNS records and Certificates. Rules
// measured on external-dns v0.23.0 and cert-manager v1.21.2; docs/neighbours.md lists them.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/bundle.h"

namespace gw::neighbours {

struct Options {
  bool legacy_prefix =
      true;  // external-dns --enable-legacy-annotation-prefix: external-dns.alpha.kubernetes.io/ counts
  bool listener_sets = true;     // external-dns --gateway-listener-sets, cert-manager's gate ListenerSets
  bool ignore_tls_spec = false;  // external-dns --ignore-ingress-tls-spec
  bool default_issuer = false;   // cert-manager has one, so that kubernetes.io/tls-acme asks for Certificates
};

// external-dns keeps one record for each of these.
struct RecordKey {
  std::string name, type, set_identifier;  // "shop.example.com", "A"; set_identifier is mostly empty
  auto operator<=>(const RecordKey&) const = default;
};
struct Record {
  std::set<std::string> targets;                  // "LB": the address in the object's status
  std::string ttl;                                // as written; empty: the default
  std::map<std::string, std::string> properties;  // of the provider: "aws-weight" -> "10"
  auto operator<=>(const Record&) const = default;
};

// A Certificate, whose key is its Secret.
struct Certificate {
  std::set<std::string> names;                  // dnsNames
  std::string issuer;                           // "ClusterIssuer letsencrypt", "Issuer ca (example.com)"
  std::map<std::string, std::string> settings;  // further annotations: "cert-manager.io/duration" -> "2160h"
  std::map<std::string, std::string> labels;
  std::string unreachable;  // why an HTTP-01 challenge could not be answered; empty: it can
  auto operator<=>(const Certificate&) const = default;
};

// Several forms where several objects ask for the same in different ways: chance, or the first, decides.
template <class Form>
struct Asked {
  std::set<Form> forms;
  const kube::Object* by = nullptr;  // the first that asks; borrowed from the bundle
};
struct Wanted {
  std::map<RecordKey, Asked<Record>> records;
  std::map<kube::NamespacedName, Asked<Certificate>> certificates;
};

// Of the whole set: Ingresses, Gateways, ListenerSets, HTTPRoutes, GRPCRoutes, TLSRoutes and Certificates. Every object
// is taken to be accepted and to have the address of a load balancer. The bundle outlives the answer.
Wanted wanted(const kube::Bundle& bundle, const Options& options = {});

// The value of an external-dns annotation under the prefixes that count, the current one first; null: not set.
const std::string* dns_annotation(const kube::StringMap& annotations, std::string_view name, const Options& options);

}  // namespace gw::neighbours
