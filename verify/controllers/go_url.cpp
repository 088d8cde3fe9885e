#include "verify/controllers/go_url.h"

#include <algorithm>
#include <vector>

#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=%";

bool unreserved(char c) {
  return only({&c, 1}, "-_.~");
}

// Every escape is well-formed; Go refuses control characters and '#' in a request line.
bool well_formed(std::string_view path) {
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto byte = static_cast<unsigned char>(path[at]);
    if (byte <= 0x20 || byte == 0x7f || path[at] == '#') return false;
    if (path[at] != '%') continue;
    if (!decode_escape(path, at)) return false;
    at += 2;
  }
  return true;
}

// url.validEncoded: the raw form may stand when it holds only what a path may hold.
bool valid_encoded(std::string_view raw) {
  return std::all_of(raw.begin(), raw.end(), [](char c) {
    return unreserved(c) || std::string_view("!$&'()*+,;=:@[]%/").find(c) != std::string_view::npos;
  });
}

// Unreserved escapes are decoded, the others get upper-case digits.
std::string normalise_escapes(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto decoded = decode_escape(path, at);
    if (!decoded) {
      out += path[at];
      continue;
    }
    if (unreserved(*decoded))
      out += *decoded;
    else
      append_escape(out, *decoded);
    at += 2;
  }
  return out;
}

// path.Join keeps a final slash; dots above the root are dropped.
std::string clean_path(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..")
      kept.push_back(segment);
    else if (!kept.empty())
      kept.pop_back();
  }
  std::string out;
  for (const std::string& segment : kept) out += "/" + segment;
  if (out.empty() || path.ends_with('/')) out += "/";
  return out;
}

}  // namespace

std::string go_unescape(std::string_view escaped) {
  std::string out;
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    const auto decoded = decode_escape(escaped, at);
    out += decoded.value_or(escaped[at]);
    if (decoded) at += 2;
  }
  return out;
}

std::string go_escape_path(std::string_view path) {
  std::string out;
  for (char c : path) {
    if (unreserved(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos)
      out += c;
    else
      append_escape(out, c);
  }
  return out;
}

std::string go_routing_path(std::string_view escaped) {
  std::string out;
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    const auto decoded = decode_escape(escaped, at);
    if (!decoded) {
      out += escaped[at];
      continue;
    }
    if (reserved.find(*decoded) != std::string_view::npos)
      append_escape(out, *decoded);
    else
      out += *decoded;
    at += 2;
  }
  return out;
}

GoFailure go_target(std::string_view target, bool clean, GoTarget& out) {
  if (target == "*") return GoFailure::not_found;
  if (const auto scheme = target.find("://");
      !target.starts_with('/') && scheme != std::string_view::npos && scheme > 0) {
    std::string_view rest = target.substr(scheme + 3);
    out.authority = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(out.authority->size());
    target = rest.empty() ? "/" : rest;
  }
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (!path.starts_with('/') || target.find('#') != std::string_view::npos || !well_formed(path))
    return GoFailure::bad_request;
  out.has_query = mark != std::string_view::npos;
  if (out.has_query) out.query = target.substr(mark + 1);
  std::replace(out.query.begin(), out.query.end(), ';', '&');
  out.path = valid_encoded(path) ? std::string(path) : go_escape_path(go_unescape(path));
  out.path = normalise_escapes(out.path);
  if (clean) out.path = clean_path(out.path);
  out.routing = go_routing_path(out.path);
  return GoFailure::none;
}

std::optional<std::string> go_host(std::string_view host) {
  for (char c : host)
    if (!only({&c, 1}, "-._~!$&'()*+,;=:[]%@")) return std::nullopt;
  const auto colon = host.rfind(':');
  const bool literal = host.starts_with('[');
  std::string out = lower(host);
  if (literal) {
    if (const auto end = out.find(']'); end != std::string::npos && end + 1 < out.size()) out = out.substr(1, end - 1);
  } else if (colon != std::string_view::npos && host.find(':') == colon) {
    out.resize(colon);
  }
  if (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace gw::verify
