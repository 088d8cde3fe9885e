// Envoy Gateway's own objects: SecurityPolicy and BackendTrafficPolicy on rules of a route, ClientTrafficPolicy on a
// listener, HTTPRouteFilter for rewrites by regular expression. A policy that Envoy Gateway does not accept answers
// 500: what is written here fails closed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"
#include "convert/object_names.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

using own::cidr;
using own::ordered_json;
using own::seconds;

constexpr std::string_view version = "gateway.envoyproxy.io/v1alpha1";
constexpr std::string_view group = "gateway.envoyproxy.io";

bool plain_ciphers(const std::string& list) {
  return !list.empty() && list.find_first_of("!@+=, ") == std::string::npos;
}

// ---- which demands are met

struct Meets {
  bool operator()(const RegexRewrite&) const { return true; }
  bool operator()(const ExternalAuth& a) const {
    return a.url.find('$') == std::string::npos && (!a.service.empty() || !own::host_of(a.url).empty());
  }
  bool operator()(const BasicAuth& a) const { return !a.digest && !a.map; }
  bool operator()(const AddressList&) const { return true; }
  bool operator()(const ClientCertificate& c) const {
    return c.mode != "optional_no_ca" && c.common_name.empty() && !c.passed_on;
  }
  bool operator()(const RateLimit& r) const { return r.exempt.empty(); }
  bool operator()(const BodyLimit& b) const { return b.bytes > 0; }
  bool operator()(const ConnectTimeout& t) const { return t.seconds > 0; }
  bool operator()(const Retry&) const { return true; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HashBalance&) const { return true; }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const RoundRobin&) const { return true; }
  bool operator()(const BandwidthLimit&) const { return true; }
  bool operator()(const TlsSettings& t) const { return plain_ciphers(t.ciphers); }
  bool operator()(const InsecureBackendTls&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

// ---- the policies of one group of rules

class Policies {
 public:
  // `name`: of what is written for these rules.
  Policies(const std::string& ns, std::string name, PolicyContext& context)
      : ns_(ns), name_(std::move(name)), context_(context) {}

  void add(const Intent& intent) {
    intent_ = &intent;
    std::visit(*this, intent.demand);
  }

  ordered_json security, traffic;  // their spec without targetRefs; empty: none

  void operator()(const ExternalAuth& a) {
    ordered_json backend{{"group", ""}, {"kind", "Service"}, {"name", a.service}, {"port", a.port}};
    if (!a.ns.empty()) backend["namespace"] = a.ns;
    if (a.service.empty()) backend = outside(a);
    ordered_json http{{"backendRefs", ordered_json::array({backend})},
                      {"pathOverride", a.path.substr(0, a.path.find('?'))}};
    if (!a.response_headers.empty()) http["headersToBackend"] = a.response_headers;
    security["extAuth"]["http"] = std::move(http);
    // The old side asks with every header; without the cookie nobody would be signed in.
    security["extAuth"]["headersToExtAuth"] = own::headers_of_a_session();
    if (!a.service.empty()) auth_service_ = {a.ns, a.service};
    settle("SecurityPolicy extAuth, asked with the client's cookie and few other headers; " +
               std::string(a.service.empty() ? "the Backend outside the cluster must be enabled in Envoy Gateway "
                                               "(extensionApis.enableBackend), else every request gets 500; "
                                             : "") +
               std::string(a.signin.empty() ? "a refusal of the service is passed on"
                                            : "the sign-in page is not: the service must redirect itself"),
           true);
  }
  void operator()(const BasicAuth& a) {
    security["basicAuth"]["users"] = {{"group", ""}, {"kind", "Secret"}, {"name", a.secret}};
    settle("SecurityPolicy basicAuth; Secret " + a.ns + "/" + a.secret +
               " must hold the users under .htpasswd with {SHA} hashes, else every request gets 500",
           true);
  }
  void operator()(const AddressList& list) {
    ordered_json cidrs = ordered_json::array();
    for (const std::string& c : list.cidrs) cidrs.push_back(cidr(c));
    ordered_json& authorization = security["authorization"];
    if (!authorization.contains("defaultAction"))
      authorization = {{"defaultAction", "Allow"}, {"rules", ordered_json::array()}};
    const ordered_json rule{{"action", list.deny ? "Deny" : "Allow"},
                            {"principal", {{"clientCIDRs", std::move(cidrs)}}}};
    ordered_json& rules = authorization["rules"];
    if (list.deny)
      rules.insert(rules.begin(), rule);  // a denied address stays out though a wider list lets it in
    else
      rules.push_back(rule);
    if (!list.deny) authorization["defaultAction"] = "Deny";
    settle("SecurityPolicy authorization");
  }
  void operator()(const RateLimit& r) {
    static constexpr std::string_view units[] = {"Second", "Minute", "Hour"};
    const std::string_view unit = units[r.unit == 's' ? 0 : r.unit == 'm' ? 1 : 2];
    traffic["rateLimit"]["type"] = "Local";
    traffic["rateLimit"]["local"]["rules"].push_back(
        {{"clientSelectors", ordered_json::array({{{"sourceCIDR", {{"value", "0.0.0.0/0"}, {"type", "Distinct"}}}}})},
         {"limit", {{"requests", r.requests}, {"unit", unit}}}});
    settle("BackendTrafficPolicy rateLimit.local; no burst beyond it, and 429 instead of 503", true);
  }
  void operator()(const BodyLimit& b) {
    constexpr std::int64_t largest = 4'294'967'295;
    if (b.bytes > largest || streams_)
      return settle(
          b.bytes > largest
              ? "not written: Envoy Gateway's requestBuffer takes at most 4294967295 bytes and answers 500 on "
                "the whole route otherwise; larger requests are no longer refused"
              : "not written: Envoy Gateway holds a whole request in memory to measure it, which would break "
                "the streams of this backend; larger requests are no longer refused",
          true);
    traffic["requestBuffer"]["limit"] = std::to_string(b.bytes);
    settle(
        "BackendTrafficPolicy requestBuffer: larger requests get 413; each request is held in memory until it is "
        "whole");
  }
  void operator()(const InsecureBackendTls&) { insecure_ = true; }
  void operator()(const ConnectTimeout& t) {
    traffic["timeout"]["tcp"]["connectTimeout"] = seconds(t.seconds);
    settle("BackendTrafficPolicy timeout.tcp.connectTimeout");
  }
  void operator()(const Retry& r) {
    ordered_json triggers = ordered_json::array();
    if (r.on_error) triggers = {"connect-failure", "reset"};
    if (!r.codes.empty()) triggers.push_back("retriable-status-codes");
    if (triggers.empty()) triggers.push_back("reset");
    traffic["retry"]["numRetries"] = r.attempts;
    traffic["retry"]["retryOn"]["triggers"] = std::move(triggers);
    if (!r.codes.empty()) traffic["retry"]["retryOn"]["httpStatusCodes"] = r.codes;
    settle("BackendTrafficPolicy retry");
  }
  void operator()(const CookieAffinity& c) {
    ordered_json cookie{{"name", c.name}};
    if (c.max_age > 0) cookie["ttl"] = seconds(c.max_age);
    ordered_json attributes = ordered_json::object();
    if (!c.path.empty()) attributes["Path"] = c.path;
    if (!c.domain.empty()) attributes["Domain"] = c.domain;
    if (!c.same_site.empty()) attributes["SameSite"] = c.same_site;
    if (!attributes.empty()) cookie["attributes"] = std::move(attributes);
    balance({{"type", "Cookie"}, {"cookie", std::move(cookie)}});
    settle("BackendTrafficPolicy consistentHash by cookie; old cookies lose their meaning", true);
  }
  void operator()(const HashBalance& h) {
    using By = HashBalance::By;
    switch (h.by) {
      case By::address:
        balance({{"type", "SourceIP"}});
        break;
      case By::header:
        balance({{"type", "Header"}, {"header", {{"name", h.name}}}});
        break;
      case By::cookie:
        balance({{"type", "Cookie"}, {"cookie", {{"name", h.name}}}});
        break;
      case By::query:
        balance({{"type", "QueryParams"}, {"queryParams", ordered_json::array({{{"name", h.name}}})}});
        break;
    }
    settle("BackendTrafficPolicy consistentHash");
  }
  void operator()(const LeastRequest&) {
    if (!traffic.contains("loadBalancer")) traffic["loadBalancer"]["type"] = "LeastRequest";
    settle("BackendTrafficPolicy loadBalancer LeastRequest, which is near", true);
  }
  void operator()(const RoundRobin&) {
    if (!traffic.contains("loadBalancer")) traffic["loadBalancer"]["type"] = "RoundRobin";
    settle("BackendTrafficPolicy loadBalancer RoundRobin");
  }
  void operator()(const BandwidthLimit& b) {
    traffic["bandwidthLimit"]["response"]["limit"] = {{"value", std::to_string(b.bytes_per_second)},
                                                      {"unit", "Second"}};
    settle("BackendTrafficPolicy bandwidthLimit, of the route and not of one connection", true);
  }
  template <class T>
  void operator()(const T&) {}  // not met, or said elsewhere

  const kube::NamespacedName& auth_service() const { return auth_service_; }
  // The demand of TLS that checks nothing, to be said by Backends.
  bool insecure() const { return insecure_; }
  void streams(bool on) { streams_ = on; }

 private:
  void balance(ordered_json hash) {
    traffic["loadBalancer"] = {{"type", "ConsistentHash"}, {"consistentHash", std::move(hash)}};
  }
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  // An authentication service outside the cluster.
  ordered_json outside(const ExternalAuth& a) {
    const std::string host = own::host_of(a.url), name = name_ + "--auth";
    ordered_json spec{{"endpoints", ordered_json::array({{{"fqdn", {{"hostname", host}, {"port", a.port}}}}})}};
    if (a.url.starts_with("https")) spec["tls"] = {{"wellKnownCACertificates", "System"}, {"sni", host}};
    context_.others.push_back(own::object(version, "Backend", ns_, name, spec));
    return {{"group", group}, {"kind", "Backend"}, {"name", name}};
  }

  const std::string ns_;
  const std::string name_;
  PolicyContext& context_;
  const Intent* intent_ = nullptr;
  kube::NamespacedName auth_service_;
  bool insecure_ = false, streams_ = false;
};

// ---- rewrites

void add_regex_rewrite(kube::HttpRoute& route, std::size_t i, const RegexRewrite& rewrite, PolicyContext& context) {
  const std::string name = route.metadata.name + "--rewrite-" + std::to_string(i + 1);
  context.others.push_back(own::object(
      version, "HTTPRouteFilter", route.metadata.ns, name,
      {{"urlRewrite",
        {{"path",
          {{"type", "ReplaceRegexMatch"},
           {"replaceRegexMatch", {{"pattern", rewrite.pattern}, {"substitution", rewrite.substitution}}}}}}}}));
  own::extension(route.spec.rules[i], group, "HTTPRouteFilter", name);
}

// ReplacePrefixMatch on "/" loses the slash between prefix and rest.
void root_prefix(kube::HttpRoute& route, std::size_t i, const Rule& rule, PolicyContext& context) {
  if (!rule.action || !rule.action->rewrite || !rule.action->rewrite->prefix || rule.path != "/") return;
  kube::HttpRouteRule& written = route.spec.rules[i];
  for (auto filter = written.filters.begin(); filter != written.filters.end(); ++filter) {
    if (!filter->url_rewrite) continue;
    filter->url_rewrite->path.reset();
    if (!filter->url_rewrite->hostname) written.filters.erase(filter);
    break;
  }
  std::string to = rule.action->rewrite->value;
  while (to.ends_with('/')) to.pop_back();
  add_regex_rewrite(route, i, {"^/(.*)", to + "/\\1"}, context);
  own::settle_field(context, *rule.action, FieldClaim::Field::rewrite, Outcome::approximated,
                    "HTTPRouteFilter ReplaceRegexMatch, as ReplacePrefixMatch on '/' would lose a slash; encoded "
                    "characters stay encoded");
}

// A mirror whose Service does not exist makes the whole rule answer 500.
void missing_mirrors(kube::HttpRouteRule& rule, const Rule& source, PolicyContext& context) {
  if (context.index.bundle().services.empty()) return;
  const auto dead = std::erase_if(rule.filters, [&](const kube::RouteFilter& f) {
    if (!f.request_mirror) return false;
    const kube::BackendObjectReference& ref = f.request_mirror->backend_ref;
    return !context.index.service({ref.ns ? *ref.ns : source.owner->metadata.ns, ref.name});
  });
  if (dead != 0 && source.action)
    own::settle_field(context, *source.action, FieldClaim::Field::mirror, Outcome::approximated,
                      "the mirror's Service does not exist, for which Envoy Gateway answers 500: nothing is mirrored");
}

constexpr std::string_view needs_backends =
    "Envoy Gateway must have them enabled (extensionApis.enableBackend), else every request gets 500";

// A name that is no Service of the cluster's own, or TLS that nobody checks: a Backend says both, beside the route.
struct Outside {
  std::string hostname;
  bool insecure = false;
};
void write_backend(const WrittenRoute& written, std::size_t rule, std::size_t backend, const Outside& to,
                   PolicyContext& context) {
  kube::HttpRoute& route = written.route;
  if (backend >= route.spec.rules[rule].backend_refs.size()) return;
  const Backend& b = written.rules[rule]->backends[backend];
  const std::string name = dns_name(std::string(b.name) + "-" + std::to_string(b.port) + (to.insecure ? "--tls" : ""));
  ordered_json spec{{"endpoints", ordered_json::array({{{"fqdn", {{"hostname", to.hostname}, {"port", b.port}}}}})}};
  if (to.insecure) spec["tls"] = {{"insecureSkipVerify", true}};
  const std::string key = "Backend/" + std::string(route.metadata.ns) + "/" + name;
  if (context.shared.try_emplace(key, context.others.size()).second)
    context.others.push_back(own::object(version, "Backend", route.metadata.ns, name, spec));
  kube::BackendRef& ref = route.spec.rules[rule].backend_refs[backend];
  ref.group = std::string(group);
  ref.kind = "Backend";
  ref.name = name;
  ref.ns.reset();
  ref.port.reset();
}

std::string name_in_cluster(const Backend& b) {
  return std::string(b.name) + "." + std::string(b.ns) + ".svc.cluster.local";
}

void insecure_backends(const WrittenRoute& written, const std::vector<std::size_t>& rules, PolicyContext& context) {
  for (const std::size_t i : rules)
    for (std::size_t k = 0; k < written.rules[i]->backends.size(); ++k)
      if (!written.rules[i]->backends[k].resource)
        write_backend(written, i, k, {name_in_cluster(written.rules[i]->backends[k]), true}, context);
}

// Envoy Gateway answers 500 for a Service of type ExternalName.
void outside_names(const WrittenRoute& written, PolicyContext& context) {
  for (std::size_t i = 0; i < written.rules.size(); ++i)
    for (std::size_t k = 0; k < written.rules[i]->backends.size(); ++k) {
      const Backend& b = written.rules[i]->backends[k];
      const kube::Service* service =
          b.resource ? nullptr : context.index.service({std::string(b.ns), std::string(b.name)});
      if (!service || service->spec.type != "ExternalName" || service->spec.external_name.empty()) continue;
      if (written.route.spec.rules[i].backend_refs.size() <= k ||
          written.route.spec.rules[i].backend_refs[k].kind == "Backend")
        continue;
      write_backend(written, i, k, {service->spec.external_name, false}, context);
      context.ledger.note_once({"GW613",
                                diag::Severity::warning,
                                "Service " + std::string(b.ns) + "/" + std::string(b.name) +
                                    " is of type ExternalName: a Backend with its name takes its place; " +
                                    std::string(needs_backends),
                                {},
                                written.rules[i]->owner,
                                written.rules[i]->at});
    }
}

bool streams(const WrittenRoute& written, const std::vector<std::size_t>& rules) {
  return std::any_of(rules.begin(), rules.end(), [&](std::size_t i) {
    return std::any_of(written.rules[i]->backends.begin(), written.rules[i]->backends.end(), [](const Backend& b) {
      return b.wire == Wire::h2c || b.wire == Wire::h2_tls || b.wire == Wire::websocket;
    });
  });
}

void route_policies(const WrittenRoute& written, PolicyContext& context) {
  kube::HttpRoute& route = written.route;
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    const Rule& rule = *written.rules[i];
    root_prefix(route, i, rule, context);
    missing_mirrors(route.spec.rules[i], rule, context);
    if (!rule.action || rule.action->redirect) continue;
    for (const Intent& intent : rule.action->intents)
      if (const auto* rewrite = std::get_if<RegexRewrite>(&intent.demand)) {
        add_regex_rewrite(route, i, *rewrite, context);
        own::settle(context, intent, "HTTPRouteFilter ReplaceRegexMatch");
      }
  }
  const auto groups = own::groups(written);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string name = own::numbered(route.metadata.name, g);
    Policies policies(route.metadata.ns, name, context);
    policies.streams(streams(written, groups[g].rules));
    for (const Intent& intent : groups[g].action->intents) policies.add(intent);
    if (policies.insecure()) {
      insecure_backends(written, groups[g].rules, context);
      for (const Intent& intent : groups[g].action->intents)
        if (std::holds_alternative<InsecureBackendTls>(intent.demand))
          own::settle(context, intent, "Backend with insecureSkipVerify; " + std::string(needs_backends), true);
    }
    for (const auto& [kind, spec] :
         {std::pair{"SecurityPolicy", &policies.security}, {"BackendTrafficPolicy", &policies.traffic}}) {
      if (spec->empty()) continue;
      context.others.push_back(
          own::object(version, kind, route.metadata.ns, name,
                      own::with_targets("targetRefs", own::rule_targets(route, groups[g].rules), *spec)));
    }
    if (!policies.auth_service().name.empty())
      own::grant(context, group, "SecurityPolicy", route.metadata.ns, "Service", policies.auth_service().ns,
                 policies.auth_service().name);
  }
  outside_names(written, context);
}

