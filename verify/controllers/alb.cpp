// The AWS Load Balancer Controller: a list of listener rules, the first match wins, whatever is more specific.
#include <algorithm>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using documented::Kind;
using documented::Rule;

constexpr std::string_view prefix = "alb.ingress.kubernetes.io/";

std::string own(const kube::Ingress& ingress, std::string_view name) {
  return documented::annotation(ingress, std::string(prefix) + std::string(name));
}

bool takes(const kube::Index& index, const kube::Ingress& ingress) {
  return ClassFilter{{"ingress.k8s.aws/alb"}, "alb"}.takes(index, ingress).value_or(false);
}

// "*" takes any text, slashes too; "?" one character.
Pattern glob(std::string_view text) {
  std::string out = "^";
  for (char c : text) out += c == '*' ? ".*" : c == '?' ? "." : Pattern::quote({&c, 1});
  return Pattern(out + "$");
}

void set_path(Rule& rule, const kube::Ingress& ingress, const kube::HttpIngressPath& path) {
  rule.path = path.path.empty() ? "/" : path.path;
  if (path.path_type == "Exact" || (path.path.empty() && path.path_type != "Prefix")) {
    rule.kind = path.path.empty() ? Kind::byte_prefix : Kind::exact;
  } else if (path.path_type == "Prefix") {
    rule.kind = Kind::element;
  } else if (own(ingress, "use-regex-path-match") == "true") {
    rule.kind = Kind::regex;
    rule.expression = Pattern(rule.path.substr(1));
    if (rule.expression.state() != Pattern::State::ok) rule.fixed = unmodelled(rule.expression.why());
  } else {
    rule.kind = rule.path.find_first_of("*?") == std::string::npos ? Kind::exact : Kind::regex;
    rule.expression = glob(rule.path);
  }
}

// Actions and conditions are written beside the Service's name and replace it.
void set_actions(Rule& rule, const kube::Ingress& ingress, const kube::IngressBackend& backend) {
  if (!backend.service) return;
  for (const char* kind : {"actions.", "conditions.", "transforms."})
    if (!own(ingress, kind + backend.service->name).empty())
      rule.fixed = unmodelled("the annotation " + std::string(prefix) + kind + backend.service->name + " decides");
}

// listen-ports, '[{"HTTP": 80}, {"HTTPS": 443}]'. Without it: HTTPS where there is a certificate, else HTTP.
void listeners(const std::string& ports, bool certificate, Rule& rule) {
  if (!ports.empty()) {
    rule.http = ports.find("\"HTTP\"") != std::string::npos;
    rule.https = ports.find("\"HTTPS\"") != std::string::npos;
  } else if (certificate) {
    rule.http = false;
  }
}

int type_order(const std::string& type) {
  return type == "Exact" ? 0 : type == "Prefix" ? 1 : 2;
}

}  // namespace

std::unique_ptr<Controller> make_alb(const kube::Index& index, const ControllerOptions&) {
  auto ingresses = documented::by_age(index, takes);
  std::stable_sort(ingresses.begin(), ingresses.end(), [](const kube::Ingress* a, const kube::Ingress* b) {
    const auto order = [](const kube::Ingress* ingress) {
      return std::pair(parse_int(own(*ingress, "group.order")).value_or(0), ingress->id().display());
    };
    return order(a) < order(b);
  });
  std::vector<Rule> rules, last;
  for (const kube::Ingress* ingress : ingresses) {
    Rule base;
    const std::string group = own(*ingress, "group.name");
    base.balancer = group.empty() ? ingress->id().display() : "group " + group;
    for (const kube::Ingress* member : ingresses) {
      const bool same = member == ingress || (!group.empty() && own(*member, "group.name") == group);
      const std::string port = own(*member, "ssl-redirect");
      if (!same || port.empty()) continue;
      base.https_code = 301;
      base.https_port = ":" + port;
    }
    listeners(own(*ingress, "listen-ports"), !own(*ingress, "certificate-arn").empty(), base);
    for (const auto& spec : ingress->spec.rules) {
      if (!spec.http) continue;
      std::vector<const kube::HttpIngressPath*> paths;
      for (const auto& path : spec.http->paths) paths.push_back(&path);
      std::stable_sort(paths.begin(), paths.end(), [](const auto* a, const auto* b) {
        const auto rank = [](const kube::HttpIngressPath* path) {
          return std::pair(type_order(path->path_type),
                           path->path_type == "Prefix" ? -static_cast<long>(path->path.size()) : 0L);
        };
        return rank(a) < rank(b);
      });
      for (const auto* path : paths) {
        Rule rule = base;
        rule.host = lower(spec.host);
        rule.origin = rule_ref(*ingress, *path);
        documented::attach(rule, index, *ingress, path->backend, 503);
        set_path(rule, *ingress, *path);
        set_actions(rule, *ingress, path->backend);
        rules.push_back(std::move(rule));
      }
    }
    if (ingress->spec.default_backend) {
      Rule rule = base;
      rule.path = "/";
      rule.origin = rule_ref(*ingress, *ingress->spec.default_backend);
      documented::attach(rule, index, *ingress, *ingress->spec.default_backend, 503);
      set_actions(rule, *ingress, *ingress->spec.default_backend);
      last.push_back(std::move(rule));
    }
  }
  std::move(last.begin(), last.end(), std::back_inserter(rules));
  return documented::make(std::move(rules), {.multi_label = true, .falls_through = true});
}

}  // namespace gw::verify
