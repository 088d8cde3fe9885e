// Annotations of ingress-nginx: dangerous ones, misspelt ones, and values that the controller does not take.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "diag/suggest.h"
#include "validate/rules/checks.h"
#include "validate/rules/nginx_names.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

constexpr std::string_view prefix = "nginx.ingress.kubernetes.io/";

struct Annotation {
  const kube::Ingress& ingress;
  std::string_view name;  // without the prefix
  const std::string& value;
  const yaml::Node* at;  // the value
};

bool truthy(const kube::Ingress& ingress, std::string_view name) {
  const std::string* value = kube::find(ingress.metadata.annotations, std::string(prefix) + std::string(name));
  return value && *value == "true";
}
const std::string* value_of(const kube::Ingress& ingress, std::string_view name) {
  return kube::find(ingress.metadata.annotations, std::string(prefix) + std::string(name));
}

bool is_number(std::string_view text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Go's strconv.ParseBool.
bool is_boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 12> known{"1", "t", "T", "TRUE",  "true",  "True",
                                                          "0", "f", "F", "FALSE", "false", "False"};
  return std::find(known.begin(), known.end(), text) != known.end();
}

bool is_cidr(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const std::string_view address = text.substr(0, text.find('/'));
  if (address.empty() || address.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) return false;
  if (address.find_first_of(".:") == std::string_view::npos) return false;
  if (address.size() == text.size()) return true;
  const std::string_view bits = text.substr(address.size() + 1);
  int number = 0;
  const auto end = std::from_chars(bits.data(), bits.data() + bits.size(), number).ptr;
  return end == bits.data() + bits.size() && number >= 0 &&
         number <= (address.find(':') == std::string_view::npos ? 32 : 128);
}

void check_type(const Context& c, const Annotation& a, NginxType type) {
  auto wrong = [&](std::string message, std::string help) {
    report(c, {"IN404", a.ingress, a.at, std::move(message), std::move(help)});
  };
  if (type == NginxType::boolean && !is_boolean(a.value))
    wrong(quoted(a.value) + " is not true or false", "write \"true\" or \"false\"");
  if (type == NginxType::integer && !is_number(a.value)) {
    const bool unit = !a.value.empty() && is_number(std::string_view(a.value).substr(0, a.value.size() - 1));
    wrong(quoted(a.value) + " is not a whole number",
          unit ? "write the number without a unit: \"" + a.value.substr(0, a.value.size() - 1) + "\""
               : "write a whole number in quotes");
  }
}

// Does a ConfigMap of the set let ingress-nginx take snippets?
bool snippets_allowed(const Context& c) {
  return std::any_of(c.bundle.config_maps.begin(), c.bundle.config_maps.end(), [](const kube::ConfigMap& map) {
    const std::string* allow = kube::find(map.data, "allow-snippet-annotations");
    return allow && *allow == "true";
  });
}

