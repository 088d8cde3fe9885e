// GKE's own object for a Service: GCPBackendPolicy.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "networking.gke.io/v1", kind = "GCPBackendPolicy";

struct Meets {
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HealthCheck&) const { return true; }
  bool operator()(const CloudPolicy& p) const { return p.kind == CloudPolicy::Kind::iap || !p.name.empty(); }
  bool operator()(const HashBalance& h) const { return h.by == HashBalance::By::address; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

ordered_json one_service(std::string_view, std::string_view service) {
  return {{"group", ""}, {"kind", "Service"}, {"name", service}};
}

class Writer {
 public:
  Writer(const WrittenRoute& written, PolicyContext& context) : written_(written), context_(context) {}

  void run() {
    for (const own::Group& group : own::groups(written_)) {
      rules_ = &group.rules;
      for (const Intent& intent : group.action->intents) {
        intent_ = &intent;
        std::visit(*this, intent.demand);
      }
    }
    for (std::size_t i = 0; i < written_.rules.size(); ++i) timeout(i);
  }

  void operator()(const CookieAffinity& c) {
    constexpr int two_weeks = 1'209'600;
    affinity({{"type", "GENERATED_COOKIE"}, {"cookieTtlSec", std::clamp(c.max_age, 0, two_weeks)}},
             "GCPBackendPolicy sessionAffinity with a cookie of its own name");
  }
  void operator()(const HashBalance&) {
    affinity({{"type", "CLIENT_IP"}}, "GCPBackendPolicy sessionAffinity CLIENT_IP");
  }
  void operator()(const HealthCheck& h) {
    ordered_json check;
    if (h.port > 0) {
      check["portSpecification"] = "USE_FIXED_PORT";
      check["port"] = h.port;
    } else {
      check["portSpecification"] = "USE_SERVING_PORT";
    }
    const bool http = h.type != "TCP" && h.type != "GRPC";
    if (http && !h.host.empty()) check["host"] = h.host;
    if (http && !h.path.empty()) check["requestPath"] = h.path;
    ordered_json spec;
    for (const auto& [key, value] : {std::pair{"checkIntervalSec", h.interval},
                                     {"timeoutSec", h.timeout},
                                     {"healthyThreshold", h.healthy},
                                     {"unhealthyThreshold", h.unhealthy}})
      if (value > 0) spec[key] = value;
    static constexpr std::pair<std::string_view, const char*> fields[] = {{"HTTPS", "httpsHealthCheck"},
                                                                          {"HTTP2", "http2HealthCheck"},
                                                                          {"GRPC", "grpcHealthCheck"},
                                                                          {"TCP", "tcpHealthCheck"}};
    const auto* field =
        std::find_if(std::begin(fields), std::end(fields), [&](const auto& f) { return f.first == h.type; });
    spec["config"] = {{"type", field == std::end(fields) ? "HTTP" : h.type},
                      {field == std::end(fields) ? "httpHealthCheck" : field->second, std::move(check)}};
    static const own::ServicePolicies policies(version, "HealthCheckPolicy");
    say(policies, {{"default", std::move(spec)}}, "HealthCheckPolicy");
  }
  void operator()(const CloudPolicy& p) {
    static const own::ServicePolicies policies(version, kind);
    if (p.kind == CloudPolicy::Kind::armor)
      return say(policies, {{"default", {{"securityPolicy", p.name}}}}, "GCPBackendPolicy securityPolicy");
    say(policies, {{"default", {{"iap", {{"enabled", true}}}}}},
        p.name.empty() ? "GCPBackendPolicy iap"
                       : "GCPBackendPolicy iap with Google's own OAuth client; for the one of Secret " + p.name +
                             " write clientID and oauth2ClientSecret");
  }
  template <class T>
  void operator()(const T&) {}  // not met

 private:
  void say(const own::ServicePolicies& policies, const ordered_json& spec, const std::string& detail) {
    bool all = true;
    for (const std::size_t i : *rules_)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource) all = policies.merge(context_, b.ns, b.name, spec, one_service, "targetRef") && all;
    if (!all && security(intent_->loss))
      return own::refuse(context_, written_, *rules_, *intent_,
                         "another Ingress asks otherwise for the same Service, and a Service has one policy");
    own::settle(context_, *intent_,
                all ? detail + ", for every route to the Service"
                    : "another Ingress asks otherwise for the same Service, and a Service has one policy",
                true);
  }
  bool merge(std::size_t rule, const ordered_json& part) {
    static const own::ServicePolicies policies(version, kind);
    bool all = true;
    for (const Backend& b : written_.rules[rule]->backends)
      if (!b.resource) all = policies.merge(context_, b.ns, b.name, part, one_service, "targetRef") && all;
    return all;
  }
  void affinity(const ordered_json& spec, const std::string& detail) {
    bool all = true;
    for (const std::size_t i : *rules_) all = merge(i, {{"default", {{"sessionAffinity", spec}}}}) && all;
    own::settle(context_, *intent_,
                all ? detail + ", for every route to the Service"
                    : "another Ingress asks otherwise for the same Service, and a Service has one GCPBackendPolicy",
                true);
  }

  // The time for an answer belongs to the Service.
  void timeout(std::size_t i) {
    kube::HttpRouteRule& rule = written_.route.spec.rules[i];
    const Action* action = written_.rules[i]->action.get();
    if (!rule.timeouts || !rule.timeouts->backend_request || !action) return;
    const std::string& text = *rule.timeouts->backend_request;
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end + 1 != text.data() + text.size() || *end != 's' || seconds < 1) return;
    if (!merge(i, {{"default", {{"timeoutSec", seconds}}}})) return;
    rule.timeouts->backend_request.reset();
    if (!rule.timeouts->request) rule.timeouts.reset();
    own::settle_field(context_, *action, FieldClaim::Field::timeout, Outcome::approximated,
                      "GCPBackendPolicy timeoutSec, for every route to the Service and for the whole answer");
  }

  const WrittenRoute& written_;
  PolicyContext& context_;
  const std::vector<std::size_t>* rules_ = nullptr;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool gke_meets(const Intent& intent, const Options&) {
  return std::visit(Meets{}, intent.demand);
}

std::string_view gke_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<AddressList>(d) || std::holds_alternative<RateLimit>(d) || std::holds_alternative<Waf>(d))
    return "GKE has it in Cloud Armor: name a security policy of the project in a GCPBackendPolicy";
  if (std::holds_alternative<BasicAuth>(d) || std::holds_alternative<ExternalAuth>(d))
    return "GKE has Identity-Aware Proxy (GCPBackendPolicy iap) instead of passwords and authentication services";
  if (std::holds_alternative<ClientCertificate>(d))
    return "GKE checks client certificates for a whole Gateway, not for one host";
  if (std::holds_alternative<RegexRewrite>(d)) return "GKE replaces a prefix, not parts of a path";
  if (std::holds_alternative<BodyLimit>(d) || std::holds_alternative<BandwidthLimit>(d) ||
      std::holds_alternative<ConnectionLimit>(d))
    return "GKE has no field for it";
  return {};
}

void gke_policies(const WrittenRoute& written, PolicyContext& context) {
  Writer(written, context).run();
}

}  // namespace gw::convert
