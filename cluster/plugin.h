// The credential of an exec plugin, fetched once for every connection and again when it has expired or was refused.
#pragma once
#include <mutex>
#include <optional>

#include "cluster/kubeconfig.h"

namespace gw::cluster {

class PluginCredentials {
 public:
  // Runs the plugin where there is no credential that still holds.
  Result<Credential> get(const Access& access);
  // The API server answered 401 to this one.
  void refused(const Credential& credential);

 private:
  std::mutex mutex_;
  std::optional<Credential> held_;
};

}  // namespace gw::cluster
