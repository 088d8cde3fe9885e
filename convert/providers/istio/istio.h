// Istio's VirtualService and Gateway: routes in the order they are written, on the hosts a Gateway opens.
#pragma once
#include "convert/provider.h"

namespace gw::convert {

// The namespace in which Istio's gateway finds a Secret: its own, where the Secret is there, else the given one.
std::string_view istio_secret_namespace(const Input& input, std::string_view own, std::string_view name);
// Each adds hosts and rules to `ir`: of the Ingresses of class istio; of those and of VirtualServices and Gateways.
void read_istio_ingresses(const Input& input, Ir& ir, Ledger& ledger);
void read_istio(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
