// Fields of an implementation's own objects, read from their tree with its places.
#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "yaml/node.h"

namespace gw::verify::nodes {

// A member of nested mappings, or null.
inline const yaml::Node* at(const yaml::Node* node, std::initializer_list<std::string_view> path) {
  for (std::string_view key : path) node = node ? node->find(key) : nullptr;
  return node && !node->is_null() ? node : nullptr;
}
inline const yaml::Node* at(const yaml::Node* node, std::string_view key) {
  return at(node, {key});
}
// Empty where there is none.
inline std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = at(node, key);
  return value && value->is_string() ? std::string(value->string()) : std::string();
}
// `fallback` where there is none.
inline std::int64_t number(const yaml::Node* node, std::string_view key, std::int64_t fallback = 0) {
  const yaml::Node* value = at(node, key);
  return value && value->is_number() ? static_cast<std::int64_t>(value->number()) : fallback;
}
// True only where it is written so.
inline bool flag(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = at(node, key);
  return value && value->kind() == yaml::Kind::boolean && value->boolean();
}
// Empty where there is none.
inline std::span<const yaml::Node> list(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = at(node, key);
  return value && value->is_seq() ? value->items() : std::span<const yaml::Node>();
}
// Empty where there is none.
inline std::span<const yaml::Entry> map(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = at(node, key);
  return value && value->is_map() ? value->entries() : std::span<const yaml::Entry>();
}

}  // namespace gw::verify::nodes
