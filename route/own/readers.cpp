// Readers of Envoy Gateway, NGINX Gateway Fabric, Istio and GKE: what their policies ask for. Each row of a table is a
// field that is understood; a field of no row stays for the model.
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

void take(json& spec, std::initializer_list<const char*> fields) {
  for (const char* field : fields) spec.erase(field);
}

// ---- Envoy Gateway

void external(Demand& out, const json& auth, const kube::Bundle& bundle, std::string_view ns) {
  out.external = true;
  const json& http = at(auth, {"http"});
  const json& service = http.is_object() ? http : at(auth, {"grpc"});
  const json& many = at(service, {"backendRefs"});
  const json& one = many.is_array() && !many.empty() ? many[0] : at(service, {"backendRef"});
  const std::string fixed = text(at(http, {"pathOverride"}));
  out.guard("external auth by " +
            address_of_backend(bundle, one, ns, fixed.empty() ? text(at(http, {"path"})) : fixed));
}

// Rules of CIDRs alone; anything else is not understood.
void envoy_authorization(Demand& out, const json& authorization) {
  std::vector<std::string> allowed, denied;
  const bool open = text(at(authorization, {"defaultAction"})) == "Allow";
  const json& rules = at(authorization, {"rules"});
  if (rules.is_array())
    for (const json& rule : rules) {
      const json& principal = at(rule, {"principal"});
      if (!principal.is_object() || principal.size() != 1 || !principal.contains("clientCIDRs") ||
          rule.contains("operation"))
        out.unmodelled = out.object + " authorization by more than addresses";
      const std::vector<std::string> networks = strings(at(principal, {"clientCIDRs"}));
      auto& list = text(at(rule, {"action"})) == "Deny" ? denied : allowed;
      list.insert(list.end(), networks.begin(), networks.end());
    }
  if (!denied.empty()) out.deny_all(denied);
  if (!open) out.allow_only(allowed);
}

void envoy_security(Demand& out, json& spec, const kube::Bundle& bundle, std::string_view ns) {
  if (spec.contains("basicAuth")) {
    out.basic = true;
    out.guard("basic auth");
  }
  if (spec.contains("extAuth")) external(out, spec["extAuth"], bundle, ns);
  if (spec.contains("authorization")) envoy_authorization(out, spec["authorization"]);
  for (const char* kind : {"jwt", "oidc", "apiKeyAuth"})
    if (spec.contains(kind)) {
      out.token = true;
      out.guard(std::string(kind) + " auth");
    }
  if (const json& cors = at(spec, {"cors"}); cors.is_object()) {
    const std::string age = text(at(cors, {"maxAge"}));
    cors_effects(out, strings(at(cors, {"allowOrigins"})), strings(at(cors, {"allowMethods"})),
                 strings(at(cors, {"allowHeaders"})), strings(at(cors, {"exposeHeaders"})),
                 at(cors, {"allowCredentials"}) == true, age.empty() ? 0 : std::atol(age.c_str()));
  }
  take(spec, {"basicAuth", "extAuth", "authorization", "jwt", "oidc", "apiKeyAuth", "cors"});
}

bool envoy_client(Demand& out, json& spec) {
  if (!spec.contains("tls")) return false;
  if (const json& validation = at(spec, {"tls", "clientValidation"}); validation.is_object()) {
    out.https_only = true;
    out.guard(at(validation, {"optional"}) == true ? "client certificate, optional" : "client certificate");
  }
  take(spec, {"tls"});
  return true;
}

// ---- NGINX Gateway Fabric

std::vector<std::string> words_after(const std::string& text, std::string_view directive) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_of(";\n", at);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(at, end - at);
    line.erase(0, std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with(directive) && line.size() > directive.size() && line[directive.size()] == ' ')
      out.push_back(line.substr(line.find_first_not_of(' ', directive.size())));
    at = end + 1;
  }
  return out;
}

// Address lists in a snippet are read; a snippet that does anything else may answer by itself.
void nginx_snippets(Demand& out, const json& spec) {
  std::string all;
  if (const json& list = at(spec, {"snippets"}); list.is_array())
    for (const json& snippet : list) all += text(at(snippet, {"value"})) + "\n";
  std::vector<std::string> allowed = words_after(all, "allow"), denied = words_after(all, "deny");
  const bool closed = std::find(denied.begin(), denied.end(), "all") != denied.end();
  std::erase(denied, "all");
  std::erase(allowed, "all");
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = all.find(';', at)) != std::string::npos; ++at) ++lines;
  if (lines != words_after(all, "allow").size() + words_after(all, "deny").size() || lines == 0) {
    out.unmodelled = out.object + " holds directives that are not modelled";
    return;
  }
  if (!denied.empty()) out.deny_all(denied);
  if (closed) out.allow_only(allowed);
}

