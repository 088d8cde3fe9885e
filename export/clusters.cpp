// Backends as Envoy clusters: endpoints where they are known, the Service's DNS name where they are not.
#include <nlohmann/json.hpp>

#include "export/parts.h"

namespace gw::envoy {
namespace {

bool speaks_h2(route::BackendProtocol protocol) {
  return protocol == route::BackendProtocol::h2c || protocol == route::BackendProtocol::h2_tls;
}

bool speaks_tls(route::BackendProtocol protocol) {
  return protocol == route::BackendProtocol::http1_tls || protocol == route::BackendProtocol::h2_tls;
}

Json endpoint(const std::string& address, kube::Port port) {
  return {{"endpoint", {{"address", {{"socket_address", {{"address", address}, {"port_value", port}}}}}}}};
}

Json san_matcher(const route::BackendTls::Name& name) {
  return {{"san_type", name.uri ? "URI" : "DNS"}, {"matcher", {{"exact", name.value}}}};
}

// BackendTLSPolicy: the certificate must chain to the CA and carry the names.
Json validation(const route::BackendTls& tls) {
  Json out = Json::object();
  if (tls.system_trust)
    out["trusted_ca"] = {{"filename", "/etc/ssl/certs/ca-certificates.crt"}};
  else
    out["trusted_ca"] = {{"inline_string", tls.ca_pem}};
  Json names = Json::array();
  for (const route::BackendTls::Name& name : tls.subject_alt_names) names.push_back(san_matcher(name));
  if (names.empty()) names.push_back(san_matcher({false, tls.server_name}));
  out["match_typed_subject_alt_names"] = std::move(names);
  return out;
}

Json tls_socket(const route::Backend& backend) {
  Json common = {{"alpn_protocols", {speaks_h2(backend.protocol) ? "h2" : "http/1.1"}}};
  Json context = Json::object();
  if (backend.tls) {
    context["sni"] = backend.tls->server_name;
    common["validation_context"] = validation(*backend.tls);
  }
  context["common_tls_context"] = std::move(common);
  return {{"name", "envoy.transport_sockets.tls"},
          {"typed_config", any("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", std::move(context))}};
}

}  // namespace

Json any(std::string_view type, Json fields) {
  Json out = {{"@type", "type.googleapis.com/" + std::string(type)}};
  out.update(fields);
  return out;
}

std::string duration(std::chrono::milliseconds value) {
  const auto count = value.count();
  std::string fraction = std::to_string(count % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(count / 1000) + (count % 1000 == 0 ? "" : "." + fraction) + "s";
}

Clusters::~Clusters() = default;

Json Clusters::make(const std::string& name, const route::Backend& backend) {
  Json endpoints = Json::array();
  const bool by_dns = backend.state == route::BackendState::ready && backend.endpoints.empty();
  if (by_dns)
    endpoints.push_back(
        endpoint(backend.service.name + "." + backend.service.ns + ".svc." + options_.cluster_domain, backend.port));
  for (const kube::BackendEndpoint& at : backend.endpoints) endpoints.push_back(endpoint(at.address, at.port));
  Json out = {{"name", name},
              {"connect_timeout", "5s"},
              {"type", by_dns ? "STRICT_DNS" : "STATIC"},
              {"load_assignment", {{"cluster_name", name}, {"endpoints", Json::array()}}}};
  if (!endpoints.empty()) out["load_assignment"]["endpoints"].push_back({{"lb_endpoints", std::move(endpoints)}});
  if (speaks_h2(backend.protocol))
    out["typed_extension_protocol_options"] = {
        {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
         any("envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
             {{"explicit_http_config", {{"http2_protocol_options", Json::object()}}}})}};
  if (backend.tls || speaks_tls(backend.protocol)) out["transport_socket"] = tls_socket(backend);
  return out;
}

std::string Clusters::name_of(const route::Backend& backend) {
  std::string name = backend.service.display() + ":" + std::to_string(backend.port);
  if (speaks_h2(backend.protocol)) name += "/h2";
  if (backend.tls || speaks_tls(backend.protocol)) name += "/tls";
  for (std::size_t twin = 2;; ++twin) {
    const std::string text = make(name, backend).dump();
    const auto [it, fresh] = by_name_.try_emplace(name, text);
    if (fresh || it->second == text) return name;
    name = name.substr(0, name.find('#')) + "#" + std::to_string(twin);
  }
}

Json Clusters::all() const {
  Json out = Json::array();
  for (const auto& [name, text] : by_name_) out.push_back(Json::parse(text));
  return out;
}

Json tcp_target(const route::L4Rule& rule, Clusters& clusters) {
  Json weighted = Json::array();
  for (const route::Backend& backend : rule.backends) {
    if (backend.weight == 0 || backend.state == route::BackendState::invalid) continue;
    weighted.push_back({{"name", clusters.name_of(backend)}, {"weight", backend.weight}});
  }
  if (weighted.empty()) return nullptr;
  if (weighted.size() == 1) return {{"cluster", weighted[0]["name"]}};
  return {{"weighted_clusters", {{"clusters", std::move(weighted)}}}};
}

}  // namespace gw::envoy
