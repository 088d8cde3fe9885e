// NGINX Gateway Fabric's own objects: policies of a whole HTTPRoute (client and proxy settings, rate limits), of a
// Service (UpstreamSettingsPolicy), and filters of a rule (AuthenticationFilter; SnippetsFilter where asked for).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "gateway.nginx.org/v1alpha1", group = "gateway.nginx.org";
constexpr std::string_view authentication = "AuthenticationFilter", snippets = "SnippetsFilter";

// "4096k": NGINX sizes have at most four digits here. Nothing when it cannot be said without rounding by more than 1 %.
std::optional<std::string> size(std::int64_t bytes) {
  static constexpr std::pair<std::int64_t, const char*> units[] = {
      {1, ""}, {1 << 10, "k"}, {1 << 20, "m"}, {1 << 30, "g"}};
  for (auto at = std::rbegin(units); at != std::rend(units); ++at)
    if (bytes % at->first == 0 && bytes / at->first <= 9999 && bytes > 0)
      return std::to_string(bytes / at->first) + at->second;
  for (const auto& [unit, suffix] : units) {
    const std::int64_t n = (bytes + unit - 1) / unit;
    if (n <= 9999 && n > 0 && (n * unit - bytes) * 100 <= bytes) return std::to_string(n) + suffix;
  }
  return std::nullopt;
}

// The NGINX variable of a hash key; only letters and '_' may be in it.
std::optional<std::string> variable(const HashBalance& h) {
  using By = HashBalance::By;
  std::string name;
  for (const char c : h.name)
    name += c == '-' && h.by == By::header ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string_view prefix = h.by == By::header   ? "$http_"
                                  : h.by == By::cookie ? "$cookie_"
                                  : h.by == By::query  ? "$arg_"
                                                       : "$remote_addr";
  if (h.by != By::header && name != h.name) return std::nullopt;  // cookies and parameters regard case
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos) return std::nullopt;
  return std::string(prefix) + name;
}

struct Meets {
  const Options& options;

