#include "validate/cel/value.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gw::validate::cel {
namespace {

Any typed_string(const Value& value, const Schema* schema) {
  Any out = string(value.string());
  if (!schema || schema->format.empty() || !(schema->types & bit(Type::string))) return out;
  std::int64_t number = 0;
  if (schema->format == "duration" && parse_duration(value.string(), number)) {
    out = integer(number);
    out.tag = Tag::duration;
  } else if ((schema->format == "date-time" || schema->format == "date") && parse_timestamp(value.string(), number)) {
    out = integer(number);
    out.tag = Tag::timestamp;
  } else if (schema->format == "byte") {
    out.tag = Tag::bytes;
  }
  return out;
}

Any tree(const Value& value, const Schema* schema) {
  Any out;
  out.tag = Tag::tree;
  out.tree = &value;
  out.schema = schema;
  return out;
}

bool unordered(const Any& list) {
  return list.tag == Tag::tree && list.schema && list.schema->list_type != ListType::atomic;
}

bool equal_lists(const Any& a, const Any& b) {
  const std::size_t size = size_of(a);
  if (size != size_of(b)) return false;
  const bool any_order = unordered(a) || unordered(b);
  for (std::size_t i = 0; i < size; ++i) {
    const Any item = element(a, i);
    if (!any_order) {
      if (!equal(item, element(b, i))) return false;
      continue;
    }
    bool found = false;
    for (std::size_t j = 0; j < size && !found; ++j) found = equal(item, element(b, j));
    if (!found) return false;
  }
  return true;
}

bool equal_maps(const Any& a, const Any& b) {
  if (size_of(a) != size_of(b)) return false;
  for (std::size_t i = 0; i < size_of(a); ++i) {
    const Any key = a.tag == Tag::map ? a.fields[i].key : string(a.tree->fields[i].key);
    const Any left = map_value(a, key), right = map_value(b, key);
    if (right.failed() || !equal(left, right)) return false;
  }
  return true;
}

bool equal_numbers(const Any& a, const Any& b) {
  auto real = [](const Any& v) {
    if (v.is(Tag::floating)) return v.floating;
    return v.is(Tag::unsigned_integer) ? static_cast<double>(v.unsigned_integer) : static_cast<double>(v.integer);
  };
  if (a.tag == b.tag && !a.is(Tag::floating)) return a.integer == b.integer;
  return real(a) == real(b);
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr Unit units[] = {{"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
                          {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};

}  // namespace

Any from_value(const Value& value, const Schema* schema) {
  switch (value.type) {
    case Type::null:
      return {};
    case Type::boolean:
      return boolean(value.boolean);
    case Type::integer:
      if (schema && schema->types == bit(Type::floating)) return floating(static_cast<double>(value.integer));
      return integer(value.integer);
    case Type::floating:
      return floating(value.floating);
    case Type::string:
      return typed_string(value, schema);
    case Type::list:
    case Type::map:
      return tree(value, schema);
  }
  return {};
}

std::uint32_t code_points(std::string_view text) {
  std::uint32_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::size_t size_of(const Any& value) {
  switch (value.tag) {
    case Tag::string:
      return code_points(value.string());
    case Tag::tree:
      return value.tree->size;
    case Tag::bytes:
    case Tag::list:
    case Tag::map:
      return value.size;
    case Tag::optional:
      return value.size ? size_of(value.items[0]) : 1;
    case Tag::null:
    case Tag::boolean:
    case Tag::integer:
    case Tag::unsigned_integer:
    case Tag::floating:
    case Tag::duration:
    case Tag::timestamp:
    case Tag::format:
    case Tag::address:
    case Tag::network:
    case Tag::url:
    case Tag::quantity:
    case Tag::type:
    case Tag::error:
      return 1;
  }
  return 1;
}

Any element(const Any& list, std::size_t index) {
  if (list.tag == Tag::list) return list.items[index];
  return from_value(list.tree->items[index], list.schema ? list.schema->items : nullptr);
}

Any map_value(const Any& map, const Any& key) {
  if (map.tag == Tag::map) {
    for (std::uint32_t i = 0; i < map.size; ++i) {
      if (equal(map.fields[i].key, key)) return map.fields[i].value;
    }
  } else if (key.is(Tag::string)) {
    if (const Value* value = map.tree->find(key.string())) {
      return from_value(*value, map.schema ? map.schema->field(key.string()) : nullptr);
    }
  }
  return error("no such key");
}

bool equal(const Any& a, const Any& b) {
  if (a.numeric() && b.numeric()) return equal_numbers(a, b);
  if (a.is_list() && b.is_list()) return equal_lists(a, b);
  if (a.is_map() && b.is_map()) return equal_maps(a, b);
  if (a.tag != b.tag) return false;
  switch (a.tag) {
    case Tag::null:
      return true;
    case Tag::boolean:
      return a.boolean == b.boolean;
    case Tag::string:
    case Tag::bytes:
    case Tag::address:
    case Tag::network:
    case Tag::url:
    case Tag::quantity:
    case Tag::type:
      return a.string() == b.string();
    case Tag::duration:
    case Tag::timestamp:
      return a.integer == b.integer;
    case Tag::optional:
      return a.size == b.size && (a.size == 0 || equal(a.items[0], b.items[0]));
    case Tag::format:
      return a.string() == b.string();
    case Tag::integer:
    case Tag::unsigned_integer:
    case Tag::floating:
    case Tag::tree:
    case Tag::list:
    case Tag::map:
    case Tag::error:
      return false;
  }
  return false;
}

bool parse_duration(std::string_view text, std::int64_t& nanoseconds) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") {
    nanoseconds = 0;
    return true;
  }
  if (text.empty()) return false;
  long double total = 0;
  while (!text.empty()) {
    long double number = 0, scale = 1;
    std::size_t digits = 0;
    bool fraction = false;
    for (; !text.empty(); text.remove_prefix(1)) {
      const char c = text[0];
      if (c == '.' && !fraction) {
        fraction = true;
      } else if (c >= '0' && c <= '9') {
        number = number * 10 + (c - '0');
        if (fraction) scale *= 10;
        ++digits;
      } else {
        break;
      }
    }
    if (digits == 0) return false;
    const Unit* best = nullptr;
    for (const Unit& unit : units) {
      if (text.substr(0, unit.name.size()) == unit.name && (!best || unit.name.size() > best->name.size()))
        best = &unit;
    }
    if (!best) return false;
    text.remove_prefix(best->name.size());
    total += number / scale * static_cast<long double>(best->nanoseconds);
    if (total > 9.223372036854775807e18L) return false;
  }
  nanoseconds = static_cast<std::int64_t>(negative ? -total : total);
  return true;
}

bool parse_timestamp(std::string_view text, std::int64_t& seconds) {
  auto number = [&text](std::size_t at, std::size_t length, int& out) {
    if (at + length > text.size()) return false;
    const auto [end, fault] = std::from_chars(text.data() + at, text.data() + at + length, out);
    return fault == std::errc{} && end == text.data() + at + length && out >= 0;
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0;
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day)) return false;
  if (text[4] != '-' || text[7] != '-' || month < 1 || month > 12 || day < 1) return false;
  static constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > lengths[month - 1] + (month == 2 && leap)) return false;
  if (text.size() > 10) {
    if ((text[10] != 'T' && text[10] != 't') || !number(11, 2, hour) || !number(14, 2, minute) ||
        !number(17, 2, second))
      return false;
    if (text[13] != ':' || text[16] != ':' || hour > 23 || minute > 59 || second > 59) return false;
    std::size_t at = 19;
    if (at < text.size() && text[at] == '.') {
      const std::size_t begin = ++at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      if (at == begin) return false;
    }
    if (at >= text.size()) return false;
    if (text[at] == 'Z' || text[at] == 'z') {
      if (at + 1 != text.size()) return false;
    } else {
      int hours = 0, minutes = 0;
      if ((text[at] != '+' && text[at] != '-') || !number(at + 1, 2, hours) || !number(at + 4, 2, minutes))
        return false;
      if (text[at + 3] != ':' || at + 6 != text.size() || hours > 23 || minutes > 59) return false;
      zone = (hours * 60 + minutes) * 60 * (text[at] == '-' ? -1 : 1);
    }
  }
  // Days since 1970 (proleptic Gregorian calendar, years beginning in March).
  const int y = month <= 2 ? year - 1 : year;
  const int shifted = month <= 2 ? month + 9 : month - 3;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int of_era = y - era * 400;
  const int of_year = (153 * shifted + 2) / 5 + day - 1;
  const int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  const std::int64_t days = static_cast<std::int64_t>(era) * 146097 + day_of_era - 719468;
  seconds = days * 86400 + hour * 3600 + minute * 60 + second - zone;
  return true;
}

}  // namespace gw::validate::cel
