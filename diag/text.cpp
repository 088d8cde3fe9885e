// Width tables hold whole blocks: a caret one column off under a rare character is no harm.
#include "diag/text.h"

#include <algorithm>
#include <array>

#include "diag/render.h"

namespace gw::diag {
namespace {

struct Range {
  char32_t first, last;
};

// Blocks that terminals draw two columns wide (Unicode East Asian Width W and F, and emoji).
constexpr std::array wide{
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF}, Range{0x3400, 0x4DBF},
    Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},   Range{0xAC00, 0xD7A3}, Range{0xF900, 0xFAFF},
    Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6}, Range{0x1F300, 0x1F64F},
    Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD},
};
constexpr std::array combining{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF},
    Range{0x1DC0, 0x1DFF}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F},
};
// Characters that change how their neighbours are shown, or that end a line somewhere: escaped, never drawn.
constexpr std::array invisible{
    Range{0x00, 0x1F},     Range{0x7F, 0x9F},     Range{0x061C, 0x061C}, Range{0x200B, 0x200F},   Range{0x2028, 0x202E},
    Range{0x2060, 0x2069}, Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE007F},
};

template <class Ranges>
bool in(const Ranges& ranges, char32_t value) {
  return std::ranges::any_of(ranges, [=](const Range& r) { return value >= r.first && value <= r.last; });
}

void append_hex(std::string& out, char32_t value, int least_digits) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string reversed;
  for (; value != 0 || least_digits > 0; value >>= 4, --least_digits) reversed += digits[value & 0xF];
  out.append(reversed.rbegin(), reversed.rend());
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1, true};
  CodePoint invalid{lead, 1, false};
  std::uint8_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return invalid;
  char32_t value = lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0u) != 0x80u) return invalid;
    value = (value << 6) | (byte(at + i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least[size] || value > 0x10FFFF || surrogate) return invalid;
  return {value, size, true};
}

void append_utf8(std::string& out, char32_t value) {
  auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((value >> shift) & 0x3F)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | (value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | (value >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (value >> 18));
    tail(12), tail(6), tail(0);
  }
}

unsigned columns_of(char32_t value) {
  if (value < 0x300) return 1;
  return in(combining, value) ? 0 : in(wide, value) ? 2 : 1;
}

void append_printable(std::string& out, std::string_view text, const CodePoint& c, std::size_t at) {
  if (c.valid && !in(invisible, c.value)) {
    out.append(text, at, c.bytes);
  } else if (c.valid && c.value == '\n') {
    out += "\\n";
  } else if (c.valid && c.value == '\t') {
    out += "\\t";
  } else if (c.value < 0x100) {
    out += "\\x";
    append_hex(out, c.value, 2);
  } else {
    out += "\\u{";
    append_hex(out, c.value, 4);
    out += '}';
  }
}

std::string printable(std::string_view text) {
  const auto shown = [](char c) { return c >= ' ' && c <= '~'; };
  std::string out(text.begin(), std::find_if_not(text.begin(), text.end(), shown));
  out.reserve(text.size());
  for (std::size_t at = out.size(); at < text.size();) {
    CodePoint c = decode_utf8(text, at);
    append_printable(out, text, c, at);
    at += c.bytes;
  }
  return out;
}

}  // namespace gw::diag
