#include "check/parts_builder.h"

#include <algorithm>
#include <tuple>

#include "diag/ascii.h"

namespace gw::check {

std::string lower_host(std::string_view host) {
  return diag::lower(std::string(host));
}

Parts::Builder::Builder(const kube::Bundle& old, Parts& out)
    : old_(old), out_(out), parent_(old.ingresses.size()), wide_(old.ingresses.size()) {
  for (std::uint32_t i = 0; i < parent_.size(); ++i) parent_[i] = i;
  for (const kube::Service& service : old.services) services_.emplace(service.id().display(), &service);
  for (const kube::Secret& secret : old.secrets) secrets_.insert(secret.id().display());
  for (const kube::EndpointSlice& slice : old.endpoint_slices)
    if (const std::string* name = kube::find(slice.metadata.labels, "kubernetes.io/service-name"))
      for (const kube::Endpoint& endpoint : slice.endpoints)
        if (endpoint.usable()) with_endpoints_.insert(slice.metadata.ns + "/" + *name);
}

std::uint32_t Parts::Builder::root(std::uint32_t i) {
  while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
  return i;
}

void Parts::Builder::join(const std::string& name, std::uint32_t ingress) {
  const auto [at, fresh] = first_.try_emplace(name, ingress);
  if (!fresh) parent_[root(ingress)] = root(at->second);
}

// Aliases, and "www" with and without: annotations may make an Ingress answer for hosts that another one names.
void Parts::Builder::join_hosts() {
  for (std::uint32_t i = 0; i < parent_.size(); ++i) {
    const kube::Ingress& ingress = old_.ingresses[i];
    bool www = false;
    for (const auto& [key, value] : ingress.metadata.annotations) {
      www |= key.find("www") != std::string::npos;
      if (key.find("alias") == std::string::npos) continue;
      wide_[i] = true;
      std::string name;
      for (const char c : value + ",")
        if (c == ',' || c == ' ') {
          if (!name.empty()) join("host " + lower_host(name), i);
          name.clear();
        } else {
          name += c;
        }
    }
    if (ingress.spec.default_backend || ingress.spec.rules.empty()) wide_[i] = true;
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      const std::string host = lower_host(rule.host);
      if (host.empty() || host.starts_with('*')) {
        wide_[i] = true;
        if (!host.empty()) wildcards_.push_back(host);
        continue;
      }
      join("host " + host, i);
      if (www) join("host " + (host.starts_with("www.") ? host.substr(4) : "www." + host), i);
    }
  }
  std::sort(wildcards_.begin(), wildcards_.end());
  wildcards_.erase(std::unique(wildcards_.begin(), wildcards_.end()), wildcards_.end());
}

// A canary changes what is done for the Services of another Ingress, wherever those are named.
void Parts::Builder::join_canaries() {
  std::unordered_set<std::string> shared;
  const auto each_service = [&](const kube::Ingress& ingress, auto&& use) {
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths)
          if (path.backend.service) use(ingress.metadata.ns + "/" + std::string(path.backend.service->name));
  };
  const auto canary = [](const kube::Ingress& ingress) {
    return std::any_of(ingress.metadata.annotations.begin(), ingress.metadata.annotations.end(),
                       [](const auto& row) { return row.first.find("canary") != std::string::npos; });
  };
  for (const kube::Ingress& ingress : old_.ingresses)
    if (canary(ingress)) each_service(ingress, [&](std::string service) { shared.insert(std::move(service)); });
  if (shared.empty()) return;
  for (std::uint32_t i = 0; i < parent_.size(); ++i)
    each_service(old_.ingresses[i], [&](const std::string& service) {
      if (shared.contains(service)) join("service " + service, i);
    });
}

void Parts::Builder::number_parts() {
  std::unordered_map<std::uint32_t, PartId> numbers;
  for (std::uint32_t i = 0; i < parent_.size(); ++i) {
    const auto [at, fresh] = numbers.try_emplace(root(i), static_cast<PartId>(out_.parts_.size()));
    if (fresh) out_.parts_.emplace_back();
    Part& part = out_.parts_[at->second];
    part.ingresses.push_back(i);
    part.alone = part.alone || wide_[i] || !out_.apart_;
  }
}

