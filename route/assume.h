// Manifests seldom hold everything a cluster has. What is taken to exist, so that a question still has an answer.
#pragma once
#include "kube/bundle.h"

namespace gw::route {

// Where the set holds no Gateway at all, every Gateway its routes name is taken to exist: it listens for HTTP on 80 and
// HTTPS on 443 (or under the names and ports the routes ask for) and lets every route in. Returns how many were added.
std::size_t assume_gateways(kube::Bundle& bundle);

}  // namespace gw::route
