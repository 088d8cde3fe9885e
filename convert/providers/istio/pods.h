// Where the Pods of Istio's old gateways run.
#pragma once
#include <string>

#include "convert/provider.h"

namespace gw::convert::istio {

// The namespace of the Pods that a Gateway of Istio selects: by the Service or Deployment of the input that has its
// labels, else by convention.
struct Pods {
  std::string ns;
  bool guessed = false;
};
// The namespace of the Service, Deployment or DaemonSet that the Gateway's selector finds in the set.
Pods pods_of(const kube::OtherObject& gateway, const kube::Bundle& bundle);

}  // namespace gw::convert::istio
