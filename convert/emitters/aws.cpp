// Objects of the AWS Load Balancer Controller's Gateway: LoadBalancerConfiguration for a Gateway (which names it in
// infrastructure.parametersRef), TargetGroupConfiguration for a Service, ListenerRuleConfiguration as ExtensionRef of a
// rule.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "gateway.k8s.aws/v1beta1", group = "gateway.k8s.aws";

struct Meets {
  bool operator()(const AwsPart&) const { return true; }
  bool operator()(const HealthCheck&) const { return true; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const InsecureBackendTls&) const { return true; }
  bool operator()(const AddressList& list) const { return !list.deny; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

ordered_json one_service(std::string_view, std::string_view service) {
  return {{"group", ""}, {"kind", "Service"}, {"name", service}};
}

// Lists of two parts follow one another; what both have in another value contradicts.
bool join(ordered_json& into, const ordered_json& part) {
  for (const auto& [key, value] : part.items()) {
    if (!into.contains(key)) {
      into[key] = value;
    } else if (value.is_object() && into[key].is_object()) {
      if (!join(into[key], value)) return false;
    } else if (key == "listenerConfigurations") {
      for (const ordered_json& one : value) {
        const auto same = std::find_if(into[key].begin(), into[key].end(), [&](const ordered_json& other) {
          return other["protocolPort"] == one["protocolPort"];
        });
        if (same == into[key].end())
          into[key].push_back(one);
        else if (!join(*same, one))
          return false;
      }
    } else if (key == "actions" || key == "conditions" || key == "targetGroupAttributes" ||
               key == "loadBalancerAttributes") {
      for (const ordered_json& one : value)
        if (std::find(into[key].begin(), into[key].end(), one) == into[key].end()) into[key].push_back(one);
    } else if (into[key] != value) {
      return false;
    }
  }
  return true;
}

// What the CRD asks of the actions: at most one that checks, and one that answers.
bool acceptable(const ordered_json& rule) {
  std::size_t checks = 0, answers = 0;
  for (const ordered_json& action : rule.value("actions", ordered_json::array()))
    ++(action["type"] == "fixed-response" ? answers : checks);
  return checks <= 1 && answers <= 1;
}

class Writer {
 public:
  Writer(const WrittenRoute& written, PolicyContext& context) : written_(written), context_(context) {}

  void run() {
    const auto groups = own::groups(written_);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      rules_ = &groups[g].rules;
      rule_ = ordered_json();
      for (const Intent& intent : groups[g].action->intents) {
        intent_ = &intent;
        std::visit(*this, intent.demand);
      }
      if (!rule_.is_null()) extend(own::numbered(written_.route.metadata.name, g));
    }
    for (std::size_t i = 0; i < written_.rules.size(); ++i) headers(i);
  }

  void operator()(const AwsPart& part) {
    const ordered_json json = ordered_json::parse(part.json);
    switch (part.kind) {
      case AwsPart::Kind::balancer:
        return balancer(json);
      case AwsPart::Kind::targets:
        return targets(json);
      case AwsPart::Kind::rule:
        if (rule_.is_null()) rule_ = ordered_json::object();
        if (!join(rule_, json) || !acceptable(rule_))
          return refuse("a rule of the load balancer has one check before and one answer");
        return settle("ListenerRuleConfiguration");
    }
  }
  void operator()(const AddressList& list) {
    ordered_json ranges = ordered_json::array();
    for (const std::string& c : list.cidrs) ranges.push_back(own::cidr(c));
    balancer({{"sourceRanges", std::move(ranges)}});
  }
  void operator()(const HealthCheck& h) {
    ordered_json check;
    if (!h.path.empty()) check["healthCheckPath"] = h.path;
    if (h.port > 0) check["healthCheckPort"] = std::to_string(h.port);
    if (h.type == "HTTP" || h.type == "HTTPS" || h.type == "TCP") check["healthCheckProtocol"] = h.type;
    if (!h.codes.empty()) check["matcher"] = {{"httpCode", h.codes}};
    for (const auto& [key, value] : {std::pair{"healthCheckInterval", h.interval},
                                     {"healthCheckTimeout", h.timeout},
                                     {"healthyThresholdCount", h.healthy},
                                     {"unhealthyThresholdCount", h.unhealthy}})
      if (value > 0) check[key] = value;
    if (check.is_null()) return settle("the load balancer's own health check");
    targets({{"healthCheckConfig", std::move(check)}});
  }
  void operator()(const CookieAffinity& c) {
    const auto attribute = [](const char* key, const std::string& value) {
      return ordered_json{{"key", key}, {"value", value}};
    };
    ordered_json list = ordered_json::array();
    list.push_back(attribute("stickiness.enabled", "true"));
    list.push_back(attribute("stickiness.type", "lb_cookie"));
    if (c.max_age > 0)
      list.push_back(attribute("stickiness.lb_cookie.duration_seconds", std::to_string(std::min(c.max_age, 604'800))));
    targets({{"targetGroupAttributes", std::move(list)}});
  }
  void operator()(const InsecureBackendTls&) { targets({{"protocol", "HTTPS"}}); }
  template <class T>
  void operator()(const T&) {}  // not met

 private:
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }
  void refuse(const std::string& why) { own::refuse(context_, written_, *rules_, *intent_, why); }

  // One configuration a Gateway: Ingresses that ask otherwise for the same load balancer cannot share it.
  void balancer(const ordered_json& part) {
    bool all = true;
    for (const kube::ParentReference& p : written_.route.spec.parent_refs) {
      if (p.kind != "Gateway") continue;
      const std::string ns(p.ns ? std::string(*p.ns) : std::string(written_.route.metadata.ns)), name(p.name);
      const std::string key = "LoadBalancerConfiguration/" + ns + "/" + name;
      const auto [at, fresh] = context_.shared.try_emplace(key, context_.others.size());
      if (fresh) context_.others.push_back(own::object(version, "LoadBalancerConfiguration", ns, name, part));
      kube::OtherObject& object = context_.others[at->second];
      ordered_json body = ordered_json::parse(object.body);
      if (!fresh && !join(body["spec"], part)) {
        all = false;
        continue;
      }
      object.body = body.dump();
    }
    if (!all)
      return refuse("another Ingress asks otherwise for the same load balancer: --layout ingress keeps them apart");
    settle("LoadBalancerConfiguration of the Gateway, which holds for all its routes");
  }

  void targets(const ordered_json& part) {
    static const own::ServicePolicies policies(version, "TargetGroupConfiguration");
    bool all = true;
    for (const std::size_t i : *rules_)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource)
          all = policies.merge(context_, b.ns, b.name, {{"defaultConfiguration", part}}, one_service,
                               "targetReference") &&
                all;
    settle(all ? "TargetGroupConfiguration, for every route to the Service"
               : "another Ingress asks otherwise for the same Service, and a Service has one TargetGroupConfiguration",
           !all);
  }

  void extend(const std::string& name) {
    context_.others.push_back(
        own::object(version, "ListenerRuleConfiguration", written_.route.metadata.ns, name, rule_));
    for (const std::size_t i : *rules_)
      own::extension(written_.route.spec.rules[i], group, "ListenerRuleConfiguration", name);
  }

  // An Application Load Balancer changes no headers.
  void headers(std::size_t i) {
    kube::HttpRouteRule& rule = written_.route.spec.rules[i];
    const bool request = own::drop_filters(rule, "RequestHeaderModifier"),
               response = own::drop_filters(rule, "ResponseHeaderModifier");
    if (!request && !response) return;
    context_.ledger.note_once({"GW650",
                               diag::Severity::error,
                               "the load balancers of AWS change no headers: those of this rule are not written",
                               {},
                               written_.rules[i]->owner,
                               written_.rules[i]->at,
                               "let the application do it",
                               Loss::other});
  }

  const WrittenRoute& written_;
  PolicyContext& context_;
  const std::vector<std::size_t>* rules_ = nullptr;
  const Intent* intent_ = nullptr;
  ordered_json rule_;
};

}  // namespace

bool aws_of_the_gateway(const Intent& intent) {
  const auto* part = std::get_if<AwsPart>(&intent.demand);
  return (part && part->kind == AwsPart::Kind::balancer) || std::holds_alternative<AddressList>(intent.demand);
}

bool aws_meets(const Intent& intent, const Options& options) {
  // The load balancer of a Gateway that exists belongs to somebody else.
  return (!aws_of_the_gateway(intent) || !options.parent) && std::visit(Meets{}, intent.demand);
}

std::string_view aws_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<BasicAuth>(d) || std::holds_alternative<ExternalAuth>(d))
    return "the load balancers of AWS know OIDC and Cognito (ListenerRuleConfiguration) instead of passwords and "
           "authentication services";
  if (std::holds_alternative<AwsPart>(d) || std::holds_alternative<AddressList>(d))
    return "a LoadBalancerConfiguration stands beside the Gateway, which belongs to somebody else";
  if (std::holds_alternative<RateLimit>(d) || std::holds_alternative<Waf>(d))
    return "AWS has it in its firewall: name a web ACL in a LoadBalancerConfiguration (wafV2)";
  if (std::holds_alternative<RegexRewrite>(d)) return "the load balancer's rewrites replace a prefix or the whole path";
  return {};
}

void aws_policies(const WrittenRoute& written, PolicyContext& context) {
  Writer(written, context).run();
}

}  // namespace gw::convert
