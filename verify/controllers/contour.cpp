// Contour: Envoy virtual hosts, no fall-through; exact, then regex, then the longest prefix.
#include <algorithm>
#include <map>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using documented::annotation;
using documented::Kind;
using documented::Rule;

// Without any class it is ours where no IngressClass "contour" exists.
bool takes(const kube::Index& index, const kube::Ingress& ingress) {
  const ClassFilter filter{{"projectcontour.io/ingress-controller", "projectcontour.io/*"}, "contour"};
  return filter.takes(index, ingress).value_or(!index.ingress_class("contour"));
}

// An ImplementationSpecific path with one of ^+*[]% is an expression over the whole path, otherwise a byte prefix.
void set_path(Rule& rule, const kube::HttpIngressPath& path) {
  rule.path = path.path.empty() ? "/" : path.path;
  if (path.path_type == "Exact") {
    rule.kind = Kind::exact;
  } else if (path.path_type == "Prefix") {
    rule.kind = Kind::element;
    if (rule.path.size() > 1 && rule.path.ends_with('/')) rule.path.pop_back();
  } else if (rule.path.find_first_of("^+*[]%") != std::string::npos) {
    rule.kind = Kind::regex;
    rule.expression = Pattern::go("^(?:" + rule.path + ")$");
    if (rule.expression.state() != Pattern::State::ok) rule.fixed = unmodelled(rule.expression.why());
  }
}

}  // namespace

std::unique_ptr<Controller> make_contour(const kube::Index& index, const ControllerOptions&) {
  std::map<std::tuple<std::string, int, std::string>, Rule> known;  // the oldest Ingress keeps a path
  for (const kube::Ingress* ingress : documented::by_age(index, takes)) {
    const bool forced = annotation(*ingress, "ingress.kubernetes.io/force-ssl-redirect") == "true";
    const bool plain = annotation(*ingress, "kubernetes.io/ingress.allow-http") != "false";
    const auto add = [&](Rule rule, const kube::Located& at, const kube::IngressBackend& backend) {
      rule.origin = rule_ref(*ingress, at);
      documented::attach(rule, index, *ingress, backend, 503);
      rule.http = plain;
      rule.https = std::any_of(ingress->spec.tls.begin(), ingress->spec.tls.end(), [&](const auto& tls) {
        return std::find(tls.hosts.begin(), tls.hosts.end(), rule.host) != tls.hosts.end();
      });
      if (forced) rule.https_code = 301;
      known.emplace(std::tuple(rule.host, static_cast<int>(rule.kind), rule.path), std::move(rule));
    };
    for (const auto& spec : ingress->spec.rules) {
      if (!spec.http) continue;
      for (const auto& path : spec.http->paths) {
        Rule rule;
        rule.host = lower(spec.host);
        set_path(rule, path);
        add(std::move(rule), path, path.backend);
      }
    }
    if (ingress->spec.default_backend) {
      Rule rule;
      rule.kind = Kind::element;
      rule.path = "/";
      add(std::move(rule), *ingress->spec.default_backend, *ingress->spec.default_backend);
    }
  }
  std::vector<Rule> rules;
  for (auto& [key, rule] : known) rules.push_back(std::move(rule));
  std::stable_sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    const auto rank = [](const Rule& rule) {
      return std::tuple(rule.kind == Kind::exact ? 2 : rule.kind == Kind::regex ? 1 : 0, rule.path.size());
    };
    return rank(a) > rank(b);
  });
  return documented::make(std::move(rules), {});
}

}  // namespace gw::verify
