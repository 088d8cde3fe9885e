// Istio's classic ingress gateway: servers of Gateways, and VirtualServices that hang on them. Ingresses become both.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "verify/controllers/envoy.h"

namespace gw::verify::istio {

inline constexpr std::string_view gateway_namespace = "istio-system";

struct Server {
  kube::NamespacedName gateway;
  kube::Port port = 80;
  bool tls = false;
  std::vector<std::string> hosts;  // "*", "a.x", "team/*.x"
  bool redirects = false;          // httpsRedirect
  bool handshake = true;
  std::string unmodelled;
};

struct VirtualService {
  std::string stamp;
  kube::NamespacedName id;
  std::vector<std::string> hosts;
  std::set<kube::NamespacedName> gateways;
  std::function<std::vector<envoy::Route>(const Server&)> routes;  // in order, up to the first that takes everything
};

struct Objects {
  std::vector<Server> servers;
  std::vector<VirtualService> services;
  std::string refused;  // why Envoy refuses the route tables
};

// The Gateways and VirtualServices of the set; what Istio's webhook refuses is left out.
void add_own(const kube::Index& index, const ControllerOptions& options, Objects& to);

// Whether the Service may be seen from the gateway's namespace.
bool visible(const kube::Service* service);
bool takes_everything(const envoy::Route& route);  // prefix "/" without conditions

}  // namespace gw::verify::istio
