// Contour's HTTPProxy: a root names the host, includes delegate paths to children.
#pragma once
#include "convert/provider.h"

namespace gw::convert::contour {

void read_proxies(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::contour
