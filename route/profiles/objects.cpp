#include "route/profiles/objects.h"

#include <nlohmann/json.hpp>

#include "yaml/json.h"

namespace gw::route {

using nlohmann::json;

json body_of(const kube::OtherObject& object) {
  return object.node ? yaml::to_json<json>(*object.node) : json::parse(object.body, nullptr, false);
}

json spec_of(const kube::OtherObject& object) {
  json whole = body_of(object);
  return whole.is_object() && whole.contains("spec") && whole["spec"].is_object() ? whole["spec"] : json::object();
}

// A member of nested objects, or null.
const json& at(const json& from, std::initializer_list<const char*> path) {
  static const json nothing;
  const json* here = &from;
  for (const char* key : path) {
    if (!here->is_object()) return nothing;
    const auto it = here->find(key);
    if (it == here->end()) return nothing;
    here = &*it;
  }
  return *here;
}
std::string text(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace gw::route