void listener_policy(const Server& server, const kube::NamespacedName& owner, std::string_view kind,
                     std::string_view section, PolicyContext& context) {
  ordered_json tls;
  for (const Intent& intent : server.intents) {
    std::string what;
    bool near = false;
    if (const auto* client = std::get_if<ClientCertificate>(&intent.demand)) {
      ordered_json ref{{"group", ""}, {"kind", "Secret"}, {"name", client->secret}};
      if (client->ns != owner.ns) ref["namespace"] = client->ns;
      tls["clientValidation"]["caCertificateRefs"] = ordered_json::array({ref});
      if (client->mode == "optional") tls["clientValidation"]["optional"] = true;
      own::grant(context, group, "ClientTrafficPolicy", owner.ns, "Secret", client->ns, client->secret);
      near = true;
      what =
          "ClientTrafficPolicy clientValidation; a bad certificate fails the handshake instead of 400, and with a "
          "missing Secret only https is refused, where ingress-nginx answers 403 on http too";
    } else if (const auto* settings = std::get_if<TlsSettings>(&intent.demand)) {
      ordered_json ciphers = ordered_json::array();
      std::string_view rest = settings->ciphers;
      while (!rest.empty()) {
        const std::size_t colon = rest.find(':');
        if (colon != 0) ciphers.push_back(rest.substr(0, colon));
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
      }
      tls["ciphers"] = std::move(ciphers);
      what = "ClientTrafficPolicy tls.ciphers";
    }
    own::settle(context, intent, what, near);
  }
  if (tls.empty()) return;
  const ordered_json refs = ordered_json::array(
      {{{"group", kube::gateway_group}, {"kind", kind}, {"name", owner.name}, {"sectionName", section}}});
  context.others.push_back(own::object(version, "ClientTrafficPolicy", owner.ns,
                                       owner.name + "--" + std::string(section),
                                       own::with_targets("targetRefs", refs, {{"tls", tls}})));
}

}  // namespace

