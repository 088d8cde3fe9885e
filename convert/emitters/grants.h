// ReferenceGrants for exactly the references that leave their namespace.
#pragma once
#include <functional>

#include "convert/emitters/plan.h"

namespace gw::convert {

// Will the mirror be written for this target?
using MirrorTest = std::function<bool(const Action& action, const Mirror& mirror)>;

// Adds to `out` the grants for what listeners, rules and streams refer to in other namespaces: one for each kind and
// pair of namespaces, more where their names are more than a grant may hold.
void add_grants(const Plan& plan, const Ir& ir, const MirrorTest& mirrored, kube::Bundle& out);

}  // namespace gw::convert
