// What reads the controllers of vendors/ingress_controllers: one row each. A class name that several use ("nginx") goes
// to the first whose annotations the Ingress carries, else to the first row there.
#include <algorithm>
#include <cassert>

#include "convert/provider.h"
#include "convert/providers/dialects.h"
#include "convert/providers/istio/istio.h"
#include "convert/providers/openapi/openapi.h"

namespace gw::convert {
namespace {

struct Reading {
  std::string_view controller;
  void (*read)(const Input& input, Ir& ir, Ledger& ledger);
  std::vector<std::string_view> (*known)() = nullptr;
  bool (*beside)(const kube::Bundle&) = nullptr;
  bool field_class_only = false;
  std::optional<bool> (*internal)(const kube::Ingress& ingress, const kube::Index& others) = nullptr;
  bool knows_all = false;
};
constexpr Reading readings[] = {
    {.controller = "ingress-nginx",
     .read = read_nginx,
     .known = nginx_annotations,
     .beside = nginx_streams,
     .knows_all = true},
    {.controller = "f5-nginx", .read = read_f5, .known = f5_annotations},
    {.controller = "traefik", .read = read_traefik, .known = traefik_annotations},
    {.controller = "haproxytech", .read = read_haproxytech, .known = haproxytech_annotations, .field_class_only = true},
    {.controller = "haproxy-ingress", .read = read_haproxy_ingress, .known = haproxy_ingress_annotations},
    {.controller = "kong", .read = read_kong, .known = kong_annotations},
    {.controller = "gce", .read = read_gce, .known = gce_annotations},
    {.controller = "aws-alb", .read = read_alb, .known = alb_annotations, .internal = alb_internal},
    {.controller = "contour", .read = read_contour, .known = contour_annotations},
    {.controller = "apisix", .read = read_apisix, .known = apisix_annotations},
    {.controller = "cilium", .read = read_cilium, .known = cilium_annotations, .internal = cilium_internal},
    {.controller = "istio", .read = read_istio},
};
constexpr OwnKind openapi_kinds[] = {{"openapi", "OpenAPI"}};

std::vector<Provider> make_rows() {
  std::vector<Provider> rows;
  for (const vendors::IngressController& facts : vendors::ingress_controllers()) {
    const auto* by = std::find_if(std::begin(readings), std::end(readings),
                                  [&](const Reading& r) { return r.controller == facts.name; });
    assert(by != std::end(readings));
    Provider& row = rows.emplace_back(Provider{facts});
    row.read = by->read;
    row.known = by->known;
    row.beside = by->beside;
    row.field_class_only = by->field_class_only;
    row.internal = by->internal;
    row.knows_all = by->knows_all;
  }
  Provider& openapi = rows.emplace_back();
  openapi.name = "openapi";
  openapi.kinds = openapi_kinds;
  openapi.read = read_openapi;
  openapi.accounts = false;
  Provider& plain = rows.emplace_back();
  plain.name = "ingress";
  plain.read = read_plain;
  return rows;
}

}  // namespace

std::span<const Provider> providers() {
  static const std::vector<Provider> rows = make_rows();
  return rows;
}

const Provider* provider(std::string_view name) {
  const std::span<const Provider> rows = providers();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Provider& p) {
    return p.name == name || (!p.alias.empty() && p.alias == name);
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace gw::convert
