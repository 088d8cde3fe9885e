// Between provider and emitter: what the target cannot do is decided here, once, so that no emitter can forget it.
#pragma once
#include "convert/ir.h"
#include "convert/target.h"

namespace gw::convert {

// Takes every Intent that the target does not meet out of the Ir and settles its annotations. A security demand that is
// refused and not accepted closes its rules: they leave the Ir, or stay without a backend where another rule would
// otherwise answer their requests.
void settle(Ir& ir, const Target& target, const Options& options, Ledger& ledger);

}  // namespace gw::convert