void check_security(const Context& c, const Annotation& a) {
  const std::string& value = a.value;
  if (a.name.ends_with("-snippet")) {
    std::optional<diag::Severity> severity;
    if (c.options.partial || snippets_allowed(c)) severity = diag::Severity::warning;
    return report(
        c, {"IN301", a.ingress, a.at, "a snippet is configuration text that anyone who may write Ingresses can inject",
            "it is refused by default since ingress-nginx 1.9 (CVE-2021-25742): replace it by annotations or policies",
            severity});
  }
  const bool takes_text = a.name == "auth-snippet" || a.name == "modsecurity-snippet";
  if (!takes_text && a.name != "rewrite-target" && value.find_first_of(";{}\n\r") != std::string::npos &&
      !(a.name == "server-alias" && value.starts_with('~')))
    report(c, {"IN302", a.ingress, a.at, "this value holds characters that end or open nginx directives",
               "such values were used for injection (CVE-2023-5044, CVE-2025-1097): remove ; { } and line breaks"});
  if ((a.name == "auth-url" || a.name == "auth-signin") && value.starts_with("http://") &&
      value.find(".svc") == std::string::npos)
    report(c, {"IN303", a.ingress, a.at, "credentials are checked over plain http",
               "use https, or a Service inside the cluster"});
  if (a.name == "ssl-redirect" && value == "false" && !a.ingress.spec.tls.empty())
    report(c, {"IN304", a.ingress, a.at, "a host with a certificate is served over plain http too",
               "remove the annotation unless that is meant"});
  if (a.name == "whitelist-source-range" || a.name == "allowlist-source-range") {
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      if (!is_cidr(part))
        report(c, {"IN305", a.ingress, a.at, quoted(part) + " is not an address range",
                   "the controller answers 503 to every request"});
      else if (part.find("/0") == part.size() - 2)
        report(c, {"IN305", a.ingress, a.at, quoted(part) + " lets everybody in",
                   "remove the annotation or narrow the range"});
    }
  }
  if (a.name == "cors-allow-credentials" && value != "false" && truthy(a.ingress, "enable-cors")) {
    const std::string* origin = value_of(a.ingress, "cors-allow-origin");
    if (!origin || *origin == "*")
      report(c, {"IN307", a.ingress, a.at, "credentials are allowed for every origin",
                 "list the origins in cors-allow-origin"});
  }
  if ((a.name == "auth-tls-secret" || a.name == "proxy-ssl-secret" || a.name == "auth-secret") &&
      value.find('/') != std::string::npos && value.substr(0, value.find('/')) != a.ingress.metadata.ns)
    report(c, {"IN308", a.ingress, a.at, "this Secret is in another namespace",
               "Gateway API needs a ReferenceGrant there, many targets refuse it"});
  if (a.name == "backend-protocol" && (value == "HTTPS" || value == "GRPCS") &&
      !value_of(a.ingress, "proxy-ssl-verify"))
    report(c, {"IN306", a.ingress, a.at, "the backend's certificate is not checked",
               "set proxy-ssl-verify: \"on\" and proxy-ssl-secret"});
}

// Where a redirect leads: a path for app-root, a URL with a host otherwise.
void check_target(const Context& c, const Annotation& a) {
  const std::string& value = a.value;
  if (a.name == "app-root") {
    if (!value.starts_with('/'))
      report(c, {"IN309", a.ingress, a.at, quoted(value) + " is not a path",
                 value.find("://") == std::string::npos ? "begin it with '/'"
                                                        : "app-root stays on its own host: use permanent-redirect"});
    return;
  }
  if (a.name != "permanent-redirect" && a.name != "temporal-redirect") return;
  const auto scheme = value.find("://");
  const bool web = value.starts_with("http://") || value.starts_with("https://");
  const std::string host =
      scheme == std::string::npos ? "" : value.substr(scheme + 3, value.find_first_of("/:?#", scheme + 3) - scheme - 3);
  if (!web || host.empty() || value.find_first_of(" \t\"'<>") != std::string::npos)
    return report(c, {"IN309", a.ingress, a.at, quoted(value) + " is not a URL that a client can be sent to",
                      "write https://host/path"});
  const auto& rules = a.ingress.spec.rules;
  auto site = [](const std::string& name) {  // the last two labels
    const auto dot = name.rfind('.');
    const auto before = dot == std::string::npos || dot == 0 ? std::string::npos : name.rfind('.', dot - 1);
    return before == std::string::npos ? name : name.substr(before + 1);
  };
  const bool own = host.find('$') != std::string::npos ||
                   std::any_of(rules.begin(), rules.end(),
                               [&](const auto& rule) { return rule.host.empty() || site(rule.host) == site(host); });
  if (!own && !rules.empty())
    report(c, {"IN309", a.ingress, a.at, "clients are sent to another site, " + quoted(host),
               "check that this is meant: whoever may write Ingresses can send your users anywhere"});
}

// Whether Gateway API has a field for it, a policy of an implementation, or nothing.
void check_equivalent(const Context& c, const Annotation& a, const NginxName& known) {
  if (!known.field.empty())
    return report(
        c, {"IN405", a.ingress, a.at, std::string(a.name) + " is a field of Gateway API: " + std::string(known.field),
            "gwctl convert writes it"});
  report(c, {"IN406", a.ingress, a.at, "Gateway API has no field for " + std::string(a.name),
             known.policy.empty() ? "look for another way before you migrate"
                                  : "implementations have policies for it: " + std::string(known.policy)});
}

