// Kubernetes' library of quantities (k8s.io/apiserver/pkg/cel/library/quantity.go, apimachinery's resource.Quantity).
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "validate/cel/function.h"

namespace gw::validate::cel {
namespace {

__extension__ using Nano = __int128;  // billionths, which is as fine as a quantity gets

constexpr Nano one = 1'000'000'000;
constexpr Nano most = Nano{INT64_MAX} * one;  // larger ones are cut to this

// What a suffix multiplies by, in billionths; nothing for an unknown one.
std::optional<Nano> scale_of(std::string_view suffix) {
  constexpr std::string_view decimal[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  Nano scale = 1;
  for (const std::string_view name : decimal) {
    if (suffix == name) return scale;
    scale *= 1000;
  }
  constexpr std::string_view binary[] = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  scale = one;
  for (const std::string_view name : binary) {
    scale *= 1024;
    if (suffix == name) return scale;
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto [end, wrong] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (wrong != std::errc() || end != suffix.data() + suffix.size()) return std::nullopt;
  scale = one;
  for (; exponent > 0 && scale < most; --exponent) scale *= 10;
  for (; exponent < 0 && scale > 0; ++exponent) scale /= 10;
  return std::max<Nano>(scale, 1);
}

// Digits beyond billionths round away from zero.
std::optional<Nano> parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  const auto scale = scale_of(text.substr(end));
  if (!scale || number.find_first_of("0123456789") == number.npos || std::count(number.begin(), number.end(), '.') > 1)
    return std::nullopt;
  Nano value = 0, power = 1;
  bool fraction = false, lost = false;
  for (const char c : number) {
    const Nano part = Nano{c - '0'} * *scale;
    if (c == '.') {
      fraction = true;
    } else if (!fraction) {
      value = std::min(most, value * 10 + part);
    } else if (power < one * one) {
      power *= 10;
      lost = lost || part % power != 0;
      value = std::min(most, value + part / power);
    } else {
      lost = lost || part != 0;
    }
  }
  if (lost && value < most) ++value;
  return negative ? -value : value;
}

Any quantity_value(const Call& call, Nano value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  Any out = made(call, {bytes, sizeof bytes});
  out.tag = Tag::quantity;
  return out;
}
Nano value_of(const Any& quantity) {
  Nano out;
  std::memcpy(&out, quantity.text, sizeof out);
  return out;
}
bool quantities(const Call& call) {
  return std::all_of(call.args.begin(), call.args.end(), [](const Any& a) { return a.is(Tag::quantity); });
}

Any is_quantity(const Call& call) {
  return strings(call) ? boolean(parse(call.args[0].string()).has_value()) : no_overload();
}
Any quantity(const Call& call) {
  if (!strings(call)) return no_overload();
  const auto value = parse(call.args[0].string());
  return value ? quantity_value(call, *value) : error("not a quantity");
}
Any is_integer(const Call& call) {
  return quantities(call) ? boolean(value_of(call.args[0]) % one == 0) : no_overload();
}
Any as_integer(const Call& call) {
  if (!quantities(call)) return no_overload();
  const Nano value = value_of(call.args[0]);
  if (value % one != 0) return error("cannot convert value to integer");
  return integer(static_cast<std::int64_t>(value / one));
}
Any as_float(const Call& call) {
  return quantities(call) ? floating(static_cast<double>(value_of(call.args[0])) / 1e9) : no_overload();
}
Any sign(const Call& call) {
  if (!quantities(call)) return no_overload();
  const Nano value = value_of(call.args[0]);
  return integer((value > 0) - (value < 0));
}

// add and sub take an integer, too.
template <int Sign>
Any plus(const Call& call) {
  const Any& other = call.args[1];
  if (!call.args[0].is(Tag::quantity) || !(other.is(Tag::quantity) || other.is(Tag::integer))) return no_overload();
  const Nano by = other.is(Tag::quantity) ? value_of(other) : Nano{other.integer} * one;
  return quantity_value(call, std::clamp(value_of(call.args[0]) + Sign * by, -most, most));
}
Any compare(const Call& call) {
  if (!quantities(call)) return no_overload();
  const Nano a = value_of(call.args[0]), b = value_of(call.args[1]);
  return integer((a > b) - (a < b));
}
Any greater(const Call& call) {
  return quantities(call) ? boolean(value_of(call.args[0]) > value_of(call.args[1])) : no_overload();
}
Any less(const Call& call) {
  return quantities(call) ? boolean(value_of(call.args[0]) < value_of(call.args[1])) : no_overload();
}

constexpr Function functions[] = {
    {"isQuantity", false, 1, 1, is_quantity, Cost::traverse_first},
    {"quantity", false, 1, 1, quantity, Cost::traverse_first},
    {"isInteger", true, 1, 1, is_integer},
    {"asInteger", true, 1, 1, as_integer},
    {"asApproximateFloat", true, 1, 1, as_float},
    {"sign", true, 1, 1, sign},
    {"add", true, 2, 2, plus<1>},
    {"sub", true, 2, 2, plus<-1>},
    {"compareTo", true, 2, 2, compare},
    {"isGreaterThan", true, 2, 2, greater},
    {"isLessThan", true, 2, 2, less},
};

}  // namespace

std::span<const Function> quantity_functions() {
  return functions;
}

}  // namespace gw::validate::cel
