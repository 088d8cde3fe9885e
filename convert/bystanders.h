// Annotations that lie on an Ingress for somebody else than its controller: for Argo CD, Helm, Prometheus, people.
#pragma once
#include <string_view>

namespace gw::convert {

// Is this annotation known to change nothing in who may come in and who answers? One of an unknown prefix is not: the
// controller that reads it may be one that gwctl does not know.
bool for_bystanders(std::string_view key);

}  // namespace gw::convert
