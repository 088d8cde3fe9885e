// One maker a profile; see route/profile.h.
#pragma once
#include <memory>

#include "route/profile.h"

namespace gw::route {

// Each makes the model of one implementation. What it keeps of the set is copied.
std::unique_ptr<Model> make_gwctl(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_spec_core(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_envoy_gateway(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_nginx_gateway_fabric(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_traefik(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_istio(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_contour(const kube::Index& index, const Attachments& attachments);
std::unique_ptr<Model> make_cilium(const kube::Index& index, const Attachments& attachments);

}  // namespace gw::route
