#include "convert/providers/alb/parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"

namespace gw::convert::alb {
namespace {

using nlohmann::ordered_json;
using Kind = AwsPart::Kind;

ordered_json list(std::string_view value) {
  ordered_json out = ordered_json::array();
  for (const std::string& one : nginx::split(value)) out.push_back(one);
  return out;
}
// "a=1,b=2"
ordered_json pairs(std::string_view value) {
  ordered_json out = ordered_json::object();
  for (const std::string& one : nginx::split(value)) {
    const std::size_t equals = one.find('=');
    if (equals != std::string::npos) out[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return out;
}
ordered_json attributes(std::string_view value) {
  ordered_json out = ordered_json::array();
  for (const auto& [key, v] : pairs(value).items()) out.push_back({{"key", key}, {"value", v}});
  return out;
}
ordered_json text(std::string_view value) {
  return std::string(nginx::trim(value));
}
ordered_json boolean(std::string_view value) {
  return go_bool(value).value_or(false);
}
ordered_json number(std::string_view value) {
  const auto n = small_int(value);
  return n ? ordered_json(*n) : ordered_json();
}
ordered_json subnets(std::string_view value) {
  ordered_json out = ordered_json::array();
  for (const std::string& one : nginx::split(value)) out.push_back({{"identifier", one}});
  return out;
}
ordered_json upper(std::string_view value) {
  std::string out(nginx::trim(value));
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}
ordered_json web_acl(std::string_view value) {
  return {{"webACL", text(value)}};
}
ordered_json shield(std::string_view value) {
  return {{"enabled", boolean(value)}};
}
ordered_json capacity(std::string_view value) {
  const std::size_t equals = value.find('=');
  const ordered_json units = number(equals == std::string_view::npos ? value : value.substr(equals + 1));
  return units.is_null() ? units : ordered_json{{"capacityUnits", units}};
}
// The first certificate is the one of clients without a server name.
ordered_json certificates(std::string_view value) {
  const ordered_json all = list(value);
  if (all.empty()) return {};
  ordered_json listener{{"protocolPort", "HTTPS:443"}, {"defaultCertificate", all[0]}};
  if (all.size() > 1) listener["certificates"] = ordered_json(all.begin() + 1, all.end());
  return ordered_json::array({std::move(listener)});
}
ordered_json tls_policy(std::string_view value) {
  return ordered_json::array({{{"protocolPort", "HTTPS:443"}, {"sslPolicy", text(value)}}});
}
// [{"port": 443, "mode": "verify", "trustStore": "arn…"}]
ordered_json mutual(std::string_view value) {
  const ordered_json given = ordered_json::parse(value, nullptr, false);
  if (!given.is_array()) return {};
  ordered_json out = ordered_json::array();
  for (const ordered_json& one : given) {
    if (!one.is_object() || !one.contains("port") || !one.contains("mode")) return {};
    ordered_json check{{"mode", one["mode"]}};
    for (const auto& [from, to] : {std::pair{"trustStore", "trustStore"},
                                   {"ignoreClientCertificateExpiry", "ignoreClientCertificateExpiry"},
                                   {"advertiseTrustStoreCaNames", "advertiseTrustStoreCaNames"}})
      if (one.contains(from)) check[to] = one[from];
    const std::string port = one["port"].is_string() ? one["port"].get<std::string>() : one["port"].dump();
    out.push_back({{"protocolPort", "HTTPS:" + port}, {"mutualAuthentication", std::move(check)}});
  }
  return out;
}
ordered_json nodes(std::string_view value) {
  return {{"matchLabels", pairs(value)}};
}
ordered_json protocol_version(std::string_view value) {
  const std::string word = upper(value).get<std::string>();
  return word == "HTTP1" || word == "HTTP2" || word == "GRPC" ? ordered_json(word) : ordered_json();
}

struct Field {
  std::string_view annotation;
  Kind kind;
  std::string_view path;  // in the spec, or in defaultConfiguration; one level at most: "healthCheckConfig.x"
  ordered_json (*value)(std::string_view value);
};
constexpr Field fields[] = {
    {"scheme", Kind::balancer, "scheme", text},
    {"load-balancer-name", Kind::balancer, "loadBalancerName", text},
    {"ip-address-type", Kind::balancer, "ipAddressType", text},
    {"customer-owned-ipv4-pool", Kind::balancer, "customerOwnedIpv4Pool", text},
    {"ipam-ipv4-pool-id", Kind::balancer, "ipv4IPAMPoolId", text},
    {"load-balancer-attributes", Kind::balancer, "loadBalancerAttributes", attributes},
    {"minimum-load-balancer-capacity", Kind::balancer, "minimumLoadBalancerCapacity", capacity},
    {"load-balancer-capacity-reservation", Kind::balancer, "minimumLoadBalancerCapacity", capacity},
    {"subnets", Kind::balancer, "loadBalancerSubnets", subnets},
    {"tags", Kind::balancer, "tags", pairs},
    {"security-groups", Kind::balancer, "securityGroups", list},
    {"security-group-prefix-lists", Kind::balancer, "securityGroupPrefixes", list},
    {"manage-backend-security-group-rules", Kind::balancer, "manageBackendSecurityGroupRules", boolean},
    {"wafv2-acl-arn", Kind::balancer, "wafV2", web_acl},
    {"shield-advanced-protection", Kind::balancer, "shieldConfiguration", shield},
    {"certificate-arn", Kind::balancer, "listenerConfigurations", certificates},
    {"ssl-policy", Kind::balancer, "listenerConfigurations", tls_policy},
    {"mutual-authentication", Kind::balancer, "listenerConfigurations", mutual},
    {"target-type", Kind::targets, "targetType", text},
    {"target-group-attributes", Kind::targets, "targetGroupAttributes", attributes},
    {"target-node-labels", Kind::targets, "nodeSelector", nodes},
    {"multi-cluster-target-group", Kind::targets, "enableMultiCluster", boolean},
    {"backend-protocol", Kind::targets, "protocol", upper},
    {"backend-protocol-version", Kind::targets, "protocolVersion", protocol_version},
    {"healthcheck-path", Kind::targets, "healthCheckConfig.healthCheckPath", text},
    {"healthcheck-port", Kind::targets, "healthCheckConfig.healthCheckPort", text},
    {"healthcheck-protocol", Kind::targets, "healthCheckConfig.healthCheckProtocol", upper},
    {"healthcheck-interval-seconds", Kind::targets, "healthCheckConfig.healthCheckInterval", number},
    {"healthcheck-timeout-seconds", Kind::targets, "healthCheckConfig.healthCheckTimeout", number},
    {"healthy-threshold-count", Kind::targets, "healthCheckConfig.healthyThresholdCount", number},
    {"unhealthy-threshold-count", Kind::targets, "healthCheckConfig.unhealthyThresholdCount", number},
};

AwsPart action(const ordered_json& action) {
  return {Kind::rule, ordered_json{{"actions", ordered_json::array({action})}}.dump()};
}

// The first of the keys that is there; the controller takes either case.
std::string any_of(const ordered_json& from, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (from.contains(key)) return from[key].is_string() ? from[key].get<std::string>() : from[key].dump();
  return {};
}

}  // namespace

std::optional<AwsPart> part_of(std::string_view key, std::string_view value) {
  if (key == "success-codes")
    return AwsPart{Kind::targets,
                   ordered_json{{"healthCheckConfig", {{"matcher", {{"httpCode", text(value)}}}}}}.dump()};
  const Field* field =
      std::find_if(std::begin(fields), std::end(fields), [&](const Field& f) { return f.annotation == key; });
  if (field == std::end(fields)) return std::nullopt;
  ordered_json made = field->value(value);
  if (made.is_null()) return std::nullopt;
  const std::size_t dot = field->path.find('.');
  ordered_json spec;
  if (dot == std::string_view::npos)
    spec[std::string(field->path)] = std::move(made);
  else
    spec[std::string(field->path.substr(0, dot))][std::string(field->path.substr(dot + 1))] = std::move(made);
  return AwsPart{field->kind, spec.dump()};
}

std::optional<AwsPart> authentication(const Wishes& wishes) {
  const std::string_view type = wishes.text("auth-type");
  const auto idp = [&](std::string_view key) { return ordered_json::parse(wishes.text(key, "{}"), nullptr, false); };
  ordered_json config;
  if (type == "cognito") {
    const ordered_json given = idp("auth-idp-cognito");
    if (!given.is_object()) return std::nullopt;
    config = {{"userPoolArn", any_of(given, {"userPoolARN", "userPoolArn", "UserPoolArn"})},
              {"userPoolClientId", any_of(given, {"userPoolClientID", "userPoolClientId", "UserPoolClientId"})},
              {"userPoolDomain", any_of(given, {"userPoolDomain", "UserPoolDomain"})}};
  } else if (type == "oidc") {
    const ordered_json given = idp("auth-idp-oidc");
    if (!given.is_object()) return std::nullopt;
    for (const char* key : {"issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"})
      config[key] = any_of(given, {key});
    config["secret"] = {{"name", any_of(given, {"secretName"})}};
  } else {
    return std::nullopt;
  }
  for (const auto& [key, value] : config.items())
    if (value == "") return std::nullopt;  // half a demand would not be accepted
  if (const std::string_view v = wishes.text("auth-on-unauthenticated-request"); !v.empty())
    config["onUnauthenticatedRequest"] = v;
  if (const std::string_view v = wishes.text("auth-scope"); !v.empty()) config["scope"] = v;
  if (const std::string_view v = wishes.text("auth-session-cookie"); !v.empty()) config["sessionCookieName"] = v;
  if (const auto v = small_int(wishes.text("auth-session-timeout"))) config["sessionTimeout"] = *v;
  return action(type == "oidc" ? ordered_json{{"type", "authenticate-oidc"}, {"authenticateOIDCConfig", config}}
                               : ordered_json{{"type", "authenticate-cognito"}, {"authenticateCognitoConfig", config}});
}

std::optional<AwsPart> token_check(std::string_view value) {
  const ordered_json given = ordered_json::parse(value, nullptr, false);
  if (!given.is_object() || !given.contains("jwksEndpoint") || !given.contains("issuer")) return std::nullopt;
  ordered_json config{{"jwksEndpoint", given["jwksEndpoint"]}, {"issuer", given["issuer"]}};
  if (given.contains("additionalClaims")) config["additionalClaims"] = given["additionalClaims"];
  return action({{"type", "jwt-validation"}, {"jwtValidationConfig", std::move(config)}});
}

std::optional<AwsPart> fixed_response(std::string_view text) {
  const ordered_json given = ordered_json::parse(text, nullptr, false);
  for (const char* key : {"fixedResponseConfig", "FixedResponseConfig"}) {
    if (!given.is_object() || !given.contains(key)) continue;
    const auto status = small_int(any_of(given[key], {"statusCode", "StatusCode"}));
    if (!status) return std::nullopt;
    ordered_json config{{"statusCode", *status}};
    if (const std::string v = any_of(given[key], {"contentType", "ContentType"}); !v.empty()) config["contentType"] = v;
    if (const std::string v = any_of(given[key], {"messageBody", "MessageBody"}); !v.empty()) config["messageBody"] = v;
    return action({{"type", "fixed-response"}, {"fixedResponseConfig", std::move(config)}});
  }
  return std::nullopt;
}

std::optional<AwsPart> source_addresses(std::string_view text) {
  const ordered_json given = ordered_json::parse(text, nullptr, false);
  for (const char* key : {"sourceIpConfig", "SourceIpConfig"}) {
    if (!given.is_object() || !given.contains(key) || !given[key].is_object()) continue;
    const ordered_json values = given[key].value("values", given[key].value("Values", ordered_json::array()));
    if (!values.is_array() || values.empty()) return std::nullopt;
    return AwsPart{
        Kind::rule,
        ordered_json{
            {"conditions", ordered_json::array({{{"field", "source-ip"}, {"sourceIPConfig", {{"values", values}}}}})}}
            .dump()};
  }
  return std::nullopt;
}

}  // namespace gw::convert::alb
