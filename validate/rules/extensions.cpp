// References to resources of an implementation: filters, parameters of classes and Gateways.
#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "kube/kinds.h"
#include "validate/rules/checks.h"
#include "validate/rules/nodes.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// Kinds that classes and Gateways take as parameters, with their scope.
struct ParameterKind {
  std::string_view group, kind;
  bool namespaced;
};
constexpr std::array<ParameterKind, 7> parameter_kinds{{
    {"", "ConfigMap", true},
    {"gateway.envoyproxy.io", "EnvoyProxy", true},
    {"gateway.nginx.org", "NginxProxy", true},
    {"gateway.kgateway.dev", "GatewayParameters", true},
    {"cilium.io", "CiliumGatewayClassConfig", true},
    {"gateway-operator.konghq.com", "GatewayConfiguration", true},
    {"projectcontour.io", "ContourDeployment", true},
}};

const ParameterKind* find_kind(std::string_view group, std::string_view kind) {
  const auto at = std::find_if(parameter_kinds.begin(), parameter_kinds.end(),
                               [&](const ParameterKind& row) { return row.group == group && row.kind == kind; });
  return at == parameter_kinds.end() ? nullptr : &*at;
}

// Which objects without a type the set has.
class Extensions {
 public:
  explicit Extensions(const Context& context) : c_(context) {
    for (const kube::OtherObject& other : c_.bundle.others) {
      const std::string group(kube::group_of(other.api_version));
      kinds_.insert({group, other.kind});
      // Objects of cluster scope are in no namespace; "default" stands for a missing one.
      objects_.insert({group, other.kind, std::string(text_of(other.metadata.node, "namespace")), other.metadata.name});
    }
    for (const kube::ConfigMap& map : c_.bundle.config_maps) {
      kinds_.insert({"", "ConfigMap"});
      objects_.insert({"", "ConfigMap", map.metadata.ns, map.metadata.name});
    }
  }

  // Nothing is said about kinds that the set does not hold at all: they are kept elsewhere.
  bool absent(const std::string& group, const std::string& kind, const std::string& ns, const std::string& name) const {
    if (objects_.contains({group, kind, ns, name})) return false;
    if ((ns.empty() || ns == "default") &&
        (objects_.contains({group, kind, "", name}) || objects_.contains({group, kind, "default", name})))
      return false;
    return kinds_.contains({group, kind}) || c_.options.complete;
  }

 private:
  const Context& c_;
  std::set<std::pair<std::string, std::string>> kinds_;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> objects_;
};

template <class Route>
void check_filters(const Context& c, const Extensions& extensions, const Route& route) {
  auto check = [&](const std::vector<kube::RouteFilter>& filters) {
    for (const kube::RouteFilter& filter : filters) {
      if (!filter.extension_ref) continue;
      const kube::ObjectReference& ref = *filter.extension_ref;
      const std::string kind = ref.kind.value_or("");
      if (extensions.absent(ref.group.value_or(""), kind, route.metadata.ns, ref.name))
        report(c,
               {"GW215", route, member(ref, "name"), kind + " " + route.metadata.ns + "/" + ref.name + " is not here",
                "requests of this rule are answered 500; a filter is looked for in the route's own namespace",
                c.missing(route.metadata.ns)});
    }
  };
  for (const auto& rule : route.spec.rules) {
    check(rule.filters);
    for (const kube::BackendRef& ref : rule.backend_refs) check(ref.filters);
  }
}

void check_parameters(const Context& c, const Extensions& extensions, const kube::Object& owner,
                      const kube::ObjectReference& ref, const std::string& ns) {
  const std::string group = ref.group.value_or(""), kind = ref.kind.value_or("");
  if (!extensions.absent(group, kind, ns, ref.name)) return;
  report(c, {"GW225", owner, member(ref, "name"), kind + " " + (ns.empty() ? "" : ns + "/") + ref.name + " is not here",
             "without its parameters the " + owner.kind + " is not accepted", c.missing(ns)});
}

// Whether the namespace of parametersRef fits the kind's scope.
void check_scope(const Context& c, const kube::Object& owner, std::string_view group, std::string_view kind,
                 const yaml::Node* ref, const yaml::Node* ns) {
  const ParameterKind* known = find_kind(group, kind);
  if (!known || known->namespaced == (ns != nullptr)) return;
  if (known->namespaced)
    report(c, {"GW226", owner, ref, std::string(kind) + " lives in a namespace, and none is given",
               "add namespace: to parametersRef"});
  else
    report(c,
           {"GW226", owner, ns, std::string(kind) + " lives in no namespace", "remove namespace: from parametersRef"});
}

}  // namespace

void check_extensions(const Context& c) {
  const Extensions extensions(c);
  for (const kube::HttpRoute& route : c.bundle.http_routes) check_filters(c, extensions, route);
  for (const kube::GrpcRoute& route : c.bundle.grpc_routes) check_filters(c, extensions, route);
  for (const kube::GatewayClass& each : c.bundle.gateway_classes) {
    if (!each.spec.parameters_ref) continue;
    const kube::ObjectReference& ref = *each.spec.parameters_ref;
    check_scope(c, each, ref.group.value_or(""), ref.kind.value_or(""), ref.node, below(ref.node, "namespace"));
    check_parameters(c, extensions, each, ref, ref.ns.value_or(""));
  }
  for (const kube::Gateway& gateway : c.bundle.gateways)
    if (gateway.spec.infrastructure && gateway.spec.infrastructure->parameters_ref)
      check_parameters(c, extensions, gateway, *gateway.spec.infrastructure->parameters_ref, gateway.metadata.ns);
  for (const kube::OtherObject& other : c.bundle.others) {
    if (other.kind != "XMesh") continue;
    const yaml::Node* ref = below(below(other.node, "spec"), "parametersRef");
    if (ref) check_scope(c, other, text_of(ref, "group"), text_of(ref, "kind"), ref, below(ref, "namespace"));
  }
}

}  // namespace gw::validate
