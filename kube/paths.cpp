#include "kube/paths.h"

#include <algorithm>

#include "diag/render.h"

namespace gw::kube {
namespace {

bool is_label(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 253 && plain(text.front()) && plain(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-'; });
}

}  // namespace

bool is_object_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_path_segment(std::string_view text) {
  const auto stray = [](char c) { return c == '/' || c == '%' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text != "." && text != ".." && std::none_of(text.begin(), text.end(), stray);
}

Result<std::string> named_path(std::initializer_list<std::string_view> names, std::string_view between,
                               std::string_view end) {
  std::string out;
  bool first = true;
  for (const std::string_view name : names) {
    if (!name.empty() && !is_object_name(name))
      return Error{"'" + diag::printable(name) + "' is not a name that Kubernetes allows; no file is named after it",
                   "names are lower-case letters, digits, '-' and '.'"};
    if (!first) out += between;
    out += name;
    first = false;
  }
  return out + std::string(end);
}

}  // namespace gw::kube
