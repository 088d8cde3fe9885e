// agentgateway's own object: AgentgatewayPolicy, on rules of a route (traffic) or on a Service (backend).
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "agentgateway.dev/v1alpha1", group = "agentgateway.dev";
constexpr std::string_view kind = "AgentgatewayPolicy";

struct Meets {
  bool operator()(const ExternalAuth& a) const {
    return a.url.find('$') == std::string::npos && (!a.service.empty() || !own::host_of(a.url).empty());
  }
  bool operator()(const BasicAuth& a) const { return !a.digest && !a.map; }
  bool operator()(const AddressList&) const { return true; }
  bool operator()(const BodyLimit& b) const { return b.bytes > 0 && b.bytes <= 4'294'967'295; }
  bool operator()(const Retry& r) const { return r.attempts > 0 && !r.codes.empty(); }
  bool operator()(const InsecureBackendTls&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

class Policies {
 public:
  Policies(const WrittenRoute& written, const own::Group& rules, PolicyContext& context)
      : written_(written), rules_(rules), context_(context) {}

  void add(const Intent& intent) {
    intent_ = &intent;
    std::visit(*this, intent.demand);
  }

  ordered_json traffic;

  void operator()(const ExternalAuth& a) {
    const std::string& ns = written_.route.metadata.ns;
    ordered_json backend{{"name", a.service}, {"port", a.port}};
    if (!a.ns.empty() && a.ns != ns) backend["namespace"] = a.ns;
    ordered_json http{{"allowedRequestHeaders", {"cookie", "authorization"}}};
    if (!a.service.empty()) http["path"] = "'" + a.path.substr(0, a.path.find('?')) + "'";
    if (!a.response_headers.empty()) http["allowedResponseHeaders"] = a.response_headers;
    ordered_json& auth = traffic["extAuth"];
    if (a.service.empty())
      auth["url"] = a.url.substr(0, a.url.find_first_of("?#"));
    else
      auth["backendRef"] = std::move(backend);
    auth["failureMode"] = "FailClosed";
    auth["http"] = std::move(http);
    if (!a.service.empty()) own::grant(context_, group, kind, ns, "Service", a.ns, a.service);
    settle("AgentgatewayPolicy extAuth; a refusal of the service is passed on", true);
  }
  void operator()(const BasicAuth& a) {
    ordered_json auth{{"secretRef", {{"name", a.secret}, {"key", "auth"}}}};
    if (!a.realm.empty()) auth["realm"] = a.realm;
    traffic["basicAuthentication"] = std::move(auth);
    settle("AgentgatewayPolicy basicAuthentication with the same Secret");
  }
  void operator()(const AddressList& list) {
    std::string any;
    for (const std::string& c : list.cidrs)
      any += (any.empty() ? "" : " || ") + std::string("cidr(\"") + own::cidr(c) + "\").containsIP(source.address)";
    // Every expression of Require must hold, so that allow and deny lists can stand together.
    ordered_json& authorization = traffic["authorization"];
    authorization["action"] = "Require";
    authorization["policy"]["matchExpressions"].push_back(list.deny ? "!(" + any + ")" : any);
    settle("AgentgatewayPolicy authorization");
  }
  void operator()(const BodyLimit& b) {
    traffic["buffer"]["request"] = {{"maxBytes", std::to_string(b.bytes)}, {"failureMode", "FailClosed"}};
    settle("AgentgatewayPolicy buffer.request: larger requests get 413; requests are buffered");
  }
  void operator()(const Retry& r) {
    traffic["retry"] = {{"attempts", r.attempts}, {"codes", r.codes}};
    settle("AgentgatewayPolicy retry", true);
  }
  void operator()(const InsecureBackendTls&) {
    static const own::ServicePolicies policies(version, kind);
    for (const std::size_t i : rules_.rules)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource)
          policies.merge(context_, b.ns, b.name, {{"backend", {{"tls", {{"insecureSkipVerify", "All"}}}}}},
                         own::service_target, "targetRefs");
    settle("AgentgatewayPolicy backend.tls.insecureSkipVerify of the Service");
  }
  template <class T>
  void operator()(const T&) {}  // not met

 private:
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  const WrittenRoute& written_;
  const own::Group& rules_;
  PolicyContext& context_;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool agentgateway_meets(const Intent& intent, const Options&) {
  return std::visit(Meets{}, intent.demand);
}

std::string_view agentgateway_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<RateLimit>(d))
    return "agentgateway's local rate limit counts all clients together; one by client needs a rate limit service";
  if (std::holds_alternative<RegexRewrite>(d)) return "agentgateway replaces a whole path or a prefix, not parts of it";
  if (std::holds_alternative<ConnectionLimit>(d) || std::holds_alternative<BandwidthLimit>(d) ||
      std::holds_alternative<CookieAffinity>(d) || std::holds_alternative<HashBalance>(d) ||
      std::holds_alternative<LeastRequest>(d))
    return "agentgateway has no field for it";
  if (std::holds_alternative<ClientCertificate>(d))
    return "agentgateway checks client certificates for a whole port of a Gateway, not for one host";
  if (std::holds_alternative<BasicAuth>(d))
    return "agentgateway takes one htpasswd file with Basic authentication only";
  return {};
}

void agentgateway_policies(const WrittenRoute& written, PolicyContext& context) {
  kube::HttpRoute& route = written.route;
  const auto groups = own::groups(written);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Policies policies(written, groups[g], context);
    for (const Intent& intent : groups[g].action->intents) policies.add(intent);
    if (policies.traffic.empty()) continue;
    context.others.push_back(own::object(
        version, kind, route.metadata.ns, own::numbered(route.metadata.name, g),
        own::with_targets("targetRefs", own::rule_targets(route, groups[g].rules), {{"traffic", policies.traffic}})));
  }
}

}  // namespace gw::convert
