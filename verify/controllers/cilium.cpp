// Cilium's Ingresses: each has a load balancer of its own, or all share one. Equal paths split the traffic; a host with
// TLS is redirected by default.
#include <algorithm>
#include <map>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/envoy.h"
#include "verify/controllers/models.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using documented::annotation;
using envoy::Route;

bool takes(const kube::Index& index, const kube::Ingress& ingress) {
  if (const std::string* written = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class"))
    return *written == "cilium";
  if (ingress.spec.ingress_class_name) return *ingress.spec.ingress_class_name == "cilium";
  const kube::IngressClass* own = index.ingress_class("cilium");
  const std::string* by_default =
      own ? kube::find(own->metadata.annotations, "ingressclass.kubernetes.io/is-default-class") : nullptr;
  return by_default && *by_default == "true";
}

bool shared(const kube::Index& index, const ControllerOptions& options, const kube::Ingress& ingress) {
  for (std::string_view name : {"ingress.cilium.io/loadbalancer-mode", "io.cilium.ingress/loadbalancer-mode"})
    if (const std::string mode = annotation(ingress, name); mode == "shared" || mode == "dedicated")
      return mode == "shared";
  if (const auto mode = flag(options.flags, "ingress-default-lb-mode")) return *mode == "shared";
  for (const kube::ConfigMap& config : index.bundle().config_maps)
    if (config.metadata.name == "cilium-config")
      if (const std::string* mode = kube::find(config.data, "ingress-default-lb-mode")) return *mode == "shared";
  return false;
}

bool enforces_https(const kube::Index& index, const ControllerOptions& options, const kube::Ingress& ingress) {
  for (std::string_view name : {"ingress.cilium.io/force-https", "io.cilium.ingress/force-https"}) {
    const std::string value = annotation(ingress, name);
    if (value == "disabled" || value == "false") return false;
    if (value == "enabled" || value == "true") return true;
  }
  if (const auto said = flag(options.flags, "enforce-ingress-https")) return *said != "false";
  for (const kube::ConfigMap& config : index.bundle().config_maps)
    if (config.metadata.name == "cilium-config")
      if (const std::string* said = kube::find(config.data, "enforce-ingress-https")) return *said != "false";
  return true;
}

void set_path(Route& route, const kube::HttpIngressPath& path) {
  route.path = path.path.empty() ? "/" : std::string(path.path);
  if (path.path.empty() && path.path_type != "Exact") {
    route.kind = Route::Kind::element;
  } else if (path.path_type == "Exact") {
    route.kind = Route::Kind::exact;
  } else if (path.path_type == "Prefix") {
    route.kind = Route::Kind::element;
  } else {
    route.kind = Route::Kind::regex;
    route.expression = envoy::full(route.path);
  }
}

// Exact, expressions, prefixes; the longer first.
bool before(const Route& a, const Route& b) {
  const auto rank = [](const Route& route) {
    const int group = route.kind == Route::Kind::exact ? 0 : route.kind == Route::Kind::regex ? 1 : 2;
    return std::pair(group, -static_cast<long>(route.path.size()));
  };
  return rank(a) < rank(b);
}

// The rules of a host as written, with equal ones joined into one that splits the traffic.
class Rules {
 public:
  void add(const Route& route) {
    const std::string text = std::to_string(static_cast<int>(route.kind)) + " " + route.path;
    const auto [at, fresh] = places_.emplace(text, routes_.size());
    if (fresh) return routes_.push_back(route);
    auto& destinations = routes_[at->second].destinations;
    destinations.insert(destinations.end(), route.destinations.begin(), route.destinations.end());
  }
  void add(const Rules& others) {
    for (const Route& route : others.routes_) add(route);
  }
  bool empty() const { return routes_.empty(); }

  // In Envoy's order. An expression that Envoy refuses is handed to `bad`.
  envoy::VirtualHost host(const std::string& name, std::string& bad) const {
    envoy::VirtualHost out;
    for (Route route : routes_) {
      if (route.kind == Route::Kind::element)
        while (route.path.size() > 1 && route.path.ends_with('/')) route.path.pop_back();
      if (route.kind == Route::Kind::regex && route.expression.state() != Pattern::State::ok)
        bad = "Envoy refuses the route table: the path " + route.path + " is not an expression of RE2";
      out.routes.push_back(std::move(route));
    }
    std::stable_sort(out.routes.begin(), out.routes.end(), before);
    if (name.starts_with("*.")) {
      out.checks_authority = true;
      out.authority = Pattern::go("^[^.]+" + Pattern::quote(name.substr(1)) + "$");
    }
    return out;
  }

 private:
  std::vector<Route> routes_;
  std::map<std::string, std::size_t> places_;
};

class LoadBalancer {
 public:
  LoadBalancer(const kube::Index& index, const ControllerOptions& options) : index_(index), options_(options) {}

  void add(const kube::Ingress& ingress) {
    const std::map<std::string, Rules> rules = rules_of(ingress);
    const auto any_host = rules.find("");
    const bool forced = enforces_https(index_, options_, ingress) && any_host == rules.end();
    const std::map<std::string, std::string> secrets = secrets_of(ingress);
    for (const auto& [host, own] : rules)
      (host.empty() || secrets.count(host) == 0 ? plain_ : forced ? redirected_ : open_)[host].add(own);
    // Rules for every host take https over from those of the host.
    for (const auto& [host, secret] : secrets) {
      const auto served = any_host == rules.end() ? rules.find(host) : any_host;
      if (served == rules.end()) continue;
      secure_[host].add(served->second);
      add_chain(host, secret, ingress);
    }
  }

  envoy::Balancer build() {
    envoy::Balancer out;
    envoy::Table http;
    auto https = std::make_shared<envoy::Table>();
    for (const auto& [host, rules] : plain_)
      // Rules without TLS are lost where another Ingress enforces it.
      if (!rules.empty() && redirected_.count(host) == 0 && open_.count(host) == 0)
        http[host] = rules.host(host, out.refused);
    for (const auto& [host, rules] : open_) http[host] = rules.host(host, out.refused);
    for (const auto& [host, rules] : redirected_) {
      http[host] = rules.host(host, out.refused);
      for (Route& route : http[host].routes) {
        route.redirect.emplace();
        route.redirect->scheme = "https";
      }
    }
    for (const auto& [host, rules] : secure_)
      if (!rules.empty()) (*https)[host] = rules.host(host, out.refused);
    if (!http.empty()) out.http = std::move(http);
    for (const auto& [host, chain] : chains_) out.https.push_back({host, https, chain.handshake, false, {}});
    if (!refused_.empty()) {
      out.refused = refused_;
      out.refused_whole = true;
    }
    return out;
  }

 private:
  struct Chain {
    std::string secret;
    bool handshake = true;
  };

  // By host; what is for every host begins with the default backend.
  std::map<std::string, Rules> rules_of(const kube::Ingress& ingress) const {
    std::map<std::string, Rules> out;
    if (ingress.spec.default_backend && ingress.spec.default_backend->service) {
      Route route;
      attach(route, ingress, *ingress.spec.default_backend, *ingress.spec.default_backend);
      out[""].add(route);
    }
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      if (!rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        if (!path.backend.service) continue;
        Route route;
        set_path(route, path);
        attach(route, ingress, path, path.backend);
        out[lower(rule.host)].add(route);
      }
    }
    return out;
  }

  static std::map<std::string, std::string> secrets_of(const kube::Ingress& ingress) {
    std::map<std::string, std::string> out;
    for (const kube::IngressTls& tls : ingress.spec.tls)
      for (const auto& host : tls.hosts) out.emplace(lower(host), std::string(tls.secret_name));
    return out;
  }

  void add_chain(const std::string& host, const std::string& secret, const kube::Ingress& ingress) {
    const kube::NamespacedName id{ingress.metadata.ns, secret};
    const auto [at, fresh] =
        chains_.emplace(host, Chain{id.display(), index_.secret(id) != nullptr || options_.assume_secrets});
    if (!fresh && at->second.secret != id.display())
      refused_ = "the agent refuses the shared load balancer: " + host + " has the Secrets " + at->second.secret +
                 " and " + id.display();
  }

  void attach(Route& route, const kube::Ingress& ingress, const kube::Located& at,
              const kube::IngressBackend& backend) const {
    route.origin = rule_ref(ingress, at);
    const kube::NamespacedName id{ingress.metadata.ns, backend.service->name};
    const ServiceState state = service_state(index_, id, backend.service->port, PortMatch::number_or_name);
    route.destinations = {{id.display(), state.port, 1, state.state == EndpointState::ready ? 0 : 503}};
    for (std::string_view name : {"ingress.cilium.io/request-timeout", "io.cilium.ingress/request-timeout"})
      if (const std::string timeout = annotation(ingress, name); !timeout.empty())
        route.attributes.push_back("timeout=" + timeout);
  }

  const kube::Index& index_;
  const ControllerOptions& options_;
  std::map<std::string, Rules> plain_, open_, redirected_, secure_;  // by host: without TLS, with it; on https
  std::map<std::string, Chain> chains_;
  std::string refused_;
};

}  // namespace

std::unique_ptr<Controller> make_cilium(const kube::Index& index, const ControllerOptions& options) {
  std::vector<const kube::Ingress*> ours;
  for (const kube::Ingress& ingress : index.bundle().ingresses)
    if (takes(index, ingress)) ours.push_back(&ingress);
  std::stable_sort(ours.begin(), ours.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  std::vector<envoy::Balancer> balancers;
  LoadBalancer common(index, options);
  bool any = false;
  for (const kube::Ingress* ingress : ours) {
    if (shared(index, options, *ingress)) {
      common.add(*ingress);
      any = true;
      continue;
    }
    LoadBalancer own(index, options);
    own.add(*ingress);
    balancers.push_back(own.build());
  }
  if (any) balancers.push_back(common.build());
  envoy::Traits traits;
  traits.wildcards_ignore_port = false;
  return envoy::make(std::move(balancers), traits);
}

}  // namespace gw::verify
