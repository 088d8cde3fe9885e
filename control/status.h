// Attachments as the status subresources of Gateway API: what a controller patches and --status-dir writes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "route/channel.h"

namespace gw::control {

// How the data plane fared with one Gateway.
struct GatewayState {
  std::vector<std::string> addresses;
  std::string problem;  // non-empty: not Programmed
  std::string reason;   // of the problem: AddressNotUsable, AddressNotAssigned, Invalid, ...
};
using GatewayStates = std::map<kube::NamespacedName, GatewayState>;

// A new status for one object: `json` is the object {"status": ...}, on one line.
struct StatusUpdate {
  diag::ObjectId object;
  std::string plural;
  std::string
      resource_version;  // that was read: the write must not lose entries of other controllers; empty from files
  std::string json;
};

struct StatusOptions {
  std::string controller_name;
  std::string now;              // RFC 3339; the transition time of what changed
  route::Release release = {};  // of Gateway API, as installed
};

// Only objects whose status differs from the one they carry. Every condition has the current observedGeneration;
// entries of other controllers are kept; transition times change with the status value only.
std::vector<StatusUpdate> status_updates(const kube::Index& index, const route::Attachments& attachments,
                                         const GatewayStates& states, const StatusOptions& options);

}  // namespace gw::control
