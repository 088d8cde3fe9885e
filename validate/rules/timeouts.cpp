// Timeouts, retries, sessions and redirects of HTTPRoutes that do not add up.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// GEP-2257: hours, minutes, seconds and milliseconds, each at most once here; nullopt for what the schema refuses.
std::optional<std::int64_t> milliseconds(std::string_view text) {
  std::int64_t sum = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 99'999) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::int64_t unit = 0;
    if (text.starts_with("ms"))
      unit = 1;
    else if (text.starts_with("h"))
      unit = 3'600'000;
    else if (text.starts_with("m"))
      unit = 60'000;
    else if (text.starts_with("s"))
      unit = 1'000;
    if (unit == 0) return std::nullopt;
    text.remove_prefix(unit == 1 ? 2 : 1);
    sum += number * unit;
  }
  return sum;
}

std::optional<std::int64_t> milliseconds(const std::optional<std::string>& text) {
  const auto value = text ? milliseconds(std::string_view(*text)) : std::nullopt;
  return value && *value > 0 ? value : std::nullopt;  // 0s means no limit
}

void check_timeouts(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
  if (!rule.timeouts) return;
  const auto request = milliseconds(rule.timeouts->request), backend = milliseconds(rule.timeouts->backend_request);
  if (request && backend && *backend >= *request)
    report(c, {"GW416", route, member(*rule.timeouts, "backendRequest"),
               "one attempt may take as long as the whole request: backendRequest " + *rule.timeouts->backend_request +
                   ", request " + *rule.timeouts->request,
               "a second attempt never has time: make backendRequest shorter, or leave it out"});
  if (!rule.retry || !request || !backend) return;
  const std::int64_t tries = rule.retry->attempts.value_or(1) + std::int64_t{1};
  if (tries * *backend > *request && *backend < *request)
    report(c, {"GW417", route, member(*rule.retry, "attempts"),
               std::to_string(tries) + " tries of " + *rule.timeouts->backend_request + " do not fit into " +
                   *rule.timeouts->request,
               "the last ones are cut off: lower attempts or backendRequest, or raise request"});
}

void check_retry(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
  if (!rule.retry) return;
  for (const kube::HttpRouteMatch& match : rule.matches) {
    const std::string method = match.method.value_or("");
    if (method != "POST" && method != "PATCH") continue;
    report(c,
           {"GW417", route, rule.retry->node, method + " requests are retried, though they may have had their effect",
            "retry only what may be repeated (GET, HEAD, PUT, DELETE), in a rule of its own"});
    return;
  }
}

void check_session(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
  if (!rule.session_persistence || rule.backend_refs.size() < 2) return;
  const bool weighted =
      std::any_of(rule.backend_refs.begin(), rule.backend_refs.end(), [](const auto& ref) { return ref.weight; });
  if (weighted)
    report(c, {"GW431", route, member(rule, "sessionPersistence"),
               "sessions stay with the backend that had them first, whatever the weights say later",
               "a canary gets new sessions only: leave sessions out, or weights"});
}

// Every path below the prefix is sent to one page, for good.
void check_redirect(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule,
                    const kube::RequestRedirect& redirect) {
  const int status = redirect.status_code.value_or(302);
  if ((status != 301 && status != 308) || !redirect.path || redirect.path->type != "ReplaceFullPath") return;
  const bool prefix =
      rule.matches.empty() || std::any_of(rule.matches.begin(), rule.matches.end(), [](const kube::HttpRouteMatch& m) {
        return !m.path || m.path->type.value_or("PathPrefix") == "PathPrefix";
      });
  if (prefix)
    report(c, {"GW415", route, redirect.path->node,
               "every path below the prefix is sent to " + quoted(redirect.path->replace_full_path.value_or("")) +
                   ", and browsers remember it",
               "use ReplacePrefixMatch to keep the rest of the path, or status 302"});
}

