// Printable ASCII is skipped eight bytes at a time; everything else is decoded with care.
#include "yaml/bytes.h"

#include <cstdint>
#include <cstring>

#include "diag/text.h"

namespace gw::yaml {
namespace {

// True when all eight bytes are 0x20..0x7E.
bool all_printable(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  constexpr std::uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
  std::uint64_t below_space = (word - ones * 0x20) & ~word & high;
  std::uint64_t above_tilde = ((word & ~high) + ones * 0x01) & high;  // 0x7F + 1 sets the high bit
  return (below_space | above_tilde | (word & high)) == 0;
}

bool allowed(char32_t c) {
  return c == 0x09 || c == 0x0A || c == 0x0D || (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF) || (c >= 0x10000 && c <= 0x10FFFF);
}

}  // namespace

ByteCheck check_bytes(std::string_view text) {
  ByteCheck out;
  std::size_t at = 0;
  if (text.starts_with("\xEF\xBB\xBF")) at = 3;
  while (at < text.size()) {
    if (at + 8 <= text.size() && all_printable(text.data() + at)) {
      at += 8;
      continue;
    }
    diag::CodePoint c = diag::decode_utf8(text, at);
    if (!c.valid || !allowed(c.value)) {
      out.fault = c.valid ? ByteCheck::Fault::control : ByteCheck::Fault::utf8;
      out.at = at;
      return out;
    }
    out.ascii = out.ascii && c.bytes == 1;
    out.tab = out.tab || c.value == '\t';
    at += c.bytes;
  }
  return out;
}

}  // namespace gw::yaml
