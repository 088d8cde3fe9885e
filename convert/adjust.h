// What the user's options ask of every conversion, between reading and emitting: redirects that spare ACME challenges,
// and nothing that the chosen release of Gateway API does not have.
#pragma once
#include "convert/convert.h"
#include "convert/ir.h"

namespace gw::convert {

// --spare-acme: where http redirects to https, /.well-known/acme-challenge/ is forwarded on http as https would.
void spare_acme(Ir& ir);

// --api-version: status codes, filters and kinds that came later are replaced or refused, and told (GW635).
void fit_release(Ir& ir, const Options& options, Ledger& ledger);

}  // namespace gw::convert
