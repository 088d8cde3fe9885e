#include "route/profiles/envoy_policies.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "route/profiles/objects.h"

namespace gw::route::envoy {
namespace {

using nlohmann::json;

ExtensionFilter read_filter(const json& spec) {
  ExtensionFilter out;
  for (const auto& [key, value] : spec.items())
    if (key != "urlRewrite" && key != "directResponse") out.unmodelled = "HTTPRouteFilter " + key;
  if (const json& status = at(spec, {"directResponse", "statusCode"}); status.is_number_integer())
    out.direct_response = status.get<int>();
  else if (spec.contains("directResponse"))
    out.direct_response = 200;
  const json& path = at(spec, {"urlRewrite", "path"});
  if (at(spec, {"urlRewrite"}).contains("hostname")) out.unmodelled = "HTTPRouteFilter urlRewrite.hostname";
  if (!path.is_object()) return out;
  const json& regex = at(path, {"replaceRegexMatch"});
  out.substitution = text(at(regex, {"substitution"}));
  auto pattern = std::make_shared<RE2>(text(at(regex, {"pattern"})), RE2::Quiet);
  out.invalid = !pattern->ok() || !regex.is_object();
  if (!out.invalid) out.pattern = std::move(pattern);
  return out;
}

// Fields that change where a request goes or whether it is let in. Others (timeouts, retries, balancing, ...) do not.
struct Meaningful {
  std::string_view kind;
  std::vector<std::string_view> fields;
};
const Meaningful meaningful[] = {
    {"SecurityPolicy", {"apiKeyAuth", "authorization", "basicAuth", "extAuth", "jwt", "oidc"}},
    {"BackendTrafficPolicy", {"faultInjection", "httpUpgrade", "responseOverride"}},
    {"EnvoyExtensionPolicy", {"extProc", "lua", "wasm", "dynamicModule"}},
    {"ClientTrafficPolicy", {"enableProxyProtocol", "tls"}},
};

std::string why_unmodelled(const std::string& kind, const json& spec) {
  std::string out;
  for (const Meaningful& row : meaningful)
    if (row.kind == kind)
      for (std::string_view field : row.fields)
        if (spec.contains(field)) out += (out.empty() ? "" : ", ") + kind + " " + std::string(field);
  if (kind == "BackendTrafficPolicy" && text(at(spec, {"rateLimit", "type"})) == "Global")
    out += "BackendTrafficPolicy rateLimit";
  return out;
}

std::vector<json> targets_of(const json& spec) {
  std::vector<json> out;
  if (const json& one = at(spec, {"targetRef"}); one.is_object()) out.push_back(one);
  if (const json& many = at(spec, {"targetRefs"}); many.is_array()) out.insert(out.end(), many.begin(), many.end());
  return out;
}

void read_traits(const json& spec, Traits& traits) {
  const std::string action = text(at(spec, {"path", "escapedSlashesAction"}));
  if (!action.empty()) {
    traits.redirects_escaped_slashes = action == "UnescapeAndRedirect";
    traits.unescapes_slashes = action == "UnescapeAndForward";
    traits.rejects_escaped_slashes = action == "RejectRequest";
  }
  if (at(spec, {"path", "disableMergeSlashes"}) == true) traits.merges_slashes = false;
  const std::string underscores = text(at(spec, {"headers", "withUnderscoresAction"}));
  if (!underscores.empty()) traits.refuses_underscores = underscores == "RejectRequest";
}

}  // namespace

Policies::Policies(const kube::Index& index) {
  for (const kube::OtherObject& object : index.bundle().others) {
    if (!object.api_version.starts_with("gateway.envoyproxy.io/")) continue;
    const json spec = spec_of(object);
    if (object.kind == "HTTPRouteFilter") filters_[object.id()] = read_filter(spec);
    if (object.kind == "EnvoyPatchPolicy") everything_ = "EnvoyPatchPolicy";
    if (object.kind == "ClientTrafficPolicy" || object.kind == "BackendTrafficPolicy" ||
        object.kind == "SecurityPolicy" || object.kind == "EnvoyExtensionPolicy") {
      if (spec.contains("targetSelectors")) everything_ = object.kind + " targetSelectors";
      for (const json& target : targets_of(spec)) {
        Targeted out{{object.metadata.ns, text(at(target, {"name"}))},
                     text(at(target, {"kind"})),
                     text(at(target, {"sectionName"})),
                     why_unmodelled(object.kind, spec),
                     object.kind == "SecurityPolicy" && spec.contains("cors")};
        if (object.kind == "ClientTrafficPolicy" && out.section.empty()) read_traits(spec, traits_[out.target]);
        targeted_.push_back(std::move(out));
      }
    }
  }
}

const ExtensionFilter* Policies::filter(const kube::NamespacedName& id) const {
  const auto it = filters_.find(id);
  return it == filters_.end() ? nullptr : &it->second;
}

Traits Policies::traits(const kube::NamespacedName& gateway, Traits defaults) const {
  const auto it = traits_.find(gateway);
  return it == traits_.end() ? defaults : it->second;
}

std::string Policies::unmodelled(const kube::NamespacedName& gateway, const kube::NamespacedName& route,
                                 const std::string& kind, bool preflight) const {
  if (!everything_.empty()) return everything_;
  // Which policy wins between a Gateway and a route is left open: any of them makes the answer unknown.
  for (const Targeted& policy : targeted_) {
    const bool hit =
        policy.kind == "Gateway" ? policy.target == gateway : policy.kind == kind && policy.target == route;
    if (!hit) continue;
    if (!policy.unmodelled.empty()) return policy.unmodelled;
    if (policy.cors && preflight) return "SecurityPolicy cors";
  }
  return {};
}

std::string replace_regex(const ExtensionFilter& filter, const std::string& path) {
  std::string error;
  if (!filter.pattern || !filter.pattern->CheckRewriteString(filter.substitution, &error)) return path;
  std::string out = path;
  RE2::GlobalReplace(&out, *filter.pattern, filter.substitution);
  return out.empty() ? path : out;
}

}  // namespace gw::route::envoy
