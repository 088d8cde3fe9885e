// Which controller an Ingress was written for.
#pragma once
#include <string>

#include "convert/provider.h"

namespace gw::convert {

struct Owner {
  const Provider* provider = nullptr;  // null: left out
  std::string why_not;                 // then: what class it names
  std::string note;                    // taken, but the controller itself might not take it
};

// The class an Ingress names: spec.ingressClassName, or the annotation kubernetes.io/ingress.class; empty: none.
std::string_view class_of(const kube::Ingress& ingress);

// `wanted` null: --from auto.
Owner owner_of(const kube::Ingress& ingress, const kube::Index& index, const Provider* wanted);

// Whose own kind an object is; nulls for one that no controller reads.
std::pair<const Provider*, const OwnKind*> owner_of_kind(const kube::OtherObject& object);

}  // namespace gw::convert
