// F5 NGINX's own resources: VirtualServer, VirtualServerRoute, TransportServer.
#pragma once
#include "convert/provider.h"

namespace gw::convert::f5 {

void read_virtual_servers(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::f5
