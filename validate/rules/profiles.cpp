// `--profile NAME`: what one implementation does not do, or does so differently that a route breaks. Measured on Envoy
// Gateway 1.9, NGINX Gateway Fabric 2.6 and Traefik 3.7; gwctl is our own data plane.
#include <algorithm>
#include <map>

#include "route/profile.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// Filters whose rules are answered 500.
struct Refusal {
  std::string_view profile, filter, instead;
};
constexpr Refusal refusals[] = {
    {"traefik", "RequestMirror", "Traefik mirrors by a TraefikService"},
    {"traefik", "CORS", "Traefik adds CORS headers by a Middleware (headers)"},
    {"traefik", "ExternalAuth", "Traefik asks an authorization server by a Middleware (forwardAuth)"},
    {"gwctl", "ExternalAuth", "gwctl serve has no external authorization"},
    {"gwctl", "ExtensionRef", "gwctl serve knows no extensions"},
};

class Profile {
 public:
  explicit Profile(const Context& context) : c_(context), name_(context.options.profile) {}

  void check(const kube::HttpRoute& route) {
    for (const kube::HttpRouteRule& rule : route.spec.rules) {
      check_filters(route, rule.filters);
      for (const kube::BackendRef& ref : rule.backend_refs) check_filters(route, ref.filters);
      for (const kube::HttpRouteMatch& match : rule.matches)
        if (match.path) check_path(route, match);
      if (name_ == "nginx-gateway-fabric") check_redirect(route, rule);
    }
  }

  // Envoy Gateway: on one HTTP port a hostname that falls into two listeners makes Envoy refuse all routes of the port.
  void check_domains() {
    if (name_ != "envoy-gateway") return;
    std::map<std::tuple<const kube::Gateway*, kube::Port, const kube::Object*, std::string>, std::size_t> seen;
    for (const route::ParentStatus& parent : c_.attachments.parents) {
      if (!parent.accepted) continue;
      for (const auto& on : parent.on) {
        const kube::Listener& listener = *c_.attachments.listeners[on.listener].listener;
        if (listener.protocol != "HTTP") continue;
        for (const std::string& host : on.hostnames) {
          auto [it, fresh] = seen.try_emplace({parent.gateway, listener.port, parent.route, host}, on.listener);
          if (fresh || it->second == on.listener) continue;
          const route::ListenerStatus& other = c_.attachments.listeners[it->second];
          tell(*parent.route, parent.ref->node,
               (host.empty() ? std::string("every host") : quoted(host)) +
                   " of this route falls into two listeners of port " + std::to_string(listener.port) +
                   ": Envoy refuses the routes of the whole port",
               "name one listener with sectionName, or have one listener without hostname for the port",
               {{span_of(*other.owner, member(*other.listener, "name")), "one of the listeners"}});
        }
      }
    }
  }

 private:
  void tell(const kube::Object& object, const kube::Place& at, std::string message, std::string help,
            std::vector<diag::Related> related = {}) {
    report(c_, {"GW324", object, at, name_ + ": " + std::move(message), std::move(help), {}, std::move(related)});
  }

  void check_filters(const kube::HttpRoute& route, const std::vector<kube::RouteFilter>& filters) {
    for (const kube::RouteFilter& filter : filters) {
      for (const Refusal& row : refusals)
        if (row.profile == name_ && row.filter == filter.type)
          tell(route, member(filter, "type"), "filter " + filter.type + " is not supported, its rule is answered 500",
               std::string(row.instead));
      if (name_ != "envoy-gateway" && name_ != "istio" && name_ != "cilium") continue;
      each_modifier(filter, [&](const kube::HeaderModifier& modifier, const kube::Place& at, bool) {
        each_header(modifier, at, [&](const kube::HttpHeader& header, const kube::Place& place) {
          check_value(route, header, place);
        });
      });
    }
  }

  // NGINX Gateway Fabric looks at headers in a location of its own, whose name gets into the Location header.
  void check_redirect(const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
    if (std::none_of(rule.matches.begin(), rule.matches.end(),
                     [](const auto& match) { return !match.headers.empty(); }))
      return;
    for (const kube::RouteFilter& filter : rule.filters)
      if (filter.request_redirect && filter.request_redirect->path &&
          filter.request_redirect->path->type == "ReplacePrefixMatch")
        tell(route, filter.request_redirect->path->node,
             "a redirect with ReplacePrefixMatch under a header match leads to an internal path",
             "use ReplaceFullPath, or match without headers");
  }

  // Envoy reads the values as format strings.
  void check_value(const kube::HttpRoute& route, const kube::HttpHeader& header, const kube::Place& at) {
    std::string rest = header.value;
    for (std::size_t pair = rest.find("%%"); pair != std::string::npos; pair = rest.find("%%")) rest.erase(pair, 2);
    if (rest.find('%') != std::string::npos)
      tell(route, at.below("value"),
           "'%' in a header value begins a format of Envoy's; alone it makes Envoy "
           "refuse the listener",
           "write %% for a plain percent sign");
  }

  void check_path(const kube::HttpRoute& route, const kube::HttpRouteMatch& match) {
    const kube::HttpPathMatch& path = *match.path;
    const std::string value = path.value.value_or("/");
    const bool normalises =
        name_ == "envoy-gateway" || name_ == "istio" || name_ == "traefik" || name_ == "contour" || name_ == "cilium";
    if (!normalises || path.type.value_or("PathPrefix") == "RegularExpression") return;
    for (std::size_t at = value.find('%'); at != std::string::npos; at = value.find('%', at + 1)) {
      if (at + 2 >= value.size()) return;
      const int code = hex(value[at + 1]) * 16 + hex(value[at + 2]);
      const bool unreserved = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                              (code >= 'a' && code <= 'z') || code == '-' || code == '.' || code == '_' || code == '~';
      if (!unreserved) continue;
      tell(route, member(match, "path").below("value"),
           quoted(value) + " never matches: paths are decoded before they are compared",
           std::string("write the character itself: ") + static_cast<char>(code));
      return;
    }
  }

  static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 1000;
  }

  const Context& c_;
  const std::string& name_;
};

}  // namespace

void check_profile(const Context& c) {
  if (c.options.profile.empty()) return;
  Profile profile(c);
  for (const kube::HttpRoute& route : c.bundle.http_routes) profile.check(route);
  profile.check_domains();
}

}  // namespace gw::validate
