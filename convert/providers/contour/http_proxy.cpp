#include "convert/providers/contour/http_proxy.h"

namespace gw::convert::contour {

void read_proxies(const Input&, Ir&, Ledger&) {}

}  // namespace gw::convert::contour
