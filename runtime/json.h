// Just enough JSON to write: a quoted string.
#pragma once
#include <string>
#include <string_view>

namespace gw::runtime {

// In quotes; bytes above 0x7e become \u00XX, so that the text is always valid.
inline std::string json_text(std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (u < 0x20 || u >= 0x7f)
      out.append("\\u00").append(1, hex[u >> 4]).append(1, hex[u & 15]);
    else
      out += c;
  }
  return out += '"';
}

}  // namespace gw::runtime
