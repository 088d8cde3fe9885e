// Contour's Ingresses: exact, then expressions, then prefixes by length; equal paths of two Ingresses flip.
#include "verify/controllers/contour.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/nodes.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace contour {
namespace {

using documented::annotation;
using envoy::Route;

constexpr std::string_view own_class = "contour";

bool takes(const kube::Index& index, const Settings& settings, const kube::Ingress& ingress) {
  const auto ours = [&](const std::string& name) {
    if (!settings.class_names.empty())
      return std::find(settings.class_names.begin(), settings.class_names.end(), name) != settings.class_names.end();
    const kube::IngressClass* known = index.ingress_class(name);
    return name == own_class || (known && known->spec.controller.starts_with("projectcontour.io/"));
  };
  for (std::string_view key : {"projectcontour.io/ingress.class", "kubernetes.io/ingress.class"})
    if (const std::string name = annotation(ingress, key); !name.empty()) return ours(name);
  if (ingress.spec.ingress_class_name) return ours(*ingress.spec.ingress_class_name);
  return settings.class_names.empty();
}

Settings settings_of(const kube::Index& index) {
  Settings out;
  for (const kube::OtherObject& object : index.bundle().others) {
    if (object.kind != "ContourConfiguration" || !object.node) continue;
    const yaml::Node* spec = object.node->find("spec");
    out.merge_slashes = !nodes::flag(nodes::at(spec, {"envoy", "listener"}), "disableMergeSlashes");
    out.strips_final_dot = nodes::flag(nodes::at(spec, {"envoy", "network"}), "stripTrailingHostDot");
    out.permits_insecure = !nodes::flag(nodes::at(spec, "httpproxy"), "disablePermitInsecure");
    for (const yaml::Node& name : nodes::list(nodes::at(spec, "ingress"), "classNames"))
      if (name.is_string()) out.class_names.emplace_back(name.string());
    for (const yaml::Node& name : nodes::list(nodes::at(spec, "httpproxy"), "rootNamespaces"))
      if (name.is_string()) out.root_namespaces.emplace_back(name.string());
  }
  return out;
}

// False: an expression that RE2 does not take.
bool set_path(Route& route, const kube::HttpIngressPath& path) {
  route.path = path.path.empty() ? "/" : std::string(path.path);
  if (path.path_type == "Exact") {
    route.kind = Route::Kind::exact;
  } else if (path.path_type == "Prefix") {
    while (route.path.size() > 1 && route.path.ends_with('/')) route.path.pop_back();
    route.kind = route.path == "/" ? Route::Kind::prefix : Route::Kind::element;
  } else if (route.path.find_first_of("^+*[]%") != std::string::npos) {
    route.kind = Route::Kind::regex;
    route.expression = envoy::full(route.path);
    return route.expression.state() == Pattern::State::ok;
  }
  return true;
}

class Ingresses {
 public:
  Ingresses(const kube::Index& index, const ControllerOptions& options, const Settings& settings, Hosts& hosts)
      : index_(index), options_(options), settings_(settings), hosts_(hosts) {}

  void add() {
    for (const kube::Ingress& ingress : index_.bundle().ingresses)
      if (takes(index_, settings_, ingress)) taken_.push_back(&ingress);
    for (const kube::Ingress* ingress : taken_) add_secrets(*ingress);
    for (const kube::Ingress* ingress : taken_) add_rules(*ingress);
  }

 private:
  void add_secrets(const kube::Ingress& ingress) {
    const std::string ns = annotation(ingress, "projectcontour.io/tls-cert-namespace");
    for (const kube::IngressTls& tls : ingress.spec.tls) {
      std::string reference(tls.secret_name);
      if (!ns.empty() && reference.find('/') == std::string::npos) reference = ns + "/" + reference;
      if (!has_secret(index_, options_, reference, ingress.metadata.ns)) continue;
      for (const auto& host : tls.hosts) hosts_.https[lower(host)].secret = true;
    }
  }

