#include "convert/providers/contour/valid.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <span>

#include "convert/regex.h"
#include "yaml/node.h"

namespace gw::convert::contour {
namespace {

std::span<const yaml::Node> list(const yaml::Node* node, std::string_view key) {
  const yaml::Node* found = node ? node->find(key) : nullptr;
  return found && found->is_seq() ? found->items() : std::span<const yaml::Node>();
}
std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* found = node ? node->find(key) : nullptr;
  return found && found->is_string() ? std::string(found->string()) : std::string();
}
double number(const yaml::Node* node, std::string_view key) {
  const yaml::Node* found = node ? node->find(key) : nullptr;
  return found && found->is_number() ? found->number() : 0;
}
bool on(const yaml::Node* node, std::string_view key) {
  const yaml::Node* found = node ? node->find(key) : nullptr;
  return found && found->kind() == yaml::Kind::boolean && found->boolean();
}
std::string lower(std::string value) {
  std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
  return value;
}

std::string invalid_path(const yaml::Node& owner, bool include) {
  int paths = 0;
  for (const yaml::Node& condition : list(&owner, "conditions"))
    for (const char* kind : {"prefix", "exact", "regex"}) {
      const std::string value = text(&condition, kind);
      if (value.empty()) continue;
      if (++paths > 1) return "has more than one path";
      if (!value.starts_with('/')) return "has a path that does not begin with '/'";
      if (include && std::string_view(kind) != "prefix") return "has another path than a prefix";
      if (std::string_view(kind) == "regex" && not_re2(value)) return "has an expression that Envoy cannot read";
    }
  return {};
}

// Of one header or parameter at most one exact value, and nothing together with its negation.
std::string invalid_values(const yaml::Node& owner) {
  std::set<std::string> seen;
  for (const yaml::Node& condition : list(&owner, "conditions"))
    for (const char* of : {"header", "queryParameter"}) {
      const yaml::Node* value = condition.find(of);
      if (!value || !value->is_map()) continue;
      const std::string name = std::string(of) + " " + lower(text(value, "name"));
      if (!text(value, "exact").empty() && !seen.insert(name + " exact").second)
        return "asks for two values of " + name;
      for (const auto& [yes, no] :
           {std::pair("exact", "notexact"), std::pair("contains", "notcontains"), std::pair("present", "notpresent")}) {
        const bool flag = std::string_view(yes) == "present";
        const auto said = [&](const char* key) { return flag ? on(value, key) : !text(value, key).empty(); };
        const std::string what = name + " " + yes + " ";
        if (said(yes) && !seen.insert(what + text(value, yes) + " yes").second && flag) continue;
        if (said(no)) seen.insert(what + text(value, no) + " no");
        if (said(yes) && seen.contains(what + text(value, yes) + " no")) return "asks for " + name + " and against it";
        if (said(no) && seen.contains(what + text(value, no) + " yes")) return "asks for " + name + " and against it";
      }
      if (const std::string regex = text(value, "regex"); !regex.empty() && not_re2(regex))
        return "has an expression that Envoy cannot read";
    }
  return {};
}

std::string invalid_headers(const yaml::Node& route, const char* policy) {
  const yaml::Node* headers = route.find(policy);
  std::set<std::string> names;
  for (const yaml::Node& one : list(headers, "set")) {
    const std::string name = lower(text(&one, "name"));
    if (!names.insert(name).second) return "sets header " + name + " twice";
    if (name == "host" && std::string_view(policy) == "responseHeadersPolicy") return "sets Host in responses";
  }
  return {};
}

bool has_path(const yaml::Node& route, const char* kind) {
  const auto conditions = list(&route, "conditions");
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const yaml::Node& condition) { return !text(&condition, kind).empty(); });
}

std::string invalid_route(const yaml::Node& route) {
  if (const std::string why = invalid_path(route, false); !why.empty()) return why;
  if (const std::string why = invalid_values(route); !why.empty()) return why;
  for (const char* policy : {"requestHeadersPolicy", "responseHeadersPolicy"})
    if (const std::string why = invalid_headers(route, policy); !why.empty()) return why;
  const auto services = list(&route, "services");
  const yaml::Node* redirect = route.find("requestRedirectPolicy");
  const int actions = (services.empty() ? 0 : 1) + (redirect ? 1 : 0) + (route.find("directResponsePolicy") ? 1 : 0);
  if (actions != 1) return "has not exactly one of services, requestRedirectPolicy and directResponsePolicy";
  if (!text(redirect, "path").empty() && !text(redirect, "prefix").empty())
    return "redirects to a path and a prefix at once";
  const auto replacements = list(route.find("pathRewritePolicy"), "replacePrefix");
  if (!replacements.empty() && (has_path(route, "exact") || has_path(route, "regex")))
    return "rewrites a prefix but has none";
  std::set<std::string> prefixes;
  for (const yaml::Node& one : replacements)
    if (!prefixes.insert(text(&one, "prefix")).second) return "rewrites one prefix twice";
  int mirrors = 0;
  for (const yaml::Node& service : services) {
    mirrors += on(&service, "mirror");
    const double port = number(&service, "port");
    if (port < 1 || port > 65535) return "has a Service port outside 1 to 65535";
    if (number(&service, "weight") < 0) return "has a negative weight";
  }
  return mirrors > 1 ? "has two mirrors" : std::string();
}

}  // namespace

std::string invalid(const kube::OtherObject& proxy) {
  const yaml::Node* spec = proxy.node ? proxy.node->find("spec") : nullptr;
  std::size_t number = 0;
  for (const yaml::Node& route : list(spec, "routes")) {
    if (const std::string why = invalid_route(route); !why.empty())
      return "route " + std::to_string(number) + " " + why;
    ++number;
  }
  return {};
}

std::string invalid_include(const yaml::Node& include) {
  const std::string why = invalid_path(include, true);
  return why.empty() ? invalid_values(include) : why;
}

std::string conditions_text(const yaml::Node& owner) {
  std::string path, out;
  for (const yaml::Node& condition : list(&owner, "conditions")) {
    path += text(&condition, "prefix");
    for (const char* of : {"header", "queryParameter"})
      if (const yaml::Node* value = condition.find(of); value && value->is_map())
        for (const yaml::Entry& entry : value->entries())
          out += "\n" + std::string(of) + " " + std::string(entry.key.string()) + " " +
                 (entry.value.is_string() ? std::string(entry.value.string()) : "");
  }
  return path + out;
}

}  // namespace gw::convert::contour
