// What the annotations of one Ingress make ingress-nginx do, after its own parsing.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/ir.h"

namespace gw::convert::nginx {

struct CanarySettings {
  bool enabled = false;
  int weight = 0, total = 100;
  std::string header, header_value, header_pattern, cookie;
  std::vector<Claim> claims;
};

struct UrlRedirect {
  std::string url;
  int status = 302;
  Claim claim = 0;
};

struct Config {
  const kube::Ingress* ingress = nullptr;
  std::string dropped;  // why the controller ignores the whole Ingress; empty: it does not
  std::string denied;   // why every location answers 503; empty: they do not

  // Where requests go
  std::string rewrite_target;
  bool use_regex = false;
  std::string app_root;
  std::optional<bool> ssl_redirect;  // nothing: the controller's default
  bool force_ssl_redirect = false;
  bool preserve_slash = false;
  bool www_redirect = false;
  bool use_port = false;
  kube::Box<UrlRedirect> redirect;  // temporal before permanent
  kube::Box<Redirect> snippet_redirect;
  std::string upstream_vhost, forwarded_prefix;
  std::vector<std::string> aliases;
  bool unchecked_tls = false;  // to the backend
  CanarySettings canary;

  // How the backend is spoken to
  std::string protocol = "HTTP";
  std::string proxy_ssl_name, proxy_ssl_secret;
  bool proxy_ssl_verify = false;
  bool passthrough = false;

  // What forwarding rules carry
  kube::Box<CorsPolicy> cors;
  std::vector<HeaderEdit> request_headers, response_headers;
  std::string read_timeout;  // GEP-2257
  std::string mirror_url;
  std::vector<Intent> intents;       // of each location
  std::vector<Intent> host_intents;  // of the host, first Ingress wins
  kube::Box<Intent>
      server_snippet;       // one that may decide who comes in to the host, whether the controller takes it or not
  bool protected_ = false;  // by authentication or an address list

  struct Claims {
    Claim rewrite = 0, regex = 0, app_root = 0, ssl_redirect = 0, force_ssl_redirect = 0, preserve_slash = 0, www = 0,
          use_port = 0, vhost = 0, forwarded_prefix = 0, alias = 0, protocol = 0, ssl_name = 0, ssl_secret = 0,
          ssl_verify = 0, passthrough = 0, mirror = 0, read_timeout = 0, cors = 0;
  } claims;
};

}  // namespace gw::convert::nginx
