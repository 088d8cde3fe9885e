#include "kube/ingress_class.h"

namespace gw::kube {

std::string_view class_of(const Ingress& ingress) {
  if (ingress.spec.ingress_class_name) return *ingress.spec.ingress_class_name;
  const std::string* annotation = find(ingress.metadata.annotations, class_annotation);
  return annotation ? std::string_view(*annotation) : std::string_view{};
}

}  // namespace gw::kube
