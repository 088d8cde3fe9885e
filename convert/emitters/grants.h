// ReferenceGrants for exactly the references that leave their namespace.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

void add_grants(const Plan& plan, const Ir& ir, kube::Bundle& out);

}  // namespace gw::convert
