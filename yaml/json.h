// A tree as a value of nlohmann::json or nlohmann::ordered_json.
#pragma once
#include <string>

#include "yaml/node.h"

namespace gw::yaml {

// Null for an absent value; keys in the order of the tree.
template <class Json>
Json to_json(const Node& node) {
  switch (node.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return node.boolean();
    case Kind::integer:
      return node.integer();
    case Kind::unsigned_integer:
      return node.unsigned_integer();
    case Kind::floating:
      return node.floating();
    case Kind::string:
      return std::string(node.string());
    case Kind::sequence: {
      Json out = Json::array();
      for (const Node& item : node.items()) out.push_back(to_json<Json>(item));
      return out;
    }
    case Kind::mapping: {
      Json out = Json::object();
      for (const Entry& entry : node.entries()) out[std::string(entry.key.string())] = to_json<Json>(entry.value);
      return out;
    }
  }
  return nullptr;
}

}  // namespace gw::yaml
