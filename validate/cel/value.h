// What a CEL expression computes with. Values are small and borrow: texts and trees from the object, made ones from the
// evaluation's arena.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "validate/schema.h"
#include "validate/value.h"

namespace gw::validate::cel {

struct Any;
struct MapItem;

enum class Tag : std::uint8_t {
  null,
  boolean,
  integer,
  unsigned_integer,
  floating,
  string,
  bytes,
  duration,   // nanoseconds
  timestamp,  // seconds since 1970
  tree,       // list or object of the validated object
  list,       // made by the expression
  map,        // made by the expression
  optional,
  format,    // a named format of the format library
  address,   // ip(...)
  network,   // cidr(...)
  url,       // url(...)
  quantity,  // quantity(...)
  type,
  error
};

struct Any {
  union {
    bool boolean;
    std::int64_t integer = 0;
    std::uint64_t unsigned_integer;
    double floating;
    const char* text;
    const Value* tree;
    const Any* items;  // list, and the value of an optional (size 1) or nothing (size 0)
    const MapItem* fields;
  };
  const Schema* schema = nullptr;  // of a tree
  std::uint32_t size = 0;
  Tag tag = Tag::null;

  std::string_view string() const { return {text, size}; }
  bool is(Tag t) const { return tag == t; }
  bool failed() const { return tag == Tag::error; }
  // Of any of the three types.
  bool numeric() const { return tag == Tag::integer || tag == Tag::unsigned_integer || tag == Tag::floating; }
  // Of the object or made.
  bool is_list() const { return tag == Tag::list || (tag == Tag::tree && tree->is(Type::list)); }
  bool is_map() const { return tag == Tag::map || (tag == Tag::tree && tree->is(Type::map)); }  // of the object or made
};

struct MapItem {
  Any key, value;
};

// A value of CEL's type bool.
inline Any boolean(bool value) {
  Any out;
  out.tag = Tag::boolean;
  out.boolean = value;
  return out;
}
// A value of CEL's type int.
inline Any integer(std::int64_t value) {
  Any out;
  out.tag = Tag::integer;
  out.integer = value;
  return out;
}
// A value of CEL's type double.
inline Any floating(double value) {
  Any out;
  out.tag = Tag::floating;
  out.floating = value;
  return out;
}
inline Any string(std::string_view text) {  // borrows
  Any out;
  out.tag = Tag::string;
  out.text = text.data();
  out.size = static_cast<std::uint32_t>(text.size());
  return out;
}
// Borrows `items`.
inline Any list(const Any* items, std::size_t size) {
  Any out;
  out.tag = Tag::list;
  out.items = items;
  out.size = static_cast<std::uint32_t>(size);
  return out;
}
inline Any error(std::string_view message) {  // borrows
  Any out = string(message);
  out.tag = Tag::error;
  return out;
}

// A value of the object as its schema types it (duration and date-time strings become CEL's own types).
Any from_value(const Value& value, const Schema* schema);

std::uint32_t code_points(std::string_view text);  // of UTF-8
std::size_t size_of(const Any& value);             // elements or code points; 1 for scalars
Any element(const Any& list, std::size_t index);   // `index` must be below size_of()
Any map_value(const Any& map, const Any& key);     // Tag::error when there is none
bool equal(const Any& a, const Any& b);            // numbers compare across their types; deep for lists and maps

// Go's time.ParseDuration. False when it is none.
bool parse_duration(std::string_view text, std::int64_t& nanoseconds);
bool parse_timestamp(std::string_view text, std::int64_t& seconds);  // RFC 3339

}  // namespace gw::validate::cel
