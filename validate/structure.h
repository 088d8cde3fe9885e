// What Kubernetes does to an object before it validates it (apiextensions-apiserver pkg/apiserver/schema): unknown
// fields are dropped and told, nulls are dropped, defaults are filled in. And the invariants of keyed lists.
#pragma once
#include <vector>

#include "validate/schema.h"
#include "validate/violation.h"

namespace gw::validate {

// Removes fields that no schema describes; each is reported as unknown. `root`: apiVersion, kind and metadata stay.
void prune(Value& value, const Schema& schema, const Path& path, bool root, std::vector<Violation>& out);
// Removes nulls of fields that are not nullable and have no default.
void drop_nulls(Value& value, const Schema* schema);
// Adds the defaults of absent fields, and of nulls that are not allowed; what is added lives in `arena`.
void fill_defaults(Value& value, const Schema& schema, Arena& arena);
// x-kubernetes-list-type set and map.
void check_lists(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out);

}  // namespace gw::validate
