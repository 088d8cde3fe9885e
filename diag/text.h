// Characters on a terminal: decoding UTF-8 with care, how many columns a character takes, what must be escaped.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::diag {

struct CodePoint {
  char32_t value = 0;
  std::uint8_t bytes = 1;
  bool valid = false;  // false: `bytes` is 1 and `value` the byte itself
};

// Decodes the code point at text[at]; overlong forms, surrogates and values past U+10FFFF are invalid.
CodePoint decode_utf8(std::string_view text, std::size_t at);
// Appends one code point as UTF-8.
void append_utf8(std::string& out, char32_t value);
// 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
unsigned columns_of(char32_t value);
// One character as `printable` shows it.
void append_printable(std::string& out, std::string_view text, const CodePoint& c, std::size_t at);

}  // namespace gw::diag
