#include "convert/providers/f5/virtual_server.h"

namespace gw::convert::f5 {

void read_virtual_servers(const Input&, Ir&, Ledger&) {}

}  // namespace gw::convert::f5