  void add_rules(const kube::Ingress& ingress) {
    std::map<std::string, std::map<std::string, Route>> http, https;  // the last of equal paths stays
    const bool forced = annotation(ingress, "ingress.kubernetes.io/force-ssl-redirect") == "true";
    const bool plain = annotation(ingress, "kubernetes.io/ingress.allow-http") != "false" || forced;
    const auto put = [&](const std::string& host, Route route) {
      const std::string text = key(route);
      if (const auto tls = hosts_.https.find(host); !host.empty() && tls != hosts_.https.end() && tls->second.secret)
        https[host].insert_or_assign(text, route);
      if (!plain) return;
      if (forced) {
        route.redirect.emplace();
        route.redirect->scheme = "https";
      }
      http[host].insert_or_assign(text, std::move(route));
    };
    if (ingress.spec.default_backend) {
      Route route;
      route.origin = rule_ref(ingress, *ingress.spec.default_backend);
      set_upgrades(route, ingress, "/");
      if (attach(route, ingress, *ingress.spec.default_backend)) put("", std::move(route));
    }
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      if (!rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        Route route;
        route.origin = rule_ref(ingress, path);
        if (!set_path(route, path)) break;  // the later paths of the entry go with it
        if (!attach(route, ingress, path.backend)) continue;
        set_upgrades(route, ingress, path.path.empty() ? "/" : std::string(path.path));
        put(lower(envoy::without_port(rule.host)), std::move(route));
      }
    }
    merge(http, hosts_.http);
    merge(https, hosts_.https);
  }

  static void merge(std::map<std::string, std::map<std::string, Route>>& from, std::map<std::string, Host>& to) {
    for (auto& [host, routes] : from)
      for (auto& [text, route] : routes) to[host].routes[text].push_back(std::move(route));
  }

  // False: there is no such path for Contour.
  bool attach(Route& route, const kube::Ingress& ingress, const kube::IngressBackend& backend) const {
    if (!backend.service) return false;
    const kube::NamespacedName id{ingress.metadata.ns, backend.service->name};
    const ServiceState state = service_state(index_, id, backend.service->port, PortMatch::number_or_name);
    const bool external = state.service && state.service->spec.type == "ExternalName";
    if (external || state.state == EndpointState::no_service || state.state == EndpointState::no_port) return false;
    route.destinations = {{id.display(), state.port, 1, state.state == EndpointState::none ? 503 : 0}};
    std::string timeout = annotation(ingress, "projectcontour.io/response-timeout");
    if (timeout.empty()) timeout = annotation(ingress, "projectcontour.io/request-timeout");
    if (!timeout.empty()) route.attributes.push_back("timeout=" + timeout);
    return true;
  }

  static void set_upgrades(Route& route, const kube::Ingress& ingress, const std::string& text) {
    const auto listed = split_trimmed(annotation(ingress, "projectcontour.io/websocket-routes"), ',');
    route.upgrades = std::find(listed.begin(), listed.end(), text) != listed.end();
  }

  const kube::Index& index_;
  const ControllerOptions& options_;
  const Settings& settings_;
  Hosts& hosts_;
  std::vector<const kube::Ingress*> taken_;
};

// Exact, expressions, prefixes; the longer first, of equal length the later in the alphabet, a segment before a text.
// Then more headers, more query parameters, their text.
bool before(const Route& a, const Route& b) {
  const auto group = [](const Route& route) {
    return route.kind == Route::Kind::exact ? 0 : route.kind == Route::Kind::regex ? 1 : 2;
  };
  const auto count = [](const Route& route, envoy::Condition::On on) {
    return std::count_if(route.conditions.begin(), route.conditions.end(), [&](const auto& c) { return c.on == on; });
  };
  const auto headers = [&](const Route& route) { return count(route, envoy::Condition::On::header); };
  const auto queries = [&](const Route& route) { return count(route, envoy::Condition::On::query); };
  if (group(a) != group(b)) return group(a) < group(b);
  if (a.path.size() != b.path.size()) return a.path.size() > b.path.size();
  if (a.path != b.path) return a.path > b.path;
  if (a.kind != b.kind) return a.kind == Route::Kind::element;
  if (headers(a) != headers(b)) return headers(a) > headers(b);
  if (queries(a) != queries(b)) return queries(a) > queries(b);
  return key(a) < key(b);
}

