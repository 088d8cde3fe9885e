// Routes that must not be written because the new side would serve what the old one did not, and those that keep a
// guard.
#pragma once
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "convert/convert.h"
#include "convert/ir.h"

namespace gw::convert {

// Closes the rules that were refused, each with a finding that shows the request.
void refuse(Ir& ir, std::span<const Refusal> refused, Ledger& ledger);

// key_of the places of rules that the target is to guard, with the claims of their guards. Made before the rules are
// written and let go.
using Guarded = std::unordered_map<std::uint64_t, std::vector<Claim>>;
// Of the rules that have an intent of a security kind, their own or their host's.
Guarded guarded_places(const Ir& ir);
// Those of them whose guards some emitter wrote.
std::unordered_set<std::uint64_t> kept_guards(const Guarded& guarded, Ledger& ledger);

}  // namespace gw::convert
