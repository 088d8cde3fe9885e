// Istio's VirtualService and Gateway: routes in the order they are written, on the hosts a Gateway opens.
#pragma once
#include "convert/provider.h"

namespace gw::convert {

void read_istio_ingresses(const Input& input, Ir& ir, Ledger& ledger);
void read_istio(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
