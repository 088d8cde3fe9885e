#include "convert/split.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "diag/ascii.h"
#include "kube/paths.h"

namespace gw::convert {
namespace {

std::string_view role(const kube::Object& object) {
  if (object.kind == "GatewayClass" || object.kind == "Namespace") return "infrastructure-provider";
  if (object.kind == "Gateway" || object.kind == "ListenerSet" || object.kind == "ReferenceGrant" ||
      object.kind == "ClientTrafficPolicy")
    return "cluster-operator";
  return "application-developer";
}

Result<std::string> file_of(const kube::Object& object, std::string_view how, std::string_view extension) {
  const std::string end = "." + std::string(extension);
  const std::string_view own = object.metadata.ns, ns = own.empty() ? "cluster" : own;
  const std::string kind = diag::lower(object.kind);
  if (how == "kind") return kube::named_path({kind}, "", end);
  if (how == "namespace") return kube::named_path({ns}, "", end);
  if (how != "role") return "gateway-api" + end;
  const std::string_view folder = role(object);
  auto file = kube::named_path({folder == "application-developer" ? ns : std::string_view(kind)}, "", end);
  if (file) *file = std::string(folder) + "/" + *file;
  return file;
}

template <class T>
void move_all(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void append(kube::Bundle& to, kube::Bundle&& from) {
  move_all(to.namespaces, from.namespaces);
  move_all(to.gateway_classes, from.gateway_classes);
  move_all(to.gateways, from.gateways);
  move_all(to.listener_sets, from.listener_sets);
  move_all(to.reference_grants, from.reference_grants);
  move_all(to.http_routes, from.http_routes);
  move_all(to.grpc_routes, from.grpc_routes);
  move_all(to.tls_routes, from.tls_routes);
  move_all(to.tcp_routes, from.tcp_routes);
  move_all(to.udp_routes, from.udp_routes);
  move_all(to.backend_tls_policies, from.backend_tls_policies);
  move_all(to.others, from.others);
}

Result<std::map<std::string, kube::Bundle>> split(kube::Bundle&& all, std::string_view how,
                                                  std::string_view extension) {
  std::map<std::string, kube::Bundle> files;
  kube::Bundle from = std::move(all);
  std::optional<Error> failed;
  const auto deal = [&](auto member) {
    for (auto& object : from.*member) {
      auto file = file_of(object, how, extension);
      if (file)
        (files[std::move(*file)].*member).push_back(std::move(object));
      else if (!failed)
        failed = file.error();
    }
  };
  deal(&kube::Bundle::namespaces);
  deal(&kube::Bundle::gateway_classes);
  deal(&kube::Bundle::gateways);
  deal(&kube::Bundle::listener_sets);
  deal(&kube::Bundle::reference_grants);
  deal(&kube::Bundle::http_routes);
  deal(&kube::Bundle::grpc_routes);
  deal(&kube::Bundle::tls_routes);
  deal(&kube::Bundle::tcp_routes);
  deal(&kube::Bundle::udp_routes);
  deal(&kube::Bundle::backend_tls_policies);
  deal(&kube::Bundle::others);
  if (failed) return *failed;
  return files;
}

}  // namespace gw::convert
