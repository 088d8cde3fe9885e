// Look-ups over a Bundle.
#include "kube/index.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "kube/kinds.h"

namespace gw::kube {
namespace {

std::string key(std::string_view ns, std::string_view name) {
  std::string out;
  out.reserve(ns.size() + name.size() + 1);
  out.append(ns).append("/").append(name);
  return out;
}
std::string key(const NamespacedName& id) {
  return key(id.ns, id.name);
}

template <class T>
void fill(std::unordered_map<std::string, const T*>& map, const std::vector<T>& objects) {
  map.reserve(objects.size());
  for (const T& object : objects) map[key(object.id())] = &object;
}

template <class T>
const T* get(const std::unordered_map<std::string, const T*>& map, const std::string& id) {
  auto it = map.find(id);
  return it == map.end() ? nullptr : it->second;
}

// gwctl.dev/endpoints: "127.0.0.1:3000,[::1]:3000"
std::vector<BackendEndpoint> parse_endpoints(std::string_view list) {
  std::vector<BackendEndpoint> out;
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    const auto colon = item.rfind(':');
    if (colon == std::string_view::npos) continue;
    std::string_view host = item.substr(0, colon), digits = item.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    Port port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536)
      out.push_back({std::string(host), port});
  }
  return out;
}

// The Secret that a controller makes of this object; empty where it makes none.
std::string promised_secret(const OtherObject& object) {
  struct Row {
    std::string_view kind, group;
    std::initializer_list<std::string_view> path;  // to the name; the object's own where it is not written
    bool needed = false;
  };
  static const Row rows[] = {
      {"SealedSecret", "bitnami.com", {"spec", "template", "metadata", "name"}},
      {"ExternalSecret", "external-secrets.io", {"spec", "target", "name"}},
      {"Certificate", "cert-manager.io", {"spec", "secretName"}, true},
      {"VaultStaticSecret", "secrets.hashicorp.com", {"spec", "destination", "name"}, true},
      {"VaultPKISecret", "secrets.hashicorp.com", {"spec", "destination", "name"}, true},
      {"OnePasswordItem", "onepassword.com", {"metadata", "name"}},
  };
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) {
    return object.kind == r.kind && group_of(object.api_version) == r.group;
  });
  if (row == std::end(rows) || !object.node) return {};
  const yaml::Node* at = object.node;
  for (const std::string_view step : row->path) at = at ? at->find(step) : nullptr;
  if (at && at->is_string()) return std::string(at->string());
  return row->needed ? std::string() : std::string(object.metadata.name);
}

// The slice's port of a Service port: by name (EndpointSlice ports carry the Service port's name).
const EndpointPort* slice_port(const EndpointSlice& slice, const ServicePort& port) {
  for (const EndpointPort& candidate : slice.ports)
    if (candidate.name == port.name) return &candidate;
  return nullptr;
}

}  // namespace

Index::Index(const Bundle& bundle) : bundle_(bundle) {
  fill(services_, bundle.services);
  fill(secrets_, bundle.secrets);
  fill(config_maps_, bundle.config_maps);
  fill(namespaces_, bundle.namespaces);
  fill(gateways_, bundle.gateways);
  fill(gateway_classes_, bundle.gateway_classes);
  fill(listener_sets_, bundle.listener_sets);
  fill(ingress_classes_, bundle.ingress_classes);
  for (const EndpointSlice& slice : bundle.endpoint_slices)
    if (const std::string* service = find(slice.metadata.labels, "kubernetes.io/service-name"))
      slices_[key(slice.metadata.ns, *service)].push_back(&slice);
  for (const OtherObject& other : bundle.others)
    if (std::string name = promised_secret(other); !name.empty()) promised_.insert(key(other.metadata.ns, name));
  for (const ReferenceGrant& grant : bundle.reference_grants) grants_[grant.metadata.ns].push_back(&grant);
}

const Service* Index::service(const NamespacedName& id) const {
  return get(services_, key(id));
}
const Secret* Index::secret(const NamespacedName& id) const {
  return get(secrets_, key(id));
}
const ConfigMap* Index::config_map(const NamespacedName& id) const {
  return get(config_maps_, key(id));
}
const Namespace* Index::ns(std::string_view name) const {
  return get(namespaces_, key("", name));
}
const Gateway* Index::gateway(const NamespacedName& id) const {
  return get(gateways_, key(id));
}
const ListenerSet* Index::listener_set(const NamespacedName& id) const {
  return get(listener_sets_, key(id));
}
const GatewayClass* Index::gateway_class(std::string_view name) const {
  return get(gateway_classes_, key("", name));
}
const IngressClass* Index::ingress_class(std::string_view name) const {
  return get(ingress_classes_, key("", name));
}

StringMap Index::namespace_labels(std::string_view name) const {
  StringMap labels;
  if (const Namespace* found = ns(name)) labels = found->metadata.labels;
  if (!find(labels, "kubernetes.io/metadata.name")) labels.emplace_back("kubernetes.io/metadata.name", name);
  return labels;
}

std::vector<BackendEndpoint> Index::endpoints(const Service& service, const ServicePort& port) const {
  if (const std::string* listed = find(service.metadata.annotations, "gwctl.dev/endpoints"))
    return parse_endpoints(*listed);
  std::vector<BackendEndpoint> out;
  auto it = slices_.find(key(service.id()));
  if (it == slices_.end()) return out;
  for (const EndpointSlice* slice : it->second) {
    const EndpointPort* target = slice_port(*slice, port);
    if (!target || !target->port || slice->address_type == "FQDN") continue;
    for (const Endpoint& endpoint : slice->endpoints)
      if (endpoint.usable())
        for (const std::string& address : endpoint.addresses) out.push_back({address, *target->port});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return std::tie(a.address, a.port) < std::tie(b.address, b.port); });
  out.erase(std::unique(out.begin(), out.end(),
                        [](const auto& a, const auto& b) { return a.address == b.address && a.port == b.port; }),
            out.end());
  return out;
}

bool Index::granted(std::string_view from_group, std::string_view from_kind, std::string_view from_ns,
                    std::string_view to_group, std::string_view to_kind, std::string_view to_ns,
                    std::string_view to_name) const {
  auto it = grants_.find(std::string(to_ns));
  if (it == grants_.end()) return false;
  auto from_fits = [&](const GrantFrom& from) {
    return from.group == from_group && from.kind == from_kind && from.ns == from_ns;
  };
  auto to_fits = [&](const GrantTo& to) {
    return to.group == to_group && to.kind == to_kind && (!to.name || to.name->empty() || *to.name == to_name);
  };
  return std::any_of(it->second.begin(), it->second.end(), [&](const ReferenceGrant* grant) {
    return std::any_of(grant->spec.from.begin(), grant->spec.from.end(), from_fits) &&
           std::any_of(grant->spec.to.begin(), grant->spec.to.end(), to_fits);
  });
}

}  // namespace gw::kube
