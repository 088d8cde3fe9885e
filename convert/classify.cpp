#include "convert/classify.h"

#include <algorithm>

#include "kube/kinds.h"

namespace gw::convert {
namespace {

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool controls(const Provider& provider, std::string_view controller) {
  return std::any_of(provider.controllers.begin(), provider.controllers.end(), [&](std::string_view known) {
    return controller == known || (known.ends_with('/') && controller.starts_with(known));
  });
}

// A prefix without '/' at its end is a whole name, which several controllers may share.
bool has_prefix(const Provider& provider, const kube::Ingress& ingress, bool whole_names = true) {
  for (const auto& [key, value] : ingress.metadata.annotations)
    for (const std::string_view prefix : provider.prefixes)
      if (key.starts_with(prefix) && (whole_names || prefix.ends_with('/'))) return true;
  return false;
}

const Provider* by_controller(std::string_view controller) {
  for (const Provider& p : providers())
    if (controls(p, controller)) return &p;
  return nullptr;
}

const Provider* by_prefix(const kube::Ingress& ingress) {
  for (const bool whole_names : {false, true})
    for (const Provider& p : providers())
      if (has_prefix(p, ingress, whole_names)) return &p;
  return nullptr;
}

// Several controllers use one class name by convention ("nginx"): the annotations decide, then the order of the table.
const Provider* by_class_name(std::string_view name, const kube::Ingress& ingress) {
  const Provider* first = nullptr;
  for (const Provider& p : providers()) {
    if (!contains(p.classes, name)) continue;
    if (has_prefix(p, ingress)) return &p;
    if (!first) first = &p;
  }
  return first;
}

// The only IngressClass that is marked as default, by its controller.
const Provider* default_class(const kube::Index& index) {
  for (const kube::IngressClass& c : index.bundle().ingress_classes)
    if (const auto* flag = kube::find(c.metadata.annotations, "ingressclass.kubernetes.io/is-default-class"))
      if (*flag == "true") return by_controller(c.spec.controller);
  return nullptr;
}

}  // namespace

std::pair<const Provider*, const OwnKind*> owner_of_kind(const kube::OtherObject& object) {
  const std::string_view group = kube::group_of(object.api_version);
  for (const Provider& p : providers())
    for (const OwnKind& kind : p.kinds)
      if (kind.group == group && kind.kind == object.kind) return {&p, &kind};
  return {nullptr, nullptr};
}

std::string_view class_of(const kube::Ingress& ingress) {
  if (ingress.spec.ingress_class_name) return *ingress.spec.ingress_class_name;
  const std::string* annotation = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class");
  return annotation ? std::string_view(*annotation) : std::string_view{};
}

Owner owner_of(const kube::Ingress& ingress, const kube::Index& index, const Provider* wanted) {
  const std::string_view name = class_of(ingress);
  if (name.empty()) {
    if (wanted) return {wanted, {}, "names no class; the controller takes it only as the default class"};
    if (const Provider* p = default_class(index)) return {p, {}, {}};
    if (const Provider* p = by_prefix(ingress)) return {p, {}, "names no class; taken by its annotations"};
    return {provider("ingress"), {}, {}};
  }
  if (const kube::IngressClass* known = index.ingress_class(name)) {
    const Provider* p = by_controller(known->spec.controller);
    if (wanted && p && p != wanted)
      return {nullptr, "its class '" + std::string(name) + "' belongs to " + std::string(p->name), {}};
    if (wanted && !p)
      return {wanted,
              {},
              "names class '" + std::string(name) + "' of a controller that is not known; taken as --from says"};
    if (p) return {p, {}, {}};
  }
  const Provider* p = by_class_name(name, ingress);
  if (wanted) {
    if (contains(wanted->classes, name)) return {wanted, {}, {}};
    if (!p)
      return {wanted,
              {},
              "has class '" + std::string(name) + "', of which no IngressClass is given; taken because of --from"};
    return {nullptr, "its class '" + std::string(name) + "' is that of " + std::string(p->name), {}};
  }
  if (p) return {p, {}, {}};
  if (const Provider* q = by_prefix(ingress))
    return {q, {}, "its class '" + std::string(name) + "' is not known; taken by its annotations"};
  return {provider("ingress"), {}, "its class '" + std::string(name) + "' is not known; read as the Ingress API says"};
}

}  // namespace gw::convert
