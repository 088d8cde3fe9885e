// How Envoy reads a raw path before it routes, and how it writes the paths of redirects and rewrites.
#include <algorithm>
#include <vector>

#include "route/profiles/envoy_gateway.h"
#include "route/target.h"

namespace gw::route::envoy {
namespace {

bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

// RFC 3986 dot segments (above the root they vanish); empty segments stay.
std::string resolve_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash = false;  // the path ends as a directory
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    const bool dots = segment == "." || segment == "..";
    slash = rest.empty() && (segment.empty() || dots);
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!dots && !(rest.empty() && segment.empty())) kept.push_back(segment);
  }
  std::string out;
  for (std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || slash) out += '/';
  return out;
}

// Slashes become one, but those at both ends stay: "//" is left as it is.
std::string merge_slashes(const std::string& path) {
  if (path.find("//") == std::string::npos) return path;
  std::string out = "/";
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    if (segment.empty()) continue;
    if (out.size() > 1) out += '/';
    out += segment;
  }
  if (path.ends_with('/')) out += '/';
  return out;
}

std::string_view trimmed(std::string_view value) {
  while (value.ends_with('/')) value.remove_suffix(1);
  return value;
}

// ReplacePrefixMatch with "" or "/": the regex ^prefix/* becomes "/".
std::string cut_prefix(std::string_view prefix, const std::string& path) {
  if (!path.starts_with(prefix)) return path;
  std::string_view rest = std::string_view(path).substr(prefix.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);
  return "/" + std::string(rest);
}

std::string swap_prefix(std::string_view value, const FlatMatch& match, const std::string& path) {
  if (match.type != PathType::prefix) return path;
  if (value.empty() || value == "/") return cut_prefix(match.path, path);
  // A prefix of "/" is plain, any other ends before a slash.
  const std::size_t length = match.path == "/" ? 1 : trimmed(match.path).size();
  return std::string(value) + path.substr(std::min(length, path.size()));
}

constexpr kube::Port well_known(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

}  // namespace

Path read_path(std::string_view raw, const Traits& traits) {
  Path out;
  if (!raw.starts_with('/')) return {400, false, {}};
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '#' && traits.cuts_fragment) break;
    if (byte <= 0x20 || byte > 0x7E || c == '#') return {400, false, {}};
    if (std::string_view("{}|\"<>^`").find(c) != std::string_view::npos) {
      constexpr char digits[] = "0123456789ABCDEF";
      text.append({'%', digits[byte >> 4], digits[byte & 15]});
      continue;
    }
    if (c == '\\') {
      text += '/';
      continue;
    }
    const bool escape =
        c == '%' && i + 2 < raw.size() && diag::hex_digit(raw[i + 1]) >= 0 && diag::hex_digit(raw[i + 2]) >= 0;
    if (!escape) {
      text += c;
      continue;
    }
    const char decoded = static_cast<char>(diag::hex_digit(raw[i + 1]) * 16 + diag::hex_digit(raw[i + 2]));
    if (decoded == '\0') return {400, false, {}};
    const bool slash = decoded == '/' || decoded == '\\';
    if (slash && traits.rejects_escaped_slashes) return {400, false, {}};
    if (slash && (traits.redirects_escaped_slashes || traits.unescapes_slashes)) {
      out.redirect = out.redirect || traits.redirects_escaped_slashes;
      text += '/';
    } else if (unreserved(decoded)) {
      text += decoded;
    } else {
      text.append(raw, i, 3);
    }
    i += 2;
  }
  out.normal = resolve_segments(text);
  if (traits.merges_slashes) out.normal = merge_slashes(out.normal);
  return out;
}

std::string location(const Redirect& redirect, const FlatMatch& match, const Request& request, kube::Port listener_port,
                     const std::string& path, std::string_view tail) {
  const std::string own = request.scheme == Scheme::https ? "https" : "http";
  const std::string scheme = redirect.scheme.value_or(own);
  const HostPort sent = split_host(request.host);
  // The filter's port, else without a scheme the listener's; 80 and 443 are never written. Where neither gives a port,
  // the one in Host stays, unless the scheme changes and it is the old scheme's own.
  kube::Port port = 0;
  if (redirect.port)
    port = *redirect.port;
  else if (!redirect.scheme)
    port = listener_port;
  if (port == 80 || port == 443) port = 0;
  std::string authority = redirect.hostname.value_or(std::string(sent.host));
  if (port != 0)
    authority += ":" + std::to_string(port);
  else if (!redirect.hostname && !sent.port.empty() && !(scheme != own && sent.port == std::to_string(well_known(own))))
    authority += ":" + std::string(sent.port);
  std::string to = path;
  std::string query(tail);
  if (redirect.path && redirect.path->kind == PathChange::Kind::prefix) {
    to = swap_prefix(redirect.path->value, match, path);
  } else if (redirect.path && !redirect.path->value.empty()) {
    to = redirect.path->value;
    if (to.find('?') != std::string::npos) query.clear();
  }
  return scheme + "://" + authority + to + query;
}

std::string rewritten(const PathChange& change, const FlatMatch& match, const std::string& path,
                      std::string_view tail) {
  if (change.kind == PathChange::Kind::full) return change.value + std::string(tail);
  std::string_view value = change.value;
  if (value != "/") value = trimmed(value);
  return swap_prefix(value, match, path) + std::string(tail);
}

bool format_is_valid(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') continue;
    if (i + 1 < value.size() && value[i + 1] == '%') {
      ++i;
      continue;
    }
    const auto end = value.find('%', i + 1);
    if (end == std::string_view::npos) return false;
    const std::string_view name = value.substr(i + 1, end - i - 1);
    if (name.empty() || name.front() < 'A' || name.front() > 'Z') return false;
    i = end;
  }
  return true;
}

}  // namespace gw::route::envoy
