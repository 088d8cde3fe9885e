// How a target answers otherwise than the specification, or needs something set up first: notes of the report, each
// with the class of requests it is about.
#pragma once
#include "convert/target.h"

namespace gw::convert {

// Adds to the ledger the notes of the target that concern some rule of `ir`, each once.
void add_traits(const Ir& ir, PolicyContext& context);

}  // namespace gw::convert
