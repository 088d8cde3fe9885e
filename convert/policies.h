// Guards in resources that no reader of routes reads: Istio's policies that select the Pods of the old gateway, and the
// configuration of a whole installation. A new gateway runs in other Pods, which they do not select.
#pragma once
#include <set>

#include "convert/classify.h"

namespace gw::convert {

// Adds them to ir.guards for the routes of a deployment, whose number it is; returns the resources that it took.
std::set<const kube::Object*> find_policies(const Deployment& deployment, std::uint16_t number,
                                            const kube::Bundle& bundle, Ir& ir);

}  // namespace gw::convert