  bool operator()(const BasicAuth& a) const { return !a.digest && !a.map; }
  bool operator()(const BodyLimit& b) const { return size(b.bytes).has_value(); }
  bool operator()(const ConnectTimeout& t) const { return t.seconds > 0 && t.seconds <= 9999; }
  bool operator()(const IdleTimeout& t) const { return t.seconds > 0 && t.seconds <= 9999; }
  bool operator()(const RateLimit& r) const { return r.exempt.empty() && r.unit != 'h'; }
  bool operator()(const HashBalance& h) const { return variable(h).has_value(); }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const RoundRobin&) const { return true; }
  bool operator()(const ServiceAddress&) const { return true; }
  bool operator()(const Tracing& t) const { return t.on; }
  bool operator()(const AddressList&) const { return options.snippets; }
  bool operator()(const ConnectionLimit&) const { return options.snippets; }
  bool operator()(const BandwidthLimit&) const { return options.snippets; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

class Policies {
 public:
  Policies(const WrittenRoute& written, const own::Group& rules, PolicyContext& context)
      : written_(written), group_(rules), context_(context) {}

  void add(const Intent& intent) {
    intent_ = &intent;
    std::visit(*this, intent.demand);
  }

  ordered_json client, proxy, rate, tracing;  // specs without their targets; empty: none
  std::string allow;                          // text of a location

  void operator()(const BasicAuth& a) {
    const std::string name = written_.route.metadata.name + "--auth";
    context_.others.push_back(own::object(
        version, authentication, written_.route.metadata.ns, name,
        {{"type", "Basic"},
         {"basic",
          {{"secretRef", {{"name", a.secret}}}, {"realm", a.realm.empty() ? "Authentication Required" : a.realm}}}}));
    for (const std::size_t i : group_.rules) own::extension(written_.route.spec.rules[i], group, authentication, name);
    settle("AuthenticationFilter with the same Secret and realm; a missing Secret answers 500 instead of 503");
  }
  void operator()(const BodyLimit& b) {
    client["body"]["maxSize"] = *size(b.bytes);
    settle("ClientSettingsPolicy body.maxSize");
  }
  void operator()(const ConnectTimeout& t) {
    proxy["timeout"]["connect"] = own::seconds(t.seconds);
    settle("ProxySettingsPolicy timeout.connect");
  }
  void operator()(const IdleTimeout& t) {
    proxy["timeout"]["send"] = own::seconds(t.seconds);
    settle("ProxySettingsPolicy timeout.send");
  }
  void operator()(const RateLimit& r) {
    rate["rateLimit"]["rejectCode"] = 503;
    rate["rateLimit"]["local"]["rules"].push_back({{"key", "$binary_remote_addr"},
                                                   {"rate", std::to_string(r.requests) + "r/" + r.unit},
                                                   {"burst", std::max(0, r.burst)},
                                                   {"noDelay", true}});
    settle("RateLimitPolicy, a client address, with the same burst and 503");
  }
  void operator()(const HashBalance& h) {
    upstream({{"loadBalancingMethod", "hash consistent"}, {"hashMethodKey", *variable(h)}});
  }
  void operator()(const LeastRequest&) { upstream({{"loadBalancingMethod", "least_conn"}}); }
  void operator()(const RoundRobin&) { upstream({{"loadBalancingMethod", "round_robin"}}); }
  void operator()(const ServiceAddress&) { upstream({{"useClusterIP", true}}); }
  void operator()(const Tracing&) {
    tracing["tracing"] = {{"strategy", "parent"}};
    settle("ObservabilityPolicy; where spans go is said in NginxProxy", true);
  }
  void operator()(const AddressList& list) {
    // A denied address stays out though a wider list lets it in: deny lines come first.
    std::string lines;
    for (const std::string& c : list.cidrs) lines += (list.deny ? "deny " : "allow ") + c + ";\n";
    if (list.deny) {
      allow = lines + allow;
    } else {
      allow += lines;
      closed_ = true;
    }
    settle("SnippetsFilter; snippets must be enabled in NGINX Gateway Fabric, else every request gets 500", true);
  }
  void operator()(const ConnectionLimit& limit) {
    const std::string zone = "conn_" + written_.route.metadata.ns + "_" + written_.route.metadata.name;
    http_ += "limit_conn_zone $binary_remote_addr zone=" + zone + ":5m;\n";
    location_ += "limit_conn " + zone + " " + std::to_string(limit.connections) + ";\n";
    settle("SnippetsFilter limit_conn; snippets must be enabled in NGINX Gateway Fabric", true);
  }
  void operator()(const BandwidthLimit& b) {
    location_ += "limit_rate " + std::to_string(b.bytes_per_second) + ";\n";
    settle("SnippetsFilter limit_rate; snippets must be enabled in NGINX Gateway Fabric", true);
  }
  template <class T>
  void operator()(const T&) {}  // not met, or said elsewhere

  void write_snippets() {
    std::string location = allow + (closed_ ? "deny all;\n" : "") + location_;
    if (location.empty()) return;
    ordered_json list = ordered_json::array();
    if (!http_.empty()) list.push_back({{"context", "http"}, {"value", http_}});
    list.push_back({{"context", "http.server.location"}, {"value", std::move(location)}});
    const std::string name = written_.route.metadata.name + "--snippets";
    context_.others.push_back(
        own::object(version, snippets, written_.route.metadata.ns, name, {{"snippets", std::move(list)}}));
    for (const std::size_t i : group_.rules) own::extension(written_.route.spec.rules[i], group, snippets, name);
  }

 private:
  void upstream(const ordered_json& part) {
    static const own::ServicePolicies policies(version, "UpstreamSettingsPolicy");
    bool all = true;
    for (const std::size_t i : group_.rules)
      for (const Backend& b : written_.rules[i]->backends)
        if (!b.resource) all = policies.merge(context_, b.ns, b.name, part, own::service_target, "targetRefs") && all;
    settle(all ? "UpstreamSettingsPolicy of the Service, which holds for every route to it"
               : "another Ingress asks otherwise for the same Service, and a Service has one UpstreamSettingsPolicy",
           !all);
  }
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  const WrittenRoute& written_;
  const own::Group& group_;
  PolicyContext& context_;
  const Intent* intent_ = nullptr;
  std::string http_, location_;
  bool closed_ = false;  // who is in no allow list stays out
};

bool of_whole_route(const Intent& intent) {
  return std::holds_alternative<BodyLimit>(intent.demand) || std::holds_alternative<ConnectTimeout>(intent.demand) ||
         std::holds_alternative<IdleTimeout>(intent.demand) || std::holds_alternative<RateLimit>(intent.demand) ||
         std::holds_alternative<Tracing>(intent.demand);
}

ordered_json route_ref(const kube::HttpRoute& route) {
  return {{"group", kube::gateway_group}, {"kind", "HTTPRoute"}, {"name", route.metadata.name}};
}

// timeouts.backendRequest, which it does not support, is proxy_read_timeout.
std::optional<std::string> read_timeout(const WrittenRoute& written, PolicyContext& context) {
  std::optional<std::string> value;
  for (const kube::HttpRouteRule& rule : written.route.spec.rules) {
    if (rule.backend_refs.empty()) continue;
    if (!rule.timeouts || !rule.timeouts->backend_request || rule.timeouts->backend_request->size() > 5)
      return std::nullopt;
    if (value && *value != *rule.timeouts->backend_request) return std::nullopt;
    value = rule.timeouts->backend_request;
  }
  if (!value) return value;
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    kube::HttpRouteRule& rule = written.route.spec.rules[i];
    if (!rule.timeouts) continue;
    rule.timeouts->backend_request.reset();
    if (!rule.timeouts->request) rule.timeouts.reset();
    if (written.rules[i]->action)
      own::settle_field(context, *written.rules[i]->action, FieldClaim::Field::timeout, Outcome::policy,
                        "ProxySettingsPolicy timeout.read");
  }
  return value;
}

}  // namespace

