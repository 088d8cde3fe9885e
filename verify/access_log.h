// Lines of access logs as requests: NGINX's combined format (also with the virtual host in front), ingress-nginx's own,
// and JSON under the names that people give the fields.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::verify {

struct LoggedRequest {
  std::string method, target;
  std::string host;      // empty: the format does not tell
  std::string scheme;    // "http", "https" or empty: not told
  std::string upstream;  // ingress-nginx: "namespace-service-port"; empty: none
  int status = 0;        // 0: not told
};

// nullopt: not a line of a known format, or no HTTP request in it (a port scan, a TLS greeting on the plain port).
std::optional<LoggedRequest> read_log_line(std::string_view line);

}  // namespace gw::verify
