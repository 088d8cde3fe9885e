// What differs between two states of one object, field by field, as Kubernetes reads them.
#pragma once
#include <string>
#include <vector>

#include "yaml/node.h"

namespace gw::kube {

struct FieldChange {
  std::string path;      // "spec.rules[0].timeouts.request", "spec.listeners[https].port"
  std::string old, now;  // as one-line YAML; empty: the field is absent on that side
  diag::Span old_at, now_at;
};

// Fields that the API server fills in (status, uid, resourceVersion, ...) are left out. Entries of lists that are named
// are compared by name, others by place. Of a Secret only the names of changed keys are told, never a value.
std::vector<FieldChange> changes(const yaml::Node& old, const yaml::Node& now);

}  // namespace gw::kube
