// Kinds that are built into the API server: decoded into Go structs and validated by hand-written Go code.
#pragma once
#include <vector>

#include "validate/schema.h"
#include "validate/violation.h"

namespace gw::validate {

// `object` is pruned already. Ingress rules are codes IN101-IN110.
void check_native(const Value& object, const KindInfo& kind, const Path& root, std::vector<Violation>& out);

}  // namespace gw::validate
