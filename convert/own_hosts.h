// Which hosts a route of one of the controllers' own kinds names, without converting it.
#pragma once
#include <string>
#include <vector>

#include "kube/bundle.h"

namespace gw::convert {

// Sorted, each once; "*" where it names none.
std::vector<std::string> own_hosts(const kube::OtherObject& object);

// Is there a route of a kind that some provider reads beside Ingress?
bool has_own_routes(const kube::Bundle& bundle);

}  // namespace gw::convert
