// One object against its kind, in the API server's order of steps.
#pragma once
#include <vector>

#include "validate/schema.h"
#include "validate/violation.h"

namespace gw::validate {

struct ObjectOptions {
  bool cel = true;
  const yaml::Node* old = nullptr;  // the object as it is now: rules about changes are checked too
};

// Appends what the API server would object to. `skipped` (may be null) says that CEL rules were not run because of
// earlier errors.
void check_object(const yaml::Node& node, const KindInfo& kind, const ObjectOptions& options, Arena& arena,
                  std::vector<Violation>& out, bool* skipped = nullptr);

}  // namespace gw::validate
