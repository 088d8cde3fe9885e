// --spare-acme: where http redirects to https, /.well-known/acme-challenge/ is forwarded on http as https would.
#pragma once
#include "convert/ir.h"

namespace gw::convert {

// Adds, on hosts whose http redirects to https, a rule that forwards the challenge path over http.
void spare_acme(Ir& ir);

}  // namespace gw::convert
