// GatewayClass, Gateways and ListenerSets of a plan.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

void add_gateways(const Plan& plan, const Ir& ir, const Input& input, const Target& target, kube::Bundle& out);

}  // namespace gw::convert
