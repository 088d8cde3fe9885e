// GatewayClass, Gateways and ListenerSets of a plan.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

// Annotations of cert-manager and external-dns, by what holds the listeners that they concern.
struct Annotations {
  std::map<kube::NamespacedName, kube::StringMap> gateways, listener_sets;
};
// Which annotations of Ingresses go to which Gateway or ListenerSet; two values for one place are reported.
Annotations place_annotations(const Plan& plan, const Ir& ir, const Options& options, Ledger& ledger);

// GatewayClass, Gateways, and the namespaces that they bring along.
void add_gateways(const Plan& plan, const Input& input, const Target& target, const Annotations& annotations,
                  kube::Bundle& out);
// The ListenerSet `id` of the plan, attached to its Gateway, with its listeners.
kube::ListenerSet make_listener_set(const Plan& plan, const kube::NamespacedName& id, const Annotations& annotations,
                                    const diag::Sources& sources);

}  // namespace gw::convert
