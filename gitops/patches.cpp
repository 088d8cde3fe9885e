#include "gitops/patches.h"

#include <nlohmann/json.hpp>

namespace gw::gitops {

Json to_json(const yaml::Node& node) {
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
      Json out = Json::object();
      for (const yaml::Entry& entry : node.entries()) out[std::string(entry.key.string())] = to_json(entry.value);
      return out;
    }
    case yaml::Kind::sequence: {
      Json out = Json::array();
      for (const yaml::Node& item : node.items()) out.push_back(to_json(item));
      return out;
    }
  }
  return nullptr;
}

std::optional<Json> merged(Json object, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (const auto how = patch.find("$patch"); how != patch.end() && *how == "delete") return std::nullopt;
  if (!object.is_object()) object = Json::object();
  for (const auto& [key, value] : patch.items()) {
    if (key.starts_with("$")) continue;
    if (value.is_null()) {
      object.erase(key);
      continue;
    }
    const auto have = object.find(key);
    if (value.is_object() && have != object.end() && have->is_object()) {
      if (auto below = merged(*have, value))
        object[key] = std::move(*below);
      else
        object.erase(key);
    } else {
      object[key] = value;
    }
  }
  return object;
}

std::optional<Json> patched(const Json& object, const Json& operations) {
  try {
    return object.patch(operations);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

namespace {

std::string escaped(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

const Json& below(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto at = object.find(key);
  return at == object.end() || !at->is_object() ? none : *at;
}

void compare(const Json& from, const Json& to, const std::string& path, Json& out) {
  for (const auto& [key, value] : to.items()) {
    const auto have = from.find(key);
    if (have != from.end() && *have == value) continue;
    out.push_back(
        {{"op", have == from.end() ? "add" : "replace"}, {"path", path + "/" + escaped(key)}, {"value", value}});
  }
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) out.push_back({{"op", "remove"}, {"path", path + "/" + escaped(key)}});
}

}  // namespace

Json difference(const Json& from, const Json& to) {
  Json out = Json::array();
  compare(below(from, "spec"), below(to, "spec"), "/spec", out);
  for (const char* part : {"labels", "annotations"}) {
    const Json &a = below(below(from, "metadata"), part), &b = below(below(to, "metadata"), part);
    if (a == b) continue;
    const std::string path = std::string("/metadata/") + part;
    if (a.empty())
      out.push_back({{"op", "add"}, {"path", path}, {"value", b}});
    else
      compare(a, b, path, out);
  }
  return out;
}

}  // namespace gw::gitops
