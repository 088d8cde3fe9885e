// One bad annotation or path rejects the whole Ingress, with all its hosts.
#include <algorithm>
#include <set>

#include "verify/controllers/f5_nginx.h"
#include "verify/controllers/text.h"

namespace gw::verify::f5_nginx {
namespace {

struct Subject {
  const kube::Ingress& ingress;
  const Settings& settings;
};
using Check = bool (*)(const std::string& value, const Subject& subject);

bool boolean(const std::string& value, const Subject&) {
  return parse_bool(value).has_value();
}
bool integer(const std::string& value, const Subject&) {
  return parse_int(value).has_value();
}
bool positive(const std::string& value, const Subject&) {
  return parse_int(value).value_or(0) > 0;
}
bool any(const std::string&, const Subject&) {
  return true;
}
bool time(const std::string& value, const Subject&) {
  static const Pattern pattern(R"(^([0-9]+(ms|[smhdwMy])?\s*)+\z)");
  return pattern.found(value);
}
bool offset(const std::string& value, const Subject&) {
  static const Pattern pattern(R"(^[0-9]+[kKmMgG]?\z)");
  return pattern.found(value);
}
bool size(const std::string& value, const Subject&) {
  static const Pattern pattern(R"(^[0-9]+[kKmM]?\z)");
  return pattern.found(value);
}
bool buffers(const std::string& value, const Subject&) {
  static const Pattern pattern(R"(^[0-9]+ [0-9]+[kKmM]?\z)");
  return pattern.found(value);
}
bool path_regex(const std::string& value, const Subject&) {
  return value == "case_sensitive" || value == "case_insensitive" || value == "exact";
}
bool redirect_code(const std::string& value, const Subject&) {
  return value == "301" || value == "302" || value == "307" || value == "308";
}
bool balance(const std::string& value, const Subject&) {
  for (std::string_view known :
       {"round_robin", "least_conn", "ip_hash", "random", "random two", "random two least_conn"})
    if (value == known) return true;
  return value.starts_with("hash ");
}
bool snippet(const std::string&, const Subject& subject) {
  return subject.settings.snippets;
}
bool reject_code(const std::string& value, const Subject&) {
  const auto code = parse_int(value).value_or(0);
  return code >= 400 && code <= 599;
}
bool ports(const std::string& value, const Subject&) {
  const auto items = split(value, ',');
  return std::all_of(items.begin(), items.end(),
                     [](const std::string& item) { return parse_int(trim(item)).value_or(0) > 0; });
}
bool app_root(const std::string& value, const Subject&) {
  static const Pattern pattern(R"(^/[^\s{};$|^<>\\]*\z)");
  return pattern.found(value) && !value.ends_with('/');
}
bool rewrite_target(const std::string& value, const Subject&) {
  return value.starts_with('/') && value.find("..") == std::string::npos &&
         value.find_first_of(";{}\r\n") == std::string::npos && value.find("http://") == std::string::npos &&
         value.find("https://") == std::string::npos;
}

std::set<std::string> services(const kube::Ingress& ingress) {
  std::set<std::string> out;
  if (ingress.spec.default_backend && ingress.spec.default_backend->service)
    out.insert(ingress.spec.default_backend->service->name);
  for (const auto& rule : ingress.spec.rules)
    if (rule.http)
      for (const auto& path : rule.http->paths)
        if (path.backend.service) out.insert(path.backend.service->name);
  return out;
}
bool service_list(const std::string& value, const Subject& subject) {
  const auto known = services(subject.ingress);
  const auto items = split(value, ',');
  return std::all_of(items.begin(), items.end(),
                     [&](const std::string& item) { return known.contains(std::string(trim(item))); });
}
bool rewrite_list(const std::string& value, const Subject& subject) {
  static const Pattern pattern(R"(^serviceName=[^\s]+ rewrite=/[^\s{};]*\z)");
  const auto items = split_trimmed(value, ';');
  if (!std::all_of(items.begin(), items.end(), [](const std::string& item) { return pattern.found(item); }))
    return false;
  const auto known = services(subject.ingress);
  const auto wanted = rewrites(subject.ingress);
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& entry) { return known.contains(entry.first); });
}

struct Row {
  std::string_view name;
  Check valid;
  std::string_view parent = {};  // without it the annotation is forbidden
};

constexpr Row rows[] = {
    {"app-root", app_root},
    {"basic-auth-realm", any, "basic-auth-secret"},
    {"basic-auth-secret", any},
    {"client-max-body-size", offset},
    {"fail-timeout", time},
    {"grpc-services", service_list},
    {"hsts", boolean},
    {"hsts-behind-proxy", boolean, "hsts"},
    {"hsts-include-subdomains", boolean, "hsts"},
    {"hsts-max-age", integer, "hsts"},
    {"http-redirect-code", redirect_code},
    {"keepalive", integer},
    {"lb-method", balance},
    {"limit-req-burst", positive},
    {"limit-req-delay", positive},
    {"limit-req-dry-run", boolean},
    {"limit-req-no-delay", boolean},
    {"limit-req-reject-code", reject_code},
    {"limit-req-scale", boolean},
    {"limit-req-zone-size", size},
    {"listen-ports", ports},
    {"listen-ports-ssl", ports},
    {"location-snippets", snippet},
    {"max-conns", integer},
    {"max-fails", integer},
    {"path-regex", path_regex},
    {"proxy-buffer-size", size},
    {"proxy-buffering", boolean},
    {"proxy-buffers", buffers},
    {"proxy-connect-timeout", time},
    {"proxy-max-temp-file-size", offset},
    {"proxy-read-timeout", time},
    {"proxy-send-timeout", time},
    {"redirect-to-https", boolean},
    {"rewrite-target", rewrite_target},
    {"rewrites", rewrite_list},
    {"server-snippets", snippet},
    {"ssl-redirect", boolean},
    {"ssl-services", service_list},
    {"upstream-zone-size", size},
    {"use-cluster-ip", boolean},
    {"websocket-services", service_list},
};

