// The order of attempts is Go's: words, then integers with base prefixes, then decimal floats. Base-60 numbers and
// dates stay strings.
#include "yaml/scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "yaml/number.h"

namespace gw::yaml {
namespace {

struct Word {
  std::string_view text;
  Kind kind;
  bool boolean = false;
  double floating = 0;
};

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

constexpr Word words[] = {
    {"y", Kind::boolean, true},
    {"Y", Kind::boolean, true},
    {"yes", Kind::boolean, true},
    {"Yes", Kind::boolean, true},
    {"YES", Kind::boolean, true},
    {"true", Kind::boolean, true},
    {"True", Kind::boolean, true},
    {"TRUE", Kind::boolean, true},
    {"on", Kind::boolean, true},
    {"On", Kind::boolean, true},
    {"ON", Kind::boolean, true},
    {"n", Kind::boolean, false},
    {"N", Kind::boolean, false},
    {"no", Kind::boolean, false},
    {"No", Kind::boolean, false},
    {"NO", Kind::boolean, false},
    {"false", Kind::boolean, false},
    {"False", Kind::boolean, false},
    {"FALSE", Kind::boolean, false},
    {"off", Kind::boolean, false},
    {"Off", Kind::boolean, false},
    {"OFF", Kind::boolean, false},
    {"~", Kind::null},
    {"null", Kind::null},
    {"Null", Kind::null},
    {"NULL", Kind::null},
    {".nan", Kind::floating, false, not_a_number},
    {".NaN", Kind::floating, false, not_a_number},
    {".NAN", Kind::floating, false, not_a_number},
    {".inf", Kind::floating, false, infinity},
    {".Inf", Kind::floating, false, infinity},
    {".INF", Kind::floating, false, infinity},
    {"+.inf", Kind::floating, false, infinity},
    {"+.Inf", Kind::floating, false, infinity},
    {"+.INF", Kind::floating, false, infinity},
    {"-.inf", Kind::floating, false, -infinity},
    {"-.Inf", Kind::floating, false, -infinity},
    {"-.INF", Kind::floating, false, -infinity},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// First characters that anything but a string can have.
bool may_be_typed(char c) {
  constexpr std::string_view letters = "yYnNtTfFoO~.+-";
  return is_digit(c) || letters.find(c) != letters.npos;
}

struct Digits {
  bool negative = false;
  int base = 10;
  std::string_view digits;
};

// strconv's base 0: 0x, 0o, 0b and a leading 0 for octal.
Digits split_base(std::string_view text) {
  Digits out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  out.digits = text;
  if (text.size() < 2 || text.front() != '0') return out;
  switch (text[1]) {
    case 'x':
    case 'X':
      out.base = 16;
      break;
    case 'o':
    case 'O':
      out.base = 8;
      break;
    case 'b':
    case 'B':
      out.base = 2;
      break;
    default:
      out.base = 8, out.digits = text.substr(1);
      return out;
  }
  out.digits = text.substr(2);
  return out;
}

bool parse_integer(std::string_view text, Scalar& out) {
  Digits number = split_base(text);
  std::uint64_t magnitude = 0;
  const char* end = number.digits.data() + number.digits.size();
  auto [stop, error] = std::from_chars(number.digits.data(), end, magnitude, number.base);
  if (error != std::errc() || stop != end) return false;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude <= most || (number.negative && magnitude == most + 1)) {
    out.kind = Kind::integer;
    out.integer = static_cast<std::int64_t>(number.negative ? 0 - magnitude : magnitude);
    return true;
  }
  bool sign = text.front() == '-' || text.front() == '+';  // ParseUint takes no sign
  if (sign) return false;
  out.kind = Kind::unsigned_integer;
  out.unsigned_integer = magnitude;
  return true;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_decimal_float(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  auto one_of = [&](char a, char b) { return at < text.size() && (text[at] == a || text[at] == b) && ++at; };
  one_of('-', '+');
  std::size_t whole = digits();
  if (one_of('.', '.')) {
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (one_of('e', 'E')) {
    one_of('-', '+');
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool parse_decimal(std::string_view text, Scalar& out) {
  if (!is_decimal_float(text)) return false;
  auto value = parse_float(text);
  if (!value) return false;
  out.kind = Kind::floating;
  out.floating = *value;
  return true;
}

Scalar resolve_number(std::string_view text) {
  Scalar out;
  std::string without;
  if (text.find('_') != text.npos) {
    for (char c : text) {
      if (c != '_') without += c;
    }
    text = without;
  }
  if (text.empty()) return out;
  if (!parse_integer(text, out)) parse_decimal(text, out);
  return out;
}

// Reads one or more digits, at most `most`, into value.
bool number(std::string_view& text, std::size_t least, std::size_t most, int& value) {
  std::size_t size = 0;
  value = 0;
  while (size < text.size() && size < most && is_digit(text[size])) value = value * 10 + (text[size++] - '0');
  text.remove_prefix(size);
  return size >= least;
}

bool literal(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool zone(std::string_view text) {
  if (text == "Z") return true;
  int hours = 0, minutes = 0;
  if (!literal(text, '+') && !literal(text, '-')) return false;
  return number(text, 2, 2, hours) && literal(text, ':') && number(text, 2, 2, minutes) && text.empty() &&
         hours <= 24 && minutes < 60;
}

}  // namespace

bool is_timestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!number(text, 4, 4, year) || !literal(text, '-') || !number(text, 1, 2, month) || !literal(text, '-') ||
      !number(text, 1, 2, day)) {
    return false;
  }
  constexpr std::array lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return false;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day < 1 || day > lengths[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0)) return false;
  if (text.empty()) return true;
  bool spaced = text.front() == ' ';
  if (!literal(text, 'T') && !literal(text, 't') && !literal(text, ' ')) return false;
  while (spaced && literal(text, ' ')) {
  }
  if (!number(text, 1, 2, hour) || !literal(text, ':') || !number(text, 1, 2, minute) || !literal(text, ':') ||
      !number(text, 1, 2, second) || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  if (literal(text, '.') || literal(text, ',')) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == 0) return false;
    text.remove_prefix(digits);
  }
  return spaced ? text.empty() : zone(text);
}

Scalar resolve(std::string_view text) {
  Scalar out;
  if (text.empty()) {
    out.kind = Kind::null;
    return out;
  }
  if (!may_be_typed(text.front())) return out;
  if (text.size() <= 5) {
    for (const Word& word : words) {
      if (word.text == text) return {word.kind, word.boolean, 0, 0, word.floating};
    }
  }
  if (text.front() == '.') {
    parse_decimal(text, out);
    return out;
  }
  bool sign = text.front() == '+' || text.front() == '-';
  return sign || is_digit(text.front()) ? resolve_number(text) : out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t bits = 0, count = 0, padding = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r') continue;
    std::size_t value = alphabet.find(c);
    if (c == '=') {
      if (count % 4 < 2 || ++padding > 2) return std::nullopt;
      value = 0;
    } else if (value == alphabet.npos || padding > 0) {
      return std::nullopt;
    }
    bits = (bits << 6) | value;
    if (++count % 4 == 0) {
      for (std::size_t i = 0; i < 3 - padding; ++i) out += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
    }
  }
  if (count % 4 != 0) return std::nullopt;
  return out;
}

std::optional<std::int64_t> as_integer(double value) {
  if (!std::isfinite(value) || std::abs(value) >= 1e19 || value != std::floor(value)) return std::nullopt;
  if (value == 0 && std::signbit(value)) return std::nullopt;
  std::string text = json_float(value);
  std::int64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace gw::yaml
