// kgateway's own objects: TrafficPolicy for rules of a route, BackendConfigPolicy on a Service.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "gateway.kgateway.dev/v1alpha1", group = "gateway.kgateway.dev";

struct Meets {
  bool operator()(const RegexRewrite& r) const { return !r.substitution.empty() && r.pattern.size() <= 1024; }
  bool operator()(const ExternalAuth& a) const { return !a.service.empty() && a.url.find('$') == std::string::npos; }
  bool operator()(const BasicAuth& a) const { return !a.digest && !a.map; }
  bool operator()(const AddressList&) const { return true; }
  bool operator()(const BodyLimit& b) const { return b.bytes > 0 && b.bytes < (std::int64_t{4} << 30); }
  bool operator()(const ConnectTimeout& t) const { return t.seconds > 0; }
  bool operator()(const Retry& r) const { return r.attempts > 0; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HashBalance& h) const { return h.by != HashBalance::By::query; }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const RoundRobin&) const { return true; }
  bool operator()(const BandwidthLimit& b) const { return b.bytes_per_second >= 125; }
  bool operator()(const InsecureBackendTls&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

class Policies {
 public:
  Policies(const WrittenRoute& written, const own::Group& rules, const std::string& name, PolicyContext& context)
      : written_(written), rules_(rules), name_(name), context_(context) {}

  void add(const Intent& intent) {
    intent_ = &intent;
    std::visit(*this, intent.demand);
  }

  ordered_json traffic;

  void operator()(const ExternalAuth& a) {
    const std::string& ns = written_.route.metadata.ns;
    ordered_json backend{{"name", a.service}, {"port", a.port}};
    if (!a.ns.empty() && a.ns != ns) backend["namespace"] = a.ns;
    ordered_json http{{"backendRef", std::move(backend)}, {"pathPrefix", a.path.substr(0, a.path.find('?'))}};
    ordered_json response{{"headersToClient", {"location", "set-cookie", "www-authenticate"}}};
    if (!a.response_headers.empty()) response["headersToBackend"] = a.response_headers;
    http["authorizationResponse"] = std::move(response);
    context_.others.push_back(own::object(
        version, "GatewayExtension", ns, name_ + "--auth",
        {{"extAuth", {{"httpService", std::move(http)}, {"headersToForward", {"cookie", "authorization"}}}}}));
    own::grant(context_, group, "GatewayExtension", ns, "Service", a.ns, a.service);
    traffic["extAuth"]["extensionRef"]["name"] = name_ + "--auth";
    settle("TrafficPolicy extAuth; the path of the request follows that of the service", true);
  }
  void operator()(const BasicAuth& a) {
    traffic["basicAuth"]["secretRef"] = {{"name", a.secret}, {"key", "auth"}};
    settle("TrafficPolicy basicAuth; Secret " + a.ns + "/" + a.secret + " must hold {SHA} hashes", true);
  }
  void operator()(const AddressList& list) {
    ordered_json& acl = traffic["acl"];
    if (!acl.contains("defaultAction")) acl["defaultAction"] = "allow";
    if (!list.deny) acl["defaultAction"] = "deny";
    acl["rules"].push_back({{"cidrs", list.cidrs}, {"action", list.deny ? "deny" : "allow"}});
    settle("TrafficPolicy acl; where lists overlap the longer prefix decides", true);
  }
  void operator()(const BodyLimit& b) {
    traffic["buffer"]["maxRequestSize"] = std::to_string(b.bytes);
    settle("TrafficPolicy buffer: larger requests get 413; requests are buffered");
  }
  void operator()(const Retry& r) {
    ordered_json on = ordered_json::array();
    if (r.on_error) on = {"connect-failure", "reset"};
    ordered_json& retry = traffic["retry"];
    if (!on.empty()) retry["retryOn"] = std::move(on);
    retry["attempts"] = r.attempts;
    ordered_json codes = ordered_json::array();
    for (const std::int32_t code : r.codes)
      if (code >= 400 && code <= 599) codes.push_back(code);
    if (!codes.empty()) retry["statusCodes"] = std::move(codes);
    if (!retry.contains("retryOn") && !retry.contains("statusCodes")) retry["retryOn"] = {"reset"};
    settle("TrafficPolicy retry");
  }
  void operator()(const BandwidthLimit& b) {
    traffic["faultInjection"]["responseRateLimit"]["kbitsPerSecond"] =
        std::max<std::int64_t>(1, b.bytes_per_second * 8 / 1000);
    settle("TrafficPolicy faultInjection.responseRateLimit", true);
  }
  void operator()(const ConnectTimeout& t) {
    backend({{"connectTimeout", own::seconds(t.seconds)}}, "BackendConfigPolicy connectTimeout");
  }
  void operator()(const CookieAffinity& c) {
    ordered_json cookie{{"name", c.name}, {"ttl", own::seconds(c.max_age)}};
    if (!c.path.empty()) cookie["path"] = c.path;
    if (c.secure) cookie["secure"] = true;
    if (c.same_site == "Strict" || c.same_site == "Lax" || c.same_site == "None") cookie["sameSite"] = c.same_site;
    hash({{"cookie", std::move(cookie)}},
         "BackendConfigPolicy ringHash by cookie (cookies set by the old controller are no longer honoured)");
  }
  void operator()(const HashBalance& h) {
    using By = HashBalance::By;
    if (h.by == By::address) return hash({{"sourceIP", ordered_json::object()}}, "BackendConfigPolicy ringHash");
    hash({{h.by == By::header ? "header" : "cookie", {{"name", h.name}}}}, "BackendConfigPolicy ringHash");
  }
  void operator()(const LeastRequest&) {
    backend({{"loadBalancer", {{"leastRequest", {{"choiceCount", 2}}}}}}, "BackendConfigPolicy leastRequest");
  }
  void operator()(const RoundRobin&) {
    backend({{"loadBalancer", {{"roundRobin", ordered_json::object()}}}}, "BackendConfigPolicy roundRobin");
  }
  void operator()(const InsecureBackendTls&) {
    backend({{"tls", {{"insecureSkipVerify", true}}}}, "BackendConfigPolicy tls.insecureSkipVerify");
  }
  template <class T>
  void operator()(const T&) {}  // not met, or said elsewhere

 private:
  void hash(const ordered_json& policy, const std::string& detail) {
    backend({{"loadBalancer", {{"ringHash", {{"hashPolicies", ordered_json::array({policy})}}}}}}, detail);
  }
  void backend(const ordered_json& part, const std::string& detail) {
    static const own::ServicePolicies policies(version, "BackendConfigPolicy");
    bool all = true;
    for (const std::size_t i : rules_.rules)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource) all = policies.merge(context_, b.ns, b.name, part, own::service_target, "targetRefs") && all;
    settle(all ? detail + "; it applies to the whole Service, and so to every route to it"
               : "another Ingress asks otherwise for the same Service, and a Service has one BackendConfigPolicy",
           true);
  }
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  const WrittenRoute& written_;
  const own::Group& rules_;
  const std::string name_;
  PolicyContext& context_;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool kgateway_meets(const Intent& intent, const Options&) {
  return std::visit(Meets{}, intent.demand);
}

std::string_view kgateway_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<RateLimit>(d))
    return "kgateway's local rate limit counts all clients together; one by client needs a rate limit service";
  if (std::holds_alternative<ConnectionLimit>(d)) return "kgateway limits connections to a Service, not of a client";
  if (std::holds_alternative<ClientCertificate>(d))
    return "kgateway checks client certificates for a whole port of a Gateway, not for one host";
  if (std::holds_alternative<BasicAuth>(d)) return "kgateway takes one htpasswd file with Basic authentication only";
  return {};
}

