// The models of known implementations, by name.
#include "route/profile.h"

#include <algorithm>

#include "route/own/own.h"
#include "route/profiles/profiles.h"
#include "route/streams.h"

namespace gw::route {
namespace {

struct ProfileRow {
  std::string_view name;
  std::unique_ptr<Model> (*make)(const kube::Index&, const Attachments&);
};
constexpr ProfileRow rows[] = {
    {"gwctl", make_gwctl},
    {"spec-core", make_spec_core},
    {"envoy-gateway", make_envoy_gateway},
    {"nginx-gateway-fabric", make_nginx_gateway_fabric},
    {"traefik", make_traefik},
    {"istio", make_istio},
    {"contour", make_contour},
    {"cilium", make_cilium},
};

}  // namespace

const std::vector<std::string_view>& profile_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    for (const ProfileRow& row : rows) out.push_back(row.name);
    return out;
  }();
  return names;
}

std::unique_ptr<Model> make_model(std::string_view name, const kube::Index& index, const Attachments& attachments) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const ProfileRow& r) { return r.name == name; });
  if (row == std::end(rows) && !models(name)) return nullptr;
  // The routes of an implementation without a profile: kgateway stands on Envoy as Istio does, others are taken to read
  // the specification as gwctl does.
  const auto make = row != std::end(rows) ? row->make : name == "kgateway" ? make_istio : make_gwctl;
  return with_streams(make(index, attachments), streams(index, attachments));
}

}  // namespace gw::route
