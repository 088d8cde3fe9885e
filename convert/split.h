// Which file an object goes to.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "diag/result.h"
#include "kube/bundle.h"

namespace gw::convert {

// Moves all objects of `from` behind those of `to`.
void append(kube::Bundle& to, kube::Bundle&& from);

// Relative path → objects. `how`: none (one file), kind, namespace, or role: infrastructure-provider (GatewayClass),
// cluster-operator (Gateway, ListenerSet, ReferenceGrant), application-developer (routes and policies, by namespace).
// The error: a namespace that no file can be named after.
Result<std::map<std::string, kube::Bundle>> split(kube::Bundle&& all, std::string_view how, std::string_view extension);

}  // namespace gw::convert
