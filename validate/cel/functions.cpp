// CEL's standard functions and those that Kubernetes adds; those of strings are in string_functions.cpp. A wrong type
// is "no such overload", as in cel-go.
#include <re2/re2.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <new>
#include <string>
#include <vector>

#include "validate/cel/function.h"
#include "validate/formats.h"

namespace gw::validate::cel {
namespace {

Any optional_of(Arena& arena, const Any* value) {
  Any out;
  out.tag = Tag::optional;
  if (value) {
    out.items = new (arena.make<Any>(1)) Any(*value);
    out.size = 1;
  }
  return out;
}

// ---- lists

Any extreme(const Call& call, int sign) {
  if (!call.args[0].is_list() || size_of(call.args[0]) == 0) return error("min or max of an empty list");
  Any best = element(call.args[0], 0);
  for (std::size_t i = 1; i < size_of(call.args[0]); ++i) {
    const Any item = element(call.args[0], i);
    if (item.tag != best.tag) return no_overload();
    int order = 0;
    if (item.is(Tag::string)) {
      order = item.string().compare(best.string());
    } else if (item.is(Tag::floating)) {
      order = item.floating < best.floating ? -1 : 1;
    } else {
      order = item.integer < best.integer ? -1 : 1;
    }
    if (order * sign > 0) best = item;
  }
  return best;
}
Any minimum(const Call& call) {
  return extreme(call, -1);
}
Any maximum(const Call& call) {
  return extreme(call, 1);
}

Any sum(const Call& call) {
  if (!call.args[0].is_list()) return no_overload();
  std::int64_t whole = 0;
  double real = 0;
  Tag tag = Tag::integer;
  for (std::size_t i = 0; i < size_of(call.args[0]); ++i) {
    const Any item = element(call.args[0], i);
    tag = item.tag;
    if (item.is(Tag::floating)) {
      real += item.floating;
    } else if (item.is(Tag::integer) || item.is(Tag::duration)) {
      if (__builtin_add_overflow(whole, item.integer, &whole)) return error("integer overflow");
    } else {
      return no_overload();
    }
  }
  if (tag == Tag::floating) return floating(real);
  Any out = integer(whole);
  out.tag = tag;
  return out;
}

Any is_sorted(const Call& call) {
  if (!call.args[0].is_list()) return no_overload();
  for (std::size_t i = 1; i < size_of(call.args[0]); ++i) {
    const Any a = element(call.args[0], i - 1), b = element(call.args[0], i);
    if (a.tag != b.tag) return no_overload();
    if (a.is(Tag::string)     ? a.string() > b.string()
        : a.is(Tag::floating) ? a.floating > b.floating
                              : a.integer > b.integer) {
      return boolean(false);
    }
  }
  return boolean(true);
}

bool has_element(const Any& list, const Any& item) {
  for (std::size_t i = 0; i < size_of(list); ++i) {
    if (equal(element(list, i), item)) return true;
  }
  return false;
}

Any set_relation(const Call& call, bool any_hit) {
  if (!call.args[0].is_list() || !call.args[1].is_list()) return no_overload();
  for (std::size_t i = 0; i < size_of(call.args[1]); ++i) {
    if (has_element(call.args[0], element(call.args[1], i)) == any_hit) return boolean(any_hit);
  }
  return boolean(!any_hit);
}
Any sets_contains(const Call& call) {
  return set_relation(call, false);
}
Any sets_intersects(const Call& call) {
  return set_relation(call, true);
}
Any sets_equivalent(const Call& call) {
  const Any forth = set_relation(call, false);
  if (forth.failed() || !forth.boolean) return forth;
  const Any swapped[] = {call.args[1], call.args[0]};
  return set_relation({swapped, call.arena, nullptr}, false);
}

// ---- conversions

Any to_integer(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::integer)) return a;
  if (a.is(Tag::timestamp)) return integer(a.integer);
  if (a.is(Tag::unsigned_integer)) return a.integer < 0 ? error("integer overflow") : integer(a.integer);
  if (a.is(Tag::floating)) {
    if (!(std::abs(a.floating) < 9.2e18)) return error("integer overflow");
    return integer(static_cast<std::int64_t>(a.floating));
  }
  if (!a.is(Tag::string)) return no_overload();
  std::int64_t number = 0;
  const std::string_view text = a.string();
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) return error("not a number");
  return integer(number);
}

Any to_double(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::floating)) return a;
  if (a.is(Tag::integer)) return floating(static_cast<double>(a.integer));
  if (!a.is(Tag::string)) return no_overload();
  double number = 0;
  const std::string_view text = a.string();
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) return error("not a number");
  return floating(number);
}

Any to_string(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::string)) return a;
  if (a.is(Tag::bytes)) return string(a.string());
  if (a.is(Tag::boolean)) return string(a.boolean ? "true" : "false");
  if (a.is(Tag::integer)) return made(call, std::to_string(a.integer));
  if (a.is(Tag::address) || a.is(Tag::network) || a.is(Tag::url)) return string(a.string());
  if (a.is(Tag::duration)) return made(call, std::to_string(a.integer / 1'000'000'000) + "s");
  if (a.is(Tag::floating)) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, a.floating).ptr;
    return made(call, {buffer, static_cast<std::size_t>(end - buffer)});
  }
  return no_overload();
}

