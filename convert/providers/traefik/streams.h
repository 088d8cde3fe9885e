// IngressRouteTCP and IngressRouteUDP.
#pragma once
#include "convert/provider.h"

namespace gw::convert::traefik {

void read_stream_routes(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::traefik
