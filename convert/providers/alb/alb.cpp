// AWS Load Balancer Controller: a list of listener rules, the first match wins; actions and conditions in annotations.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/providers/alb/parts.h"
#include "convert/providers/common.h"
#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/order.h"
#include "convert/providers/own.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"
#include "convert/regex.h"
#include "kube/ingress_class.h"

namespace gw::convert {
namespace {

using nlohmann::json;

std::string word(const json& j, std::string_view key) {
  const auto at = j.is_object() ? j.find(key) : j.end();
  if (at == j.end()) return {};
  return at->is_string()           ? at->get<std::string>()
         : at->is_number_integer() ? std::to_string(at->get<long>())
                                   : std::string();
}
const json* member(const json& j, std::initializer_list<std::string_view> keys) {
  if (!j.is_object()) return nullptr;
  for (const std::string_view key : keys)
    if (const auto at = j.find(key); at != j.end()) return &*at;
  return nullptr;
}
bool is_json(std::string_view v) {
  return json::accept(v);
}

// ---- annotations of the whole Ingress

// The annotation in the words of AWS's own Gateway, where that is the target.
bool said(Asking& asking, const Given& given, Loss loss, std::string_view without) {
  if (!same_proxy(asking.input, "aws")) return false;
  const auto key = std::find_if(asking.wishes.given.begin(), asking.wishes.given.end(),
                                [&](const auto& g) { return g.second.claim == given.claim; });
  auto part = key == asking.wishes.given.end() ? std::nullopt : alb::part_of(key->first, given.text);
  if (!part) return false;
  asking.demand(std::move(*part), {given.claim}, loss, without);
  return true;
}

constexpr std::string_view infrastructure = "of the load balancer itself: LoadBalancerConfiguration of the AWS gateway";
constexpr std::string_view group = "of target groups: TargetGroupConfiguration of the AWS gateway";

void balancer(Asking& asking, const Given& given) {
  if (!said(asking, given, Loss::other, infrastructure))
    asking.settle(given.claim, Outcome::approximated, infrastructure);
}
// Who reaches the load balancer at all.
void scheme(Asking& asking, const Given& given) {
  if (!said(asking, given, Loss::allow_list, infrastructure))
    asking.settle(given.claim, Outcome::approximated, infrastructure);
}
void targets(Asking& asking, const Given& given) {
  if (!said(asking, given, Loss::other, group)) asking.settle(given.claim, Outcome::approximated, group);
}
void security_groups(Asking& asking, const Given& given) {
  static constexpr std::string_view without =
      "security groups decide who reaches the load balancer: LoadBalancerConfiguration of the AWS gateway";
  if (!said(asking, given, Loss::allow_list, without))
    asking.demand(Foreign{given.text}, {given.claim}, Loss::allow_list, without);
}
void firewall(Asking& asking, const Given& given) {
  static constexpr std::string_view without = "a firewall of AWS: LoadBalancerConfiguration of the AWS gateway";
  if (!said(asking, given, Loss::waf, without)) asking.demand(Foreign{given.text}, {given.claim}, Loss::waf, without);
}
void tokens(Asking& asking, const Given& given) {
  static constexpr std::string_view without =
      "tokens checked by the load balancer need a ListenerRuleConfiguration of the AWS gateway";
  auto part = same_proxy(asking.input, "aws") ? alb::token_check(given.text) : std::nullopt;
  if (part)
    asking.demand(std::move(*part), {given.claim}, Loss::auth, without);
  else
    asking.demand(Foreign{given.text}, {given.claim}, Loss::auth, without);
}

void ssl_redirect(Asking& asking, const Given& given) {
  asking.wishes.https_redirect = true;
  asking.wishes.https_code = 301;
  const int port = *small_int(given.text);
  if (port != 443) asking.wishes.https_port = port;
  asking.converted(given, "RequestRedirect to https");
}
// [{"HTTP": 80}, {"HTTPS": 443}]
void listen_ports(Asking& asking, const Given& given) {
  bool http = false, https = false;
  std::string other;
  const json list = json::parse(given.text, nullptr, false);
  if (list.is_array())
    for (const json& one : list)
      for (const auto& [protocol, port] : one.items()) {
        http = http || protocol == "HTTP";
        https = https || protocol == "HTTPS";
        if (port != 80 && port != 443) other = port.dump();
      }
  asking.wishes.http = http || !https;
  asking.wishes.https = https;
  if (!other.empty())
    return asking.settle(given.claim, Outcome::refused,
                         asking.ir.keep("a listener of port " + other + " is not written; add it to the Gateway"));
  asking.converted(given, "listeners");
}
void certificate(Asking& asking, const Given& given) {
  if (said(asking, given, Loss::other, infrastructure)) return;
  asking.settle(
      given.claim, Outcome::refused,
      "a certificate of AWS stands outside the cluster: LoadBalancerConfiguration.listenerConfigurations on the AWS "
      "gateway, or a Secret in the listener");
}
void cidrs(Asking& asking, const Given& given) {
  allow_addresses(asking, given);
}
void protocol(Asking& asking, const Given& given) {
  if (said(asking, given, Loss::backend_tls, group)) return;
  const std::string v = nginx::lower(given.text);
  if (v == "http" || v == "http1") return asking.converted(given, "the default");
  if (v == "https")
    return asking.demand(
        InsecureBackendTls{}, {given.claim}, Loss::backend_tls,
        "TLS to the backend, unchecked by the load balancer, needs a BackendTLSPolicy with name and authority");
  asking.settle(given.claim, Outcome::approximated, sentence::h2c);
}
void auth(Asking& asking, const Given& given) {
  if (given.text == "none") return asking.converted(given, "the default");
  std::vector<Claim> claims;
  for (const auto& [name, g] : asking.wishes.given)
    if (name.starts_with("auth-")) claims.push_back(g.claim);
  if (auto part = same_proxy(asking.input, "aws") ? alb::authentication(asking.wishes) : std::nullopt)
    return asking.demand(std::move(*part), std::move(claims), Loss::auth,
                         "authentication by the load balancer needs a ListenerRuleConfiguration of the AWS gateway");
  asking.demand(Foreign{given.text}, std::move(claims), Loss::auth,
                "authentication by the load balancer needs a ListenerRuleConfiguration of the AWS gateway");
}
void mutual(Asking& asking, const Given& given) {
  if (given.text.find("off") != std::string::npos && given.text.find("verify") == std::string::npos)
    return asking.converted(given, "off");
  if (said(asking, given, Loss::client_certificate, infrastructure)) return;
  asking.demand(Foreign{given.text}, {given.claim}, Loss::client_certificate,
                "client certificates are the listener's: write tls.frontendValidation");
}
void target_attributes(Asking& asking, const Given& given) {
  if (said(asking, given, Loss::other, group)) return;
  const bool sticky = given.text.find("stickiness.enabled=true") != std::string::npos;
  if (!sticky)
    return asking.settle(given.claim, Outcome::approximated,
                         "attributes of target groups: TargetGroupConfiguration of the AWS gateway");
  CookieAffinity c;
  c.name = "AWSALB";
  const std::string key = "stickiness.lb_cookie.duration_seconds=";
  if (const std::size_t at = given.text.find(key); at != std::string::npos)
    c.max_age =
        small_int(std::string_view(given.text).substr(at + key.size(), given.text.find(',', at) - at - key.size()))
            .value_or(0);
  asking.demand(std::move(c), {given.claim}, Loss::other, sentence::session);
}
bool any_order(std::string_view v) {
  return is_int(v);
}

constexpr WishRow rows[] = {
    {.key = "group.name", .detail = "the Ingresses share a Gateway; routes keep its order"},
    {.key = "group.order", .valid = any_order, .detail = "the order of the rules"},
    {.key = "scheme", .apply = scheme},
    {.key = "target-type", .apply = targets},
    {.key = "listen-ports", .valid = is_json, .apply = listen_ports},
    {.key = "certificate-arn", .apply = certificate},
    {.key = "ssl-redirect", .valid = is_int, .apply = ssl_redirect},
    {.key = "actions.*",
     .valid = is_json,
     .detail = "filters and backends of the paths that name it",
     .loss = Loss::auth},
    {.key = "conditions.*", .valid = is_json, .detail = "matches of the paths that name it", .loss = Loss::auth},
    {.key = "transforms.*",
     .outcome = Outcome::refused,
     .detail = "rewrites by expressions cannot be expressed",
     .loss = Loss::rewrite},
    {.key = "backend-protocol", .apply = protocol},
    {.key = "backend-protocol-version", .apply = protocol},
    {.key = "healthcheck-*", .apply = targets},
    {.key = "healthy-threshold-count", .apply = targets},
    {.key = "unhealthy-threshold-count", .apply = targets},
    {.key = "success-codes", .apply = targets},
    {.key = "target-group-attributes", .apply = target_attributes},
    {.key = "target-node-labels", .apply = targets},
    {.key = "multi-cluster-target-group", .apply = targets},
    {.key = "load-balancer-attributes", .apply = balancer},
    {.key = "load-balancer-name", .apply = balancer},
    {.key = "load-balancer-capacity-reservation", .apply = balancer},
    {.key = "minimum-load-balancer-capacity", .apply = balancer},
    {.key = "target-control-port.*",
     .valid = is_int,
     .outcome = Outcome::approximated,
     .detail = "of the target optimizer: TargetGroupConfiguration.defaultConfiguration.targetControlPort of the AWS "
               "gateway"},
    {.key = "dry-run-plan", .outcome = Outcome::ignored, .detail = "the controller writes a plan into it"},
    {.key = "create-acm-cert", .apply = certificate},
    {.key = "acm-pca-arn",
     .outcome = Outcome::approximated,
     .detail = "the authority of a certificate that the controller asks ACM for",
     .with = "create-acm-cert"},
    {.key = "listener-attributes.*", .apply = balancer},
    {.key = "auth-type", .loss = Loss::auth, .apply = auth},
    {.key = "auth-*",
     .outcome = Outcome::approximated,
     .detail = "part of auth-type",
     .loss = Loss::auth,
     .with = "auth-type"},
    {.key = "jwt-validation", .loss = Loss::auth, .apply = tokens},
    {.key = "inbound-cidrs", .loss = Loss::allow_list, .apply = cidrs},
    {.key = "security-groups", .loss = Loss::allow_list, .apply = security_groups},
    {.key = "manage-backend-security-group-rules", .apply = balancer},
    {.key = "security-group-prefix-lists", .loss = Loss::allow_list, .apply = security_groups},
    {.key = "wafv2-acl-arn", .loss = Loss::waf, .apply = firewall},
    {.key = "wafv2-acl-name", .loss = Loss::waf, .apply = firewall},
    {.key = "waf-acl-id", .loss = Loss::waf, .apply = firewall},
    {.key = "web-acl-id", .loss = Loss::waf, .apply = firewall},
    {.key = "shield*", .loss = Loss::waf, .apply = firewall},
    {.key = "subnets", .apply = balancer},
    {.key = "ip-address-type", .apply = balancer},
    {.key = "ipam-ipv4-pool-id", .apply = balancer},
    {.key = "customer-owned-ipv4-pool", .apply = balancer},
    {.key = "frontend-nlb*", .apply = balancer},
    {.key = "enable-frontend-nlb", .apply = balancer},
    {.key = "tags", .apply = balancer},
    {.key = "ssl-policy", .apply = balancer},
    {.key = "mutual-authentication", .loss = Loss::client_certificate, .apply = mutual},
    {.key = "use-regex-path-match", .valid = is_bool, .detail = "ImplementationSpecific paths are expressions"},
};

// ---- actions and conditions

struct Path {
  Offer& offer;
  Asking& asking;
  Special& special;
  Claim claim;

