#include "convert/providers/config_maps.h"

#include <algorithm>

namespace gw::convert {
namespace {

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view label(const kube::Object& object, std::string_view key) {
  const std::string* value = kube::find(object.metadata.labels, key);
  return value ? std::string_view(*value) : std::string_view();
}

// "ingress-nginx-4.11.2" is a chart of "ingress-nginx".
bool of_chart(std::string_view chart, std::span<const std::string_view> charts) {
  return std::any_of(charts.begin(), charts.end(), [&](std::string_view name) {
    return chart.starts_with(name) && (chart.size() == name.size() ||
                                       (chart.size() > name.size() + 1 && chart[name.size()] == '-' &&
                                        chart[name.size() + 1] >= '0' && chart[name.size() + 1] <= '9'));
  });
}

// The chart's other maps: the ports of TCP and UDP services, headers, error pages.
bool of_another_part(const kube::ConfigMap& map) {
  const std::string_view name = map.metadata.name, component = label(map, "app.kubernetes.io/component");
  for (const std::string_view end : {"tcp-services", "udp-services", "-tcp", "-udp", "-headers", "-leader-election"})
    if (name.ends_with(end)) return true;
  return !component.empty() && component != "controller" && component != "ingress-controller";
}

bool labelled(const kube::ConfigMap& map, const ConfigMapNames& names) {
  if (of_another_part(map)) return false;
  for (const std::string_view key : {"app.kubernetes.io/name", "app", "k8s-app"})
    if (contains(names.charts, label(map, key))) return true;
  return of_chart(label(map, "helm.sh/chart"), names.charts) || of_chart(label(map, "chart"), names.charts);
}

// "public-ingress-nginx-controller": the release, then the name by convention.
bool of_release(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
    return name.size() > known.size() + 1 && name.ends_with(known) && name[name.size() - known.size() - 1] == '-' &&
           known.find('-') != std::string_view::npos;
  });
}

}  // namespace

std::vector<const kube::ConfigMap*> controller_maps(const Input& input, const ConfigMapNames& names) {
  std::vector<const kube::ConfigMap*> found;
  const auto& wanted = input.options.config_maps;
  for (const kube::ConfigMap& map : input.bundle.config_maps) {
    const bool ours = wanted.empty() ? contains(names.names, std::string_view(map.metadata.name)) ||
                                           labelled(map, names) ||
                                           (of_release(map.metadata.name, names.names) && !of_another_part(map))
                                     : wanted.contains(map.id());
    if (ours) found.push_back(&map);
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  std::vector<const kube::ConfigMap*> of_classes;
  for (const kube::ConfigMap* map : found)
    for (const kube::IngressClass* of : input.classes)
      if (const std::string_view release = label(*of, "app.kubernetes.io/instance");
          !release.empty() && release == label(*map, "app.kubernetes.io/instance")) {
        of_classes.push_back(map);
        break;
      }
  return of_classes.empty() ? found : of_classes;
}

FieldRef field_of(const kube::ConfigMap& map, const std::string& key) {
  const yaml::Node* data = map.node ? map.node->find("data") : nullptr;
  const yaml::Node* value = data ? data->find(key) : nullptr;
  return {&map, value ? value : data ? data : map.node, key};
}

}  // namespace gw::convert
