// Ingresses taken together by namespace or owner.
#pragma once
#include "audit/audit.h"

namespace gw::audit {

// Ascending by name.
std::vector<GroupLine> groups(const std::vector<IngressLine>& ingresses, std::string (*name_of)(const IngressLine&));

}  // namespace gw::audit
