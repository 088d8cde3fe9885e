// Gateways as an Envoy configuration (API v3): what the routing table decides, said in Envoy's words. Static, or files
// that a running Envoy reads again when they change (LDS, RDS, CDS).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diag/result.h"
#include "kube/index.h"
#include "route/attach.h"
#include "route/table.h"

namespace gw::envoy {

struct Options {
  std::string address = "0.0.0.0";            // of listeners whose Gateway names none
  std::map<int, int> port_map;                // listen elsewhere than the listener says
  std::string cert_dir = "/etc/gwctl/certs";  // holds NAMESPACE/SECRET/tls.crt and tls.key
  std::string cluster_domain = "cluster.local";
  std::string xds_dir;                          // where the files will lie; empty: one static configuration
  std::string admin = "127.0.0.1:9901";         // empty: none
  std::optional<kube::NamespacedName> gateway;  // only this one
};

struct File {
  std::string name;  // "bootstrap", "lds", "cds", "rds-http-80"
  std::string json;
};

struct Export {
  std::vector<File> files;                         // the bootstrap first; alone when the configuration is static
  std::vector<std::string> notes;                  // what Envoy will answer otherwise, or cannot be said; sorted
  std::vector<kube::NamespacedName> certificates;  // Secrets whose pairs are to lie in cert_dir; ascending
};

// The error: nothing to export, or two Gateways that would share a socket. Private keys are never part of the result:
// it names files.
Result<Export> make(const route::Attachments& attachments, const route::Table& table, const Options& options);

}  // namespace gw::envoy
