// Guards that stand elsewhere than on the rule they guard come to it here, once for every provider; settle() then
// decides whether the target says them, the loss is accepted, or the route stays away.
#pragma once
#include "convert/ir.h"

namespace gw::convert {

// Adds the demand of every guard of the Ir to each forwarding rule within its reach. Rules that shared an action share
// the new one.
void spread_guards(Ir& ir);

}  // namespace gw::convert
