#include "convert/providers/config_maps.h"

#include <algorithm>
#include <set>

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
    return chart.starts_with(name) &&
           (chart.size() == name.size() || (chart.size() > name.size() + 1 && chart[name.size()] == '-' &&
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

// Those that a flag of the controller names, as "--configmap=$(POD_NAMESPACE)/name" does.
std::set<kube::NamespacedName> named_by_flag(const Input& input) {
  std::set<kube::NamespacedName> out;
  for (std::string_view written : input.options.controller_flags) {
    while (written.starts_with('-')) written.remove_prefix(1);
    if (!written.starts_with("configmap=") && !written.starts_with("nginx-configmaps=")) continue;
    const std::string_view value = written.substr(written.find('=') + 1);
    const std::size_t slash = value.find('/');
    const std::string_view ns = slash == std::string_view::npos ? "$" : value.substr(0, slash);
    const std::string_view name = slash == std::string_view::npos ? value : value.substr(slash + 1);
    for (const kube::ConfigMap& map : input.bundle.config_maps)
      if (map.metadata.name == name && (map.metadata.ns == ns || ns.starts_with('$'))) out.insert(map.id());
  }
  return out;
}

// The ConfigMap that an IngressClass names as the parameters of its class.
bool of_class(const kube::ConfigMap& map, const Input& input) {
  return std::any_of(input.classes.begin(), input.classes.end(), [&](const kube::IngressClass* of) {
    const yaml::Node* spec = of->node ? of->node->find("spec") : nullptr;
    const yaml::Node* refers = spec && spec->is_map() ? spec->find("parameters") : nullptr;
    const auto text = [&](std::string_view key) {
      const yaml::Node* value = refers && refers->is_map() ? refers->find(key) : nullptr;
      return value && value->is_string() ? value->string() : std::string_view();
    };
    return text("kind") == "ConfigMap" && text("name") == map.metadata.name &&
           (text("namespace").empty() || text("namespace") == map.metadata.ns);
  });
}

}  // namespace

std::vector<const kube::ConfigMap*> controller_maps(const Input& input, const ConfigMapNames& names) {
  std::vector<const kube::ConfigMap*> found;
  const auto wanted = input.options.config_maps.empty() ? named_by_flag(input) : input.options.config_maps;
  for (const kube::ConfigMap& map : input.bundle.config_maps) {
    const bool ours =
        of_class(map, input) ||
        (wanted.empty() ? contains(names.names, std::string_view(map.metadata.name)) || labelled(map, names) ||
                              (of_release(map.metadata.name, names.names) && !of_another_part(map))
                        : wanted.contains(map.id()));
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
