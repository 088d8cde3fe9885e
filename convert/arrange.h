// Finished rules brought into the target's ways: its order of paths, and prefixes that it would glue together.
#pragma once
#include "convert/convert.h"
#include "convert/ir.h"
#include "convert/target.h"

namespace gw::convert {

// Changes the rules of `ir` in place; what the target cannot keep apart is reported.
void arrange(Ir& ir, const Target& target, const Options& options, Ledger& ledger);

}  // namespace gw::convert
