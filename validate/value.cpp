#include "validate/value.h"

#include <cmath>
#include <cstring>
#include <new>

namespace gw::validate {
namespace {

// Go's JSON encoder writes whole floats without a fraction below 1e21, and the decoder reads those that fit as int64.
void set_floating(Value& value, double number) {
  if (std::trunc(number) == number && std::abs(number) < 9.2e18) {
    value.type = Type::integer;
    value.integer = static_cast<std::int64_t>(number);
    return;
  }
  value.type = Type::floating;
  value.floating = number;
}

void fill(Value& value, const yaml::Node& node, Arena& arena) {
  value.at = &node;
  switch (node.kind()) {
    case yaml::Kind::null:
      value.type = Type::null;
      break;
    case yaml::Kind::boolean:
      value.type = Type::boolean;
      value.boolean = node.boolean();
      break;
    case yaml::Kind::integer:
      value.type = Type::integer;
      value.integer = node.integer();
      break;
    case yaml::Kind::unsigned_integer:
      set_floating(value, node.number());
      break;
    case yaml::Kind::floating:
      set_floating(value, node.floating());
      break;
    case yaml::Kind::string:
      value.type = Type::string;
      value.text = node.string().data();
      value.size = static_cast<std::uint32_t>(node.string().size());
      break;
    case yaml::Kind::sequence: {
      value.type = Type::list;
      value.size = static_cast<std::uint32_t>(node.size());
      value.items = arena.make<Value>(value.size);
      std::uint32_t i = 0;
      for (const yaml::Node& item : node.items()) fill(*new (&value.items[i++]) Value, item, arena);
      break;
    }
    case yaml::Kind::mapping: {
      value.type = Type::map;
      value.size = static_cast<std::uint32_t>(node.size());
      value.fields = arena.make<Field>(value.size);
      std::uint32_t i = 0;
      for (const yaml::Entry& entry : node.entries()) {
        Field& field = *new (&value.fields[i++]) Field;
        field.key = entry.key.string();
        field.key_at = &entry.key;
        fill(field.value, entry.value, arena);
      }
      break;
    }
  }
}

}  // namespace

std::string_view name(Type type) {
  static constexpr std::string_view names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
  return names[static_cast<std::size_t>(type)];
}

const Value* Value::find(std::string_view key) const {
  for (const Field& field : fields_of(*this)) {
    if (field.key == key) return &field.value;
  }
  return nullptr;
}

bool equal(const Value& a, const Value& b) {
  if (a.type != b.type) return a.number() && b.number() && a.as_double() == b.as_double();
  switch (a.type) {
    case Type::null:
      return true;
    case Type::boolean:
      return a.boolean == b.boolean;
    case Type::integer:
      return a.integer == b.integer;
    case Type::floating:
      return a.floating == b.floating;
    case Type::string:
      return a.string() == b.string();
    case Type::list:
      if (a.size != b.size) return false;
      for (std::uint32_t i = 0; i < a.size; ++i) {
        if (!equal(a.items[i], b.items[i])) return false;
      }
      return true;
    case Type::map:
      if (a.size != b.size) return false;
      for (const Field& field : a.map()) {
        const Value* other = b.find(field.key);
        if (!other || !equal(field.value, *other)) return false;
      }
      return true;
  }
  return false;
}

std::string_view Arena::copy(std::string_view text) {
  char* to = make<char>(text.size());
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

Value from_node(const yaml::Node& node, Arena& arena) {
  Value value;
  fill(value, node, arena);
  return value;
}

Value copy(const Value& value, Arena& arena) {
  Value out = value;
  out.at = nullptr;
  if (value.is(Type::list)) {
    out.items = arena.make<Value>(value.size);
    for (std::uint32_t i = 0; i < value.size; ++i) new (&out.items[i]) Value(copy(value.items[i], arena));
  } else if (value.is(Type::map)) {
    out.fields = arena.make<Field>(value.size);
    for (std::uint32_t i = 0; i < value.size; ++i) {
      new (&out.fields[i]) Field{value.fields[i].key, nullptr, copy(value.fields[i].value, arena)};
    }
  }
  return out;
}

Value text_value(std::string_view text) {
  Value value;
  value.type = Type::string;
  value.text = text.data();
  value.size = static_cast<std::uint32_t>(text.size());
  return value;
}

}  // namespace gw::validate
