// Contour's HTTPProxy: a root names the host, includes delegate paths to children.
#pragma once
#include "convert/provider.h"

namespace gw::convert::contour {

// Adds to `ir` the hosts of all valid roots, with the routes of their includes; the fate of each field goes to the
// ledger.
void read_proxies(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::contour
