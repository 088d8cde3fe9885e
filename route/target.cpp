#include "route/target.h"

#include <algorithm>

namespace gw::route {
namespace {

bool forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || c == '#';
}

// Nothing to decode, merge or resolve, and nothing forbidden.
enum class Shape : std::uint8_t { canonical, other, bad };
Shape shape_of(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return Shape::bad;
  Shape shape = Shape::canonical;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (forbidden(c)) return Shape::bad;
    if (c == '%' || (c == '/' && i + 1 < raw.size() && (raw[i + 1] == '/' || raw[i + 1] == '.'))) shape = Shape::other;
  }
  return shape;
}

// Writes a path segment by segment; a dot segment takes back what was written.
class Cleaner {
 public:
  explicit Cleaner(PathScratch& out) : out_(out) {
    out_.decoded.clear();
    out_.clean.clear();
    out_.origin.clear();
  }
  // `spelled` is how the client wrote the character.
  bool add(char c, std::string_view spelled) {
    if (c == '/') {
      if (!close_segment()) return false;
      if (!out_.decoded.empty() && out_.decoded.back() == '/') return true;
    }
    out_.origin.push_back(static_cast<std::uint32_t>(out_.clean.size()));
    out_.decoded.push_back(c);
    out_.clean.append(spelled);
    return true;
  }
  bool finish() { return close_segment(); }

 private:
  bool close_segment() {
    const auto slash = out_.decoded.rfind('/');
    if (slash == std::string::npos) return true;
    const std::string_view segment = std::string_view(out_.decoded).substr(slash + 1);
    if (segment == ".") {
      cut(slash + 1);
    } else if (segment == "..") {
      if (slash == 0) return false;
      cut(out_.decoded.rfind('/', slash - 1) + 1);
    }
    return true;
  }
  void cut(std::size_t size) {
    if (size < out_.origin.size()) out_.clean.resize(out_.origin[size]);
    out_.decoded.resize(size);
    out_.origin.resize(size);
  }
  PathScratch& out_;
};

}  // namespace

SplitTarget split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}, {}};
  return {target.substr(0, mark), target.substr(mark + 1), target.substr(mark)};
}

std::optional<std::string_view> match_path(std::string_view raw, PathScratch& scratch) {
  const Shape shape = shape_of(raw);
  if (shape == Shape::bad) return std::nullopt;
  if (shape == Shape::canonical) return raw;
  Cleaner cleaner(scratch);
  for (std::size_t i = 0; i < raw.size();) {
    char c = raw[i];
    std::size_t length = 1;
    if (c == '%') {
      if (i + 2 >= raw.size() || diag::hex_digit(raw[i + 1]) < 0 || diag::hex_digit(raw[i + 2]) < 0)
        return std::nullopt;
      c = static_cast<char>(diag::hex_digit(raw[i + 1]) * 16 + diag::hex_digit(raw[i + 2]));
      length = 3;
      if (c == '\0') return std::nullopt;
    }
    if (!cleaner.add(c, raw.substr(i, length))) return std::nullopt;
    i += length;
  }
  if (!cleaner.finish()) return std::nullopt;
  return scratch.decoded;
}

std::string_view rest_of_path(std::string_view raw, std::string_view matched, std::size_t length,
                              const PathScratch& scratch) {
  if (matched.data() == raw.data()) return raw.substr(std::min(length, raw.size()));
  if (length >= scratch.origin.size()) return {};
  return std::string_view(scratch.clean).substr(scratch.origin[length]);
}

std::string replace_prefix(std::string_view replacement, std::string_view rest) {
  while (replacement.ends_with('/')) replacement.remove_suffix(1);
  std::string out(replacement);
  if (!rest.empty() && rest.front() != '/') out.push_back('/');
  out.append(rest);
  if (out.empty() || out.front() != '/') out.insert(out.begin(), '/');
  return out;
}

std::string percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && diag::hex_digit(text[i + 1]) >= 0 &&
        diag::hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(diag::hex_digit(text[i + 1]) * 16 + diag::hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

HostPort split_host(std::string_view authority) {
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

bool equal_fold(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace gw::route
