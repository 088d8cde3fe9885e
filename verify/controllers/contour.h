// Contour: Ingresses and HTTPProxies are rebuilt into virtual hosts, one set for plain http, one for https.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "verify/controllers/envoy.h"

namespace gw::verify::contour {

// Of a ContourConfiguration in the set.
struct Settings {
  bool merge_slashes = true, strips_final_dot = false;
  bool permits_insecure = true;
  std::vector<std::string> class_names, root_namespaces;
};

struct Host {
  // By what a route matches; several: any of them is there after a rebuild.
  std::map<std::string, std::vector<envoy::Route>> routes;
  bool secret = false;     // https: has a certificate
  std::string unmodelled;  // https: passed through
};

struct Hosts {
  std::map<std::string, Host> http, https;  // by name
};

// What a route matches, as text.
std::string key(const envoy::Route& route);

// Adds the valid HTTPProxies; they replace what Ingresses match alike.
void add_proxies(const kube::Index& index, const ControllerOptions& options, const Settings& settings, Hosts& hosts);

// Whether a Secret "name" or "ns/name" is there and may be used from `from`.
bool has_secret(const kube::Index& index, const ControllerOptions& options, const std::string& reference,
                const std::string& from);

}  // namespace gw::verify::contour
