// The rule is that of k8s.io/apimachinery's YAMLReader: a line that starts with "---" ends the document before it; at
// the start of a document it belongs to the document. A document whose separator is refused is left out up to the next
// one.
#include "yaml/split.h"

namespace gw::yaml {
namespace {

constexpr std::string_view blanks = " \t\r\v\f\n";

std::size_t line_end(std::string_view text, std::size_t at) {
  std::size_t newline = text.find('\n', at);
  return newline == text.npos ? text.size() : newline + 1;
}

// The next line start at or after `at` that begins with "---".
std::size_t next_separator(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("---")) return at;
  std::size_t found = text.find("\n---", at);
  return found == text.npos ? text.npos : found + 1;
}

}  // namespace

Chunks split(std::string_view text) {
  Chunks out;
  std::size_t begin = 0;
  bool refused = false;  // the text since `begin` follows a bad separator
  auto close = [&](std::size_t end) {
    if (end > begin && !refused) out.chunks.push_back({begin, end});
  };
  for (std::size_t at = next_separator(text, 0); at != text.npos;) {
    std::size_t end = line_end(text, at);
    std::string_view rest = text.substr(at + 3, end - at - 3);
    std::size_t first = rest.find_first_not_of(blanks);
    close(at);
    begin = at == begin && !refused ? at : end;
    refused = first != rest.npos && rest[first] != '#';
    if (refused) {
      out.bad.push_back({at + 3 + first, at + 3 + rest.find_last_not_of(blanks) + 1});
      begin = end;
    }
    at = end < text.size() ? next_separator(text, end) : text.npos;
  }
  close(text.size());
  return out;
}

}  // namespace gw::yaml
