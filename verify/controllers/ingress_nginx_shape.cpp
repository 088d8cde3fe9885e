// How a server of ingress-nginx is configured, as a number: see HostBoundaries::shape.
#include <algorithm>

#include "verify/controllers/ingress_nginx.h"
#include "verify/shape.h"

namespace gw::verify::ingress_nginx {
namespace {

class ServerShape {
 public:
  ServerShape(const Configuration& configuration, HostBoundaries& out) : config_(configuration), out_(out) {}

  void run(const Server& server, bool certificate) {
    for (const bool fact :
         {certificate, server.certificate, server.regex, server.www, server.tls_auth_error, server.passthrough})
      shape_.add(fact ? 1 : 0);
    for (const std::string* text : {&server.tls_auth, &server.unmodelled}) shape_.add(*text);
    shape_.add(server.locations.size());
    for (const Location& location : server.locations) add(location);
    out_.shape = shape_.value();
  }

 private:
  void add(const Location& location) {
    shape_.add(location.path);
    shape_.add((location.exact ? 1U : 0U) + (location.default_backend ? 2U : 0U) + (location.custom_default ? 4U : 0U));
    for (const Pattern* pattern : {&location.match, &location.rewrite}) {
      shape_.add(pattern->re2());
      shape_.add(static_cast<std::size_t>(pattern->state()));
    }
    add_upstream(location.upstream, true);
    add_upstream(location.default_backend_upstream, false);
    const Annotations& annotations = *location.annotations;
    // What they say, and what the objects that they name made of it.
    shape_.add(annotations.written);
    shape_.add((annotations.denied ? 1U : 0U) + (annotations.basic_auth ? 2U : 0U) +
               (annotations.tls_auth_error ? 4U : 0U) + (annotations.cors.enabled ? 8U : 0U));
    for (const std::string* text : {&annotations.tls_auth, &annotations.default_backend, &annotations.unmodelled})
      shape_.add(*text);
  }

  void add_upstream(const std::string& name, bool with_alternatives) {
    const auto found = config_.upstreams.find(name);
    shape_.add(found == config_.upstreams.end() ? 0 : 1);
    if (found == config_.upstreams.end()) return;
    const Upstream& upstream = found->second;
    std::string service = upstream.ns + "/" + upstream.service;
    shape_.add(services_.number(service));
    if (std::find(out_.services.begin(), out_.services.end(), service) == out_.services.end())
      out_.services.push_back(std::move(service));
    shape_.add(static_cast<std::size_t>(upstream.port));
    shape_.add((upstream.ready ? 1U : 0U) + (upstream.canary ? 2U : 0U) + (upstream.default_backend ? 4U : 0U) +
               (upstream.shaping ? 8U : 0U));
    shape_.add(upstream.affinity_cookie);
    if (const auto& canary = upstream.shaping) {
      for (const std::string* text : {&canary->header, &canary->header_value, &canary->header_pattern, &canary->cookie})
        shape_.add(*text);
      shape_.add(static_cast<std::size_t>(canary->weight));
      shape_.add(static_cast<std::size_t>(canary->total));
    }
    shape_.add(upstream.alternatives.size());
    if (!with_alternatives) return;
    for (const std::string& alternative : upstream.alternatives) add_upstream(alternative, false);
  }

  const Configuration& config_;
  HostBoundaries& out_;
  Shape shape_;
  Numbered services_;
};

}  // namespace

void add_shape(const Configuration& configuration, const Server& server, bool certificate, HostBoundaries& out) {
  // Aliases and "www" make one server answer for several names.
  if (!server.aliases.empty() || server.www || server.host == "_") return;
  ServerShape(configuration, out).run(server, certificate);
}

}  // namespace gw::verify::ingress_nginx
