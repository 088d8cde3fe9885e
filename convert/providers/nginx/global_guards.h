// Guards in the controller's ConfigMap: they hold for every Ingress, whatever its annotations are.
#pragma once
#include "convert/providers/nginx/settings.h"

namespace gw::convert::nginx {

// Does this key with this value decide who comes in?
bool guards_globally(std::string_view key, std::string_view value);

// Adds the demands of the map to the settings.
void read_global_guards(const kube::ConfigMap& map, Settings& settings, Ir& ir);

}  // namespace gw::convert::nginx