bool envoy_gateway_meets(const Intent& intent, const Options& options) {
  // The listeners of a Gateway that exists belong to somebody else.
  const bool listener =
      std::holds_alternative<ClientCertificate>(intent.demand) || std::holds_alternative<TlsSettings>(intent.demand);
  return (!listener || !options.parent) && std::visit(Meets{}, intent.demand);
}

std::string_view envoy_gateway_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<ExternalAuth>(d))
    return "Envoy Gateway asks a Service or a host name; an address or variables in auth-url cannot be written";
  if (std::holds_alternative<BasicAuth>(d))
    return "Envoy Gateway takes one htpasswd file with {SHA} hashes and Basic authentication only";
  if (const auto* client = std::get_if<ClientCertificate>(&d);
      client && client->common_name.empty() && !client->passed_on)
    return "Envoy Gateway checks client certificates on listeners of the same conversion (not with --parent), and not "
           "without an authority";
  if (std::holds_alternative<RateLimit>(d)) return "Envoy Gateway's local rate limit has no exempt addresses";
  if (std::holds_alternative<ConnectionLimit>(d))
    return "Envoy Gateway limits connections of a listener, not of a client";
  if (std::holds_alternative<TlsSettings>(d)) return "Envoy Gateway takes a list of cipher names, no expression";
  return {};
}

void envoy_gateway_policies(const WrittenRoute& written, PolicyContext& context) {
  route_policies(written, context);
}

void envoy_gateway_listener(const Server& server, const kube::NamespacedName& owner, std::string_view kind,
                            std::string_view section, PolicyContext& context) {
  listener_policy(server, owner, kind, section, context);
}

}  // namespace gw::convert
