// A request as the router sees it. Views only: the runtime routes without copying.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

enum class Scheme : std::uint8_t { http, https };

struct HeaderView {
  std::string_view name, value;
};

struct RequestView {
  Scheme scheme = Scheme::http;
  std::string_view method = "GET";
  std::string_view host;                // Host or :authority as sent: may carry a port, any letter case
  std::string_view target;              // raw path with query
  std::span<const HeaderView> headers;  // without Host
  std::optional<std::string_view> sni;
  std::uint16_t port = 0;  // listener port; 0: 80 or 443 by scheme
  bool http10 = false;
};

// An owning request: trace, verify, tests.
struct Request {
  Scheme scheme = Scheme::http;
  std::string method = "GET";
  std::string host;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> sni;
  std::uint16_t port = 0;
  bool http10 = false;
  std::string client;  // address of the client; empty: 127.0.0.1
};

}  // namespace gw::route
