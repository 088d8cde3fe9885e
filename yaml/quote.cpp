// One pass over a table of character classes settles nearly every string; the rules for what looks like a number are
// only asked for text that starts like one.
#include "yaml/quote.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "diag/text.h"
#include "yaml/scalar.h"
#include "yaml/write.h"

namespace gw::yaml {
namespace {

enum Class : std::uint8_t {
  word = 0,    // safe anywhere
  space = 1,   // not at the ends, and not before '#'
  colon = 2,   // not before a space, not at the end
  hash = 4,    // not after a space
  start = 8,   // not at the start
  never = 16,  // not in a plain text
  high = 32,   // not ASCII
};

constexpr auto classes = [] {
  std::array<std::uint8_t, 256> out{};
  for (std::size_t c = 0; c < 0x20; ++c) out[c] = never;
  for (std::size_t c = 0x80; c < 0x100; ++c) out[c] = high;
  out[0x7F] = never;
  out[' '] = space;
  out[':'] = colon;
  out['#'] = hash | start;
  for (char c : std::string_view("?,[]{}&*!|>'\"%@`=")) out[static_cast<unsigned char>(c)] = start;
  return out;
}();

std::uint8_t class_of(char c) {
  return classes[static_cast<unsigned char>(c)];
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Code points outside ASCII that are written raw.
bool raw(const diag::CodePoint& c) {
  char32_t v = c.value;
  bool line_break = v == 0x85 || v == 0x2028 || v == 0x2029;
  bool mark = (v >= 0x200B && v <= 0x200F) || (v >= 0x202A && v <= 0x202E) || (v >= 0x2060 && v <= 0x2069);
  return c.valid && v >= 0xA0 && !line_break && !mark && v != 0xFEFF && v != 0xFFFE && v != 0xFFFF &&
         !(v >= 0xE0000 && v <= 0xE007F);
}

bool all_raw(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (class_of(text[at]) != high) {
      ++at;
      continue;
    }
    diag::CodePoint c = diag::decode_utf8(text, at);
    if (!raw(c)) return false;
    at += c.bytes;
  }
  return true;
}

// Numbers of any reader, base 60 included: a sign, digit or point first, then nothing but what numbers are made of.
bool like_number(std::string_view text) {
  char first = text.front();
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return false;
  std::string_view digits = text.substr(first == '-' || first == '+');
  if (digits.size() > 1 && digits[0] == '0' && std::string_view("xXoObB").find(digits[1]) != text.npos) return true;
  if (resolve(text).kind != Kind::string || is_timestamp(text)) return true;
  constexpr std::string_view parts = "0123456789_.:eE+-";
  if (text.find_first_not_of(parts) != text.npos) return false;
  return std::ranges::count(text, '.') < 2;
}

bool is_typed(std::string_view text) {
  if (like_number(text)) return true;
  if (text.size() > 5) return false;
  return resolve(text).kind != Kind::string || text == "<<";
}

void append_u(std::string& out, char32_t value, bool wide) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += wide ? "\\U" : "\\u";
  for (int shift = wide ? 28 : 12; shift >= 0; shift -= 4) out += hex[(value >> shift) & 0xF];
}

// JSON knows no \U; there a surrogate pair would do, which YAML refuses. Such characters are written raw in both.
void append_escaped(std::string& out, std::string_view text, const diag::CodePoint& c, std::size_t at) {
  switch (c.value) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  bool printable = c.value < 0x80 ? c.value >= 0x20 && c.value != 0x7F : raw(c) || c.value >= 0x10000;
  if (!c.valid)
    append_u(out, 0xFFFD, false);
  else if (printable)
    out.append(text, at, c.bytes);
  else
    append_u(out, c.value, false);
}

void append_single_quoted(std::string& out, std::string_view text) {
  out += '\'';
  for (char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  out += '\'';
}

}  // namespace

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  std::uint8_t first = class_of(text.front());
  if (first & (start | space | colon) || class_of(text.back()) & (space | colon)) return true;
  if (text.front() == '-' && (text.size() == 1 || text[1] == ' ' || text.starts_with("---"))) return true;
  if (text.starts_with("...")) return true;
  std::uint8_t seen = 0;
  for (char c : text) seen |= class_of(c);
  if (seen & never) return true;
  if (seen & high && !all_raw(text)) return true;
  if (seen & (colon | hash)) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if ((text[i] == ':' && text[i + 1] == ' ') || (text[i] == ' ' && text[i + 1] == '#')) return true;
    }
  }
  return is_typed(text);
}

void append_double_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::uint8_t kind = class_of(text[at]);
    if (!(kind & (never | high)) && text[at] != '"' && text[at] != '\\') {
      ++at;
      continue;
    }
    out.append(text, done, at - done);
    diag::CodePoint c = diag::decode_utf8(text, at);
    append_escaped(out, text, c, at);
    done = at += c.bytes;
  }
  out.append(text, done, text.size() - done);
  out += '"';
}

void append_yaml(std::string& out, std::string_view text) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  bool clutter = text.find_first_of("\\\"") != text.npos;
  bool one_line = std::ranges::none_of(text, [](char c) { return class_of(c) & never; }) && all_raw(text);
  if (clutter && one_line)
    append_single_quoted(out, text);
  else
    append_double_quoted(out, text);
}

void append_kyaml_key(std::string& out, std::string_view text) {
  auto letter = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto inner = [&](char c) { return letter(c) || c == '-' || c == '.' || c == '/'; };
  bool plain = !text.empty() && letter(text.front()) && letter(text.back()) && std::ranges::all_of(text, inner) &&
               !needs_quotes(text);
  if (plain)
    out += text;
  else
    append_double_quoted(out, text);
}

void append_kyaml_lines(std::string& out, std::string_view text, std::size_t spaces) {
  out += "\"\\\n";
  bool line_start = true;
  for (std::size_t at = 0; at < text.size();) {
    diag::CodePoint c = diag::decode_utf8(text, at);
    if (line_start) {
      out.append(spaces, ' ');
      out += c.value == ' ' ? '\\' : ' ';
    }
    append_escaped(out, text, c, at);
    line_start = c.value == '\n';
    if (line_start) out += "\\\n";
    at += c.bytes;
  }
  if (!line_start) out += "\\\n";
  out.append(spaces, ' ');
  out += '"';
}

bool fits_block_scalar(std::string_view text) {
  if (text.find_first_not_of('\n') == text.npos) return false;
  bool plain_bytes = std::ranges::none_of(text, [](char c) { return class_of(c) & never && c != '\n' && c != '\t'; });
  return plain_bytes && all_raw(text);
}

void append_block_scalar(std::string& out, std::string_view text, std::size_t spaces) {
  out += '|';
  if (std::string_view(" \t\n").find(text.front()) != text.npos)
    out += '2';  // the first line cannot show the indentation
  if (!text.ends_with('\n'))
    out += '-';
  else if (text.ends_with("\n\n"))
    out += '+';
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (;;) {
    std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    out += '\n';
    if (!line.empty()) out.append(spaces, ' ').append(line);
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace gw::yaml
