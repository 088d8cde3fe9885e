// F5 NGINX's own resources: VirtualServer, VirtualServerRoute, TransportServer.
#pragma once
#include "convert/provider.h"

namespace gw::convert::f5 {

// The VirtualServer that has this host because it is older than the Ingress; null: none.
const kube::Object* older_virtual_server(const Input& input, std::string_view host, const kube::Ingress& ingress);

void read_virtual_servers(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::f5
