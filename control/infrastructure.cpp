// Gateway API v1.6, Gateway.spec.infrastructure: labels and annotations on what is generated for a Gateway.
#include "control/infrastructure.h"

#include <nlohmann/json.hpp>

namespace gw::control {
namespace {

using Json = nlohmann::ordered_json;

Json manifest(const kube::Gateway& gateway, const std::string& name) {
  Json labels = Json::object(), annotations = Json::object();
  if (gateway.spec.infrastructure) {
    for (const auto& [key, value] : gateway.spec.infrastructure->labels) labels[key] = value;
    for (const auto& [key, value] : gateway.spec.infrastructure->annotations) annotations[key] = value;
  }
  labels["gateway.networking.k8s.io/gateway-name"] = gateway.metadata.name;
  labels["app.kubernetes.io/managed-by"] = "gwctl";
  Json owner = {{"apiVersion", gateway.api_version},
                {"kind", "Gateway"},
                {"name", gateway.metadata.name},
                {"uid", gateway.metadata.uid}};
  Json metadata = {{"name", name},
                   {"namespace", gateway.metadata.ns},
                   {"labels", std::move(labels)},
                   {"annotations", std::move(annotations)},
                   {"ownerReferences", Json::array({std::move(owner)})}};
  return {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", std::move(metadata)}};
}

}  // namespace

std::vector<Manifest> Infrastructure::changed(const route::Attachments& attachments) {
  std::vector<Manifest> out;
  std::map<std::string, std::string> wanted;
  for (const route::GatewayStatus& each : attachments.gateways) {
    const kube::Gateway& gateway = *each.gateway;
    if (gateway.metadata.uid.empty() || !gateway.metadata.deletion_timestamp.empty()) continue;
    const std::string name = "gwctl-" + gateway.metadata.name;
    const std::string path = "/api/v1/namespaces/" + gateway.metadata.ns + "/serviceaccounts/" + name;
    std::string json = manifest(gateway, name).dump();
    if (auto sent = sent_.find(path); sent == sent_.end() || sent->second != json) out.push_back({path, json});
    wanted.emplace(path, std::move(json));
  }
  sent_ = std::move(wanted);
  return out;
}

}  // namespace gw::control
