// From the Ir to Gateway API objects; see emitters/.
#pragma once
#include "convert/provider.h"
#include "convert/target.h"

namespace gw::convert {

// Returns the number of routes written.
std::size_t emit(Ir& ir, const Input& input, const Target& target, Ledger& ledger, const Consumer& consumer);

}  // namespace gw::convert
