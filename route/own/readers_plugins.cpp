// Readers of Traefik, Kong, kgateway and agentgateway: middlewares, plugins and traffic policies.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "diag/ascii.h"
#include "route/own/demand.h"
#include "route/profiles/objects.h"

namespace gw::route::own {
namespace {

using nlohmann::json;

Demand named(const kube::OtherObject& object) {
  Demand out;
  out.object = std::string(object.kind) + " " + object.id().display();
  return out;
}

void header(Demand& out, bool request, std::string_view how, const std::string& name, const std::string& value) {
  const bool removed = how == "remove";
  out.effects.push_back({request ? Effect::Kind::request_header : Effect::Kind::response_header,
                         std::string(how) + " " + diag::lower(name) + (removed ? "" : ": " + value), out.object});
}

long number(const json& value, long otherwise) {
  return value.is_number_integer() ? value.get<long>() : otherwise;
}

// ---- Traefik

void traefik_headers(Demand& out, const json& headers) {
  for (const bool request : {true, false}) {
    const json& map = at(headers, {request ? "customRequestHeaders" : "customResponseHeaders"});
    if (map.is_object())
      for (const auto& [name, value] : map.items())
        header(out, request, text(value).empty() ? "remove" : "set", name, text(value));
  }
  if (const long seconds = number(at(headers, {"stsSeconds"}), 0); seconds > 0)
    header(out, false, "set", "strict-transport-security",
           "max-age=" + std::to_string(seconds) +
               (at(headers, {"stsIncludeSubdomains"}) == true ? "; includeSubDomains" : "") +
               (at(headers, {"stsPreload"}) == true ? "; preload" : ""));
  struct Flag {
    const char* field;
    const char *name, *value;
  };
  static constexpr Flag flags[] = {{"frameDeny", "x-frame-options", "DENY"},
                                   {"contentTypeNosniff", "x-content-type-options", "nosniff"},
                                   {"browserXssFilter", "x-xss-protection", "1; mode=block"}};
  for (const Flag& flag : flags)
    if (at(headers, {flag.field}) == true) header(out, false, "set", flag.name, flag.value);
  static constexpr std::pair<const char*, const char*> texts[] = {{"customFrameOptionsValue", "x-frame-options"},
                                                                  {"contentSecurityPolicy", "content-security-policy"},
                                                                  {"referrerPolicy", "referrer-policy"},
                                                                  {"permissionsPolicy", "permissions-policy"}};
  for (const auto& [field, name] : texts)
    if (const std::string value = text(at(headers, {field})); !value.empty()) header(out, false, "set", name, value);
  std::vector<std::string> origins = strings(at(headers, {"accessControlAllowOriginList"}));
  for (std::string& regex : strings(at(headers, {"accessControlAllowOriginListRegex"})))
    origins.push_back("regex " + std::move(regex));
  if (!origins.empty())
    cors_effects(
        out, std::move(origins), strings(at(headers, {"accessControlAllowMethods"})),
        strings(at(headers, {"accessControlAllowHeaders"})), strings(at(headers, {"accessControlExposeHeaders"})),
        at(headers, {"accessControlAllowCredentials"}) == true, number(at(headers, {"accessControlMaxAge"}), 0));
}

void traefik_prefixes(Demand& out, const json& middleware) {
  for (std::string& prefix : strings(at(middleware, {"prefixes"})))
    out.path.push_back({PathStep::Kind::strip, std::move(prefix), nullptr});
}

bool traefik_one(Demand& out, const std::string& kind, const json& value) {
  if (kind == "basicAuth" || kind == "digestAuth") {
    out.basic = true;
    out.guard(kind == "basicAuth" ? "basic auth" : "digest auth");
  } else if (kind == "forwardAuth") {
    out.external = true;
    out.guard("external auth by " + address_of_url(text(at(value, {"address"}))));
  } else if (kind == "ipAllowList" || kind == "ipWhiteList") {
    out.allow_only(strings(at(value, {"sourceRange"})));
  } else if (kind == "headers") {
    traefik_headers(out, value);
  } else if (kind == "rateLimit" || kind == "inFlightReq") {
    out.limit_status = 429;
  } else if (kind == "stripPrefix") {
    traefik_prefixes(out, value);
  } else if (kind == "addPrefix") {
    out.path.push_back({PathStep::Kind::add, text(at(value, {"prefix"})), nullptr});
  } else if (kind == "replacePath") {
    out.path.push_back({PathStep::Kind::replace, text(at(value, {"path"})), nullptr});
  } else {
    static constexpr std::string_view harmless[] = {
        "compress", "buffering", "retry", "errors", "circuitBreaker", "grpcWeb", "passTLSClientCert", "contentType"};
    return std::find(std::begin(harmless), std::end(harmless), kind) != std::end(harmless);
  }
  return true;
}

std::optional<Demand> traefik(const kube::OtherObject& object, const json& spec, const kube::Bundle& bundle,
                              int depth) {
  Demand out = named(object);
  if (object.kind != "Middleware" || spec.size() != 1 || depth > 8) return std::nullopt;
  const std::string kind = spec.begin().key();
  if (kind != "chain") return traefik_one(out, kind, spec.begin().value()) ? std::optional(out) : std::nullopt;
  const json& parts = at(spec, {"chain", "middlewares"});
  if (!parts.is_array()) return std::nullopt;
  for (const json& part : parts) {
    std::string ns = text(at(part, {"namespace"}));
    if (ns.empty()) ns = std::string(object.metadata.ns);
    const kube::OtherObject* found = find_object(bundle, "Middleware", {ns, text(at(part, {"name"}))});
    if (!found) return std::nullopt;
    std::optional<Demand> below = traefik(*found, spec_of(*found), bundle, depth + 1);
    if (!below) return std::nullopt;
    out.basic |= below->basic;
    out.external |= below->external;
    out.limit_status = std::max(out.limit_status, below->limit_status);
    if (below->addresses.allow) out.addresses.allow = below->addresses.allow;
    out.path.insert(out.path.end(), below->path.begin(), below->path.end());
    out.effects.insert(out.effects.end(), below->effects.begin(), below->effects.end());
  }
  return out;
}

// ---- Kong

void kong_headers(Demand& out, const json& config, bool request) {
  for (const auto& [field, how] : {std::pair<const char*, const char*>{"add", "add"},
                                   {"append", "add"},
                                   {"replace", "set"},
                                   {"remove", "remove"}}) {
    for (const std::string& line : strings(at(config, {field, "headers"}))) {
      const auto colon = line.find(':');
      std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
      value.erase(0, std::min(value.find_first_not_of(' '), value.size()));
      header(out, request, how, line.substr(0, colon), value);
    }
  }
  if (const std::string uri = text(at(config, {"replace", "uri"})); !uri.empty()) {
    if (uri.find('$') != std::string::npos)
      out.unmodelled = out.object + " replaces the path by a template";
    else
      out.path.push_back({PathStep::Kind::replace, uri, nullptr});
  }
}

// ---- kgateway and agentgateway

void acl(Demand& out, const json& list) {
  std::vector<std::string> allowed, denied;
  if (const json& rules = at(list, {"rules"}); rules.is_array())
    for (const json& rule : rules) {
      const std::vector<std::string> networks = strings(at(rule, {"cidrs"}));
      auto& into = text(at(rule, {"action"})) == "deny" ? denied : allowed;
      into.insert(into.end(), networks.begin(), networks.end());
    }
  if (!denied.empty()) out.deny_all(denied);
  if (text(at(list, {"defaultAction"})) == "deny") out.allow_only(allowed);
}

void header_modifiers(Demand& out, const json& modifiers) {
  for (const bool request : {true, false}) {
    const json& one = at(modifiers, {request ? "request" : "response"});
    for (const char* how : {"set", "add"})
      if (const json& list = at(one, {how}); list.is_array())
        for (const json& row : list) header(out, request, how, text(at(row, {"name"})), text(at(row, {"value"})));
    for (const std::string& name : strings(at(one, {"remove"}))) header(out, request, "remove", name, "");
  }
}

// CEL of addresses alone: cidr("10.0.0.0/8").containsIP(source.address), several joined by ||, all of it negated.
bool cel_networks(std::string expression, bool& negated, std::vector<std::string>& networks) {
  negated = expression.starts_with("!(") && expression.ends_with(")");
  if (negated) expression = expression.substr(2, expression.size() - 3);
  static const RE2 one(R"(\s*cidr\(\"([0-9a-fA-F.:/]+)\"\)\.containsIP\(source\.address\)\s*(?:\|\||$))");
  std::string network;
  for (re2::StringPiece rest(expression); !rest.empty();) {
    if (!RE2::Consume(&rest, one, &network)) return false;
    networks.push_back(network);
  }
  return !networks.empty();
}

}  // namespace

std::optional<Demand> read_traefik(const kube::OtherObject& object, json& spec, const kube::Bundle& bundle) {
  std::optional<Demand> out = traefik(object, spec, bundle, 0);
  if (out) spec = json::object();
  return out;
}

std::optional<Demand> read_kong(const kube::OtherObject& object, json&, const kube::Bundle&) {
  if (object.kind != "KongPlugin" && object.kind != "KongClusterPlugin") return std::nullopt;
  Demand out = named(object);
  const json whole = body_of(object);
  const std::string plugin = text(at(whole, {"plugin"}));
  const json& config = at(whole, {"config"});
  if (at(whole, {"disabled"}) == true) return out;
  if (plugin == "ip-restriction") {
    if (const auto denied = strings(at(config, {"deny"})); !denied.empty()) out.deny_all(denied);
    if (const auto allowed = strings(at(config, {"allow"})); !allowed.empty()) out.allow_only(allowed);
  } else if (plugin == "basic-auth") {
    out.basic = true;
    out.guard("basic auth");
  } else if (plugin == "key-auth" || plugin == "jwt" || plugin == "hmac-auth" || plugin == "oauth2" ||
             plugin == "openid-connect" || plugin == "ldap-auth") {
    out.token = true;
    out.guard(plugin);
  } else if (plugin == "rate-limiting" || plugin == "rate-limiting-advanced") {
    out.limit_status = 429;
  } else if (plugin == "cors") {
    cors_effects(out, strings(at(config, {"origins"})), strings(at(config, {"methods"})),
                 strings(at(config, {"headers"})), strings(at(config, {"exposed_headers"})),
                 at(config, {"credentials"}) == true, number(at(config, {"max_age"}), 0));
  } else if (plugin == "request-transformer" || plugin == "response-transformer") {
    kong_headers(out, config, plugin == "request-transformer");
  } else if (plugin != "request-size-limiting" && plugin != "prometheus" && plugin != "correlation-id") {
    out.unmodelled = out.object + ": the plugin " + plugin + " is not modelled";
  }
  return out;
}

std::optional<Demand> read_kgateway(const kube::OtherObject& object, json& spec, const kube::Bundle& bundle) {
  if (object.kind != "TrafficPolicy") return std::nullopt;
  Demand out = named(object);
  if (spec.contains("basicAuth")) {
    out.basic = true;
    out.guard("basic auth");
  }
  if (const json& reference = at(spec, {"extAuth", "extensionRef"}); reference.is_object()) {
    out.external = true;
    const kube::NamespacedName id{std::string(object.metadata.ns), text(at(reference, {"name"}))};
    const kube::OtherObject* extension = find_object(bundle, "GatewayExtension", id);
    const json found = extension ? spec_of(*extension) : json::object();
    const json& http = at(found, {"extAuth", "httpService"});
    out.guard("external auth by " + (http.is_object() ? address_of_backend(bundle, at(http, {"backendRef"}), id.ns,
                                                                           text(at(http, {"pathPrefix"})))
                                                      : id.display()));
  }
  if (spec.contains("acl")) acl(out, spec["acl"]);
  if (spec.contains("rateLimit")) out.limit_status = 429;
  if (const json& cors = at(spec, {"cors"}); cors.is_object())
    cors_effects(out, strings(at(cors, {"allowOrigins"})), strings(at(cors, {"allowMethods"})),
                 strings(at(cors, {"allowHeaders"})), strings(at(cors, {"exposeHeaders"})),
                 at(cors, {"allowCredentials"}) == true, number(at(cors, {"maxAge"}), 0));
  header_modifiers(out, at(spec, {"headerModifiers"}));
  for (const char* field : {"transformation", "jwt", "rbac", "extProc", "apiKeyAuth", "csrf", "oauth2"})
    if (spec.contains(field)) out.unmodelled = out.object + " " + field;
  spec = json::object();
  return out;
}

std::optional<Demand> read_agentgateway(const kube::OtherObject& object, json& spec, const kube::Bundle& bundle) {
  if (object.kind != "AgentgatewayPolicy") return std::nullopt;
  Demand out = named(object);
  const json& traffic = at(spec, {"traffic"});
  if (at(traffic, {"basicAuthentication"}).is_object()) {
    out.basic = true;
    out.guard("basic auth");
  }
  if (const json& auth = at(traffic, {"extAuth"}); auth.is_object()) {
    out.external = true;
    std::string path = text(at(auth, {"http", "path"}));
    std::erase(path, '\'');
    out.guard("external auth by " +
              address_of_backend(bundle, at(auth, {"backendRef"}), std::string_view(object.metadata.ns), path));
  }
  for (const std::string& expression : strings(at(traffic, {"authorization", "policy", "matchExpressions"}))) {
    bool negated = false;
    std::vector<std::string> networks;
    if (!cel_networks(expression, negated, networks))
      out.unmodelled = out.object + " authorization by more than addresses";
    else if (negated == (text(at(traffic, {"authorization", "action"})) == "Deny"))
      out.allow_only(networks);
    else
      out.deny_all(networks);
  }
  if (at(traffic, {"rateLimit"}).is_object()) out.limit_status = 429;
  header_modifiers(out, at(traffic, {"headerModifiers"}));
  for (const char* field : {"transformation", "jwtAuthentication", "apiKeyAuthentication", "extProc", "directResponse"})
    if (traffic.is_object() && traffic.contains(field)) out.unmodelled = out.object + " " + field;
  spec = json::object();
  return out;
}

}  // namespace gw::route::own
