// OpenAPI 3 documents: paths and methods become routes.
#pragma once
#include "convert/provider.h"

namespace gw::convert {

// Adds to `ir` a rule for every path and method of the documents; `servers` gives hosts and base paths.
void read_openapi(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
