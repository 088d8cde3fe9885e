#include "audit/components.h"

#include <algorithm>

namespace gw::audit {

Components::Components(const std::vector<IngressLine>& ingresses) : ingresses_(ingresses), parent_(ingresses.size()) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < parent_.size(); ++i) {
    parent_[i] = i;
    for (const auto* names : {&ingresses[i].hosts, &ingresses[i].aliases})
      for (const std::string& name : *names) {
        const auto [it, fresh] = first.try_emplace(name, i);
        if (!fresh) parent_[root(i)] = root(it->second);
      }
  }
  for (std::size_t i = 0; i < parent_.size(); ++i) members_[root(i)].push_back(i);
}

std::set<std::size_t> Components::choose(std::size_t most, std::size_t& hosts) const {
  std::vector<const std::vector<std::size_t>*> first, rest;
  std::set<std::string> shapes;
  for (const auto& [top, members] : members_) (shapes.insert(shape(members)).second ? first : rest).push_back(&members);
  std::set<std::size_t> chosen;
  std::set<std::string> names;
  for (const auto* list : {&first, &rest})
    for (const std::vector<std::size_t>* members : *list) {
      if (names.size() >= most) break;
      std::set<std::string> more = names;
      for (const std::size_t i : *members) more.insert(ingresses_[i].hosts.begin(), ingresses_[i].hosts.end());
      if (more.size() > most && !names.empty()) continue;
      names = std::move(more);
      chosen.insert(members->begin(), members->end());
    }
  hosts = names.size();
  return chosen;
}

std::size_t Components::root(std::size_t i) {
  while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
  return i;
}

// What decides how an Ingress is converted, but for names.
std::string Components::shape(const std::vector<std::size_t>& members) const {
  std::string out;
  for (const std::size_t i : members) {
    const IngressLine& line = ingresses_[i];
    out += line.controller + "/" + std::string(name(line.fate)) + "/" + std::to_string(line.hosts.size());
    for (const auto& [key, outcome] : line.annotations) out += "," + key + "=" + std::string(convert::name(outcome));
    out += ";";
  }
  return out;
}

kube::Bundle part_of(const kube::Bundle& bundle, const std::set<kube::NamespacedName>& chosen) {
  std::set<std::string> spaces;
  for (const kube::NamespacedName& id : chosen) spaces.insert(id.ns);
  kube::Bundle out;
  const auto take = [&](const auto& from, auto& to, auto&& wanted) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to), wanted);
  };
  const auto near = [&](const kube::Object& object) { return spaces.contains(object.metadata.ns); };
  take(bundle.ingresses, out.ingresses, [&](const kube::Ingress& ingress) { return chosen.contains(ingress.id()); });
  take(bundle.services, out.services, near);
  take(bundle.endpoint_slices, out.endpoint_slices, near);
  take(bundle.secrets, out.secrets, near);
  out.ingress_classes = bundle.ingress_classes;
  out.config_maps = bundle.config_maps;
  out.namespaces = bundle.namespaces;
  out.others = bundle.others;
  return out;
}

}  // namespace gw::audit
