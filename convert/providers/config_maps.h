// The ConfigMap of a controller among the input, under whatever name its release gave it.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "convert/provider.h"

namespace gw::convert {

struct ConfigMapNames {
  std::span<const std::string_view> names;  // by convention
  std::span<const std::string_view>
      charts;  // of the label app.kubernetes.io/name, or of helm.sh/chart before the version
};

// Those that --configmap names; else those of a name by convention or with the labels of the controller's chart, by
// namespace and name. Where the releases of several deployments lie in the input, that of the classes at hand is
// chosen by the label app.kubernetes.io/instance; where nothing tells, all are returned.
std::vector<const kube::ConfigMap*> controller_maps(const Input& input, const ConfigMapNames& names);

// The value of a key in the data, for its place.
FieldRef field_of(const kube::ConfigMap& map, const std::string& key);

}  // namespace gw::convert
