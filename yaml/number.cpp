// Built on to_chars' shortest digits; only the placing of the point and the exponent is Go's.
#include "yaml/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace gw::yaml {
namespace {

struct Decimal {
  bool negative = false;
  std::string digits;  // no point, no leading zero
  int exponent = 0;    // of the first digit
};

template <class Float>
Decimal shortest(Float value) {
  std::array<char, 64> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  Decimal out;
  out.negative = text.front() == '-';
  if (out.negative) text.remove_prefix(1);
  std::size_t e = text.find('e');
  for (char c : text.substr(0, e)) {
    if (c != '.') out.digits += c;
  }
  std::string_view exponent = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.exponent);
  return out;
}

std::string positional(const Decimal& d) {
  std::string out = d.negative ? "-" : "";
  auto digits = static_cast<int>(d.digits.size());
  if (d.exponent < 0) return out + "0." + std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits;
  auto whole = static_cast<std::size_t>(d.exponent + 1);
  if (digits <= d.exponent + 1) return out + d.digits + std::string(whole - d.digits.size(), '0');
  return out + d.digits.substr(0, whole) + "." + d.digits.substr(whole);
}

std::string exponential(const Decimal& d, std::size_t least_exponent_digits) {
  std::string out = d.negative ? "-" : "";
  out += d.digits[0];
  if (d.digits.size() > 1) out += "." + d.digits.substr(1);
  out += d.exponent < 0 ? "e-" : "e+";
  std::string exponent = std::to_string(std::abs(d.exponent));
  if (exponent.size() < least_exponent_digits) exponent.insert(0, least_exponent_digits - exponent.size(), '0');
  return out + exponent;
}

}  // namespace

std::string json_float(double value) {
  Decimal d = shortest(value);
  double size = std::abs(value);
  return size != 0 && (size < 1e-6 || size >= 1e21) ? exponential(d, 1) : positional(d);
}

std::string key_float(double value) {
  auto narrow = static_cast<float>(value);
  if (std::isnan(narrow)) return ".nan";
  if (std::isinf(narrow)) return narrow > 0 ? ".inf" : "-.inf";
  Decimal d = shortest(narrow);
  constexpr int precision = 6;  // strconv's choice for 'g' with shortest digits
  return d.exponent < -4 || d.exponent >= precision ? exponential(d, 2) : positional(d);
}

std::optional<double> parse_float(std::string_view text) {
  std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  double value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc()) return value;
  value = std::strtod(std::string(text).c_str(), nullptr);  // out of range: too small is 0, too large is refused
  if (std::isinf(value)) return std::nullopt;
  return value;
}

}  // namespace gw::yaml
