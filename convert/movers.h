// Annotations of tools beside the controller that belong on another object in Gateway API: cert-manager, external-dns.
#pragma once
#include <vector>

#include "convert/ir.h"
#include "convert/ledger.h"

namespace gw::convert {

// Takes the annotations of cert-manager and external-dns; those for a Gateway are remembered in `ir`.
void move_annotations(const std::vector<const kube::Object*>& objects, Ir& ir, Ledger& ledger);

// Annotations of an object that its routes carry on.
bool moved(std::string_view key);  // does an annotation of this name belong elsewhere?
// Of an Ingress: key and value as its routes carry them.
std::vector<std::pair<std::string, std::string>> route_annotations(const kube::Object& ingress);

}  // namespace gw::convert
