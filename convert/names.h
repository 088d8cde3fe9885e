// Names of the input that can be no names of the output.
#pragma once
#include "diag/diagnostic.h"
#include "kube/bundle.h"

namespace gw::convert {

// Objects whose name or namespace no API server takes ("../../up") leave the set, with an error each (GW654). For
// whoever converts, before: nothing is made for such an object, and no path or reference is made from its name.
void leave_out_unnameable(kube::Bundle& bundle, diag::Sink& sink);

}  // namespace gw::convert
