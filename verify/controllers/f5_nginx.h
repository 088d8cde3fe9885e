// The F5 NGINX Ingress Controller: resources own whole hosts, then each host is one nginx server.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "verify/controllers/controller.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::f5_nginx {

inline constexpr std::string_view annotation_prefix = "nginx.org/";

struct Settings {
  kube::StringMap config_map;
  bool snippets = false, empty_host = false, health = false, default_secret = false, plus = false;
  bool ssl_redirect = true;
  int redirect_code = 301;
};

struct Location {
  enum class Kind : std::uint8_t { exact, prefix, regex, dead } kind = Kind::prefix;
  std::string path;
  Pattern expression;              // of regex
  std::optional<std::string> uri;  // proxy_pass with a URI: replaces the matched prefix
  Pattern rewrite;                 // of rewrite-target
  std::string rewrite_target;
  std::string backend;
  kube::Port port = 0;
  bool reachable = true;
  std::int64_t body_limit = 1 << 20;
  std::optional<route::Answer> fixed;  // return, redirect, or why it is not modelled
  std::string redirect_text;           // with nginx variables
  int redirect_code = 0;
  std::vector<std::string> attributes;
  route::RuleRef origin;
};

struct Server {
  std::string host;
  std::vector<Location> locations;
  bool tls = false, handshake = true;
  bool ssl_redirect = false, forwarded_redirect = false;
  int redirect_code = 301;
  std::string app_root;
  bool basic_auth = false, rate_limited = false;
  std::string unmodelled;
  std::vector<int> ports = {80}, tls_ports = {443};
  diag::Span span;
};

struct Configuration {
  Settings settings;
  std::map<std::string, Server> servers;
  std::map<std::string, Location> passthrough;  // TransportServers by SNI
  std::string refused;
  bool ties = false;  // equal creationTimestamps compete and no UID decides
};

// Which of two resources of equal age wins cannot be read from manifests: `later_wins` takes the one written later.
Configuration configuration(const kube::Index& index, const ControllerOptions& options, bool later_wins);

// Why the controller rejects an Ingress; empty when it takes it.
std::string rejected(const kube::Ingress& ingress, const Settings& settings);
std::string annotation(const kube::Ingress& ingress, std::string_view name);  // of nginx.org/, trimmed
// A boolean annotation; `fallback` where there is none that Go could read.
bool enabled(const kube::Ingress& ingress, std::string_view name, bool fallback);
std::map<std::string, std::string> rewrites(const kube::Ingress& ingress);  // service → URI

// VirtualServers: resources beside Ingresses that own a host each.
struct VirtualServer {
  std::string host, stamp, uid;
  std::size_t order = 0;
  Server server;
};
std::vector<VirtualServer> virtual_servers(const kube::Index& index);  // the valid ones, in the order of the input
std::map<std::string, Location> passthrough_servers(const kube::Index& index);  // TransportServers for TLS, by host

}  // namespace gw::verify::f5_nginx
