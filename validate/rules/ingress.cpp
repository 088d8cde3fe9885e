// Ingresses: references, classes, and paths that do not do what they seem to.
#include <algorithm>
#include <map>
#include <set>

#include "diag/suggest.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

constexpr const char* class_annotation = "kubernetes.io/ingress.class";

template <class F>
void each_path(const kube::Ingress& ingress, F&& f) {
  for (const kube::IngressRule& rule : ingress.spec.rules)
    if (rule.http)
      for (const kube::HttpIngressPath& path : rule.http->paths) f(rule, path);
}

void check_service(const Context& c, const kube::Ingress& ingress, const kube::IngressBackend& backend) {
  if (!backend.service || !(c.bundle.services_known() || c.options.complete)) return;
  const kube::IngressServiceBackend& ref = *backend.service;
  const auto at = [&](std::string_view key) { return member(member(backend, "service"), key); };
  const kube::NamespacedName id{ingress.metadata.ns, ref.name};
  const kube::Service* service = c.index.service(id);
  if (!service) {
    std::vector<std::string_view> names;
    for (const auto& each : c.bundle.services)
      if (each.metadata.ns == id.ns) names.push_back(each.metadata.name);
    const std::string_view near = diag::nearest(ref.name, names);
    return report(c, {"IN205", ingress, at("name"), "Service " + id.display() + " is not here",
                      near.empty() ? "requests for it fail" : "did you mean " + quoted(near) + "?", c.missing(id.ns)});
  }
  const auto& ports = service->spec.ports;
  const bool found = std::any_of(ports.begin(), ports.end(), [&](const auto& port) {
    return ref.port.name.empty() ? port.port == ref.port.number : port.name == ref.port.name;
  });
  if (found || service->spec.type == "ExternalName") return;
  std::string known;
  for (const auto& port : ports)
    known +=
        (known.empty() ? "" : ", ") + std::to_string(port.port) + (port.name.empty() ? "" : " (" + port.name + ")");
  report(c, {"IN206", ingress, at("port"),
             "Service " + id.display() + " has no port " +
                 (ref.port.name.empty() ? std::to_string(ref.port.number) : quoted(ref.port.name)),
             known.empty() ? "the Service has no ports" : "its ports are " + known});
}

void check_class(const Context& c, const kube::Ingress& ingress) {
  const auto& name = ingress.spec.ingress_class_name;
  if (!name) {
    if (kube::find(ingress.metadata.annotations, class_annotation)) return;
    const auto& classes = c.bundle.ingress_classes;
    const bool has_default = std::any_of(classes.begin(), classes.end(), [](const auto& each) {
      const std::string* value = kube::find(each.metadata.annotations, "ingressclass.kubernetes.io/is-default-class");
      return value && *value == "true";
    });
    if (!has_default && (!classes.empty() || c.options.complete))
      report(c, {"IN202", ingress, member(ingress.spec, "ingressClassName"),
                 "this Ingress names no class and none is the default",
                 "most controllers ignore it: set spec.ingressClassName"});
    return;
  }
  if (c.bundle.ingress_classes.empty() || c.index.ingress_class(*name)) return;
  std::vector<std::string_view> names;
  for (const auto& each : c.bundle.ingress_classes) names.push_back(each.metadata.name);
  const std::string_view near = diag::nearest(*name, names);
  report(c,
         {"IN203", ingress, member(ingress.spec, "ingressClassName"), "IngressClass " + quoted(*name) + " is not here",
          near.empty() ? "no controller serves this Ingress" : "did you mean " + quoted(near) + "?",
          c.options.complete ? diag::Severity::error : diag::Severity::warning});
}

// The certificate of a TLS entry is for hosts that no rule serves.
void check_tls_hosts(const Context& c, const kube::Ingress& ingress) {
  std::set<std::string> hosts;
  bool all = ingress.spec.default_backend.has_value();
  for (const kube::IngressRule& rule : ingress.spec.rules) {
    hosts.insert(rule.host);
    all |= rule.host.empty();
  }
  const std::string* www = kube::find(ingress.metadata.annotations, "nginx.ingress.kubernetes.io/from-to-www-redirect");
  const bool both_names = www && *www == "true";  // www.x redirects to x, or x to www.x
  std::map<std::string, const kube::IngressTls*> owner;
  for (const kube::IngressTls& tls : ingress.spec.tls) {
    if (tls.secret_name.empty())
      report(c, {"IN218", ingress, tls.node, "this TLS entry names no Secret",
                 "the controller's default certificate is served"});
    for (std::size_t i = 0; i < tls.hosts.size(); ++i) {
      const std::string& host = tls.hosts[i];
      const kube::Place at = item(tls, "hosts", i);
      const auto dot = host.find('.');
      const std::string wildcard = dot == std::string::npos ? host : "*" + host.substr(dot);
      const bool served = all || hosts.contains(host) || hosts.contains(wildcard) ||
                          (host.starts_with("*.") && std::any_of(hosts.begin(), hosts.end(), [&](const auto& each) {
                             return each.ends_with(host.substr(1)) && each.find('.') == each.size() - host.size() + 1;
                           }));
      const bool redirected = both_names && hosts.contains(host.starts_with("www.") ? host.substr(4) : "www." + host);
      if (!served && !redirected && !ingress.spec.rules.empty())
        report(c,
               {"IN209", ingress, at, "no rule serves the TLS host " + quoted(host), "add a rule for it or remove it"});
      auto [it, fresh] = owner.try_emplace(host, &tls);
      if (!fresh && it->second->secret_name != tls.secret_name)
        report(c, {"IN219", ingress, at, quoted(host) + " has two certificates", "only one is served: keep one entry"});
    }
  }
}

