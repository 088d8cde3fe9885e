// The spec of an implementation's own object as JSON, whether it was read from a file or made.
#pragma once
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "kube/bundle.h"

namespace gw::route {

nlohmann::json body_of(const kube::OtherObject& object);  // the whole object
nlohmann::json spec_of(const kube::OtherObject& object);
// A member of nested objects, or null.
const nlohmann::json& at(const nlohmann::json& from, std::initializer_list<const char*> path);
std::string text(const nlohmann::json& value);  // empty for what is no string

}  // namespace gw::route
