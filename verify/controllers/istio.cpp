#include "verify/controllers/istio.h"

#include <algorithm>
#include <map>

#include "verify/controllers/answers.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace istio {
namespace {

using envoy::Route;

bool takes(const kube::Index& index, const ControllerOptions& options, const kube::Ingress& ingress) {
  if (const std::string* written = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class"))
    return *written == "istio";
  if (!ingress.spec.ingress_class_name) return false;
  const kube::IngressClass* known = index.ingress_class(*ingress.spec.ingress_class_name);
  if (known) return known->spec.controller == "istio.io/ingress-controller";
  // Manifests that were not read from a cluster hold neither classes nor Services.
  const bool incomplete =
      index.bundle().ingress_classes.empty() && (options.assume_secrets || !index.bundle().services_known());
  return incomplete && *ingress.spec.ingress_class_name == "istio";
}

// Everything is text; "/*" and ".*" at the end make a prefix.
void set_path(Route& route, const kube::HttpIngressPath& path, std::size_t& length) {
  std::string text(path.path);
  length = text.size();
  if (path.path_type == "Exact") {
    route.kind = Route::Kind::exact;
    route.path = text;
    return;
  }
  route.kind = Route::Kind::element;
  if (path.path_type != "Prefix") {
    if (text.empty() || text == "*" || text == "/*" || text == ".*") {
      length = 0;
      route.path = "/";
      return;
    }
    if (text.ends_with(".*") || text.ends_with("/*")) {
      text.resize(text.size() - 2);
    } else {
      route.kind = Route::Kind::exact;
      route.path = text;
      return;
    }
  }
  length = text.size();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  route.path = text.empty() ? "/" : text;
}

struct IngressRoute {
  Route route;
  std::size_t length = 0;
};

// The value's length first, its trailing slash counted; then Exact.
bool before(const IngressRoute& a, const IngressRoute& b) {
  if (a.length != b.length) return a.length > b.length;
  return a.route.kind == Route::Kind::exact && b.route.kind != Route::Kind::exact;
}

// False: the path is left out.
bool attach(Route& route, const kube::Index& index, const kube::Ingress& ingress, const kube::IngressBackend& backend) {
  if (!backend.service) return false;
  const kube::NamespacedName id{ingress.metadata.ns, backend.service->name};
  const ServiceState state = service_state(index, id, backend.service->port, PortMatch::number_or_name);
  const bool lost = state.state == EndpointState::no_service || state.state == EndpointState::no_port;
  if (lost && backend.service->port.number == 0) return false;
  const bool broken = state.state != EndpointState::ready || !visible(state.service);
  route.destinations = {{id.display(), state.port, 1, broken ? 503 : 0}};
  return true;
}

void add_ingresses(const kube::Index& index, const ControllerOptions& options, Objects& to) {
  std::vector<const kube::Ingress*> ours;
  for (const kube::Ingress& ingress : index.bundle().ingresses)
    if (takes(index, options, ingress)) ours.push_back(&ingress);
  const auto name_order = [](const kube::Ingress* a, const kube::Ingress* b) {
    return std::pair(std::string(a->metadata.name), std::string(a->metadata.ns)) <
           std::pair(std::string(b->metadata.name), std::string(b->metadata.ns));
  };
  const auto gateway_of = [](const kube::Ingress& ingress) {
    return kube::NamespacedName{std::string(gateway_namespace), "ingress/" + std::string(ingress.metadata.name) + "/" +
                                                                    std::string(ingress.metadata.ns)};
  };
  std::stable_sort(ours.begin(), ours.end(), name_order);
  for (const kube::Ingress* ingress : ours) {
    to.servers.push_back({gateway_of(*ingress), 80, false, {"*"}, false, true, {}});
    for (const kube::IngressTls& tls : ingress->spec.tls) {
      if (tls.secret_name.empty()) continue;
      Server server{gateway_of(*ingress), 443, true, {}, false, true, {}};
      for (const auto& host : tls.hosts) server.hosts.push_back(lower(host));
      if (server.hosts.empty()) server.hosts = {"*"};
      server.handshake = options.assume_secrets ||
                         index.secret({std::string(gateway_namespace), std::string(tls.secret_name)}) != nullptr;
      to.servers.push_back(std::move(server));
    }
  }
  // Rules of one host are one VirtualService, which hangs on the Gateway of the oldest Ingress.
  std::stable_sort(ours.begin(), ours.end(), [](const auto* a, const auto* b) {
    return a->metadata.creation_timestamp < b->metadata.creation_timestamp;
  });
  std::map<std::string, std::vector<IngressRoute>> rules;
  std::map<std::string, const kube::Ingress*> owners;
  std::vector<std::string> hosts;
  for (const kube::Ingress* ingress : ours)
    for (const kube::IngressRule& rule : ingress->spec.rules) {
      if (!rule.http) continue;
      const std::string host = rule.host.empty() ? "*" : lower(rule.host);
      if (owners.emplace(host, ingress).second) hosts.push_back(host);
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        IngressRoute made;
        set_path(made.route, path, made.length);
        made.route.origin = rule_ref(*ingress, path);
        if (attach(made.route, index, *ingress, path.backend)) rules[host].push_back(std::move(made));
      }
    }
  for (const std::string& host : hosts) {
    const kube::Ingress& owner = *owners[host];
    std::vector<IngressRoute>& own = rules[host];
    std::stable_sort(own.begin(), own.end(), before);
    std::vector<Route> routes;
    for (IngressRoute& one : own) routes.push_back(std::move(one.route));
    to.services.push_back(
        {owner.metadata.creation_timestamp, gateway_of(owner), {host}, {gateway_of(owner)}, [routes](const Server&) {
           return routes;
         }});
  }
}

// The narrower of two names, if one covers the other.
std::optional<std::string> meet(const std::string& a, const std::string& b) {
  const auto covers = [](const std::string& wide, const std::string& name) {
    return wide == "*" || wide == name ||
           (wide.starts_with("*.") && name.size() > wide.size() - 1 && name.ends_with(wide.substr(1)));
  };
  if (covers(a, b)) return b;
  if (covers(b, a)) return a;
  return std::nullopt;
}

class Tables {
 public:
  explicit Tables(const Objects& objects) : objects_(objects) {
    for (const VirtualService& service : objects.services) order_.push_back(&service);
    std::stable_sort(order_.begin(), order_.end(), [](const auto* a, const auto* b) {
      return std::tuple(a->stamp, a->id.name, a->id.ns) < std::tuple(b->stamp, b->id.name, b->id.ns);
    });
  }

