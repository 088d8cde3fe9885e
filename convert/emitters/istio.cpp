// Istio's own objects: AuthorizationPolicy on the Gateway for address lists, DestinationRule for the way to a Service.
// External authorization needs a provider in the mesh configuration, which no object here can add.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"
#include "convert/object_names.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

using own::ordered_json;

struct Meets {
  bool operator()(const AddressList&) const { return true; }
  bool operator()(const ConnectTimeout& t) const { return t.seconds > 0; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HashBalance& h) const { return h.by != HashBalance::By::cookie; }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const RoundRobin&) const { return true; }
  bool operator()(const InsecureBackendTls&) const { return true; }
  bool operator()(const NativeObject&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

// The paths of a rule as Istio writes them; nothing for a regular expression.
std::optional<std::vector<std::string>> paths_of(const Rule& rule) {
  const std::string path(rule.path);
  if (path.find('*') != std::string::npos) return std::nullopt;
  switch (rule.kind) {
    case PathKind::regex:
      return std::nullopt;
    case PathKind::exact:
      return std::vector{path};
    case PathKind::prefix:
      break;
  }
  if (path == "/") return std::vector<std::string>{};  // every path
  const std::string bare = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  return std::vector{bare, bare + "/*"};
}

class Writer {
 public:
  Writer(const WrittenRoute& written, PolicyContext& context) : written_(written), context_(context) {}

  void run() {
    const auto groups = own::groups(written_);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      rules_ = &groups[g].rules;
      name_ = written_.route.metadata.ns + "--" + own::numbered(written_.route.metadata.name, g);
      for (const Intent& intent : groups[g].action->intents) {
        intent_ = &intent;
        std::visit(*this, intent.demand);
      }
    }
  }

  // DENY what comes from elsewhere: policies of several routes on one Gateway then never open what another closes.
  void operator()(const AddressList& list) {
    ordered_json operation;
    std::vector<std::string> hosts, paths;
    bool every_path = false;
    for (const kube::String& h : written_.route.spec.hostnames) {
      if (h.starts_with('*'))
        return own::refuse(context_, written_, *rules_, *intent_,
                           "Istio's AuthorizationPolicy cannot name a wildcard host with every port");
      hosts.push_back(h), hosts.push_back(h + ":*");
    }
    for (const std::size_t i : *rules_) {
      const auto some = paths_of(*written_.rules[i]);
      if (!some)
        return own::refuse(context_, written_, *rules_, *intent_,
                           "Istio's AuthorizationPolicy knows no regular expressions in paths");
      every_path = every_path || some->empty();
      paths.insert(paths.end(), some->begin(), some->end());
    }
    if (!hosts.empty()) operation["hosts"] = hosts;
    if (!every_path) operation["paths"] = paths;
    ordered_json cidrs = ordered_json::array();
    for (const std::string& c : list.cidrs) cidrs.push_back(own::cidr(c));
    ordered_json rule{
        {"from", ordered_json::array(
                     {{{"source", {{list.deny ? "remoteIpBlocks" : "notRemoteIpBlocks", std::move(cidrs)}}}}})}};
    if (!operation.empty()) rule["to"] = ordered_json::array({{{"operation", std::move(operation)}}});
    for (const kube::NamespacedName& gateway : gateways())
      context_.others.push_back(own::object(
          "security.istio.io/v1", "AuthorizationPolicy", gateway.ns, name_ + (list.deny ? "--deny" : "--allow"),
          {{"targetRefs",
            ordered_json::array({{{"group", kube::gateway_group}, {"kind", "Gateway"}, {"name", gateway.name}}})},
           {"action", "DENY"},
           {"rules", ordered_json::array({std::move(rule)})}}));
    settle("AuthorizationPolicy on the Gateway", false);
  }
  void operator()(const ConnectTimeout& t) {
    destination({{"connectionPool", {{"tcp", {{"connectTimeout", own::seconds(t.seconds)}}}}}});
  }
  void operator()(const CookieAffinity& c) {
    ordered_json cookie{{"name", c.name}, {"ttl", own::seconds(c.max_age)}};
    if (!c.path.empty()) cookie["path"] = c.path;
    hash({{"httpCookie", std::move(cookie)}});
  }
  void operator()(const HashBalance& h) {
    using By = HashBalance::By;
    if (h.by == By::address) return hash({{"useSourceIp", true}});
    hash({{h.by == By::header ? "httpHeaderName" : "httpQueryParameterName", h.name}});
  }
  void operator()(const LeastRequest&) { destination({{"loadBalancer", {{"simple", "LEAST_REQUEST"}}}}); }
  void operator()(const RoundRobin&) { destination({{"loadBalancer", {{"simple", "ROUND_ROBIN"}}}}); }
  void operator()(const InsecureBackendTls&) {
    destination({{"tls", {{"mode", "SIMPLE"}, {"insecureSkipVerify", true}}}});
  }
  // A policy of the old gateway's Pods becomes one of the Gateways that the route hangs on.
  void operator()(const NativeObject& native) {
    const kube::OtherObject& policy = *native.object;
    if (own::holds_a_password(policy))
      return own::refuse(context_, written_, *rules_, *intent_,
                         "a password stands in it: write it with targetRefs of the Gateway yourself");
    for (const kube::NamespacedName& gateway : gateways()) {
      std::string name(policy.metadata.name);
      if (gateway.name != "gateway") name = dns_name(name + "--" + gateway.name);
      kube::OtherObject* object = own::carry(context_, policy, gateway.ns, name);
      if (!object) continue;
      ordered_json body = ordered_json::parse(object->body);
      ordered_json rest = body.value("spec", ordered_json::object());
      rest.erase("selector");
      body["spec"] = own::with_targets(
          "targetRefs",
          ordered_json::array({{{"group", kube::gateway_group}, {"kind", "Gateway"}, {"name", gateway.name}}}), rest);
      object->body = body.dump();
      object->comments = {"from " + policy.object_id().display() + ", whose selector named the old gateway's Pods"};
    }
    settle(policy.kind + " with targetRefs of the Gateway instead of a selector of the old one's Pods", false);
  }
  template <class T>
  void operator()(const T&) {}  // not met

 private:
  std::set<kube::NamespacedName> gateways() const {
    std::set<kube::NamespacedName> out;
    for (const kube::ParentReference& p : written_.route.spec.parent_refs)
      out.insert({p.ns ? std::string(*p.ns) : std::string(written_.route.metadata.ns), std::string(p.name)});
    return out;
  }

  void hash(const ordered_json& key) { destination({{"loadBalancer", {{"consistentHash", key}}}}); }

  void destination(const ordered_json& part) {
    bool all = true;
    for (const std::size_t i : *rules_)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource) all = merge(b, part) && all;
    settle(all ? "DestinationRule of the Service, which holds for every client of it in the mesh"
               : "another Ingress asks otherwise for the same Service, and a Service has one DestinationRule",
           true);
  }
  bool merge(const Backend& b, const ordered_json& part) {
    static const own::ServicePolicies policies("networking.istio.io/v1", "DestinationRule");
    const auto host = [](std::string_view ns, std::string_view service) {
      return ordered_json(std::string(service) + "." + std::string(ns) + ".svc.cluster.local");
    };
    return policies.merge(context_, b.ns, b.name, {{"trafficPolicy", part}}, host, "host");
  }
  void settle(const std::string& detail, bool near) { own::settle(context_, *intent_, detail, near); }

  const WrittenRoute& written_;
  PolicyContext& context_;
  const std::vector<std::size_t>* rules_ = nullptr;
  std::string name_;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool istio_meets(const Intent& intent, const Options& options) {
  // Who hangs routes on a Gateway of somebody else cannot put policies on it.
  const bool policy =
      std::holds_alternative<AddressList>(intent.demand) || std::holds_alternative<NativeObject>(intent.demand);
  if (policy && options.parent) return false;
  return std::visit(Meets{}, intent.demand);
}

