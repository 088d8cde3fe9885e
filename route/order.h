// Which of two objects comes first: the Gateway API's rule for every conflict.
#pragma once
#include <tuple>

#include "kube/meta.h"

namespace gw::route {

// "The oldest Route based on creation timestamp; the Route appearing first in alphabetical order by namespace/name."
// An object without a timestamp has not been created yet, so it is the youngest.
inline bool older(const kube::Object& a, const kube::Object& b) {
  const auto key = [](const kube::Metadata& m) {
    return std::make_tuple(m.creation_timestamp.empty(), std::string_view(m.creation_timestamp), std::string_view(m.ns),
                           std::string_view(m.name));
  };
  return key(a.metadata) < key(b.metadata);
}

}  // namespace gw::route
