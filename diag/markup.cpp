#include "diag/markup.h"

#include "diag/text.h"

namespace gw::diag {
namespace {

// Everything but line ends as `printable` shows it; `mark` writes the characters that mean something.
template <class Mark>
std::string escaped(std::string_view text, Mark&& mark) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.bytes != 1 || (text[at] != '\n' && !mark(out, text[at]))) append_printable(out, text, c, at);
    if (text[at] == '\n') out += '\n';
    at += c.bytes;
  }
  return out;
}

}  // namespace

std::string escape_markup(std::string_view text) {
  return escaped(text, [](std::string& out, char c) {
    switch (c) {
      case '&':
        return out += "&amp;", true;
      case '<':
        return out += "&lt;", true;
      case '>':
        return out += "&gt;", true;
      case '"':
        return out += "&quot;", true;
      case '\'':
        return out += "&#39;", true;
      default:
        return false;
    }
  });
}

std::string escape_markdown(std::string_view text) {
  return escaped(text, [](std::string& out, char c) {
    if (c == '<') return out += "&lt;", true;
    if (c == '&') return out += "&amp;", true;
    if (std::string_view("|`*_[]\\").find(c) != std::string_view::npos) return out += '\\', out += c, true;
    return false;
  });
}

}  // namespace gw::diag
