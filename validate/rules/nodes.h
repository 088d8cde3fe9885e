// Reading objects without a C++ type: policies and vendor resources.
#pragma once
#include <string_view>

#include "kube/bundle.h"
#include "yaml/node.h"

namespace gw::validate {

// Null where there is no mapping or no such key.
inline const yaml::Node* below(const yaml::Node* node, std::string_view key) {
  return node ? node->find(key) : nullptr;
}
// Empty for what is no string.
inline std::string_view text_of(const yaml::Node* node) {
  return node && node->is_string() ? node->string() : std::string_view();
}
inline std::string_view text_of(const yaml::Node* node, std::string_view key) {
  return text_of(below(node, key));
}

}  // namespace gw::validate
