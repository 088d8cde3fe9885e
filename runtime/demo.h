// Built-in backends: they answer every request with JSON that says what arrived where.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kube/meta.h"
#include "runtime/server.h"

namespace gw::runtime {

class DemoBackends {
 public:
  DemoBackends();
  ~DemoBackends();
  // A loopback port that answers in the name of this Service; the same one for the same Service. 0: no socket left.
  std::uint16_t port(const kube::NamespacedName& service, kube::Port service_port);
  void start();  // opens what was asked for since the last call

 private:
  Server server_;
  std::map<std::pair<kube::NamespacedName, kube::Port>, Site> sites_;
};

}  // namespace gw::runtime