constexpr std::string_view plus_only[] = {"health-checks",
                                          "health-checks-mandatory",
                                          "health-checks-mandatory-queue",
                                          "slow-start",
                                          "sticky-cookie-services",
                                          "jwt-key",
                                          "jwt-realm",
                                          "jwt-token",
                                          "jwt-login-url"};

std::string bad_annotation(const Subject& subject) {
  const kube::StringMap& map = subject.ingress.metadata.annotations;
  for (const Row& row : rows) {
    const std::string name = std::string(annotation_prefix) + std::string(row.name);
    const std::string* value = kube::find(map, name);
    if (!value) continue;
    if (value->empty()) return name + " is empty";
    if (!row.valid(*value, subject)) return name + " has an invalid value";
    if (!row.parent.empty() && !kube::find(map, std::string(annotation_prefix) + std::string(row.parent)))
      return name + " needs " + std::string(annotation_prefix) + std::string(row.parent);
  }
  if (const std::string* old = kube::find(map, "ingress.kubernetes.io/ssl-redirect"); old && !parse_bool(*old))
    return "ingress.kubernetes.io/ssl-redirect has an invalid value";
  for (std::string_view name : plus_only)
    if (!subject.settings.plus && kube::find(map, "nginx.com/" + std::string(name)))
      return "nginx.com/" + std::string(name) + " needs NGINX Plus";
  return {};
}

std::string bad_path(const kube::Ingress& ingress) {
  static const Pattern plain(R"(^/[^\s;]*\z)");
  const std::string mode = annotation(ingress, "path-regex");
  for (const auto& rule : ingress.spec.rules) {
    if (!rule.http) continue;
    for (const auto& path : rule.http->paths) {
      if (path.path.empty() && path.path_type != "Exact" && path.path_type != "Prefix") continue;
      if (!plain.found(path.path)) return "the path " + path.path + " is invalid";
      if (!mode.empty() && mode != "exact" && Pattern(path.path).state() == Pattern::State::invalid)
        return "the path " + path.path + " is not a valid expression";
    }
  }
  return {};
}

std::string bad_mergeable(const kube::Ingress& ingress) {
  const std::string* type = kube::find(ingress.metadata.annotations, "nginx.org/mergeable-ingress-type");
  if (!type) return {};
  if (*type != "master" && *type != "minion") return "mergeable-ingress-type has an invalid value";
  if (ingress.spec.rules.size() != 1) return "a " + *type + " must have exactly one rule";
  const auto& http = ingress.spec.rules[0].http;
  const bool paths = http && !http->paths.empty();
  if (*type == "master" && paths) return "a master must have no paths";
  if (*type == "minion" && !paths) return "a minion must have paths";
  if (*type == "minion" && !ingress.spec.tls.empty()) return "a minion must have no tls";
  return {};
}

}  // namespace

std::string annotation(const kube::Ingress& ingress, std::string_view name) {
  const std::string* value =
      kube::find(ingress.metadata.annotations, std::string(annotation_prefix) + std::string(name));
  return value ? std::string(trim(*value)) : std::string();
}

bool enabled(const kube::Ingress& ingress, std::string_view name, bool fallback) {
  return parse_bool(annotation(ingress, name)).value_or(fallback);
}

std::map<std::string, std::string> rewrites(const kube::Ingress& ingress) {
  std::map<std::string, std::string> out;
  for (const std::string& item : split_trimmed(annotation(ingress, "rewrites"), ';')) {
    const auto space = item.find(" rewrite=");
    if (item.starts_with("serviceName=") && space != std::string::npos)
      out[item.substr(12, space - 12)] = item.substr(space + 9);
  }
  return out;
}

std::string rejected(const kube::Ingress& ingress, const Settings& settings) {
  if (ingress.spec.rules.empty()) return "there are no rules";
  std::set<std::string> hosts;
  for (const auto& rule : ingress.spec.rules) {
    if (rule.host.empty() && !settings.empty_host) return "a rule has no host";
    if (!hosts.insert(rule.host).second) return "the host " + rule.host + " stands in two rules";
  }
  if (std::string why = bad_annotation({ingress, settings}); !why.empty()) return why;
  if (std::string why = bad_mergeable(ingress); !why.empty()) return why;
  return bad_path(ingress);
}

}  // namespace gw::verify::f5_nginx