std::string path_key(const kube::IngressRule& rule, const kube::HttpIngressPath& path) {
  return rule.host + "\1" + path.path + "\1" + (path.path_type == "Exact" ? "=" : "");
}

// The AWS load balancer controller asks more of a request than its path.
bool told_apart(const kube::Ingress& ingress, const kube::HttpIngressPath& path) {
  const kube::IngressServiceBackend* service = path.backend.service ? &*path.backend.service : nullptr;
  return service && kube::find(ingress.metadata.annotations, "alb.ingress.kubernetes.io/conditions." + service->name);
}

void check_paths(const Context& c, const kube::Ingress& ingress) {
  std::map<std::string, const kube::HttpIngressPath*> seen;
  const std::string* regex = kube::find(ingress.metadata.annotations, "nginx.ingress.kubernetes.io/use-regex");
  const bool uses_regex = regex && *regex == "true";
  each_path(ingress, [&](const kube::IngressRule& rule, const kube::HttpIngressPath& path) {
    auto [it, fresh] = seen.try_emplace(path_key(rule, path), &path);
    if (!fresh && !told_apart(ingress, path) && !told_apart(ingress, *it->second))
      report(c, {"IN211",
                 ingress,
                 path.node,
                 "path " + quoted(path.path) + " stands twice for this host",
                 "controllers differ in which one they take: keep one",
                 {},
                 it->second->node ? std::vector<diag::Related>{{it->second->node->span(), "it stands here first"}}
                                  : std::vector<diag::Related>{}});
    const bool looks_regex =
        path.path.find(".*") != std::string::npos || path.path.find_first_of("()[]|^$") != std::string::npos;
    if (looks_regex && !uses_regex && path.path_type != "ImplementationSpecific" &&
        !kube::find(ingress.metadata.annotations, "nginx.ingress.kubernetes.io/rewrite-target"))
      report(c, {"IN215", ingress, member(path, "path"),
                 quoted(path.path) + " looks like a regular expression, but " + path.path_type + " takes it literally",
                 "ingress-nginx needs the annotation use-regex: \"true\""});
  });
}

// Hosts of a rule that no certificate covers, where the Ingress has certificates for others.
void check_plain_hosts(const Context& c, const kube::Ingress& ingress) {
  std::set<std::string> covered;
  for (const kube::IngressTls& tls : ingress.spec.tls) {
    if (tls.hosts.empty()) return;  // for every host
    covered.insert(tls.hosts.begin(), tls.hosts.end());
  }
  if (covered.empty()) return;
  for (const kube::IngressRule& rule : ingress.spec.rules) {
    const auto dot = rule.host.find('.');
    const bool found = rule.host.empty() || covered.contains(rule.host) ||
                       (dot != std::string::npos && covered.contains("*" + std::string(rule.host.substr(dot))));
    if (!found)
      report(c, {"IN210", ingress, member(rule, "host"),
                 quoted(rule.host) + " has no certificate, other hosts of this Ingress have",
                 "add it to tls, or move it to an Ingress of its own"});
  }
}

// The class by its old annotation; the repair moves it to spec.ingressClassName.
void check_old_class(const Context& c, const kube::Ingress& ingress) {
  const std::string* value = kube::find(ingress.metadata.annotations, class_annotation);
  if (!value) return;
  const yaml::Node* all = ingress.metadata.node ? ingress.metadata.node->find("annotations") : nullptr;
  const yaml::Entry* entry = all ? all->entry(class_annotation) : nullptr;
  const yaml::Node* spec = ingress.spec.node;
  std::vector<Edit> edits;
  if (entry && spec && spec->is_map() && spec->size() != 0 && !ingress.spec.ingress_class_name) {
    const yaml::Entry* gone = all->size() == 1 ? ingress.metadata.node->entry("annotations") : entry;
    const diag::Span key = gone->key.span();
    edits.push_back({{key.file, key.begin, std::max(key.end, gone->value.span().end)}, Repair::remove_lines, {}});
    edits.push_back({spec->entries()[0].key.span(), Repair::insert, "ingressClassName: " + *value});
  }
  report(c, {"IN201",
             ingress,
             entry ? kube::Place(&entry->key) : member(ingress.metadata, "annotations"),
             std::string("the annotation ") + class_annotation + " is deprecated",
             "use spec.ingressClassName",
             {},
             {},
             std::move(edits)});
}