void check_auth_protocol(const Context& c, const kube::HttpRoute& route, const kube::ExternalAuth& auth) {
  const kube::BackendObjectReference& ref = auth.backend_ref;
  const kube::Service* service = c.index.service({ref.ns.value_or(route.metadata.ns), ref.name});
  if (!service) return;
  static constexpr std::array<std::string_view, 4> grpc{"kubernetes.io/h2c", "grpc", "grpcs", "h2c"};
  static constexpr std::array<std::string_view, 4> http{"http", "kubernetes.io/ws", "kubernetes.io/wss", "ws"};
  for (const kube::ServicePort& port : service->spec.ports) {
    if (!ref.port || port.port != *ref.port || port.app_protocol.empty()) continue;
    auto is = [&](const auto& list) { return std::find(list.begin(), list.end(), port.app_protocol) != list.end(); };
    if ((auth.protocol == "GRPC" && is(http)) || (auth.protocol == "HTTP" && (is(grpc) && port.app_protocol != "h2c")))
      report(c, {"GW433",
                 route,
                 member(auth, "protocol"),
                 "authorization by " + auth.protocol + ", but port " + std::to_string(port.port) + " of Service " +
                     service->id().display() + " speaks " + port.app_protocol,
                 "choose the protocol that the port speaks",
                 {},
                 {{span_of(*service, port.node), "the port"}}});
  }
}

void check_rule(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteRule& rule) {
  check_timeouts(c, route, rule);
  check_retry(c, route, rule);
  check_session(c, route, rule);
  for (const kube::RouteFilter& filter : rule.filters) {
    if (filter.request_redirect) check_redirect(c, route, rule, *filter.request_redirect);
    if (filter.external_auth) check_auth_protocol(c, route, *filter.external_auth);
  }
}

bool redirects(const kube::HttpRouteRule& rule) {
  return std::any_of(rule.filters.begin(), rule.filters.end(), [](const auto& f) { return f.request_redirect; });
}

}  // namespace

void check_timing(const Context& c) {
  for (const kube::HttpRoute& route : c.bundle.http_routes)
    for (const kube::HttpRouteRule& rule : route.spec.rules) check_rule(c, route, rule);
}

// A host with a certificate that answers over plain HTTP as well, instead of sending the client over.
void check_plain_http(const Context& c) {
  std::map<std::pair<const kube::Gateway*, std::string>, const route::ParentStatus*> secure;
  for (const route::ParentStatus& parent : c.attachments.parents)
    if (parent.accepted && parent.route_kind == "HTTPRoute")
      for (const auto& on : parent.on)
        if (c.attachments.listeners[on.listener].listener->protocol == "HTTPS")
          for (const std::string& host : on.hostnames) secure.try_emplace({parent.gateway, host}, &parent);
  std::set<const kube::Object*> told;
  for (const route::ParentStatus& parent : c.attachments.parents) {
    if (!parent.accepted || parent.route_kind != "HTTPRoute" || told.contains(parent.route)) continue;
    const auto& rules = static_cast<const kube::HttpRoute*>(parent.route)->spec.rules;
    if (std::all_of(rules.begin(), rules.end(), redirects)) continue;
    for (const auto& on : parent.on) {
      const route::ListenerStatus& listener = c.attachments.listeners[on.listener];
      if (listener.listener->protocol != "HTTP") continue;
      const auto both = std::find_if(on.hostnames.begin(), on.hostnames.end(), [&](const auto& host) {
        return secure.contains({parent.gateway, host});
      });
      if (both == on.hostnames.end() || !told.insert(parent.route).second) continue;
      report(c,
             {"GW419",
              *parent.route,
              parent.ref->node,
              (both->empty() ? std::string("every host") : quoted(*both)) +
                  " is served over plain HTTP too, without a redirect to HTTPS",
              "attach this route to the HTTPS listener (sectionName), and a RequestRedirect with scheme https on the "
              "other",
              {},
              {{span_of(*listener.owner, member(*listener.listener, "name")), "the plain listener"}}});
    }
  }
}

}  // namespace gw::validate
