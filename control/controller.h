// The control loop: watch the cluster, attach, hand the result to the data plane, and only then write status.
#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "cluster/kubeconfig.h"
#include "control/status.h"
#include "route/attach.h"
#include "vendors/gateways.h"

namespace gw::control {

// What serves traffic. apply() returns once listeners are bound and the new table is live: status follows at once.
struct Dataplane {
  virtual ~Dataplane() = default;
  // Serves what was attached; gives what became of each Gateway's addresses and listeners, for its status.
  virtual GatewayStates apply(const kube::Index& index, const route::Attachments& attachments) = 0;
};

struct ControllerOptions {
  std::string controller_name{vendors::own_controller};
  std::function<void(const std::string&)> log;            // one line, no secrets
  std::function<void()> applied;                          // after each apply(), before status is written
  const route::CertificateFacts* certificates = nullptr;  // outlives the call
};

// Runs until stop is true (looked at ten times a second). An Error means that the cluster could not be used at all.
// What fails later is told once and tried again with growing pauses.
Status run_controller(const cluster::Access& access, Dataplane& dataplane, const ControllerOptions& options,
                      const std::atomic<bool>& stop);

}  // namespace gw::control
