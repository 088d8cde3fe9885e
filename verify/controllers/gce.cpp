// GKE's Ingress controller: one load balancer an Ingress, a URL map with exact paths and "/*" prefixes.
#include <algorithm>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using documented::annotation;
using documented::Kind;
using documented::Rule;

// There is no IngressClass object: the field means another controller, the annotation must be one of ours or absent.
bool takes(const kube::Index&, const kube::Ingress& ingress) {
  const std::string name = annotation(ingress, "kubernetes.io/ingress.class");
  if (!name.empty()) return name == "gce" || name == "gce-internal" || name == "gce-multi-cluster";
  return !ingress.spec.ingress_class_name.has_value();
}

// "/foo" is that path alone, "/foo/*" everything below it but not "/foo"; an empty path is "/*".
void set_path(Rule& rule, const kube::HttpIngressPath& path) {
  std::string text = path.path.empty() ? "/*" : path.path;
  if (path.path_type == "Prefix") {
    rule.kind = Kind::element;
  } else if (path.path_type != "Exact" && text.ends_with("/*")) {
    rule.kind = Kind::byte_prefix;
    text.pop_back();
  } else {
    rule.kind = Kind::exact;
  }
  rule.path = text;
}

}  // namespace

std::unique_ptr<Controller> make_gce(const kube::Index& index, const ControllerOptions&) {
  std::vector<Rule> rules;
  for (const kube::Ingress* ingress : documented::by_age(index, takes)) {
    Rule base;
    base.balancer = ingress->id().display();
    base.http = annotation(*ingress, "kubernetes.io/ingress.allow-http") != "false";
    const bool certificates = !annotation(*ingress, "ingress.gcp.kubernetes.io/pre-shared-cert").empty() ||
                              !annotation(*ingress, "networking.gke.io/managed-certificates").empty();
    base.https = !ingress->spec.tls.empty() || certificates;
    const bool frontend = !annotation(*ingress, "networking.gke.io/v1beta1.FrontendConfig").empty();
    const auto add = [&](Rule rule, const kube::Located& at, const kube::IngressBackend& backend) {
      rule.origin = rule_ref(*ingress, at);
      documented::attach(rule, index, *ingress, backend, 503);
      if (frontend) rule.fixed = unmodelled("the FrontendConfig may redirect to https");
      rules.push_back(std::move(rule));
    };
    for (const auto& spec : ingress->spec.rules) {
      if (!spec.http) continue;
      for (const auto& path : spec.http->paths) {
        Rule rule = base;
        rule.host = lower(spec.host);
        set_path(rule, path);
        add(std::move(rule), path, path.backend);
      }
      // What the host's paths leave over goes to the default backend, never to another host's rules.
      if (ingress->spec.default_backend && !spec.host.empty()) {
        Rule rule = base;
        rule.host = lower(spec.host);
        rule.path = "/";
        add(std::move(rule), *ingress->spec.default_backend, *ingress->spec.default_backend);
      }
    }
    if (ingress->spec.default_backend) {
      Rule rule = base;
      rule.path = "/";
      add(std::move(rule), *ingress->spec.default_backend, *ingress->spec.default_backend);
    }
  }
  std::stable_sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    return std::tuple(a.kind == Kind::exact, a.path.size()) > std::tuple(b.kind == Kind::exact, b.path.size());
  });
  return documented::make(std::move(rules), {.multi_label = true});
}

}  // namespace gw::verify
