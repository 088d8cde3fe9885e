#include "check/parts.h"

#include <algorithm>
#include <map>
#include <type_traits>

#include "check/parts_builder.h"

namespace gw::check {
namespace {

// Objects of kinds that gwctl has no type for and that are not just referred to: they may route.
bool may_route(const kube::OtherObject& object) {
  for (const std::string_view kind :
       {"VirtualServer", "VirtualServerRoute", "TransportServer", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP",
        "HTTPProxy", "VirtualService", "Mapping", "TCPIngress", "UDPIngress", "ApisixRoute"})
    if (object.kind == kind) return true;
  return false;
}

// The names in a policy's references to routes: "name":"web" in the text of its body.
std::vector<std::string_view> names_in(std::string_view body) {
  std::vector<std::string_view> out;
  constexpr std::string_view key = "\"name\":";
  for (std::size_t at = body.find(key); at != body.npos; at = body.find(key, at + 1)) {
    const std::size_t open = body.find('"', at + key.size());
    const std::size_t close = open == body.npos ? open : body.find('"', open + 1);
    if (close == body.npos) break;
    out.push_back(body.substr(open + 1, close - open - 1));
  }
  return out;
}

}  // namespace

Parts::Parts(const kube::Bundle& old)
    : apart_(std::none_of(old.others.begin(), old.others.end(), may_route) && old.http_routes.empty()) {
  Builder(old, *this).run();
}

void Parts::restart() {
  met_.clear();
  kept_.clear();
  for (Part& part : parts_) {
    part.state = 0;
    part.complete = true;
  }
}

bool Parts::meet(PartId id, std::size_t object) {
  Part& part = parts_[id];
  part.state += object;
  const bool fresh = met_.insert(part.shape * 31 + part.state).second;
  const bool kept = fresh || part.alone || part.pinned;
  part.complete = part.complete && kept;
  return kept;
}

template <class Route>
std::size_t Parts::number(const Part& part, const Route& route) const {
  verify::Shape shape;
  const auto own = [&](const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, kube::BackendRef>) {
      const std::string ns = value.ns ? std::string(*value.ns) : std::string(route.metadata.ns);
      const std::size_t hash = std::hash<std::string>{}(ns + "/" + std::string(value.name));
      shape.add(part.services.find(hash).value_or(hash));
      shape.add(static_cast<std::size_t>(value.port.value_or(0)));
      shape.add(static_cast<std::size_t>(value.weight.value_or(-1)));
      shape.add(value.filters.size());
      return true;
    } else if constexpr (std::is_same_v<Value, kube::ObjectReference>) {
      if (value.kind) shape.add(std::string_view(*value.kind));
      return true;
    } else {
      return false;
    }
  };
  verify::FieldShape<decltype(own)> fields(shape, own);
  fields.put(route.spec.rules);
  for (const kube::ParentReference& parent : route.spec.parent_refs) {
    fields.put(parent.kind);
    shape.add(parent.section_name ? 1 : 0);
  }
  // Hosts share routes (a redirect has up to 16): who else is in one, and whether a part's hosts stand in one or in
  // two, changes no answer.
  std::size_t out = 0;
  for (const kube::String& host : route.spec.hostnames)
    if (const auto at = part.hosts.find(std::string(host))) {
      verify::Shape of_host = shape;
      of_host.add(*at);
      out += of_host.value();
    }
  return out;
}

template <class Route>
void Parts::keep_routes(const std::vector<Route>& from, std::vector<Route>& to) {
  for (const Route& route : from) {
    bool wanted = route.spec.hostnames.empty();
    std::set<PartId> met;
    for (const kube::String& host : route.spec.hostnames) {
      const PartId* part = part_of(host);
      if (!part)
        wanted = true;
      else if (met.insert(*part).second)
        wanted = meet(*part, number(parts_[*part], route)) || wanted;
    }
    if (!wanted) continue;
    to.push_back(route);
    kept_.insert(route.id().display());
    for (const auto& rule : route.spec.rules)
      for (const kube::RouteFilter& filter : rule.filters)
        if (filter.extension_ref) kept_.insert(route.metadata.ns + "/" + std::string(filter.extension_ref->name));
  }
}

