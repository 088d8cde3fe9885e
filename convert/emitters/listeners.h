// GatewayClass, Gateways and ListenerSets of a plan.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

void add_gateways(const Plan& plan, const Input& input, const Target& target, kube::Bundle& out);

// Puts the annotations of cert-manager and external-dns on the Gateways and ListenerSets in `out` that they concern.
void place_annotations(const Plan& plan, const Ir& ir, const Options& options, Ledger& ledger, kube::Bundle& out);

}  // namespace gw::convert
