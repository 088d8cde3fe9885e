// Go's net/url and Traefik's cleaning of a request target: what rules see and what goes upstream.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gw::verify {

struct GoTarget {
  std::string path;     // cleaned and escaped: forwarded
  std::string routing;  // path with everything but reserved characters decoded: matched
  std::string query;    // without '?', ';' replaced by '&'
  bool has_query = false;
  std::optional<std::string> authority;                                       // of an absolute-form target
  std::string full() const { return has_query ? path + "?" + query : path; }  // with '?' and the query
};

enum class GoFailure : std::uint8_t { none, bad_request, not_found };

// Failure: 400 for what Go refuses, 404 for "*".
GoFailure go_target(std::string_view target, bool clean, GoTarget& out);

// The reserved characters stay encoded, the others are decoded.
std::string go_routing_path(std::string_view escaped);
std::string go_escape_path(std::string_view path);  // url.URL.EscapedPath of a decoded path
std::string go_unescape(std::string_view escaped);  // %XX decoded; broken escapes stay

// Lower case, without port and one final dot; nullopt: Go answers 400.
std::optional<std::string> go_host(std::string_view host);

}  // namespace gw::verify
