// Which HTTPProxies Contour takes: one route that it does not take makes the whole object invalid.
#pragma once
#include <string>

#include "kube/bundle.h"

namespace gw::convert::contour {

// Why Contour serves nothing of the object; empty when it takes it.
std::string invalid(const kube::OtherObject& proxy);

// Why an include of these conditions is lost; empty when it is not.
std::string invalid_include(const yaml::Node& include);

// The conditions of an include or a route as text, for equal ones; prefixes are joined and their slashes merged.
std::string conditions_text(const yaml::Node& owner);

}  // namespace gw::convert::contour
