// OpenAPI 3 documents: paths and methods become routes.
#pragma once
#include "convert/provider.h"

namespace gw::convert {

void read_openapi(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
