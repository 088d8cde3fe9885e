// F5 NGINX's own resources: VirtualServer, VirtualServerRoute, TransportServer.
#pragma once
#include "convert/provider.h"

namespace gw::convert::f5 {

// The VirtualServer that has this host because it is older than the Ingress; null: none.
const kube::Object* older_virtual_server(const Input& input, std::string_view host, const kube::Ingress& ingress);

// Adds to `ir` the hosts and streams of these resources; a VirtualServer whose host an older Ingress has is reported
// and left out.
void read_virtual_servers(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::f5