bool nginx_gateway_fabric_meets(const Intent& intent, const Options& options) {
  return std::visit(Meets{options}, intent.demand) ||
         (std::holds_alternative<CookieAffinity>(intent.demand) && standard_meets(intent, options));
}

std::string_view nginx_gateway_fabric_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<AddressList>(d) || std::holds_alternative<ConnectionLimit>(d) ||
      std::holds_alternative<BandwidthLimit>(d))
    return "NGINX Gateway Fabric has no object for it; --snippets writes a SnippetsFilter";
  if (std::holds_alternative<ExternalAuth>(d)) return "NGINX Gateway Fabric has no external authentication";
  if (std::holds_alternative<ClientCertificate>(d))
    return "NGINX Gateway Fabric checks client certificates for a whole port of a Gateway, not for one host";
  if (std::holds_alternative<RegexRewrite>(d))
    return "NGINX Gateway Fabric replaces a whole path or a prefix, not parts of it";
  if (std::holds_alternative<Retry>(d)) return "NGINX Gateway Fabric has no setting for retries";
  if (std::holds_alternative<RateLimit>(d))
    return "NGINX Gateway Fabric's RateLimitPolicy has no exempt addresses and no unit beyond the minute";
  if (std::holds_alternative<BasicAuth>(d))
    return "NGINX Gateway Fabric takes one htpasswd file with Basic authentication only";
  return {};
}

void nginx_gateway_fabric_policies(const WrittenRoute& written, PolicyContext& context) {
  standard_fields(written, context);
  kube::HttpRoute& route = written.route;
  const std::string &ns = route.metadata.ns, &name = route.metadata.name;
  ordered_json proxy;
  if (const auto read = read_timeout(written, context)) proxy["timeout"]["read"] = *read;
  const auto groups = own::groups(written);
  const bool whole = own::one_demand(written, groups);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Policies policies(written, groups[g], context);
    for (const Intent& intent : groups[g].action->intents) {
      if (!whole && of_whole_route(intent))
        own::refuse(context, written, groups[g].rules, intent,
                    "a policy of NGINX Gateway Fabric holds for a whole route, and other rules of it ask otherwise");
      else
        policies.add(intent);
    }
    policies.write_snippets();
    if (!whole) continue;
    proxy.merge_patch(policies.proxy);
    if (!policies.client.empty())
      context.others.push_back(own::object(version, "ClientSettingsPolicy", ns, name,
                                           own::with_targets("targetRef", route_ref(route), policies.client)));
    const ordered_json refs = ordered_json::array({route_ref(route)});
    if (!policies.rate.empty())
      context.others.push_back(
          own::object(version, "RateLimitPolicy", ns, name, own::with_targets("targetRefs", refs, policies.rate)));
    if (!policies.tracing.empty())
      context.others.push_back(own::object("gateway.nginx.org/v1alpha2", "ObservabilityPolicy", ns, name,
                                           own::with_targets("targetRefs", refs, policies.tracing)));
  }
  if (!proxy.empty())
    context.others.push_back(
        own::object(version, "ProxySettingsPolicy", ns, name,
                    own::with_targets("targetRefs", ordered_json::array({route_ref(route)}), proxy)));
}

}  // namespace gw::convert
