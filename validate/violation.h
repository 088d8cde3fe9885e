// What the API server would object to, as data, and where in the object. Turned into findings by validate/report.h.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "validate/fixes.h"
#include "validate/value.h"

namespace gw::validate {

// metav1.CauseType / field.ErrorType of the API server, and what its decoder refuses before that.
enum class ErrorType : std::uint8_t {
  required,
  type_invalid,
  invalid,
  not_supported,
  too_long,
  too_many,
  duplicate,
  forbidden,
  unknown_field,
  no_kind_match,
  decode
};
std::string_view name(ErrorType type);  // "FieldValueRequired", ...

// One step from the root of an object to a value. Lives on the stack of whoever walks.
struct Path {
  enum class Step : std::uint8_t { root, child, key, index };
  const Path* up = nullptr;
  Step step = Step::root;
  std::string_view name;               // child, key
  std::uint32_t number = 0;            // index
  const Value* value = nullptr;        // the value at this place
  const yaml::Node* key_at = nullptr;  // the key that names it

  std::string text() const;  // "spec.rules[0].name", "metadata.labels[a/b]"
  // The nearest place that was written in a file.
  const yaml::Node* nearest() const;
  // The nearest key, for what is missing from an object; the first key of an object in a list.
  const yaml::Node* nearest_key() const;
};

inline Path child(const Path& up, std::string_view name, const Value* value, const yaml::Node* key_at = nullptr) {
  return {&up, Path::Step::child, name, 0, value, key_at};
}
inline Path key(const Path& up, const Field& field) {
  return {&up, Path::Step::key, field.key, 0, &field.value, field.key_at};
}
inline Path index(const Path& up, std::uint32_t number, const Value* value) {
  return {&up, Path::Step::index, {}, number, value, nullptr};
}

struct Violation {
  ErrorType type = ErrorType::invalid;
  std::string_view code;  // "GW104"
  std::string sub_id;     // of a CEL rule: eight hexadecimal digits
  std::string path;
  const yaml::Node* at = nullptr;
  std::string message, help;
  bool cel = false;
  Repair repair = Repair::none;  // of the node `at`
  std::string replacement;
};

}  // namespace gw::validate
