// ingress-nginx as the controller builds it: annotations of an Ingress, then upstreams and servers with their
// locations. The pieces are shared by the phases: annotations → servers → answers.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "verify/controllers/controller.h"
#include "verify/controllers/pattern.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::ingress_nginx {

// What of the controller's ConfigMap and command line changes answers.
struct Settings {
  kube::StringMap config_map;
  std::vector<std::string> flags;
  std::string prefix = "nginx.ingress.kubernetes.io/";
  bool ssl_redirect = true, force_ssl_redirect = false, preserve_trailing_slash = false, ports_in_redirects = false;
  bool forwarded_headers = false, snippets = false, cross_namespace = false, service_upstream = false;
  bool validate = true;
  bool assume_secrets = false;
  int redirect_code = 308;
  int risk = 2;  // 0 Low .. 3 Critical
  std::vector<std::string> no_tls_redirect, no_auth;
  std::vector<Network> allow, deny;
  std::string global_auth_url, global_auth_signin;
  std::vector<std::string> allow_texts, deny_texts;
  std::string unmodelled;  // a setting that may change any answer
};
// Of the ConfigMap in the set, else of `options`, and of the command line's flags.
Settings settings(const kube::Index& index, const ControllerOptions& options);

struct Canary {
  bool enabled = false;
  std::int64_t weight = 0, total = 100;
  std::string header, header_value, header_pattern, cookie;
};

struct Cors {
  bool enabled = false;
  bool any = true;
  std::vector<std::string> origins;
  Pattern expression;  // over the Origin header, unless any
};

struct ExternalAuth {
  std::string url, signin, redirect_parameter;
};

// One Ingress's annotations after validation.
struct Annotations {
  std::string dropped;  // non-empty: the whole Ingress does not exist for the controller, and why
  bool denied = false;  // its locations answer 503
  std::vector<std::string> aliases;
  Canary canary;
  std::string rewrite_target, app_root;
  bool ssl_redirect = true, force_ssl_redirect = false, preserve_trailing_slash = false, use_regex = false;
  bool ports_in_redirects = false;
  std::string redirect_url;
  int redirect_code = 0;
  bool www = false, relative_redirects = false;
  std::vector<Network> allow, deny;
  ExternalAuth auth;
  bool global_auth = true;
  bool basic_auth = false;
  bool tls_auth_error = false;  // the whole host answers 403
  std::string tls_auth;         // the secret; "" for none
  bool satisfy_any = false;
  Cors cors;
  std::vector<int> custom_errors;
  std::string default_backend;  // a Service of the same namespace
  std::string upstream_vhost;
  bool service_upstream = false, ssl_passthrough = false;
  std::string affinity_cookie;  // "" for none
  bool legacy_canary_affinity = false;
  bool rate_limited = false;
  std::optional<std::int64_t> body_limit;  // bytes; 0: none
  std::string backend_protocol;            // upper case, "HTTP" by default
  std::string unmodelled;                  // a snippet that may answer by itself
  std::vector<std::string> attributes;     // of Answer::attributes
  std::vector<route::Effect> effects;      // guards, headers, CORS, mirrors
  std::uint8_t unknown_effects = 0;        // kinds of which something is not understood; one bit a kind
  std::size_t written = 0;                 // a number for all of them as they were written
};
// Reads and checks all annotations of one Ingress.
Annotations annotations(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index);

// What is done besides routing: into out.effects, once the rest of `out` is read. `text`: an annotation's valid value.
void read_effects(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index,
                  const std::function<std::string(std::string_view)>& text, Annotations& out);
struct Location;
struct Server;
using KnownEffects =
    std::map<std::pair<std::uint8_t, std::vector<route::Effect>>, std::shared_ptr<const route::Effects>>;
// Fills location.effects: what the server adds to its annotations' own, over http and over https. Equal ones are
// shared.
void settle_effects(const Settings& settings, const Server& server, Location& location, KnownEffects& shared);

struct Upstream {
  std::string name, ns, service;
  kube::Port port = 0;
  bool ready = false;
  bool canary = false;  // made by a canary Ingress: never a primary
  std::optional<Canary> shaping;
  std::vector<std::string> alternatives;
  std::string affinity_cookie;
  bool default_backend = false;  // the controller's own 404
};

struct Location {
  std::string path;
  bool exact = false;
  bool default_backend = false;  // still the implicit "/"
  std::string upstream;
  std::shared_ptr<const Annotations> annotations;
  std::optional<route::RuleRef> rule;
  std::string default_backend_upstream;                   // of custom-http-errors and default-backend
  Pattern match, rewrite;                                 // of regex hosts; of rewrite-target
  bool custom_default = false;                            // proxies to default-backend because there are no endpoints
  std::shared_ptr<const route::Effects> effects[2] = {};  // over http, over https
};
bool needs_rewrite(const Location& location);  // has it a rewrite-target that changes something?

struct Server {
  std::string host;  // "_" for the default one
  std::vector<Location> locations;
  std::vector<std::string> aliases;
  bool certificate = false;                     // something is served by name: ssl-redirect is on
  std::vector<std::string> alias_certificates;  // aliases that the certificate covers
  bool regex = false;
  bool www = false;
  bool tls_auth_error = false;
  std::string tls_auth;
  bool passthrough = false;
  std::string unmodelled;
  diag::Span span;
};

struct Configuration {
  Settings settings;
  std::map<std::string, Upstream> upstreams;
  std::map<std::string, Server> servers;         // by host, as they stand in nginx.conf
  std::map<std::string, std::string> redirects;  // from-to-www: from → to
  std::string refused;                           // nginx -t fails
};
// All Ingresses together, as the controller would write them into nginx.conf.
Configuration configuration(const kube::Index& index, Settings settings);

// HostBoundaries::shape and services of a server. `certificate`: some certificate fits its name.
void add_shape(const Configuration& configuration, const Server& server, bool certificate, HostBoundaries& out);

std::unique_ptr<Controller> model(Configuration configuration);  // answers requests from the configuration

}  // namespace gw::verify::ingress_nginx
