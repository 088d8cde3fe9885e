#include "convert/providers/istio/pods.h"

#include <algorithm>

#include "convert/providers/own.h"

namespace gw::convert::istio {
namespace {

const yaml::Node* below(const yaml::Node* node, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) node = node && node->is_map() ? node->find(key) : nullptr;
  return node;
}

kube::StringMap labels_at(const yaml::Node* node) {
  kube::StringMap out;
  if (node && node->is_map())
    for (const yaml::Entry& e : node->entries()) out.emplace_back(std::string(e.key.string()), text_of(&e.value));
  return out;
}

bool within(const kube::StringMap& wanted, const kube::StringMap& labels) {
  return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const auto& w) {
    const std::string* have = kube::find(labels, w.first);
    return have && *have == w.second;
  });
}

}  // namespace

Pods pods_of(const kube::OtherObject& gateway, const kube::Bundle& bundle) {
  const kube::StringMap selector = labels_at(below(gateway.node, {"spec", "selector"}));
  for (const kube::Service& service : bundle.services)
    if (within(selector, service.spec.selector)) return {std::string(service.metadata.ns), false};
  for (const kube::OtherObject& object : bundle.others) {
    if (object.kind != "Deployment" && object.kind != "DaemonSet") continue;
    if (within(selector, labels_at(below(object.node, {"spec", "template", "metadata", "labels"}))))
      return {std::string(object.metadata.ns), false};
  }
  const std::string* istio = kube::find(selector, "istio");
  const bool usual = istio && *istio == "ingressgateway";
  return {usual ? std::string("istio-system") : std::string(gateway.metadata.ns), true};
}

}  // namespace gw::convert::istio
