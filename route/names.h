// Names that the room's files share: groups, kinds, and small questions about references.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "kube/gateway.h"

namespace gw::route {

inline constexpr std::string_view gateway_group = "gateway.networking.k8s.io";

// A reference to a backend, whichever struct it came in.
struct BackendRefView {
  std::string_view group, kind = "Service", ns, name;
  std::optional<kube::Port> port;
  const yaml::Node* node = nullptr;
};

// Ref: kube::BackendRef or kube::BackendObjectReference. `home` is the namespace of the object that refers.
template <class Ref>
BackendRefView view(const Ref& ref, std::string_view home) {
  BackendRefView out;
  if (ref.group) out.group = *ref.group;
  if (ref.kind) out.kind = *ref.kind;
  out.ns = ref.ns ? std::string_view(*ref.ns) : home;
  out.name = ref.name;
  out.port = ref.port;
  out.node = ref.node;
  return out;
}

// The parent a route names, with the defaults of ParentReference filled in.
struct ParentKey {
  std::string_view group, kind;
  kube::NamespacedName id;
};
// A parentRef with its defaults filled in.
inline ParentKey parent_key(const kube::ParentReference& ref, std::string_view route_ns) {
  return {ref.group ? std::string_view(*ref.group) : gateway_group,
          ref.kind ? std::string_view(*ref.kind) : "Gateway",
          {ref.ns.value_or(std::string(route_ns)), ref.name}};
}

}  // namespace gw::route