  // The virtual hosts that some servers of one port have together.
  envoy::Table of(const std::vector<const Server*>& servers) const {
    std::map<std::string, std::vector<Route>> hosts;
    std::set<std::string> redirected;
    for (const VirtualService* service : order_) {
      std::set<std::string> done;
      for (const Server* server : servers) {
        if (service->gateways.count(server->gateway) == 0) continue;
        for (const std::string& written : server->hosts) {
          const auto slash = written.find('/');
          std::string ns = slash == std::string::npos ? "*" : written.substr(0, slash);
          if (ns == ".") ns = server->gateway.ns;
          if (ns != "*" && ns != service->id.ns) continue;
          const std::string own = written.substr(slash == std::string::npos ? 0 : slash + 1);
          for (const std::string& host : service->hosts) {
            const auto name = meet(own, host);
            if (!name || !done.insert(*name).second) continue;
            const std::vector<Route> routes = service->routes(*server);
            auto& to = hosts[*name == "*" ? "" : *name];
            to.insert(to.end(), routes.begin(), routes.end());
          }
        }
      }
    }
    return finished(servers, hosts);
  }

 private:
  static envoy::Table finished(const std::vector<const Server*>& servers,
                               std::map<std::string, std::vector<Route>>& hosts) {
    for (const Server* server : servers)
      for (const std::string& written : server->hosts) {
        if (!server->redirects) continue;
        const std::string name = written.substr(written.find('/') + 1);  // npos + 1 is 0
        hosts[name == "*" ? "" : name];
        for (auto& [host, routes] : hosts) {
          if (!meet(name, host.empty() ? "*" : host) ||
              meet(name, host.empty() ? "*" : host) != (host.empty() ? "*" : host))
            continue;
          Route route;
          route.redirect.emplace();
          route.redirect->scheme = "https";
          if (!routes.empty()) route.origin = routes.front().origin;
          routes = {std::move(route)};
        }
      }
    envoy::Table out;
    for (auto& [host, routes] : hosts) {
      std::stable_partition(routes.begin(), routes.end(), [](const Route& route) { return !takes_everything(route); });
      out[host].routes = std::move(routes);
    }
    return out;
  }

  const Objects& objects_;
  std::vector<const VirtualService*> order_;
};

// The port that is usual for the scheme, or the lowest that some server has.
std::optional<kube::Port> port_of(const Objects& objects, bool tls) {
  std::set<kube::Port> ports;
  for (const Server& server : objects.servers)
    if (server.tls == tls) ports.insert(server.port);
  const kube::Port usual = tls ? 443 : 80;
  if (ports.empty()) return std::nullopt;
  return ports.count(usual) > 0 ? usual : *ports.begin();
}

envoy::Balancer build(const Objects& objects) {
  envoy::Balancer out;
  out.refused = objects.refused;
  const Tables tables(objects);
  if (const auto port = port_of(objects, false)) {
    std::vector<const Server*> servers;
    for (const Server& server : objects.servers)
      if (!server.tls && server.port == *port) servers.push_back(&server);
    out.http = tables.of(servers);
  }
  const auto port = port_of(objects, true);
  std::set<std::string> taken;
  for (const Server& server : objects.servers) {
    if (!server.tls || server.port != port) continue;
    std::vector<std::string> names;
    for (const std::string& host : server.hosts) names.push_back(host.substr(host.find('/') + 1));
    // One name that an earlier server has takes the whole server away.
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return taken.count(name) > 0; }))
      continue;
    taken.insert(names.begin(), names.end());
    const auto table = std::make_shared<const envoy::Table>(tables.of({&server}));
    for (const std::string& name : names)
      out.https.push_back({name == "*" ? "" : name, table, server.handshake, false, server.unmodelled});
  }
  return out;
}

}  // namespace

bool visible(const kube::Service* service) {
  const std::string* written =
      service ? kube::find(service->metadata.annotations, "networking.istio.io/exportTo") : nullptr;
  if (!written) return true;
  const auto names = split_trimmed(*written, ',');
  return names.empty() || std::any_of(names.begin(), names.end(),
                                      [](const std::string& name) { return name == "*" || name == gateway_namespace; });
}

bool takes_everything(const envoy::Route& route) {
  const bool prefix = route.kind == Route::Kind::prefix || route.kind == Route::Kind::element;
  return prefix && route.path == "/" && route.conditions.empty();
}

}  // namespace istio

std::unique_ptr<Controller> make_istio(const kube::Index& index, const ControllerOptions& options) {
  istio::Objects objects;
  istio::add_ingresses(index, options, objects);
  istio::add_own(index, options, objects);
  envoy::Traits traits;
  traits.paths.cuts_fragment = true;
  return envoy::make({istio::build(objects)}, traits);
}

}  // namespace gw::verify