void sort_hosts(std::map<std::string, Host>& from, envoy::Table& to) {
  for (auto& [name, host] : from) {
    if (host.routes.empty()) continue;
    envoy::VirtualHost& out = to[name];
    for (auto& [text, routes] : host.routes)
      for (Route& route : routes) {
        if (routes.size() > 1) route.rivals = text;
        out.routes.push_back(route);
      }
    std::stable_sort(out.routes.begin(), out.routes.end(), before);
    if (!name.starts_with("*.")) continue;
    out.checks_authority = true;
    out.authority = Pattern::go("^[a-z0-9]([-a-z0-9]*[a-z0-9])?" + Pattern::quote(name.substr(1)) + "(:[0-9]+)?$");
  }
}

}  // namespace

std::string key(const Route& route) {
  std::string out = std::to_string(static_cast<int>(route.kind)) + " " + route.path;
  for (const envoy::Condition& c : route.conditions)
    out += "\n" + lower(c.name) + " " + std::to_string(static_cast<int>(c.on)) +
           std::to_string(static_cast<int>(c.how)) + (c.negated ? "!" : "") + (c.ignore_case ? "i" : "") +
           (c.missing_is_empty ? "e" : "") + " " + c.value;
  return out;
}

bool has_secret(const kube::Index& index, const ControllerOptions& options, const std::string& reference,
                const std::string& from) {
  if (reference.empty()) return false;
  const auto slash = reference.find('/');
  const kube::NamespacedName id{slash == std::string::npos ? from : reference.substr(0, slash),
                                reference.substr(slash == std::string::npos ? 0 : slash + 1)};
  const kube::Secret* secret = index.secret(id);
  if (!secret && !(options.assume_secrets && id.ns == from)) return false;
  if (secret && secret->type != "kubernetes.io/tls" && !kube::find(secret->data, "tls.crt") &&
      !kube::find(secret->string_data, "tls.crt"))
    return false;
  if (id.ns == from) return true;
  for (const kube::OtherObject& object : index.bundle().others) {
    if (object.kind != "TLSCertificateDelegation" || object.metadata.ns != id.ns || !object.node) continue;
    for (const yaml::Node& one : nodes::list(object.node->find("spec"), "delegations")) {
      if (nodes::text(&one, "secretName") != id.name) continue;
      for (const yaml::Node& target : nodes::list(&one, "targetNamespaces"))
        if (target.is_string() && (target.string() == "*" || target.string() == from)) return true;
    }
  }
  return false;
}

}  // namespace contour

std::unique_ptr<Controller> make_contour(const kube::Index& index, const ControllerOptions& options) {
  const contour::Settings settings = contour::settings_of(index);
  contour::Hosts hosts;
  contour::Ingresses(index, options, settings, hosts).add();
  contour::add_proxies(index, options, settings, hosts);

  envoy::Balancer balancer;
  envoy::Table http;
  contour::sort_hosts(hosts.http, http);
  if (!http.empty()) balancer.http = std::move(http);
  for (auto& [name, host] : hosts.https) {
    if (!host.secret || (host.routes.empty() && host.unmodelled.empty())) continue;
    std::map<std::string, contour::Host> one{{name, host}};
    auto table = std::make_shared<envoy::Table>();
    contour::sort_hosts(one, *table);
    balancer.https.push_back({name, std::move(table), true, true, host.unmodelled});
  }
  envoy::Traits traits;
  traits.paths.merge_slashes = settings.merge_slashes;
  traits.strips_final_dot = settings.strips_final_dot;
  traits.http10 = true;
  return envoy::make({std::move(balancer)}, traits);
}

}  // namespace gw::verify