Any to_bytes(const Call& call) {
  Any out = call.args[0];
  if (!out.is(Tag::string) && !out.is(Tag::bytes)) return no_overload();
  out.tag = Tag::bytes;
  return out;
}

Any dynamic(const Call& call) {
  return call.args[0];
}

Any type_of(const Call& call) {
  static constexpr std::string_view names[] = {"null_type",
                                               "bool",
                                               "int",
                                               "uint",
                                               "double",
                                               "string",
                                               "bytes",
                                               "google.protobuf.Duration",
                                               "google.protobuf.Timestamp"};
  const Any& a = call.args[0];
  Any out = string(a.is_list()               ? "list"
                   : a.is_map()              ? "map"
                   : a.tag <= Tag::timestamp ? names[static_cast<int>(a.tag)]
                                             : "dyn");
  out.tag = Tag::type;
  return out;
}

Any duration(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::duration)) return a;
  if (!a.is(Tag::string)) return no_overload();
  std::int64_t nanoseconds = 0;
  if (!parse_duration(a.string(), nanoseconds)) {
    return error("type conversion error from 'string' to 'google.protobuf.Duration'");
  }
  Any out = integer(nanoseconds);
  out.tag = Tag::duration;
  return out;
}

Any timestamp(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::timestamp)) return a;
  std::int64_t seconds = 0;
  if (!a.is(Tag::string)) return no_overload();
  if (a.string().size() < 11 || !parse_timestamp(a.string(), seconds)) {
    return error("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  }
  Any out = integer(seconds);
  out.tag = Tag::timestamp;
  return out;
}

// Of a duration the whole of it in that unit, of a timestamp its part of the day or of the minute (UTC).
template <std::int64_t Nanoseconds, std::int64_t Modulus>
Any time_part(const Call& call) {
  const Any& a = call.args[0];
  if (a.is(Tag::duration)) return integer(a.integer / Nanoseconds);
  if (!a.is(Tag::timestamp)) return no_overload();
  constexpr std::int64_t second = 1'000'000'000, day = 86'400;
  if (Nanoseconds < second) return integer(0);
  return integer((a.integer % day + day) % day / (Nanoseconds / second) % Modulus);
}

enum class DatePart : std::uint8_t { year, month, day_of_month, date, day_of_week, day_of_year };
template <DatePart Part>
Any date_part(const Call& call) {
  using namespace std::chrono;
  if (!call.args[0].is(Tag::timestamp)) return no_overload();
  const sys_days day = floor<days>(sys_seconds(seconds(call.args[0].integer)));
  const year_month_day date(day);
  const auto number = [](unsigned value) { return integer(static_cast<std::int64_t>(value)); };
  switch (Part) {
    case DatePart::year:
      return integer(static_cast<int>(date.year()));
    case DatePart::month:
      return number(static_cast<unsigned>(date.month()) - 1);  // from 0, as the next one; getDate from 1
    case DatePart::day_of_month:
      return number(static_cast<unsigned>(date.day()) - 1);
    case DatePart::date:
      return number(static_cast<unsigned>(date.day()));
    case DatePart::day_of_week:
      return number(weekday(day).c_encoding());
    case DatePart::day_of_year:
      return integer((day - sys_days(date.year() / January / 1)).count());
  }
  return no_overload();
}

// ---- Kubernetes: named formats (k8s.io/apiserver/pkg/cel/library/format.go)

Any named_format(std::string_view name) {
  Any out = string(name);
  out.tag = Tag::format;
  return out;
}
Any dns_label(const Call&) {
  return named_format("dns1123Label");
}
Any dns_subdomain(const Call&) {
  return named_format("dns1123Subdomain");
}
Any dns1035_label(const Call&) {
  return named_format("dns1035Label");
}
Any qualified_name(const Call&) {
  return named_format("qualifiedName");
}
Any dns_label_prefix(const Call&) {
  return named_format("dns1123LabelPrefix");
}
Any dns_subdomain_prefix(const Call&) {
  return named_format("dns1123SubdomainPrefix");
}
Any dns1035_label_prefix(const Call&) {
  return named_format("dns1035LabelPrefix");
}
Any label_value(const Call&) {
  return named_format("labelValue");
}
Any uri_format(const Call&) {
  return named_format("uri");
}
Any uuid_format(const Call&) {
  return named_format("uuid");
}
Any byte_format(const Call&) {
  return named_format("byte");
}
Any date_format(const Call&) {
  return named_format("date");
}
Any datetime_format(const Call&) {
  return named_format("datetime");
}

Any format_named(const Call& call) {
  if (!strings(call)) return no_overload();
  if (!named_format_exists(call.args[0].string())) return optional_of(call.arena, nullptr);
  const Any format = named_format(call.args[0].string());
  return optional_of(call.arena, &format);
}

Any validate_format(const Call& call) {
  if (!call.args[0].is(Tag::format) || !call.args[1].is(Tag::string)) return no_overload();
  const std::string why = check_named_format(call.args[0].string(), call.args[1].string());
  if (why.empty()) return optional_of(call.arena, nullptr);
  const Any* item = new (call.arena.make<Any>(1)) Any(made(call, why));
  const Any faults = list(item, 1);
  return optional_of(call.arena, &faults);
}

// ---- optionals

Any has_value(const Call& call) {
  return call.args[0].is(Tag::optional) ? boolean(call.args[0].size != 0) : no_overload();
}
Any value_of(const Call& call) {
  if (!call.args[0].is(Tag::optional)) return no_overload();
  return call.args[0].size ? call.args[0].items[0] : error("optional.none() has no value");
}
Any or_value(const Call& call) {
  if (!call.args[0].is(Tag::optional)) return no_overload();
  return call.args[0].size ? call.args[0].items[0] : call.args[1];
}
Any or_optional(const Call& call) {
  if (!call.args[0].is(Tag::optional)) return no_overload();
  return call.args[0].size ? call.args[0] : call.args[1];
}
Any optional_none(const Call& call) {
  return optional_of(call.arena, nullptr);
}
Any optional_some(const Call& call) {
  return optional_of(call.arena, call.args.data());
}

constexpr Function functions[] = {
    {"min", true, 1, 1, minimum, Cost::walk_list},
    {"max", true, 1, 1, maximum, Cost::walk_list},
    {"sum", true, 1, 1, sum, Cost::walk_list},
    {"isSorted", true, 1, 1, is_sorted, Cost::walk_list},
    {"sets.contains", false, 2, 2, sets_contains, Cost::product},
    {"sets.intersects", false, 2, 2, sets_intersects, Cost::product},
    {"sets.equivalent", false, 2, 2, sets_equivalent, Cost::product},
    {"int", false, 1, 1, to_integer},
    {"double", false, 1, 1, to_double},
    {"string", false, 1, 1, to_string},
    {"bytes", false, 1, 1, to_bytes},
    {"dyn", false, 1, 1, dynamic},
    {"type", false, 1, 1, type_of},
    {"duration", false, 1, 1, duration},
    {"timestamp", false, 1, 1, timestamp},
    {"getFullYear", true, 1, 1, date_part<DatePart::year>},
    {"getMonth", true, 1, 1, date_part<DatePart::month>},
    {"getDayOfMonth", true, 1, 1, date_part<DatePart::day_of_month>},
    {"getDate", true, 1, 1, date_part<DatePart::date>},
    {"getDayOfWeek", true, 1, 1, date_part<DatePart::day_of_week>},
    {"getDayOfYear", true, 1, 1, date_part<DatePart::day_of_year>},
    {"getHours", true, 1, 1, time_part<3'600'000'000'000, 24>},
    {"getMinutes", true, 1, 1, time_part<60'000'000'000, 60>},
    {"getSeconds", true, 1, 1, time_part<1'000'000'000, 60>},
    {"getMilliseconds", true, 1, 1, time_part<1'000'000, 1000>},
    {"format.dns1123Label", false, 0, 0, dns_label},
    {"format.dns1123Subdomain", false, 0, 0, dns_subdomain},
    {"format.dns1035Label", false, 0, 0, dns1035_label},
    {"format.qualifiedName", false, 0, 0, qualified_name},
    {"format.dns1123LabelPrefix", false, 0, 0, dns_label_prefix},
    {"format.dns1123SubdomainPrefix", false, 0, 0, dns_subdomain_prefix},
    {"format.dns1035LabelPrefix", false, 0, 0, dns1035_label_prefix},
    {"format.labelValue", false, 0, 0, label_value},
    {"format.uri", false, 0, 0, uri_format},
    {"format.uuid", false, 0, 0, uuid_format},
    {"format.byte", false, 0, 0, byte_format},
    {"format.date", false, 0, 0, date_format},
    {"format.datetime", false, 0, 0, datetime_format},
    {"format.named", false, 1, 1, format_named},
    {"validate", true, 2, 2, validate_format, Cost::format},
    {"hasValue", true, 1, 1, has_value},
    {"value", true, 1, 1, value_of},
    {"orValue", true, 2, 2, or_value},
    {"or", true, 2, 2, or_optional},
    {"optional.none", false, 0, 0, optional_none},
    {"optional.of", false, 1, 1, optional_some},
};

}  // namespace

const Function* find_function(std::string_view name, bool member, std::size_t args) {
  for (const auto library :
       {std::span<const Function>(functions), string_functions(), network_functions(), quantity_functions()})
    for (const Function& row : library)
      if (row.name == name && row.member == member && args >= row.min_args && args <= row.max_args) return &row;
  return nullptr;
}

bool function_exists(std::string_view name) {
  const auto named = [name](const Function& row) { return row.name == name; };
  return std::ranges::any_of(functions, named) || std::ranges::any_of(string_functions(), named) ||
         std::ranges::any_of(network_functions(), named) || std::ranges::any_of(quantity_functions(), named);
}

}  // namespace gw::validate::cel
