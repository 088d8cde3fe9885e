// The object as the API server holds it while it validates: a tree that may be pruned and defaulted, every node of
// which still knows the place it was read from. Lives in an Arena that is emptied after each object.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

#include "yaml/node.h"

namespace gw::validate {

struct Field;

enum class Type : std::uint8_t { null, boolean, integer, floating, string, list, map };
std::string_view name(Type type);  // JSON's names: "null", "boolean", "integer", "number", "string", "array", "object"

// A JSON value. Numbers are what Kubernetes makes of them: whole numbers that fit are integers, all others floating.
struct Value {
  union {
    bool boolean;
    std::int64_t integer = 0;
    double floating;
    const char* text;
    Value* items;
    Field* fields;
  };
  const yaml::Node* at = nullptr;  // null for what was defaulted
  std::uint32_t size = 0;
  Type type = Type::null;

  std::string_view string() const { return {text, size}; }
  std::span<Value> list() const { return {items, size}; }
  std::span<Field> map() const;  // of a Type::map
  bool is(Type t) const { return type == t; }
  bool number() const { return type == Type::integer || type == Type::floating; }  // an integer or floating
  double as_double() const { return type == Type::integer ? static_cast<double>(integer) : floating; }  // of a number()
  const Value* find(std::string_view key) const;  // nullptr when absent or no map
};

struct Field {
  std::string_view key;
  const yaml::Node* key_at = nullptr;
  Value value;
};

inline std::span<Field> Value::map() const {
  return {fields, size};
}
// None unless it is a Type::map.
inline std::span<Field> fields_of(const Value& value) {
  return {value.fields, value.is(Type::map) ? value.size : 0};
}

// Deep comparison as Go's reflect.DeepEqual on decoded JSON.
bool equal(const Value& a, const Value& b);

class Arena {
 public:
  // Uninitialised room for `count` of them.
  template <class T>
  T* make(std::size_t count) {
    return static_cast<T*>(memory_.allocate(count * sizeof(T) + (count == 0), alignof(T)));
  }
  std::string_view copy(std::string_view text);  // lives as long as the arena is not cleared
  void clear() { memory_.release(); }            // everything made is gone

 private:
  std::pmr::monotonic_buffer_resource memory_{16 * 1024};
};

// A copy of the tree in the arena; each value keeps its node.
Value from_node(const yaml::Node& node, Arena& arena);
Value copy(const Value& value, Arena& arena);  // deep, without places
Value text_value(std::string_view text);       // borrows

}  // namespace gw::validate
