// On the way from Ingress: the controller that is no longer maintained, annotations for another controller, and hosts
// that both worlds serve.
#include <algorithm>
#include <map>
#include <set>

#include "kube/ingress_class.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"
#include "vendors/ingress_controllers.h"

namespace gw::validate {
namespace {

using Controller = vendors::IngressController;

bool has(vendors::Words words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Who serves an Ingress: by the class in the set, else by its usual name. Several for an ambiguous name.
std::vector<const Controller*> served_by(const Context& c, const kube::Ingress& ingress) {
  const std::string_view name = kube::class_of(ingress);
  const kube::IngressClass* known = name.empty() ? nullptr : c.index.ingress_class(name);
  std::vector<const Controller*> out;
  for (const Controller& row : vendors::ingress_controllers()) {
    const bool controls =
        known && std::any_of(row.controllers.begin(), row.controllers.end(),
                             [&](std::string_view each) { return known->spec.controller.starts_with(each); });
    if (known ? controls : !name.empty() && (has(row.classes, name) || has(row.more_classes, name)))
      out.push_back(&row);
  }
  return out;
}

void check_foreign(const Context& c, const kube::Ingress& ingress, const std::vector<const Controller*>& owners) {
  if (owners.empty() || ingress.metadata.annotations.empty()) return;
  const yaml::Node* values = ingress.metadata.node ? ingress.metadata.node->find("annotations") : nullptr;
  for (const auto& [key, value] : ingress.metadata.annotations)
    for (const Controller& row : vendors::ingress_controllers()) {
      if (row.prefixes.empty() || !key.starts_with(row.prefixes.front()) ||
          std::find(owners.begin(), owners.end(), &row) != owners.end())
        continue;
      const yaml::Entry* at = values ? values->entry(key) : nullptr;
      report(c, {"IN403", ingress, at ? &at->key : nullptr,
                 quoted(key) + " is for " + std::string(row.title) + ", but class " + quoted(kube::class_of(ingress)) +
                     " is served by " + std::string(owners[0]->title),
                 "it has no effect: remove it, or use the annotation of that controller"});
    }
}

bool retired(const kube::Ingress& ingress, const std::vector<const Controller*>& owners) {
  const Controller* nginx = vendors::ingress_controller("ingress-nginx");
  const auto& annotations = ingress.metadata.annotations;
  const bool annotated = std::any_of(annotations.begin(), annotations.end(), [&](const auto& each) {
    return std::string_view(each.first).starts_with(nginx->prefixes.front());
  });
  if (owners.size() == 1) return owners[0] == nginx;
  return annotated && (owners.empty() || owners[0] == nginx);
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
