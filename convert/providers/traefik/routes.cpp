#include "convert/providers/traefik/traefik.h"

namespace gw::convert::traefik {

void read_routes(const Input&, Ir&, Ledger&) {}

}  // namespace gw::convert::traefik