void check_canary(const Context& c, const kube::Ingress& ingress) {
  const std::string* canary = value_of(ingress, "canary");
  const kube::Place at = member(ingress.metadata, "annotations");
  const std::string* header = value_of(ingress, "canary-by-header");
  for (std::string_view needs_header : {"canary-by-header-value", "canary-by-header-pattern"})
    if (value_of(ingress, needs_header) && !header)
      report(c, {"IN407", ingress, at, std::string(needs_header) + " does nothing without canary-by-header",
                 "name the header too"});
  const bool weighted = value_of(ingress, "canary-weight") != nullptr;
  if (canary && *canary == "true" && !header && !weighted && !value_of(ingress, "canary-by-cookie"))
    report(c, {"IN407", ingress, at, "a canary without weight, header or cookie gets no request", "add canary-weight"});
  if ((!canary || *canary != "true") && weighted)
    report(c, {"IN407", ingress, at, "canary-weight does nothing without canary: \"true\"",
               "add the annotation canary: \"true\""});
}

// $2 in rewrite-target needs two groups in every path.
void check_captures(const Context& c, const kube::Ingress& ingress) {
  const std::string* target = value_of(ingress, "rewrite-target");
  if (!target) return;
  int highest = 0;
  for (std::size_t i = 0; i + 1 < target->size(); ++i)
    if ((*target)[i] == '$' && (*target)[i + 1] >= '1' && (*target)[i + 1] <= '9')
      highest = std::max(highest, (*target)[i + 1] - '0');
  for (const kube::IngressRule& rule : ingress.spec.rules)
    if (rule.http)
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        int groups = 0;
        for (std::size_t i = 0; i < path.path.size(); ++i)
          if (path.path[i] == '(' && (i == 0 || path.path[i - 1] != '\\') && path.path.compare(i, 3, "(?:") != 0)
            ++groups;
        if (groups < highest)
          report(c, {"IN408", ingress, member(path, "path"),
                     "rewrite-target uses $" + std::to_string(highest) + ", this path has " + std::to_string(groups) +
                         " groups",
                     "the missing part is replaced by nothing: add the group to the path"});
      }
}

// The annotation under its newer name, where that does not stand there too.
std::vector<Edit> renamed(const Annotation& a, const NginxName& known) {
  const std::string old_name = std::string(prefix) + std::string(a.name),
                    name = std::string(prefix) + std::string(known.instead);
  const yaml::Node* all = a.ingress.metadata.node ? a.ingress.metadata.node->find("annotations") : nullptr;
  const yaml::Entry* entry = all ? all->entry(old_name) : nullptr;
  if (!entry || all->find(name)) return {};
  return {{entry->key.span(), Repair::replace, name}};
}

void check_one(const Context& c, const Annotation& a) {
  const NginxName* known = find_nginx_name(a.name);
  if (!known) {
    std::vector<std::string_view> names;
    for (const NginxName& each : nginx_names()) names.push_back(each.name);
    const std::string_view near = diag::nearest(a.name, names);
    return report(c, {"IN402", a.ingress, a.at, quoted(a.name) + " is not an annotation of ingress-nginx",
                      near.empty() ? "it has no effect" : "did you mean " + quoted(near) + "?"});
  }
  check_type(c, a, known->type);
  check_security(c, a);
  check_target(c, a);
  check_equivalent(c, a, *known);
  if (!known->instead.empty())
    report(c, {"IN410",
               a.ingress,
               a.at,
               quoted(a.name) + " is deprecated",
               "use " + std::string(known->instead),
               {},
               {},
               renamed(a, *known)});
}

}  // namespace

void check_annotations(const Context& c) {
  for (const kube::Ingress& ingress : c.bundle.ingresses) {
    if (ingress.metadata.annotations.empty()) continue;
    const yaml::Node* values = ingress.metadata.node ? ingress.metadata.node->find("annotations") : nullptr;
    for (const auto& [key, value] : ingress.metadata.annotations)
      if (key.starts_with(prefix)) {
        const yaml::Node* at = values ? values->find(key) : nullptr;
        check_one(c, {ingress, std::string_view(key).substr(prefix.size()), value, at});
      }
    check_canary(c, ingress);
    check_captures(c, ingress);
  }
}

}  // namespace gw::validate
