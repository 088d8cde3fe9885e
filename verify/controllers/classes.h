// Which Ingresses a controller takes, and what of its own configuration lies in the set.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "verify/controllers/controller.h"

namespace gw::verify {

struct ClassFilter {
  std::vector<std::string> controllers;  // values of IngressClass.spec.controller; a trailing '*' takes any suffix
  std::string annotation;                // value of kubernetes.io/ingress.class, and the usual class name
  bool field = true, class_annotation = true;  // which of the two the controller reads
  bool annotation_first = false;

  // Nullopt: the Ingress names no class.
  std::optional<bool> takes(const kube::Index& index, const kube::Ingress& ingress) const;
  // An IngressClass of the set decides; without one the name must be the usual one or hold it ("nginx-internal").
  bool takes_class(const kube::Index& index, const std::string& name) const;
};

// The given data, or a ConfigMap of the set under one of the names.
kube::StringMap controller_config(const kube::Index& index, const ControllerOptions& options,
                                  std::initializer_list<std::string_view> names);

// DNS names of the certificate that a host of the Ingress gets; empty when its Secret is not in the set.
std::vector<std::string> certificate_names(const kube::Index& index, const kube::Ingress& ingress,
                                           std::string_view host);
// By its own name or a wildcard for its first label.
bool covered_by(const std::vector<std::string>& names, std::string_view host);

}  // namespace gw::verify