void check_portability(const Context& c, const kube::Ingress& ingress) {
  const kube::HttpIngressPath* first = nullptr;
  std::size_t count = 0;
  std::map<std::string, const kube::HttpIngressPath*> prefixes;
  for (const kube::IngressRule& rule : ingress.spec.rules) {
    if (rule.host.empty() && rule.http)
      report(c, {"IN217", ingress, rule.node, "this rule has no host: it takes requests for every name",
                 "name the host, unless a catch-all is meant"});
    if (!rule.http) continue;
    for (const kube::HttpIngressPath& path : rule.http->paths) {
      if (path.path_type == "ImplementationSpecific" && count++ == 0) first = &path;
      if (path.path_type != "Prefix" || path.path.empty()) continue;
      std::string plain = path.path;
      while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
      auto [it, fresh] = prefixes.try_emplace(rule.host + "\1" + plain, &path);
      if (!fresh && it->second->path != path.path && it->second->node)
        report(c, {"IN216",
                   ingress,
                   member(path, "path"),
                   quoted(path.path) + " and " + quoted(it->second->path) +
                       " are the same prefix: one of them is never "
                       "chosen",
                   "prefixes are compared by path element, a trailing slash does not count: keep one",
                   {},
                   {{member(*it->second, "path")->span(), "the other path"}}});
    }
  }
  if (first)
    report(c, {"IN214", ingress, member(*first, "pathType"),
               count == 1 ? "what ImplementationSpecific means depends on the controller"
                          : "what ImplementationSpecific means depends on the controller (" + std::to_string(count) +
                                " paths of this Ingress)",
               "write Prefix or Exact where that is meant"});
}

}  // namespace

void check_ingress_references(const Context& c) {
  for (const kube::Ingress& ingress : c.bundle.ingresses) {
    check_class(c, ingress);
    if (ingress.spec.default_backend) check_service(c, ingress, *ingress.spec.default_backend);
    each_path(ingress,
              [&](const auto&, const kube::HttpIngressPath& path) { check_service(c, ingress, path.backend); });
  }
}

void check_ingress_classes(const Context& c) {
  const kube::IngressClass* first = nullptr;
  for (const kube::IngressClass& each : c.bundle.ingress_classes) {
    const std::string* value = kube::find(each.metadata.annotations, "ingressclass.kubernetes.io/is-default-class");
    if (!value || *value != "true") continue;
    if (first)
      report(c, {"IN204",
                 each,
                 nullptr,
                 "IngressClass " + quoted(first->metadata.name) + " is the default already",
                 "Ingresses without a class are refused while there are two",
                 {},
                 {{span_of(*first, nullptr), "the other default"}}});
    else
      first = &each;
  }
}

void check_ingress_lint(const Context& c) {
  for (const kube::Ingress& ingress : c.bundle.ingresses) {
    check_tls_hosts(c, ingress);
    check_paths(c, ingress);
    check_plain_hosts(c, ingress);
    check_portability(c, ingress);
    check_old_class(c, ingress);
  }
}

void check_ingress_sets(const Context& c) {
  struct Claim {
    const kube::Ingress* ingress;
    const yaml::Node* at;
  };
  std::map<std::string, Claim> paths, hosts;
  for (const kube::Ingress& ingress : c.bundle.ingresses) {
    const std::string* canary = kube::find(ingress.metadata.annotations, "nginx.ingress.kubernetes.io/canary");
    if (canary && *canary == "true") continue;
    const std::string scope = ingress.spec.ingress_class_name.value_or("") + "\1";
    std::set<const kube::Ingress*> told;
    each_path(ingress, [&](const kube::IngressRule& rule, const kube::HttpIngressPath& path) {
      auto [it, fresh] = paths.try_emplace(scope + path_key(rule, path), Claim{&ingress, path.node});
      if (!fresh && it->second.ingress != &ingress)
        report(c, {"IN212",
                   ingress,
                   path.node,
                   "Ingress " + it->second.ingress->id().display() + " has the same host and path",
                   "which one answers depends on the controller (often the older): keep one",
                   {},
                   {{span_of(*it->second.ingress, it->second.at), "the same path"}}});
      if (rule.host.empty()) return;
      auto [host, first] = hosts.try_emplace(scope + rule.host, Claim{&ingress, rule.node});
      if (!first && host->second.ingress->metadata.ns != ingress.metadata.ns &&
          told.insert(host->second.ingress).second)
        report(c, {"IN213",
                   ingress,
                   member(rule, "host"),
                   "namespace " + quoted(host->second.ingress->metadata.ns) + " serves " + quoted(rule.host) + " too",
                   "whoever may write Ingresses there can take paths of this host",
                   {},
                   {{span_of(*host->second.ingress, host->second.at), "the other namespace"}}});
    });
  }
}

}  // namespace gw::validate
