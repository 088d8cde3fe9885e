// Checks a value against a structural schema as kube-openapi does: same places, same kinds of error, same choice of the
// branch of anyOf and oneOf whose errors are shown.
#pragma once
#include <vector>

#include "validate/schema.h"
#include "validate/violation.h"

namespace gw::validate {

struct CheckOptions {
  bool secret = false;   // values must not appear in messages
  bool decoded = false;  // Go decodes the bytes of this kind, and passes over line ends among them
};

// Adds what is wrong to `out`; `path` is where `value` stands in its object.
void check(const Value& value, const Schema& schema, const Path& path, const CheckOptions& options,
           std::vector<Violation>& out);

// Shown in messages: quoted and shortened.
std::string excerpt(const Value& value, const CheckOptions& options);

}  // namespace gw::validate
