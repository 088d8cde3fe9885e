#include "lsp/text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gw::lsp {
namespace {

// The bytes of the character at `at`, and its UTF-16 code units; a byte that begins none counts as one.
std::pair<std::size_t, std::uint32_t> character(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return {std::min(bytes, text.size() - at), bytes == 4 ? 2U : 1U};
}

std::uint32_t number(const Json& value, const char* key) {
  if (!value.is_object() || !value.contains(key) || !value[key].is_number_unsigned()) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value[key].get<std::uint64_t>(), 0x7FFFFFFF));
}

}  // namespace

Lines::Lines(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) starts_.push_back(i + 1);
}

std::string_view Lines::line(std::uint32_t number) const {
  if (number >= starts_.size()) return {};
  std::string_view out = text_.substr(starts_[number], start(number + 1) - starts_[number]);
  while (out.ends_with('\n') || out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

std::size_t Lines::offset(Position at) const {
  if (at.line >= starts_.size()) return text_.size();
  const std::string_view here = line(at.line);
  std::size_t i = 0;
  for (std::uint32_t units = 0; i < here.size() && units < at.character;) {
    const auto [bytes, more] = character(here, i);
    i += bytes;
    units += more;
  }
  return starts_[at.line] + i;
}

Position Lines::position(std::size_t offset) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto number = static_cast<std::uint32_t>(after - starts_.begin() - 1);
  const std::string_view here = line(number);
  const std::size_t wanted = std::min(offset - starts_[number], here.size());
  std::uint32_t units = 0;
  for (std::size_t i = 0; i < wanted;) {
    const auto [bytes, more] = character(here, i);
    i += bytes;
    units += more;
  }
  return {number, units};
}

Position position_of(const Json& value) {
  return {number(value, "line"), number(value, "character")};
}

Json to_json(Position at) {
  return {{"line", at.line}, {"character", at.character}};
}

Json range(const Lines& lines, std::size_t begin, std::size_t end) {
  return {{"start", to_json(lines.position(begin))}, {"end", to_json(lines.position(std::max(begin, end)))}};
}

void apply(const Json& change, std::string& text) {
  if (!change.is_object() || !change.contains("text") || !change["text"].is_string()) return;
  const auto fresh = change["text"].get<std::string>();
  if (!change.contains("range") || !change["range"].is_object()) {
    text = fresh;
    return;
  }
  const Lines lines(text);
  const std::size_t begin = lines.offset(position_of(change["range"].value("start", Json())));
  const std::size_t end = lines.offset(position_of(change["range"].value("end", Json())));
  text.replace(begin, std::max(begin, end) - begin, fresh);
}

std::string path_of_uri(std::string_view uri) {
  constexpr std::string_view scheme = "file://";
  if (!uri.starts_with(scheme)) return std::string(uri);
  uri.remove_prefix(scheme.size());
  uri.remove_prefix(std::min(uri.find('/'), uri.size()));  // "localhost"
  std::string out;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%' && i + 2 < uri.size() && digit(uri[i + 1]) >= 0 && digit(uri[i + 2]) >= 0) {
      out += static_cast<char>(digit(uri[i + 1]) * 16 + digit(uri[i + 2]));
      i += 2;
    } else {
      out += uri[i];
    }
  }
  return out;
}

std::string uri_of_path(std::string_view path) {
  if (!path.starts_with('/')) return std::string(path);
  constexpr std::string_view plain = "/-._~", hex = "0123456789ABCDEF";
  std::string out = "file://";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || plain.find(c) != plain.npos)
      out += c;
    else
      (((out += '%') += hex[byte >> 4]) += hex[byte & 15]);
  }
  return out;
}

}  // namespace gw::lsp
