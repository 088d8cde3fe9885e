#include "route/profiles/objects.h"

#include <nlohmann/json.hpp>

namespace gw::route {

using nlohmann::json;

namespace {

json to_json(const yaml::Node& node) {
  switch (node.kind()) {
    case yaml::Kind::null:
      return nullptr;
    case yaml::Kind::boolean:
      return node.boolean();
    case yaml::Kind::integer:
      return node.integer();
    case yaml::Kind::unsigned_integer:
      return node.unsigned_integer();
    case yaml::Kind::floating:
      return node.floating();
    case yaml::Kind::string:
      return std::string(node.string());
    case yaml::Kind::mapping: {
      json out = json::object();
      for (const yaml::Entry& entry : node.entries()) out[std::string(entry.key.string())] = to_json(entry.value);
      return out;
    }
    case yaml::Kind::sequence: {
      json out = json::array();
      for (const yaml::Node& item : node.items()) out.push_back(to_json(item));
      return out;
    }
  }
  return nullptr;
}

}  // namespace

json spec_of(const kube::OtherObject& object) {
  json whole = object.node ? to_json(*object.node) : json::parse(object.body, nullptr, false);
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
