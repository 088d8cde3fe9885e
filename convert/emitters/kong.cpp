// Kong's own objects: KongPlugins as ExtensionRef filters of a rule, KongUpstreamPolicy for a Service (which the
// Service itself must name in an annotation).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view group = "configuration.konghq.com", plugin = "KongPlugin";

struct Meets {
  bool operator()(const AddressList&) const { return true; }
  bool operator()(const RateLimit& r) const { return r.exempt.empty(); }
  bool operator()(const BodyLimit& b) const { return b.bytes > 0; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HashBalance&) const { return true; }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const RoundRobin&) const { return true; }
  bool operator()(const NativeObject&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

class Writer {
 public:
  Writer(const WrittenRoute& written, PolicyContext& context)
      : written_(written), context_(context), route_(written.route) {}

  void run() {
    const auto groups = own::groups(written_);
    whole_route_ = own::one_demand(written_, groups);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      rules_ = groups[g].rules;
      prefix_ = own::numbered(route_.metadata.name, g);
      addresses_ = ordered_json::object();
      for (const Intent& intent : groups[g].action->intents) {
        intent_ = &intent;
        std::visit(*this, intent.demand);
      }
      if (!addresses_.empty()) add("addresses", "ip-restriction", addresses_);
    }
    for (std::size_t i = 0; i < written_.rules.size(); ++i) {
      cors(i);
      redirect(i);
    }
  }

  void operator()(const AddressList& list) {
    addresses_[list.deny ? "deny" : "allow"] = list.cidrs;
    settle("KongPlugin ip-restriction");
  }
  void operator()(const RateLimit& r) {
    const char* unit = r.unit == 's' ? "second" : r.unit == 'm' ? "minute" : "hour";
    add(std::string("rate-") + r.unit, "rate-limiting", {{unit, r.requests}, {"policy", "local"}, {"limit_by", "ip"}});
    settle("KongPlugin rate-limiting, a client address; no burst beyond it, 429 instead of 503", true);
  }
  void operator()(const BodyLimit& b) {
    add("body", "request-size-limiting", {{"allowed_payload_size", b.bytes}, {"size_unit", "bytes"}});
    settle("KongPlugin request-size-limiting");
  }
  void operator()(const CookieAffinity& c) {
    ordered_json hash{{"cookie", c.name}, {"cookiePath", c.path.empty() ? "/" : c.path}};
    upstream({{"algorithm", "consistent-hashing"}, {"hashOn", std::move(hash)}});
  }
  void operator()(const HashBalance& h) {
    using By = HashBalance::By;
    ordered_json hash;
    switch (h.by) {
      case By::address:
        hash["input"] = "ip";
        break;
      case By::header:
        hash["header"] = h.name;
        break;
      case By::cookie:
        hash["cookie"] = h.name;
        hash["cookiePath"] = "/";
        break;
      case By::query:
        hash["queryArg"] = h.name;
        break;
    }
    upstream({{"algorithm", "consistent-hashing"}, {"hashOn", std::move(hash)}});
  }
  void operator()(const LeastRequest&) { upstream({{"algorithm", "least-connections"}}); }
  void operator()(const RoundRobin&) { upstream({{"algorithm", "round-robin"}}); }
  // Kong reads the names of plugins on the route, for all its rules; a filter names one of the namespace for a rule.
  void operator()(const NativeObject& native) {
    const kube::OtherObject& object = *native.object;
    own::carry(context_, object);
    const std::string name(object.metadata.name), ns(object.metadata.ns);
    if (kube::find(object.metadata.labels, "global") && *kube::find(object.metadata.labels, "global") == "true")
      return settle("it holds for every route of Kong");
    const bool of_cluster = object.kind == "KongClusterPlugin";
    if (whole_route_) {
      annotate(of_cluster || ns == route_.metadata.ns ? name : ns + ":" + name);
      return settle("annotation konghq.com/plugins of the route; the plugin goes on as it is");
    }
    if (of_cluster || ns != route_.metadata.ns)
      return own::refuse(context_, written_, rules_, *intent_,
                         "a filter of one rule names a KongPlugin of its namespace only");
    for (const std::size_t i : rules_) own::extension(route_.spec.rules[i], group, plugin, name);
    settle("ExtensionRef to KongPlugin " + name + ", which goes on as it is");
  }
  template <class T>
  void operator()(const T&) {}  // not met

 private:
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  void annotate(const std::string& name) {
    constexpr std::string_view key = "konghq.com/plugins";
    kube::StringMap& annotations = route_.metadata.annotations;
    const auto at = std::find_if(annotations.begin(), annotations.end(), [&](const auto& a) { return a.first == key; });
    if (at == annotations.end())
      annotations.emplace_back(key, name);
    else
      at->second += "," + name;
  }

  std::string add_object(const std::string& what, std::string_view kong_name, const ordered_json& config) {
    kube::OtherObject object = own::object("configuration.konghq.com/v1", plugin, route_.metadata.ns, what, {});
    object.body = ordered_json{{"plugin", kong_name}, {"config", config}}.dump();
    context_.others.push_back(std::move(object));
    return what;
  }
  void add(const std::string& what, std::string_view kong_name, const ordered_json& config) {
    const std::string name = add_object(prefix_ + "--" + what, kong_name, config);
    for (const std::size_t i : rules_) own::extension(route_.spec.rules[i], group, plugin, name);
  }

  void upstream(const ordered_json& part) {
    static const own::ServicePolicies policies("configuration.konghq.com/v1beta1", "KongUpstreamPolicy");
    bool all = true;
    std::string services;
    for (const std::size_t i : rules_)
      for (const Backend& b : written_.rules[i]->backends) {
        if (b.resource) continue;
        all = merge(b, part) && all;
        const std::string service = std::string(b.ns) + "/" + std::string(b.name);
        if (services.find(service) == std::string::npos) services += (services.empty() ? "" : ", ") + service;
      }
    settle(all ? "KongUpstreamPolicy; it has an effect when Service " + services +
                     " has the annotation konghq.com/upstream-policy with the policy's name, which is the Service's"
               : "another Ingress asks otherwise for the same Service",
           true);
  }
  bool merge(const Backend& b, const ordered_json& part) {
    static const own::ServicePolicies policies("configuration.konghq.com/v1beta1", "KongUpstreamPolicy");
    return policies.merge(context_, b.ns, b.name, part, nullptr, {});
  }

  void cors(std::size_t i) {
    const Action* action = written_.rules[i]->action.get();
    kube::HttpRouteRule& rule = route_.spec.rules[i];
    if (!action || !action->cors || !own::drop_filters(rule, "CORS")) return;
    const CorsPolicy& c = *action->cors;
    ordered_json origins = ordered_json::array();  // what is not plain is a regular expression
    for (const std::string& o : c.origins)
      origins.push_back(o != "*" && o.find('*') != std::string::npos ? own::origin_regex(o) : o);
    ordered_json config{{"origins", std::move(origins)}, {"methods", c.methods}, {"max_age", c.max_age}};
    if (!c.headers.empty()) config["headers"] = c.headers;
    if (!c.expose.empty()) config["exposed_headers"] = c.expose;
    config["credentials"] = with_credentials(c);
    const std::string name = route_.metadata.name + "--cors";
    if (!cors_written_) add_object(name, "cors", config);
    cors_written_ = true;
    own::extension(rule, group, plugin, name);
    own::settle_field(context_, *action, FieldClaim::Field::cors, Outcome::approximated,
                      "KongPlugin cors; Kong answers every preflight itself");
  }

  // Without a host name Kong's redirect keeps scheme and host: it would lead to itself.
  void redirect(std::size_t i) {
    for (kube::RouteFilter& filter : route_.spec.rules[i].filters) {
      if (!filter.request_redirect || filter.request_redirect->hostname) continue;
      if (!filter.request_redirect->scheme) continue;
      const std::vector<kube::String>& hosts = route_.spec.hostnames;
      if (hosts.size() == 1 && !hosts[0].starts_with("*")) {
        filter.request_redirect->hostname = hosts[0];
        continue;
      }
      context_.ledger.note({"GW650",
                            diag::Severity::error,
                            "Kong redirects to another scheme only with one host name in the route: the redirect of " +
                                route_.metadata.ns + "/" + route_.metadata.name + " would lead to itself",
                            {},
                            written_.rules[i]->owner,
                            written_.rules[i]->at,
                            "give each host an Ingress of its own",
                            Loss::redirect});
    }
  }

  const WrittenRoute& written_;
  PolicyContext& context_;
  kube::HttpRoute& route_;
  std::vector<std::size_t> rules_;
  std::string prefix_;
  ordered_json addresses_;
  bool cors_written_ = false, whole_route_ = false;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool kong_meets(const Intent& intent, const Options&) {
  return std::visit(Meets{}, intent.demand);
}

std::string_view kong_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<BasicAuth>(d))
    return "Kong checks passwords of KongConsumers, which an htpasswd file cannot become";
  if (std::holds_alternative<ExternalAuth>(d)) return "Kong has no plugin of its own that asks another service";
  if (std::holds_alternative<ClientCertificate>(d))
    return "Kong checks client certificates with a plugin of Kong Enterprise";
  if (std::holds_alternative<RegexRewrite>(d)) return "Kong replaces parts of a path only with templates of its own";
  if (std::holds_alternative<ConnectionLimit>(d) || std::holds_alternative<BandwidthLimit>(d))
    return "Kong has no plugin for it";
  if (std::holds_alternative<RateLimit>(d)) return "Kong's rate-limiting has no exempt addresses";
  return {};
}

void kong_policies(const WrittenRoute& written, PolicyContext& context) {
  Writer(written, context).run();
}

}  // namespace gw::convert