void Parts::keep_listeners(const std::vector<kube::Listener>& from, std::vector<kube::Listener>& to) {
  const auto own = [](const auto& value) {
    return std::is_same_v<std::decay_t<decltype(value)>, kube::ObjectReference> ||
           std::is_same_v<std::decay_t<decltype(value)>, kube::AllowedRoutes>;
  };
  for (const kube::Listener& listener : from) {
    const PartId* part = listener.hostname ? part_of(*listener.hostname) : nullptr;
    bool wanted = part == nullptr;
    if (part) {
      verify::Shape shape;
      verify::FieldShape<decltype(own)> fields(shape, own);
      const auto& hosts = parts_[*part].hosts;
      shape.add(hosts.find(std::string(*listener.hostname)).value_or(hosts.all().size()));
      fields.put(listener.port);
      fields.put(listener.protocol);
      fields.put(listener.tls);
      wanted = meet(*part, shape.value());
    }
    if (wanted) to.push_back(listener);
  }
}

void Parts::keep_others(const kube::Bundle& piece, kube::Bundle& out) const {
  for (const kube::OtherObject& object : piece.others) {
    const std::string ns = object.metadata.ns + "/";
    const bool of_route = object.body.find("\"HTTPRoute\"") != std::string::npos ||
                          object.body.find("\"GRPCRoute\"") != std::string::npos;
    bool wanted = !of_route || kept_.contains(ns + object.metadata.name);
    if (of_route)
      for (const std::string_view name : names_in(object.body))
        wanted = wanted || kept_.contains(ns + std::string(name));
    if (wanted) out.others.push_back(object);
  }
}

kube::Bundle Parts::keep(const kube::Bundle& piece) {
  if (!apart_) return piece;
  kube::Bundle out;
  out.namespaces = piece.namespaces;
  out.gateway_classes = piece.gateway_classes;
  out.reference_grants = piece.reference_grants;
  out.backend_tls_policies = piece.backend_tls_policies;
  out.tls_routes = piece.tls_routes;
  for (const kube::Gateway& gateway : piece.gateways) {
    kube::Gateway& kept = out.gateways.emplace_back();
    static_cast<kube::Object&>(kept) = gateway;
    kept.spec.gateway_class_name = gateway.spec.gateway_class_name;
    kept.spec.allowed_listeners = gateway.spec.allowed_listeners;
    kept.spec.tls = gateway.spec.tls;
    keep_listeners(gateway.spec.listeners, kept.spec.listeners);
  }
  for (const kube::ListenerSet& set : piece.listener_sets) {
    std::vector<kube::Listener> listeners;
    keep_listeners(set.spec.listeners, listeners);
    if (listeners.empty()) continue;
    kube::ListenerSet& kept = out.listener_sets.emplace_back();
    static_cast<kube::Object&>(kept) = set;
    kept.spec.parent_ref = set.spec.parent_ref;
    kept.spec.listeners = std::move(listeners);
  }
  keep_routes(piece.http_routes, out.http_routes);
  keep_routes(piece.grpc_routes, out.grpc_routes);
  keep_others(piece, out);
  return out;
}

std::vector<Parts::Sort> Parts::of_each_shape() const {
  std::vector<Sort> out;
  std::unordered_map<std::size_t, std::size_t> first;  // by shape: place in `out`
  for (PartId id = 0; id < parts_.size(); ++id) {
    const auto [at, fresh] = first.try_emplace(parts_[id].alone ? ~std::size_t{id} : parts_[id].shape, out.size());
    if (fresh)
      out.push_back({id, 1});
    else
      ++out[at->second].count;
  }
  return out;
}

Parts::Chosen Parts::choose() {
  Chosen out;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<PartId>> sorts;
  for (PartId id = 0; id < parts_.size(); ++id) {
    if (parts_[id].alone)
      out.parts.push_back({id, 1});
    else
      sorts[{parts_[id].shape, parts_[id].state}].push_back(id);
  }
  for (const auto& [sort, members] : sorts) {
    const auto complete = std::find_if(members.begin(), members.end(), [&](PartId id) { return parts_[id].complete; });
    if (complete != members.end()) {
      out.parts.push_back({*complete, members.size()});
      continue;
    }
    parts_[members.front()].pinned = true;
    out.complete = false;
  }
  std::sort(out.parts.begin(), out.parts.end(), [](const auto& a, const auto& b) { return a.part < b.part; });
  return out;
}

std::vector<PartId> Parts::like(PartId chosen) const {
  const Part& part = parts_[chosen];
  std::vector<PartId> out;
  for (PartId id = 0; id < parts_.size(); ++id)
    if (id == chosen ||
        (!part.alone && !parts_[id].alone && parts_[id].shape == part.shape && parts_[id].state == part.state))
      out.push_back(id);
  return out;
}

const PartId* Parts::part_of(std::string_view host) const {
  const auto found = by_host_.find(std::string(host));
  return found == by_host_.end() ? nullptr : &found->second;
}

}  // namespace gw::check
