#include "cli/demo_world.h"

#include <algorithm>
#include <set>

#include "kube/index.h"

namespace gw::cli {
namespace {

using ServicePort = std::pair<kube::NamespacedName, kube::Port>;

template <class Ref>
void add_ref(const Ref& ref, const std::string& ns, std::set<ServicePort>& out) {
  if (ref.kind.value_or("Service") != "Service" || !ref.group.value_or("").empty() || !ref.port) return;
  out.insert({{ref.ns.value_or(ns), ref.name}, *ref.port});
}

void add_filters(const std::vector<kube::RouteFilter>& filters, const std::string& ns, std::set<ServicePort>& out) {
  for (const auto& filter : filters)
    if (filter.request_mirror) add_ref(filter.request_mirror->backend_ref, ns, out);
}

template <class Routes>
void add_routes(const Routes& routes, std::set<ServicePort>& out) {
  for (const auto& route : routes) {
    for (const auto& rule : route.spec.rules) {
      if constexpr (requires { rule.filters; }) add_filters(rule.filters, route.metadata.ns, out);
      for (const auto& ref : rule.backend_refs) {
        add_ref(ref, route.metadata.ns, out);
        add_filters(ref.filters, route.metadata.ns, out);
      }
    }
  }
}

std::set<ServicePort> referenced(const kube::Bundle& bundle) {
  std::set<ServicePort> out;
  add_routes(bundle.http_routes, out);
  add_routes(bundle.grpc_routes, out);
  add_routes(bundle.tls_routes, out);
  add_routes(bundle.tcp_routes, out);
  add_routes(bundle.udp_routes, out);
  return out;
}

kube::Service make_service(const kube::NamespacedName& id) {
  kube::Service service;
  service.api_version = "v1";
  service.kind = "Service";
  service.metadata.name = id.name;
  service.metadata.ns = id.ns;
  return service;
}

kube::EndpointSlice make_slice(const kube::NamespacedName& id, const kube::ServicePort& port, std::uint16_t socket) {
  kube::EndpointSlice slice;
  slice.api_version = "discovery.k8s.io/v1";
  slice.kind = "EndpointSlice";
  slice.metadata.ns = id.ns;
  slice.metadata.name = id.name + "-demo-" + std::to_string(port.port);
  slice.metadata.labels.emplace_back("kubernetes.io/service-name", id.name);
  slice.address_type = "IPv4";
  slice.endpoints.emplace_back().addresses.push_back("127.0.0.1");
  auto& p = slice.ports.emplace_back();
  p.name = port.name;
  p.port = socket;
  return slice;
}

std::size_t echo_services(kube::Bundle& bundle, runtime::DemoBackends& backends) {
  auto wanted = referenced(bundle);
  if (!bundle.services_known()) {
    for (const auto& [id, port] : wanted) {
      auto same = [&id = id](const kube::Service& s) { return s.id() == id; };
      auto at = std::find_if(bundle.services.begin(), bundle.services.end(), same);
      if (at == bundle.services.end()) at = bundle.services.insert(bundle.services.end(), make_service(id));
      auto& p = at->spec.ports.emplace_back();
      p.port = port;
      p.name = "port-" + std::to_string(port);
    }
  }
  std::size_t made = 0;
  std::set<kube::NamespacedName> served;
  for (auto& service : bundle.services) {
    for (const auto& port : service.spec.ports) {
      if (!wanted.count({service.id(), port.port})) continue;
      if (served.insert(service.id()).second) {
        std::erase_if(bundle.endpoint_slices, [&](const kube::EndpointSlice& slice) {
          const auto* name = kube::find(slice.metadata.labels, "kubernetes.io/service-name");
          return name && *name == service.metadata.name && slice.metadata.ns == service.metadata.ns;
        });
        std::erase_if(service.metadata.annotations, [](const auto& a) { return a.first == "gwctl.dev/endpoints"; });
      }
      auto socket = backends.port(service.id(), port.port);
      if (!socket) continue;
      bundle.endpoint_slices.push_back(make_slice(service.id(), port, socket));
      ++made;
    }
  }
  backends.start();
  return made;
}

// Names a certificate for this listener should cover.
std::vector<std::string> names_for(const kube::Bundle& bundle, const kube::Listener& listener) {
  std::vector<std::string> names;
  auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  add(listener.hostname.value_or(""));
  if (names.empty())
    for (const auto& route : bundle.http_routes)
      for (const auto& host : route.spec.hostnames) add(host);
  if (names.size() > 64) names.resize(64);
  add("localhost");
  add("127.0.0.1");
  return names;
}

template <class Owners>
void make_secrets(const Owners& owners, kube::Bundle& bundle, DemoSecrets& kept, std::vector<std::string>& told) {
  for (const auto& owner : owners) {
    for (const auto& listener : owner.spec.listeners) {
      if (!listener.tls || listener.tls->mode.value_or("Terminate") != "Terminate") continue;
      for (const auto& ref : listener.tls->certificate_refs) {
        if (ref.kind.value_or("Secret") != "Secret" || !ref.group.value_or("").empty()) continue;
        kube::NamespacedName id{ref.ns.value_or(owner.metadata.ns), ref.name};
        bool there =
            std::any_of(bundle.secrets.begin(), bundle.secrets.end(), [&](const auto& s) { return s.id() == id; });
        if (there) continue;
        auto names = names_for(bundle, listener);
        std::string key = id.display();
        for (const auto& name : names) key += "\n" + name;
        auto& pair = kept[key];
        if (pair.certificate_pem.empty()) {
          auto made = pki::make_self_signed(names, 30);
          if (!made) made = pki::make_self_signed({"localhost"}, 30);
          if (made) pair = std::move(*made);
        }
        kube::Secret secret;
        secret.api_version = "v1";
        secret.kind = "Secret";
        secret.metadata.name = id.name;
        secret.metadata.ns = id.ns;
        secret.type = "kubernetes.io/tls";
        secret.string_data = {{"tls.crt", pair.certificate_pem}, {"tls.key", pair.key_pem}};
        bundle.secrets.push_back(std::move(secret));
        told.push_back("WARNING: Secret " + id.display() +
                       " is not in the input; serving a SELF-SIGNED certificate made just now (curl needs -k)");
      }
    }
  }
}

}  // namespace

std::vector<std::string> make_demo_world(kube::Bundle& bundle, runtime::DemoBackends& backends, DemoSecrets& secrets) {
  std::vector<std::string> told;
  std::size_t made = echo_services(bundle, backends);
  told.push_back("demo: " + std::to_string(made) + " Service port" + (made == 1 ? " is" : "s are") +
                 " answered by built-in echo backends");
  make_secrets(bundle.gateways, bundle, secrets, told);
  make_secrets(bundle.listener_sets, bundle, secrets, told);
  return told;
}

}  // namespace gw::cli
