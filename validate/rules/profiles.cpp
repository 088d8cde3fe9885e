// `--profile NAME`: what one implementation does not do, or does so differently that a route breaks. Measured on Envoy
// Gateway 1.9, NGINX Gateway Fabric 2.6 and Traefik 3.7; gwctl is our own data plane.
#include <algorithm>
#include <map>
#include <set>

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
      if (name_ == "istio" || name_ == "envoy-gateway") check_root(route, rule);
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

 public:
  // Istio tries every PathPrefix before any expression: one that a prefix of its host covers gets no request.
  void check_order() {
    if (name_ != "istio") return;
    std::map<std::string, std::vector<const kube::HttpRouteMatch*>> prefixes;
    const std::vector<PlacedRoute> placed = by_precedence(c_);
    const auto each = [&](auto&& f) {
      for (const PlacedRoute& one : placed)
        for (const kube::HttpRouteRule& rule : one.route->spec.rules)
          for (const kube::HttpRouteMatch& match : rule.matches)
            for (const std::string& place : one.places) f(*one.route, match, place);
    };
    each([&](const kube::HttpRoute&, const kube::HttpRouteMatch& match, const std::string& place) {
      const bool prefix = !match.path || match.path->type.value_or("PathPrefix") == "PathPrefix";
      if (prefix && match.headers.empty() && match.query_params.empty() && !match.method)
        prefixes[place].push_back(&match);
    });
    std::set<const kube::HttpRouteMatch*> told;
    each([&](const kube::HttpRoute& route, const kube::HttpRouteMatch& match, const std::string& place) {
      if (!match.path || match.path->type.value_or("PathPrefix") != "RegularExpression") return;
      const std::string literal = literal_start(match.path->value.value_or("/"));
      for (const kube::HttpRouteMatch* prefix : prefixes[place]) {
        std::string value = prefix->path ? std::string(prefix->path->value.value_or("/")) : "/";
        if (!value.ends_with('/')) value += '/';
        if (!literal.starts_with(value) || !told.insert(&match).second) continue;
        return tell(route, member(match, "path").below("value"),
                    "every PathPrefix is tried before any regular expression: PathPrefix " +
                        quoted(prefix->path ? std::string(prefix->path->value.value_or("/")) : "/") +
                        " takes the requests of this expression",
                    "write the paths as PathPrefix or Exact, or the prefix as a shorter expression",
                    {{prefix->node ? prefix->node->span() : route.node->span(), "this prefix"}});
      }
    });
  }

 private:
  // The characters that every match of an expression begins with.
  static std::string literal_start(std::string_view expression) {
    if (expression.starts_with('^')) expression.remove_prefix(1);
    if (expression.find('|') != expression.npos) return {};
    const std::size_t end = expression.find_first_of("\\.[](){}*+?^$|");
    if (end == expression.npos) return std::string(expression);
    const bool optional = std::string_view("*?{").find(expression[end]) != std::string_view::npos;
    return std::string(expression.substr(0, optional && end > 0 ? end - 1 : end));
  }

  // Envoy replaces the matched prefix as text: of "/" nothing is left between the new prefix and the rest.
  void check_root(const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
    const bool root =
        rule.matches.empty() || std::any_of(rule.matches.begin(), rule.matches.end(), [](const auto& m) {
          return !m.path || (m.path->type.value_or("PathPrefix") == "PathPrefix" && m.path->value.value_or("/") == "/");
        });
    if (!root) return;
    for (const kube::RouteFilter& filter : rule.filters) {
      if (!filter.url_rewrite || !filter.url_rewrite->path) continue;
      const kube::PathModifier& path = *filter.url_rewrite->path;
      const std::string value = path.replace_prefix_match.value_or("");
      if (path.type != "ReplacePrefixMatch" || value.empty() || value.ends_with('/')) continue;
      tell(route, path.node, "PathPrefix '/' is replaced as text: /x becomes " + value + "x, not " + value + "/x",
           "write replacePrefixMatch: " + value + "/");
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
  profile.check_order();
}

}  // namespace gw::validate
