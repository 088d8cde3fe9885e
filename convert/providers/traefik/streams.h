// IngressRouteTCP and IngressRouteUDP.
#pragma once
#include "convert/provider.h"

namespace gw::convert::traefik {

// Adds to `ir` the routes of these kinds: HostSNI for TLS, a port for the rest.
void read_stream_routes(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::traefik
