// Which class an Ingress names.
#pragma once
#include <string_view>

#include "kube/core.h"

namespace gw::kube {

inline constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";

// spec.ingressClassName, else the annotation kubernetes.io/ingress.class; empty: it names none. Borrows the Ingress.
std::string_view class_of(const Ingress& ingress);

}  // namespace gw::kube
