// What the server runs: one immutable value, made from files or from a cluster and swapped as a whole.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kube/meta.h"
#include "route/table.h"
#include "runtime/site.h"

namespace gw::runtime {

// A key pair as PEM. The key must never be shown.
struct Certificate {
  std::string chain_pem, key_pem;
};

struct Config {
  std::shared_ptr<const route::Table> table;
  std::map<kube::NamespacedName, Certificate> certificates;                  // by Secret
  std::map<kube::NamespacedName, kube::NamespacedName> client_certificates;  // by Gateway: shown to TLS backends
  std::vector<Site> sites;
};

// What became of one site.
struct SiteStatus {
  std::string key;    // Site::key()
  std::string error;  // empty: listening
  std::string help;
};

}  // namespace gw::runtime
