#include "route/assume.h"

#include <map>
#include <set>

#include "route/names.h"

namespace gw::route {
namespace {

struct Section {
  std::string name;
  kube::Port port = 0;
  std::string protocol;
  auto operator<=>(const Section&) const = default;
};

// The protocol a route's parentRef hints at, by kind of route, then port, then the section's name.
std::string protocol_of(std::string_view route_kind, const std::string& section, kube::Port port) {
  if (route_kind == "TLSRoute") return "TLS";
  if (route_kind == "TCPRoute") return "TCP";
  if (route_kind == "UDPRoute") return "UDP";
  const bool secure = port == 443 || port == 8443 || section.find("https") != std::string::npos ||
                      section.find("tls") != std::string::npos || section.find("secure") != std::string::npos;
  return secure ? "HTTPS" : "HTTP";
}

kube::Listener listener_of(const Section& section) {
  kube::Listener listener;
  listener.name = section.name;
  listener.port = section.port;
  listener.protocol = section.protocol;
  listener.allowed_routes.emplace().namespaces.emplace().from = "All";
  if (section.protocol != "HTTPS" && section.protocol != "TLS") return listener;
  listener.tls.emplace();
  if (section.protocol == "TLS")
    listener.tls->mode = "Passthrough";
  else
    listener.tls->certificate_refs.emplace_back().name = "assumed";
  return listener;
}

}  // namespace

std::size_t assume_gateways(kube::Bundle& bundle) {
  if (!bundle.gateways.empty()) return 0;
  std::map<kube::NamespacedName, std::set<Section>> wanted;
  const auto note = [&](std::string_view kind, const auto& routes) {
    for (const auto& route : routes)
      for (const kube::ParentReference& ref : route.spec.parent_refs) {
        const ParentKey key = parent_key(ref, route.metadata.ns);
        if (key.group != gateway_group || key.kind != "Gateway") continue;
        auto& sections = wanted[key.id];
        if (kind == "HTTPRoute" || kind == "GRPCRoute")
          sections.insert({{"http", 80, "HTTP"}, {"https", 443, "HTTPS"}});
        const std::string name = ref.section_name.value_or("");
        if (name.empty() && !ref.port && (kind == "HTTPRoute" || kind == "GRPCRoute")) continue;
        const std::string protocol = protocol_of(kind, name, ref.port.value_or(0));
        const kube::Port port = ref.port.value_or(protocol == "HTTP" ? 80 : 443);
        const std::string shown = name.empty() ? protocol + "-" + std::to_string(port) : name;
        std::erase_if(sections, [&](const Section& s) { return s.port == port && protocol != "UDP"; });
        sections.insert({shown, port, protocol});
      }
  };
  note("HTTPRoute", bundle.http_routes);
  note("GRPCRoute", bundle.grpc_routes);
  note("TLSRoute", bundle.tls_routes);
  note("TCPRoute", bundle.tcp_routes);
  note("UDPRoute", bundle.udp_routes);
  for (const auto& [id, sections] : wanted) {
    kube::Gateway gateway;
    gateway.api_version = std::string(gateway_group) + "/v1";
    gateway.kind = "Gateway";
    gateway.metadata.ns = id.ns;
    gateway.metadata.name = id.name;
    gateway.spec.gateway_class_name = "assumed";
    for (const Section& section : sections) gateway.spec.listeners.push_back(listener_of(section));
    bundle.gateways.push_back(std::move(gateway));
  }
  return wanted.size();
}

}  // namespace gw::route
