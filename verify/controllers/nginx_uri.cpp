#include "verify/controllers/nginx_uri.h"

#include <algorithm>

#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

// Removes the last segment of "/a/b/.." when ".." is complete; false above the root.
bool drop_segment(std::string& out) {
  out.resize(out.size() - 3);  // "/.."
  const auto slash = out.rfind('/');
  if (slash == std::string::npos) return false;
  out.resize(slash + 1);
  return true;
}

// Called where a segment ends: resolves "." and "..".
bool end_segment(std::string& out) {
  if (out.ends_with("/.")) out.pop_back();
  if (out.ends_with("/..")) return drop_segment(out);
  return true;
}

bool valid_bytes(std::string_view target) {
  return std::none_of(target.begin(), target.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// "http://host/path" → authority and the rest; nginx takes any scheme of letters.
bool split_absolute(std::string_view target, NginxTarget& out) {
  const auto colon = target.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  if (!only(target.substr(0, colon), "+-.")) return false;
  std::string_view rest = target.substr(colon + 3);
  const auto end = rest.find_first_of("/?");
  out.authority = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), out.authority->size()));
  out.raw = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return !out.authority->empty();
}

}  // namespace

std::optional<NginxTarget> nginx_target(std::string_view target) {
  NginxTarget out;
  if (target.empty() || !valid_bytes(target)) return std::nullopt;
  if (target[0] == '/')
    out.raw = target;
  else if (!split_absolute(target, out))
    return std::nullopt;

  const std::string_view in = out.raw;
  std::string& uri = out.uri;
  for (std::size_t at = 0; at < in.size(); ++at) {
    char c = in[at];
    bool literal = false;
    if (c == '#') break;
    if (c == '?') {
      out.args = in.substr(at + 1, in.find('#', at) - at - 1);
      break;
    }
    if (c == '%') {
      const auto decoded = decode_escape(in, at);
      if (!decoded || *decoded == '\0') return std::nullopt;
      c = *decoded;
      literal = c == '%' || c == '#' || c == '?';
      at += 2;
    }
    if (c == '/' && !literal) {
      if (!end_segment(uri)) return std::nullopt;
      if (uri.ends_with('/')) continue;
    }
    uri += c;
  }
  if (!end_segment(uri)) return std::nullopt;
  return out;
}

std::optional<std::string> nginx_host(std::string_view host) {
  if (host.empty()) return std::nullopt;
  std::size_t length = host.size();
  const bool literal = host[0] == '[';
  bool counting = true;
  for (std::size_t at = 0; at < host.size(); ++at) {
    const char c = host[at];
    if (c == '/' || static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
    if (c == '.' && at > 0 && host[at - 1] == '.') return std::nullopt;
    if (!counting) continue;
    if (c == ']' && literal) length = at + 1, counting = false;
    if (c == ':' && !literal) length = at, counting = false;
  }
  std::string out = lower(host.substr(0, length));
  if (out.ends_with('.')) out.pop_back();
  if (out.empty()) return std::nullopt;
  return out;
}

std::string nginx_escape(std::string_view uri) {
  constexpr std::string_view escaped = " \"#%<>?\\^`{|}";
  std::string out;
  out.reserve(uri.size());
  for (char c : uri) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x1f || byte >= 0x7f || escaped.find(c) != std::string_view::npos)
      append_escape(out, c);
    else
      out += c;
  }
  return out;
}

}  // namespace gw::verify
