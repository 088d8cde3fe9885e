// --spare-acme: where http redirects to https, /.well-known/acme-challenge/ is forwarded on http as https would.
#pragma once
#include "convert/ir.h"

namespace gw::convert {

void spare_acme(Ir& ir);

}  // namespace gw::convert
