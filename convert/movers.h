// Annotations of tools beside the controller that belong on another object in Gateway API: cert-manager, external-dns.
#pragma once
#include <vector>

#include "convert/ir.h"
#include "convert/ledger.h"

namespace gw::convert {

void move_annotations(const std::vector<const kube::Object*>& objects, Ir& ir, Ledger& ledger);

// Annotations of an object that its routes carry on.
bool moved(std::string_view key);  // does an annotation of this name belong elsewhere?
std::vector<std::pair<std::string, std::string>> route_annotations(const kube::Object& ingress);

}  // namespace gw::convert
