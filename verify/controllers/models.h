// The makers that the table of controllers (controller.cpp) names.
#pragma once
#include <memory>

#include "verify/controllers/controller.h"

namespace gw::verify {

// Each makes the model of one controller out of the Ingresses and resources of the set that are its own.
std::unique_ptr<Controller> make_traefik(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_f5_nginx(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_haproxytech(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_haproxy_ingress(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_kong(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_gce(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_alb(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_contour(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_istio(const kube::Index& index, const ControllerOptions& options);
std::unique_ptr<Controller> make_cilium(const kube::Index& index, const ControllerOptions& options);

}  // namespace gw::verify