void Parts::Builder::add_backend(const kube::IngressBackend& backend, const kube::Ingress& ingress, Part& part,
                                 verify::Shape& shape, verify::Numbered& names) {
  shape.add(backend.service ? 1 : 0);
  if (!backend.service) {
    part.alone = true;
    return;
  }
  const std::string id = ingress.metadata.ns + "/" + std::string(backend.service->name);
  const std::size_t hash = std::hash<std::string>{}(id);
  part.services.add(hash);
  shape.add(names.number("service " + id));
  shape.add(static_cast<std::size_t>(backend.service->port.number));
  shape.add(std::string_view(backend.service->port.name));
  if (!old_.services_known()) return;
  const auto service = services_.find(id);
  shape.add(service == services_.end() ? 0 : 1);
  if (service == services_.end()) return;
  const auto nothing = [](const auto&) { return false; };
  verify::FieldShape<decltype(nothing)> fields(shape, nothing);
  fields.put(service->second->spec);
  fields.put(service->second->metadata.annotations);
  shape.add(with_endpoints_.contains(id) ? 1 : 0);
}

void Parts::Builder::add_ingress(const kube::Ingress& ingress, Part& part, verify::Shape& shape,
                                 verify::Numbered& names) {
  shape.add(ingress.api_version);
  shape.add(names.number("ns " + ingress.metadata.ns));
  for (const auto& [key, value] : ingress.metadata.annotations) {
    shape.add(key);
    shape.add(value);
    // It may name an object of its namespace.
    if (key.find("secret") != std::string::npos || key.find("auth") != std::string::npos ||
        key.find("config") != std::string::npos || key.find("backend") != std::string::npos)
      shape.add(ingress.metadata.ns);
  }
  const kube::IngressSpec& spec = ingress.spec;
  shape.add(spec.ingress_class_name ? 1 : 0);
  if (spec.ingress_class_name) shape.add(std::string_view(*spec.ingress_class_name));
  for (const kube::IngressRule& rule : spec.rules) {
    const std::string host = lower_host(rule.host);
    if (!host.empty() && part.hosts.add(host))
      for (const std::string& wildcard : wildcards_)
        if (host.ends_with(std::string_view(wildcard).substr(1))) shape.add(wildcard);
    shape.add(names.number("host " + host));
    shape.add(rule.http ? rule.http->paths.size() + 1 : 0);
    if (!rule.http) continue;
    for (const kube::HttpIngressPath& path : rule.http->paths) {
      shape.add(std::string_view(path.path));
      shape.add(std::string_view(path.path_type));
      add_backend(path.backend, ingress, part, shape, names);
    }
  }
  for (const kube::IngressTls& tls : spec.tls) {
    shape.add(tls.hosts.size());
    for (const std::string_view host : tls.hosts) shape.add(names.number("host " + lower_host(host)));
    const std::string secret = ingress.metadata.ns + "/" + std::string(tls.secret_name);
    shape.add(tls.secret_name.empty() ? 0 : secrets_.contains(secret) ? 1 : 2);
  }
}

void Parts::Builder::add_shape(Part& part) {
  const auto age = [&](std::uint32_t i) {
    const kube::Metadata& object = old_.ingresses[i].metadata;
    return std::tuple(std::string_view(object.creation_timestamp), std::string_view(object.ns),
                      std::string_view(object.name));
  };
  std::sort(part.ingresses.begin(), part.ingresses.end(),
            [&](std::uint32_t a, std::uint32_t b) { return age(a) < age(b); });
  verify::Shape shape;
  verify::Numbered names;
  for (const std::uint32_t i : part.ingresses) add_ingress(old_.ingresses[i], part, shape, names);
  part.shape = shape.value();
}

void Parts::Builder::run() {
  join_hosts();
  join_canaries();
  number_parts();
  for (PartId id = 0; id < out_.parts_.size(); ++id) {
    Part& part = out_.parts_[id];
    add_shape(part);
    for (const std::string& host : part.hosts.all()) out_.by_host_.emplace(host, id);
  }
}

}  // namespace gw::check
