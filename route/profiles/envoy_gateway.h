// Pieces of the Envoy Gateway model: how Envoy reads paths and writes redirects and rewrites.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "route/profiles/flat.h"

namespace gw::route::envoy {

// Where gateways on Envoy differ from each other.
struct Traits {
  bool redirects_escaped_slashes = true;  // 307 for %2F and %5C
  bool unescapes_slashes = false;         // %2F becomes a slash instead
  bool rejects_escaped_slashes = false;   // 400
  bool merges_slashes = true;
  bool cuts_fragment = false;  // otherwise '#' is refused
  bool refuses_underscores = true;
};

// What HttpConnectionManager makes of a path before routing.
struct Path {
  int error = 0;          // 400; 0 when good
  bool redirect = false;  // %2F or %5C: 307 to `normal`
  std::string normal;     // matched and forwarded
};
// `raw`: the path as sent, without its query.
Path read_path(std::string_view raw, const Traits& traits);

// Location of a RequestRedirect filter.
std::string location(const Redirect& redirect, const FlatMatch& match, const Request& request, kube::Port listener_port,
                     const std::string& path, std::string_view tail);
// Target after a URLRewrite.
std::string rewritten(const PathChange& change, const FlatMatch& match, const std::string& path, std::string_view tail);

// Header values are format strings; a lone '%' makes Envoy refuse the listener.
bool format_is_valid(std::string_view value);

}  // namespace gw::route::envoy