std::string_view istio_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<ExternalAuth>(d))
    return "Istio asks only services that its mesh configuration names as extensionProviders: add one there and write "
           "an AuthorizationPolicy with action CUSTOM";
  if (std::holds_alternative<BasicAuth>(d)) return "Istio has no password authentication";
  if (std::holds_alternative<AddressList>(d) || std::holds_alternative<NativeObject>(d))
    return "an AuthorizationPolicy of Istio stands beside the Gateway, which belongs to somebody else";
  if (std::holds_alternative<RateLimit>(d) || std::holds_alternative<ConnectionLimit>(d) ||
      std::holds_alternative<BandwidthLimit>(d) || std::holds_alternative<BodyLimit>(d) ||
      std::holds_alternative<RegexRewrite>(d))
    return "Istio says it only in an EnvoyFilter, which depends on its inner names";
  if (std::holds_alternative<ClientCertificate>(d))
    return "Istio checks client certificates for a listener with an option of its own (tls.options), which trusts one "
           "Secret of its own form";
  if (std::holds_alternative<Retry>(d))
    return "Istio retries by its own rules; HTTPRoute retry needs the experimental channel";
  return {};
}

void istio_policies(const WrittenRoute& written, PolicyContext& context) {
  Writer(written, context).run();
}

}  // namespace gw::convert