// An ExtensionRef instead of targetRefs: a rule whose policy is missing is not served without it.
void kgateway_policies(const WrittenRoute& written, PolicyContext& context) {
  kube::HttpRoute& route = written.route;
  const std::string& ns = route.metadata.ns;
  std::map<std::size_t, ordered_json> of_rule;  // what its group demands, under the group's name
  std::map<std::size_t, std::string> name_of;
  const auto groups = own::groups(written);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string name = own::numbered(route.metadata.name, g);
    Policies policies(written, groups[g], name, context);
    for (const Intent& intent : groups[g].action->intents) policies.add(intent);
    if (policies.traffic.empty()) continue;
    for (const std::size_t i : groups[g].rules) of_rule[i] = policies.traffic, name_of[i] = name;
  }
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    const Action* action = written.rules[i]->action.get();
    if (!action || action->redirect || action->closed) continue;
    for (const Intent& intent : action->intents)
      if (const auto* rewrite = std::get_if<RegexRewrite>(&intent.demand)) {
        of_rule[i]["urlRewrite"]["pathRegex"] = {{"pattern", rewrite->pattern},
                                                 {"substitution", rewrite->substitution}};
        name_of[i] = route.metadata.name + "--rewrite-" + std::to_string(i + 1);
        own::settle(context, intent, "TrafficPolicy urlRewrite.pathRegex");
      }
  }
  std::set<std::string> made;
  for (const auto& [i, spec] : of_rule) {
    if (made.insert(name_of[i]).second)
      context.others.push_back(own::object(version, "TrafficPolicy", ns, name_of[i], spec));
    own::extension(route.spec.rules[i], group, "TrafficPolicy", name_of[i]);
  }
}

}  // namespace gw::convert
