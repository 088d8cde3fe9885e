// Services that routes point at: without endpoints, headless, or speaking TLS that nobody was told of.
#include <algorithm>
#include <map>
#include <set>

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// The kind of a backend's port that encrypts, by number, name or appProtocol; empty for others.
std::string tls_sign(const kube::ServicePort& port) {
  const std::string& protocol = port.app_protocol;
  if (protocol == "https" || protocol == "kubernetes.io/wss" || protocol == "grpcs" || protocol == "tls")
    return "appProtocol is " + protocol;
  if (!protocol.empty()) return {};
  if (port.name == "https" || port.name.starts_with("https-")) return "its name is " + port.name;
  if (port.port == 443 || port.port == 8443) return "its number is " + std::to_string(port.port);
  return {};
}

class Backends {
 public:
  explicit Backends(const Context& context) : c_(context) {
    for (const kube::EndpointSlice& slice : c_.bundle.endpoint_slices)
      if (const std::string* name = kube::find(slice.metadata.labels, "kubernetes.io/service-name"))
        with_endpoints_.insert({slice.metadata.ns, *name});
    for (const kube::OtherObject& other : c_.bundle.others)
      if (other.kind == "Endpoints") with_endpoints_.insert(other.id());
    for (const kube::BackendTlsPolicy& policy : c_.bundle.backend_tls_policies)
      for (const kube::PolicyTargetRef& target : policy.spec.target_refs)
        policies_[{policy.metadata.ns, target.name}].insert(target.section_name.value_or(""));
  }

  template <class Route>
  void check(const Route& route, std::string_view kind) {
    for (const auto& rule : route.spec.rules)
      for (const kube::BackendRef& ref : rule.backend_refs) {
        if (!ref.group.value_or("").empty() || ref.kind.value_or("Service") != "Service") continue;
        const kube::NamespacedName id{ref.ns.value_or(route.metadata.ns), ref.name};
        const kube::Service* service = c_.index.service(id);
        if (!service) continue;
        if (told_.insert({&route, service}).second) notes(route, ref, *service);
        if (kind == "HTTPRoute" || kind == "GRPCRoute") check_tls(route, ref, *service);
      }
  }

 private:
  void notes(const kube::Object& route, const kube::BackendRef& ref, const kube::Service& service) {
    if (service.spec.type == "ExternalName") return;
    const std::string id = "Service " + service.id().display();
    if (service.spec.cluster_ip == "None")
      report(c_, {"GW214", route, member(ref, "name"), id + " is headless",
                  "implementations that send to the cluster IP cannot reach it; others take its endpoints"});
    if (service.spec.selector.empty() && !with_endpoints_.contains(service.id()) &&
        !kube::find(service.metadata.annotations, "gwctl.dev/endpoints"))
      report(c_, {"GW213", route, member(ref, "name"), id + " has no selector, and no EndpointSlice is here",
                  "requests get 503 until something makes its EndpointSlice"});
  }

  void check_tls(const kube::Object& route, const kube::BackendRef& ref, const kube::Service& service) {
    for (const kube::ServicePort& port : service.spec.ports) {
      if (!ref.port || port.port != *ref.port) continue;
      const std::string why = tls_sign(port);
      if (why.empty()) continue;
      const auto found = policies_.find(service.id());
      if (found != policies_.end() && (found->second.contains("") || found->second.contains(port.name))) continue;
      report(c_, {"GW507",
                  route,
                  member(ref, "port"),
                  "port " + std::to_string(port.port) + " of Service " + service.id().display() + " looks like TLS (" +
                      why + "), but no BackendTLSPolicy targets it",
                  "the Gateway would send plain HTTP: add a BackendTLSPolicy in namespace " + service.metadata.ns,
                  {},
                  {{span_of(service, port.node), "the port"}}});
    }
  }

  const Context& c_;
  std::set<kube::NamespacedName> with_endpoints_;
  std::map<kube::NamespacedName, std::set<std::string>> policies_;  // Service -> names of ports, "" for all
  std::set<std::pair<const kube::Object*, const kube::Service*>> told_;
};

// Ports of Services that some route, also through a filter, sends to.
std::set<std::pair<kube::NamespacedName, kube::Port>> used_ports(const Context& c) {
  std::set<std::pair<kube::NamespacedName, kube::Port>> out;
  each_route(c.bundle, [&](const auto& route, std::string_view) {
    auto add = [&](const auto& ref) {
      out.insert({{ref.ns.value_or(route.metadata.ns), ref.name}, ref.port.value_or(0)});
    };
    auto add_filters = [&](const std::vector<kube::RouteFilter>& filters) {
      for (const kube::RouteFilter& filter : filters) {
        if (filter.request_mirror) add(filter.request_mirror->backend_ref);
        if (filter.external_auth) add(filter.external_auth->backend_ref);
      }
    };
    for (const auto& rule : route.spec.rules) {
      for (const kube::BackendRef& ref : rule.backend_refs) {
        add(ref);
        add_filters(ref.filters);
      }
      if constexpr (requires { rule.filters; }) add_filters(rule.filters);
    }
  });
  return out;
}

}  // namespace

void check_services(const Context& c) {
  if (c.bundle.services.empty()) return;
  Backends backends(c);
  each_route(c.bundle, [&](const auto& route, std::string_view kind) { backends.check(route, kind); });
}

void check_unused_tls_policies(const Context& c) {
  if (c.bundle.backend_tls_policies.empty()) return;
  const auto used = used_ports(c);
  if (used.empty()) return;  // no routes here: they are kept elsewhere
  for (const kube::BackendTlsPolicy& policy : c.bundle.backend_tls_policies)
    for (const kube::PolicyTargetRef& target : policy.spec.target_refs) {
      const kube::Service* service = c.index.service({policy.metadata.ns, target.name});
      if (!service || target.kind != "Service") continue;
      const auto& ports = service->spec.ports;
      const bool any = std::any_of(ports.begin(), ports.end(), [&](const kube::ServicePort& port) {
        return (!target.section_name || *target.section_name == port.name) && used.contains({service->id(), port.port});
      });
      const bool named = !target.section_name || std::any_of(ports.begin(), ports.end(), [&](const auto& port) {
        return port.name == *target.section_name;
      });
      if (!any && named)
        report(c, {"GW506", policy, target.node,
                   "no route of this set uses " +
                       (target.section_name ? "port " + quoted(*target.section_name) + " of " : std::string()) +
                       "Service " + service->id().display(),
                   "remove the target, or point it at the port that is used"});
    }
}

}  // namespace gw::validate
