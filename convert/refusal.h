// Routes that must not be written because the new side would serve what the old one did not, and those that keep a
// guard.
#pragma once
#include <span>
#include <unordered_set>

#include "convert/convert.h"
#include "convert/ir.h"

namespace gw::convert {

// Closes the rules that were refused, each with a finding that shows the request.
void refuse(Ir& ir, std::span<const Refusal> refused, Ledger& ledger);

// key_of the places of rules that the target guards.
std::unordered_set<std::uint64_t> guarded_places(const Ir& ir);

}  // namespace gw::convert
