// Guards in resources that no reader of routes reads: Istio's policies that select the Pods of the old gateway, and the
// configuration of a whole installation. A new gateway runs in other Pods, which they do not select.
#pragma once
#include <set>

#include "convert/classify.h"
#include "convert/target.h"

namespace gw::convert {

// Adds them to ir.guards for the routes of a deployment; returns the resources that it took.
std::set<const kube::Object*> find_policies(const Deployment& of, std::uint16_t deployment, const kube::Bundle& bundle,
                                            const Target& target, Ir& ir);

}  // namespace gw::convert
