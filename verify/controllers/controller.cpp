// The table of controllers: how each is made and what gives it away in manifests.
#include "verify/controllers/controller.h"

#include <algorithm>
#include <map>

#include "verify/controllers/ingress_nginx.h"
#include "verify/controllers/models.h"

namespace gw::verify {
namespace {

std::unique_ptr<Controller> make_ingress_nginx(const kube::Index& index, const ControllerOptions& options) {
  return ingress_nginx::model(ingress_nginx::configuration(index, ingress_nginx::settings(index, options)));
}

struct Row {
  std::string_view name;
  std::unique_ptr<Controller> (*make)(const kube::Index&, const ControllerOptions&);
  std::string_view controller;  // prefix of IngressClass.spec.controller
  std::string_view class_name;  // usual name of its class
  std::string_view annotation;  // prefix of its annotations
};

constexpr Row rows[] = {
    {"ingress-nginx", make_ingress_nginx, "k8s.io/ingress-nginx", "nginx", "nginx.ingress.kubernetes.io/"},
    {"traefik", make_traefik, "traefik.io/ingress-controller", "traefik", "traefik.ingress.kubernetes.io/"},
    {"f5-nginx", make_f5_nginx, "nginx.org/ingress-controller", "nginx", "nginx.org/"},
    {"haproxytech", make_haproxytech, "haproxy.org/ingress-controller", "haproxy", "haproxy.org/"},
    {"haproxy-ingress", make_haproxy_ingress, "haproxy-ingress.github.io/controller", "haproxy",
     "haproxy-ingress.github.io/"},
    {"kong", make_kong, "ingress-controllers.konghq.com/kong", "kong", "konghq.com/"},
    {"gce", make_gce, "k8s.io/ingress-gce", "gce", "networking.gke.io/"},
    {"alb", make_alb, "ingress.k8s.aws/alb", "alb", "alb.ingress.kubernetes.io/"},
    {"contour", make_contour, "projectcontour.io/ingress-controller", "contour", "projectcontour.io/"},
    {"istio", make_istio, "istio.io/ingress-controller", "istio", "istio.io/"},
    {"cilium", make_cilium, "cilium.io/ingress-controller", "cilium", "ingress.cilium.io/"},
};

// The name with most votes; equal counts go to the earlier row.
std::string winner(const std::map<std::string_view, std::size_t>& votes) {
  std::string_view best;
  std::size_t most = 0;
  for (const Row& row : rows)
    if (auto it = votes.find(row.name); it != votes.end() && it->second > most) {
      best = row.name;
      most = it->second;
    }
  return std::string(best);
}

std::string class_of(const kube::Ingress& ingress) {
  if (ingress.spec.ingress_class_name) return *ingress.spec.ingress_class_name;
  const std::string* written = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class");
  return written ? *written : std::string();
}

}  // namespace

std::unique_ptr<Controller> make_controller(std::string_view name, const kube::Index& index,
                                            const ControllerOptions& options) {
  for (const Row& row : rows)
    if (row.name == name) return row.make(index, options);
  return nullptr;
}

const std::vector<std::string_view>& controller_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    for (const Row& row : rows) out.push_back(row.name);
    return out;
  }();
  return names;
}

// An IngressClass decides; of equal class names ("nginx", "haproxy") the annotations tell; a class alone is the last
// hint.
std::string detect(const kube::Index& index) {
  std::map<std::string_view, std::size_t> by_object, by_annotation, by_class;
  for (const kube::Ingress& ingress : index.bundle().ingresses) {
    const std::string name = class_of(ingress);
    const kube::IngressClass* known = name.empty() ? nullptr : index.ingress_class(name);
    for (const Row& row : rows) {
      if (known && known->spec.controller.starts_with(row.controller)) ++by_object[row.name];
      if (!name.empty() && name.find(row.class_name) != std::string::npos) ++by_class[row.name];
      for (const auto& [key, value] : ingress.metadata.annotations)
        by_annotation[row.name] += key.starts_with(row.annotation);
    }
  }
  for (const kube::IngressClass& known : index.bundle().ingress_classes)
    for (const Row& row : rows)
      if (by_object.empty() && !index.bundle().ingresses.empty() && known.spec.controller.starts_with(row.controller))
        ++by_object[row.name];
  for (const auto* votes : {&by_object, &by_annotation, &by_class})
    if (std::string name = winner(*votes); !name.empty()) return name;
  return {};
}

}  // namespace gw::verify
