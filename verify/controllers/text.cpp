#include "verify/controllers/text.h"

#include <algorithm>
#include <charconv>

namespace gw::verify {
bool equal_fold(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0;;) {
    const auto end = text.find(separator, at);
    out.emplace_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return out;
    at = end + 1;
  }
}

std::vector<std::string> split_trimmed(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (const std::string& item : split(text, separator))
    if (auto trimmed = trim(item); !trimmed.empty()) out.emplace_back(trimmed);
  return out;
}

bool only(std::string_view text, std::string_view more_than_alnum) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || more_than_alnum.find(c) != std::string_view::npos;
  });
}

std::optional<bool> parse_bool(std::string_view text) {
  for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == yes) return true;
  for (std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == no) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

bool truthy(const kube::StringMap& map, std::string_view key, bool fallback) {
  const std::string* value = kube::find(map, key);
  return value ? parse_bool(*value).value_or(fallback) : fallback;
}

std::vector<std::string> header_values(const route::Request& request, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [key, value] : request.headers)
    if (equal_fold(key, name)) out.push_back(value);
  return out;
}

bool has_header(const route::Request& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return equal_fold(header.first, name); });
}

std::optional<char> decode_escape(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size() || text[at] != '%') return std::nullopt;
  const int high = diag::hex_digit(text[at + 1]), low = diag::hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

void append_escape(std::string& out, char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += '%';
  out += digits[value >> 4];
  out += digits[value & 15];
}

std::optional<std::string> flag(const std::vector<std::string>& flags, std::string_view name) {
  std::optional<std::string> out;
  for (std::string_view item : flags) {
    while (item.starts_with('-')) item.remove_prefix(1);
    if (!equal_fold(item.substr(0, name.size()), name)) continue;
    item.remove_prefix(name.size());
    if (item.empty()) out = "true";
    if (item.starts_with('=')) out = item.substr(1);
  }
  return out;
}

}  // namespace gw::verify