// ---- Istio

void istio_rule(Demand& out, const json& rule, bool deny) {
  if (rule.contains("when")) out.unmodelled = out.object + " has conditions that are not modelled";
  if (const json& to = at(rule, {"to"}); to.is_array())
    for (const json& entry : to) {
      const json& operation = at(entry, {"operation"});
      for (const auto& [key, value] : operation.items()) {
        auto* list = key == "hosts"     ? &out.hosts
                     : key == "paths"   ? &out.paths
                     : key == "methods" ? &out.methods
                                        : nullptr;
        if (!list) out.unmodelled = out.object + " has " + key + ", which are not modelled";
        if (list)
          for (std::string& word : strings(value)) list->push_back(std::move(word));
      }
    }
  const json& from = at(rule, {"from"});
  if (!from.is_array()) {
    if (deny) out.deny_all({"0.0.0.0/0", "::/0"});
    return;
  }
  for (const json& entry : from)
    for (const auto& [key, value] : at(entry, {"source"}).items()) {
      const bool without = key == "notRemoteIpBlocks" || key == "notIpBlocks";
      if (!without && key != "remoteIpBlocks" && key != "ipBlocks")
        out.unmodelled = out.object + " asks for " + key + ", which are not modelled";
      else if (without == deny)
        out.allow_only(strings(value));
      else
        out.deny_all(strings(value));
    }
}

}  // namespace

std::optional<Demand> read_envoy_gateway(const kube::OtherObject& object, json& spec, const kube::Bundle& bundle) {
  Demand out = named(object);
  if (object.kind == "SecurityPolicy") {
    envoy_security(out, spec, bundle, std::string_view(object.metadata.ns));
    return out;
  }
  if (object.kind == "ClientTrafficPolicy") return envoy_client(out, spec) ? std::optional(out) : std::nullopt;
  if (object.kind != "BackendTrafficPolicy" || !spec.contains("rateLimit")) return std::nullopt;
  out.limit_status = 429;
  take(spec, {"rateLimit"});
  return out;
}

std::optional<Demand> read_nginx(const kube::OtherObject& object, json& spec, const kube::Bundle&) {
  Demand out = named(object);
  if (object.kind == "AuthenticationFilter") {
    const std::string type = text(at(spec, {"type"}));
    (type == "Basic" ? out.basic : out.token) = true;
    out.guard(type == "Basic" ? "basic auth" : diag::lower(type) + " auth");
  } else if (object.kind == "RateLimitPolicy") {
    const json& code = at(spec, {"rateLimit", "rejectCode"});
    out.limit_status = code.is_number_integer() ? code.get<int>() : 503;
  } else if (object.kind == "SnippetsFilter" || object.kind == "SnippetsPolicy") {
    nginx_snippets(out, spec);
  } else if (object.kind == "WAFPolicy") {
    out.unmodelled = out.object;
  } else {
    return std::nullopt;
  }
  spec = json::object();
  return out;
}

std::optional<Demand> read_istio(const kube::OtherObject& object, json& spec, const kube::Bundle&) {
  Demand out = named(object);
  if (object.kind == "RequestAuthentication") {  // refuses bad tokens; one is not asked for
    out.guard("tokens are checked");
  } else if (object.kind == "AuthorizationPolicy") {
    const std::string action = text(at(spec, {"action"}));
    if (action == "CUSTOM") {
      out.external = true;
      out.guard("external auth by provider " + text(at(spec, {"provider", "name"})));
    }
    const json& rules = at(spec, {"rules"});
    if (rules.is_array() && rules.size() > 1) out.unmodelled = out.object + " has several rules";
    if (rules.is_array() && !rules.empty() && (action == "DENY" || action == "ALLOW" || action.empty()))
      istio_rule(out, rules[0], action == "DENY");
    else if (action != "CUSTOM" && action != "DENY")
      out.allow_only({});
  } else {
    return std::nullopt;
  }
  spec = json::object();
  return out;
}

std::optional<Demand> read_gke(const kube::OtherObject& object, json& spec, const kube::Bundle&) {
  Demand out = named(object);
  if (object.kind != "GCPBackendPolicy") return std::nullopt;
  if (at(spec, {"default", "iap", "enabled"}) == true) {
    out.token = true;
    out.guard("identity-aware proxy");
  }
  if (!text(at(spec, {"default", "securityPolicy"})).empty())
    out.unmodelled = out.object + " names a Cloud Armor policy";
  spec = json::object();
  return out;
}

}  // namespace gw::route::own