  void refuse(Loss loss, std::string_view why) const {
    special.intents.push_back({Foreign{}, {claim}, loss, Outcome::refused, why});
  }
};

void redirect(const Path& p, const json& config) {
  Redirect to;
  const std::string code = word(config, "StatusCode").empty() ? word(config, "statusCode") : word(config, "StatusCode");
  to.status = code.ends_with("302") ? 302 : 301;
  const auto value = [&](std::string_view upper, std::string_view lower) {
    const std::string v = word(config, upper);
    return v.empty() ? word(config, lower) : v;
  };
  const std::string protocol = value("Protocol", "protocol"), port = value("Port", "port"),
                    host = value("Host", "host"), path = value("Path", "path"), query = value("Query", "query");
  if (!protocol.empty() && protocol != "#{protocol}") to.scheme = nginx::lower(protocol);
  if (!port.empty() && port != "#{port}") to.port = small_int(port);
  if (!host.empty() && host != "#{host}") to.host = host;
  if (!path.empty() && path != "/#{path}") to.path = PathRewrite{false, path};
  if ((to.host && to.host->find('#') != std::string::npos) ||
      (to.path && to.path->value.find('#') != std::string::npos))
    return p.refuse(Loss::rewrite, "a redirect made of parts of the request cannot be expressed");
  if (!query.empty() && query != "#{query}")
    p.asking.settle(p.claim, Outcome::approximated, "the query of the request is kept in the redirect");
  p.special.redirect = to;
  p.special.answered = true;
}

void forward(const Path& p, const json& action) {
  p.special.answered = true;
  const auto add = [&](const std::string& name, const std::string& port, int weight) {
    if (name.empty()) return p.refuse(Loss::backend, "a target group of AWS is no Service of the cluster");
    auto backend = make_backend(*p.offer.ingress, p.offer.backend->node, p.offer.ingress->metadata.ns,
                                service_port(name, port), p.asking.input, p.asking.ledger);
    if (!backend) return;
    backend->name = p.asking.ir.keep(name);
    backend->weight = weight;
    p.special.backends.push_back(*backend);
  };
  const json* config = member(action, {"forwardConfig", "ForwardConfig"});
  const json* groups = config ? member(*config, {"targetGroups", "TargetGroups"}) : nullptr;
  if (!groups || !groups->is_array()) return add(word(action, "serviceName"), word(action, "servicePort"), 1);
  for (const json& g : *groups) {
    const auto weight = small_int(word(g, "weight").empty() ? word(g, "Weight") : word(g, "weight"));
    add(word(g, "serviceName"), word(g, "servicePort"), weight.value_or(1));
  }
  if (member(*config, {"targetGroupStickinessConfig", "TargetGroupStickinessConfig"}))
    p.asking.settle(p.claim, Outcome::approximated, "clients do not stick to a target group");
}

void act(const Path& p, const json& action) {
  std::string type = word(action, "type");
  if (type.empty()) type = word(action, "Type");
  const json* redirect_config = member(action, {"redirectConfig", "RedirectConfig"});
  if (type == "redirect" && redirect_config) return redirect(p, *redirect_config);
  if (type == "forward") return forward(p, action);
  p.special.answered = true;
  if (auto part = same_proxy(p.asking.input, "aws") ? alb::fixed_response(action.dump()) : std::nullopt) {
    p.special.intents.push_back({std::move(*part), {p.claim}, Loss::rewrite, Outcome::refused, group});
    return;
  }
  p.refuse(Loss::rewrite, type == "fixed-response"
                              ? "Gateway API has no fixed answers: no backend is written for these paths"
                              : "an action of this type cannot be expressed");
}

// Values that the controller reads: a list of strings. Anything else, and it builds no load balancer of the Ingress.
bool texts(const json* values) {
  return values && values->is_array() && !values->empty() &&
         std::all_of(values->begin(), values->end(), [](const json& v) { return v.is_string(); });
}

void header_condition(const Path& p, const json& config) {
  std::string name = word(config, "httpHeaderName");
  if (name.empty()) name = word(config, "HttpHeaderName");
  const json* values = member(config, {"values", "Values"});
  if (name.empty() || !texts(values))
    return p.refuse(Loss::auth, "a condition of a header needs httpHeaderName and values, a list of strings");
  const bool regex = values->size() > 1 || std::any_of(values->begin(), values->end(), [](const json& v) {
                       return v.get_ref<const std::string&>().find_first_of("*?") != std::string::npos;
                     });
  std::string pattern;
  for (const json& v : *values) {
    const auto& text = v.get_ref<const std::string&>();
    pattern += (pattern.empty() ? "" : "|") + (regex ? glob_regex(text) : text);
  }
  p.special.conditions.headers.push_back({name, pattern, regex});
}

void condition(const Path& p, const json& one) {
  std::string field = word(one, "field");
  if (field.empty()) field = word(one, "Field");
  if (field == "http-header") {
    if (const json* config = member(one, {"httpHeaderConfig", "HttpHeaderConfig"})) return header_condition(p, *config);
  } else if (field == "http-request-method") {
    const json* config = member(one, {"httpRequestMethodConfig", "HttpRequestMethodConfig"});
    const json* values = config ? member(*config, {"values", "Values"}) : nullptr;
    if (!texts(values)) return p.refuse(Loss::auth, "a condition of methods needs values, a list of strings");
    for (const json& v : *values) p.special.methods.push_back(v.get<std::string>());
    return;
  } else if (field == "query-string") {
    const json* config = member(one, {"queryStringConfig", "QueryStringConfig"});
    const json* values = config ? member(*config, {"values", "Values"}) : nullptr;
    if (values && values->is_array() && values->size() == 1 && !word((*values)[0], "key").empty()) {
      const std::string value = word((*values)[0], "value");
      const bool regex = value.find_first_of("*?") != std::string::npos;
      p.special.conditions.query.push_back({word((*values)[0], "key"), regex ? glob_regex(value) : value, regex});
      return;
    }
  }
  if (auto part = field == "source-ip" && same_proxy(p.asking.input, "aws") ? alb::source_addresses(one.dump())
                                                                            : std::nullopt) {
    p.special.intents.push_back({std::move(*part), {p.claim}, Loss::allow_list, Outcome::refused, group});
    return;
  }
  p.refuse(field == "source-ip" ? Loss::allow_list : Loss::auth,
           field == "source-ip"
               ? "Gateway API matches no addresses of clients"
               : "a condition of host, path or several query strings beside the rule's own cannot be expressed");
}

// Actions and conditions are written beside the Service's name, and replace it.
void specials(Offer& offer, Asking& asking) {
  if (!offer.backend->service) return;
  const std::string& name = offer.backend->service->name;
  auto special = std::make_shared<Special>();
  const Wishes& w = *offer.wishes;
  const Given* action = w.find("actions." + name);
  if (offer.backend->service->port.name == "use-annotation") {
    if (action)
      act({offer, asking, *special, action->claim}, json::parse(action->text, nullptr, false));
    else
      special->answered = true;
  }
  if (const Given* conditions = w.find("conditions." + name)) {
    const json list = json::parse(conditions->text, nullptr, false);
    const Path path{offer, asking, *special, conditions->claim};
    if (!list.is_array()) path.refuse(Loss::auth, "conditions are a list in JSON");
    for (const json& one : list.is_array() ? list : json::array()) condition(path, one);
  }
  if (action || w.find("conditions." + name)) offer.special = std::move(special);
}

bool match(Offer& offer, Asking& asking) {
  specials(offer, asking);
  if (offer.fallback) return true;
  const bool wild = offer.text.find_first_of("*?") != std::string_view::npos;
  if (offer.type == "Exact" || offer.type == "Prefix") {
    if (!wild) return true;
    asking.ledger.note({"GW644",
                        diag::Severity::warning,
                        "path '" + std::string(offer.text) + "' has a wildcard beside pathType " +
                            std::string(offer.type) + ": the controller refuses it, nothing is written",
                        {},
                        offer.ingress,
                        offer.at});
    return false;
  }
  if (!offer.at || !offer.at->find("path") || offer.text == "/*") {
    offer.text = "/";
    offer.reach = Reach::element;
  } else if (offer.wishes->on("use-regex-path-match")) {
    offer.reach = Reach::regex;
    std::string body(offer.text.substr(1));
    const bool start = body.starts_with('^'), end = body.ends_with('$');
    if (start) body.erase(0, 1);
    if (end) body.pop_back();
    offer.text = asking.ir.keep((start ? "" : ".*") + body + (end ? "" : ".*"));
  } else if (!wild) {
    offer.reach = Reach::exact;
  } else {
    offer.reach = Reach::regex;
    offer.text = asking.ir.keep(glob_regex(offer.text));
  }
  return true;
}

int rank_of(const Offer& o) {
  return o.type == "Exact" ? 0 : o.type == "Prefix" ? 1 : 2;
}
bool before(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    return std::tuple(o.fallback, o.group, rank_of(o), o.type == "Prefix" ? ~o.text.size() : 0, o.place);
  };
  return key(a) < key(b);
}

std::vector<const kube::Ingress*> order(std::vector<const kube::Ingress*> ingresses) {
  const auto key = [](const kube::Ingress* i) {
    const std::string* text = kube::find(i->metadata.annotations, "alb.ingress.kubernetes.io/group.order");
    return std::tuple(text ? small_int(*text).value_or(0) : 0, std::string_view(i->metadata.ns),
                      std::string_view(i->metadata.name));
  };
  std::sort(ingresses.begin(), ingresses.end(), [&](const auto* a, const auto* b) { return key(a) < key(b); });
  return ingresses;
}

constexpr DialectNote notes[] = {
    {"GW640", DialectNote::When::always,
     "every Ingress without a group is a load balancer of its own; the output attaches all routes to one Gateway "
     "unless "
     "--layout ingress is given",
     "GET http://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "aws-alb",
    .rows = rows,
    .service_rows = rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .fall_through = true,
    .deep_wildcards = true,
    .code = 301,
    .notes = notes,
    .match = match,
    .before = before,
    .order = order,
};

}  // namespace

void read_alb(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
}

std::vector<std::string_view> alb_annotations() {
  return full_names("alb.ingress.kubernetes.io/", rows);
}

namespace {

// The scheme that the parameters of an Ingress's class have; empty: none.
std::string scheme_of_class(const kube::Ingress& ingress, const kube::Index& index) {
  const kube::IngressClass* of = index.ingress_class(kube::class_of(ingress));
  const auto at = [](const yaml::Node* node, std::string_view key) {
    return node && node->is_map() ? node->find(key) : nullptr;
  };
  const std::string name = of ? text_of(at(at(at(of->node, "spec"), "parameters"), "name")) : std::string();
  if (name.empty()) return {};
  for (const kube::OtherObject& other : index.bundle().others)
    if (other.kind == "IngressClassParams" && other.metadata.name == name)
      return text_of(at(at(other.node, "spec"), "scheme"));
  return {};
}

}  // namespace

// The class's parameters win over annotations; those of one Ingress hold for its group; the default is "internal".
// https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#scheme
std::optional<bool> alb_internal(const kube::Ingress& ingress, const kube::Index& others) {
  constexpr std::string_view scheme = "alb.ingress.kubernetes.io/scheme",
                             group = "alb.ingress.kubernetes.io/group.name";
  if (const std::string of_class = scheme_of_class(ingress, others); !of_class.empty()) return of_class == "internal";
  const auto internal = [&](const kube::Ingress& of) {
    return *kube::find(of.metadata.annotations, scheme) == "internal";
  };
  if (kube::find(ingress.metadata.annotations, scheme)) return internal(ingress);
  if (const std::string* name = kube::find(ingress.metadata.annotations, group))
    for (const kube::Ingress& other : others.bundle().ingresses)
      if (const std::string* its = kube::find(other.metadata.annotations, group);
          its && *its == *name && kube::find(other.metadata.annotations, scheme))
        return internal(other);
  return true;
}

}  // namespace gw::convert
