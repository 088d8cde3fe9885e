// On the way from Ingress: the controller that is no longer maintained, annotations for another controller, and hosts
// that both worlds serve.
#include <algorithm>
#include <map>
#include <set>

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// Controllers by the prefix of their annotations, the controller of their IngressClass, the usual name of the class.
struct Controller {
  std::string_view prefix, controller, name, classes;
};
constexpr Controller controllers[] = {
    {"nginx.ingress.kubernetes.io/", "k8s.io/ingress-nginx", "ingress-nginx", "nginx ingress-nginx"},
    {"nginx.org/", "nginx.org/ingress-controller", "NGINX Ingress Controller", "nginx nginx-plus"},
    {"traefik.ingress.kubernetes.io/", "traefik.io/ingress-controller", "Traefik", "traefik"},
    {"haproxy.org/", "haproxy.org/ingress-controller", "HAProxy Kubernetes Ingress Controller", "haproxy"},
    {"haproxy-ingress.github.io/", "haproxy-ingress.github.io/controller", "HAProxy Ingress",
     "haproxy haproxy-ingress"},
    {"konghq.com/", "ingress-controllers.konghq.com/kong", "Kong", "kong"},
    {"alb.ingress.kubernetes.io/", "ingress.k8s.aws/alb", "AWS Load Balancer Controller", "alb"},
    {"projectcontour.io/", "projectcontour.io/", "Contour", "contour"},
};

bool has_word(std::string_view words, std::string_view word) {
  return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

std::string class_of(const kube::Ingress& ingress) {
  if (ingress.spec.ingress_class_name) return *ingress.spec.ingress_class_name;
  const std::string* old = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class");
  return old ? *old : std::string();
}

// Who serves an Ingress: by the class in the set, else by its usual name. Several for an ambiguous name.
std::vector<const Controller*> served_by(const Context& c, const kube::Ingress& ingress) {
  const std::string name = class_of(ingress);
  const kube::IngressClass* known = name.empty() ? nullptr : c.index.ingress_class(name);
  std::vector<const Controller*> out;
  for (const Controller& row : controllers)
    if (known ? known->spec.controller.starts_with(row.controller) : !name.empty() && has_word(row.classes, name))
      out.push_back(&row);
  return out;
}

void check_foreign(const Context& c, const kube::Ingress& ingress, const std::vector<const Controller*>& owners) {
  if (owners.empty() || ingress.metadata.annotations.empty()) return;
  const yaml::Node* values = ingress.metadata.node ? ingress.metadata.node->find("annotations") : nullptr;
  for (const auto& [key, value] : ingress.metadata.annotations)
    for (const Controller& row : controllers) {
      if (!key.starts_with(row.prefix) || std::find(owners.begin(), owners.end(), &row) != owners.end()) continue;
      const yaml::Entry* at = values ? values->entry(key) : nullptr;
      report(c, {"IN403", ingress, at ? &at->key : nullptr,
                 quoted(key) + " is for " + std::string(row.name) + ", but class " + quoted(class_of(ingress)) +
                     " is served by " + std::string(owners[0]->name),
                 "it has no effect: remove it, or use the annotation of that controller"});
    }
}

bool retired(const kube::Ingress& ingress, const std::vector<const Controller*>& owners) {
  const auto& annotations = ingress.metadata.annotations;
  const bool annotated = std::any_of(annotations.begin(), annotations.end(), [](const auto& each) {
    return std::string_view(each.first).starts_with(controllers[0].prefix);
  });
  if (owners.size() == 1) return owners[0] == &controllers[0];
  return annotated && (owners.empty() || owners[0] == &controllers[0]);
}

using HostPath = std::pair<std::string, std::string>;

std::string plain(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.empty() ? "/" : path;
}

void check_overlap(const Context& c) {
  struct Place {
    const kube::HttpRoute* route;
    const yaml::Node* at;
  };
  std::set<std::string_view> wanted;
  for (const kube::Ingress& ingress : c.bundle.ingresses)
    for (const kube::IngressRule& rule : ingress.spec.rules) wanted.insert(rule.host);
  std::map<HostPath, Place> routed;
  for (const kube::HttpRoute& route : c.bundle.http_routes)
    for (const kube::HttpRouteRule& rule : route.spec.rules)
      for (const kube::String& host : route.spec.hostnames) {
        if (!wanted.contains(host)) continue;
        if (rule.matches.empty()) routed.try_emplace({host, "/"}, Place{&route, rule.node});
        for (const kube::HttpRouteMatch& match : rule.matches)
          if (!match.path || match.path->type.value_or("PathPrefix") != "RegularExpression")
            routed.try_emplace({host, plain(match.path ? match.path->value.value_or("/") : "/")},
                               Place{&route, match.node});
      }
  if (routed.empty()) return;
  for (const kube::Ingress& ingress : c.bundle.ingresses)
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      if (!rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        const auto found = routed.find({rule.host, plain(path.path)});
        if (found == routed.end()) continue;
        report(c, {"IN409",
                   ingress,
                   path.node,
                   "HTTPRoute " + found->second.route->id().display() + " serves the same host and path",
                   "which of the two answers is decided by DNS: remove this one when the migration is done",
                   {},
                   {{span_of(*found->second.route, found->second.at), "the HTTPRoute"}}});
      }
    }
}

}  // namespace

void check_migration(const Context& c) {
  std::vector<const kube::Ingress*> on_retired;
  for (const kube::Ingress& ingress : c.bundle.ingresses) {
    const auto owners = served_by(c, ingress);
    check_foreign(c, ingress, owners);
    if (retired(ingress, owners)) on_retired.push_back(&ingress);
  }
  if (!on_retired.empty()) {
    const kube::Ingress* first =
        *std::min_element(on_retired.begin(), on_retired.end(), [](auto* a, auto* b) { return a->id() < b->id(); });
    const std::size_t others = on_retired.size() - 1;
    report(c, {"IN401", *first, nullptr,
               "ingress-nginx is retired since March 2026 and gets no security fixes any more" +
                   (others == 0 ? std::string()
                                : "; it serves " + std::to_string(others) +
                                      (others == 1 ? " more Ingress" : " more Ingresses") + " of this set"),
               "gwctl convert moves to Gateway API, gwctl verify shows that nothing changes"});
  }
  check_overlap(c);
}

}  // namespace gw::validate
