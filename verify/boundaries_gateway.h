// Where a Gateway API configuration may change its answer: read from the manifests, not from the compiled table, so
// that a wrong table cannot hide its own seams.
#pragma once
#include "kube/bundle.h"
#include "verify/controllers/controller.h"

namespace gw::verify {

// profile: whose reading of RegularExpression counts; for a name without a measured one every reading is a boundary.
Boundaries gateway_boundaries(const kube::Bundle& bundle, std::string_view profile = {});

}  // namespace gw::verify
