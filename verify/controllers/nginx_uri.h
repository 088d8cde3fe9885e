// nginx's reading of a request line and Host header: what every location and server name is compared with.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gw::verify {

struct NginxTarget {
  std::string uri;   // decoded, slashes merged, dots resolved
  std::string args;  // after '?', raw, without a fragment
  std::string raw;   // as forwarded when nothing rewrites it: the target without scheme and authority
  std::optional<std::string> authority;  // of an absolute-form target
};

// Nullopt: nginx answers 400.
std::optional<NginxTarget> nginx_target(std::string_view target);

// Lower case, without port and final dot. Nullopt: nginx answers 400.
std::optional<std::string> nginx_host(std::string_view host);

// A decoded path as nginx writes it to a backend.
std::string nginx_escape(std::string_view uri);

}  // namespace gw::verify
