#include "validate/violation.h"

#include <array>

namespace gw::validate {

std::string_view name(ErrorType type) {
  static constexpr std::array<std::string_view, 11> names = {"FieldValueRequired",
                                                             "FieldValueTypeInvalid",
                                                             "FieldValueInvalid",
                                                             "FieldValueNotSupported",
                                                             "FieldValueTooLong",
                                                             "FieldValueTooMany",
                                                             "FieldValueDuplicate",
                                                             "FieldValueForbidden",
                                                             "UnknownField",
                                                             "NoKindMatch",
                                                             "Decode"};
  return names[static_cast<std::size_t>(type)];
}

std::string Path::text() const {
  if (step == Step::root) return {};
  std::string out = up->text();
  if (step == Step::child) {
    if (!out.empty()) out += '.';
    out += name;
  } else {
    out += '[';
    out += step == Step::index ? std::to_string(number) : std::string(name);
    out += ']';
  }
  return out;
}

const yaml::Node* Path::nearest() const {
  for (const Path* at = this; at; at = at->up) {
    if (at->value && at->value->at) return at->value->at;
    if (at->key_at) return at->key_at;
  }
  return nullptr;
}

const yaml::Node* Path::nearest_key() const {
  for (const Path* at = this; at; at = at->up) {
    if (at->key_at) return at->key_at;
    if (at->value && at->value->at) {
      const yaml::Node* node = at->value->at;
      return node->is_map() && node->size() != 0 ? &node->entries()[0].key : node;
    }
  }
  return nullptr;
}

}  // namespace gw::validate
