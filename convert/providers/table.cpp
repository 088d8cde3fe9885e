// The controllers that are read: one row each. A class name several use ("nginx") goes to the first whose annotations
// the Ingress carries, else to the first row.
#include <algorithm>

#include "convert/provider.h"
#include "convert/providers/dialects.h"
#include "convert/providers/istio/istio.h"
#include "convert/providers/openapi/openapi.h"

namespace gw::convert {
namespace {

using Words = std::string_view[];
constexpr Words nginx_controllers = {"k8s.io/ingress-nginx"};
constexpr Words nginx_classes = {"nginx"};
constexpr Words nginx_prefixes = {"nginx.ingress.kubernetes.io/"};
constexpr Words f5_controllers = {"nginx.org/ingress-controller"};
constexpr Words f5_prefixes = {"nginx.org/", "nginx.com/", "appprotect.f5.com/", "appprotectdos.f5.com/",
                               "ingress.kubernetes.io/ssl-redirect"};
constexpr Words traefik_controllers = {"traefik.io/ingress-controller"};
constexpr Words traefik_classes = {"traefik"};
constexpr Words traefik_prefixes = {"traefik.ingress.kubernetes.io/"};
constexpr Words ht_controllers = {"haproxy.org/ingress-controller", "haproxy.org/ingress-controller/"};
constexpr Words haproxy_classes = {"haproxy"};
constexpr Words ht_prefixes = {"haproxy.org/", "haproxy.com/"};
constexpr Words jc_controllers = {"haproxy-ingress.github.io/controller", "haproxy-ingress.github.io/controller/"};
constexpr Words jc_prefixes = {"haproxy-ingress.github.io/", "ingress.kubernetes.io/"};
constexpr Words kong_controllers = {"ingress-controllers.konghq.com/kong"};
constexpr Words kong_classes = {"kong"};
constexpr Words kong_prefixes = {"konghq.com/", "configuration.konghq.com/"};
constexpr Words gce_classes = {"gce", "gce-internal", "gce-multi-cluster"};
constexpr Words gce_prefixes = {"ingress.gcp.kubernetes.io/",
                                "networking.gke.io/",
                                "cloud.google.com/",
                                "kubernetes.io/ingress.global-static-ip-name",
                                "kubernetes.io/ingress.regional-static-ip-name",
                                "kubernetes.io/ingress.allow-http"};
constexpr Words alb_controllers = {"ingress.k8s.aws/alb"};
constexpr Words alb_classes = {"alb"};
constexpr Words alb_prefixes = {"alb.ingress.kubernetes.io/"};
constexpr Words contour_controllers = {"projectcontour.io/ingress-controller", "projectcontour.io/"};
constexpr Words contour_classes = {"contour"};
constexpr Words contour_prefixes = {"projectcontour.io/", "contour.heptio.com/",
                                    "ingress.kubernetes.io/force-ssl-redirect", "kubernetes.io/ingress.allow-http"};
constexpr Words apisix_controllers = {"apisix.apache.org/apisix-ingress",
                                      "apisix.apache.org/apisix-ingress-controller"};
constexpr Words apisix_classes = {"apisix"};
constexpr Words apisix_prefixes = {"k8s.apisix.apache.org/"};
constexpr Words cilium_controllers = {"cilium.io/ingress-controller"};
constexpr Words cilium_classes = {"cilium"};
constexpr Words cilium_prefixes = {"ingress.cilium.io/"};

// Kinds of their own; `false`: only referred to.
using Kinds = OwnKind[];
constexpr Kinds traefik_kinds = {{"traefik.io", "IngressRoute"},
                                 {"traefik.io", "IngressRouteTCP"},
                                 {"traefik.io", "IngressRouteUDP"},
                                 {"traefik.io", "Middleware", false},
                                 {"traefik.io", "MiddlewareTCP", false},
                                 {"traefik.io", "TraefikService", false},
                                 {"traefik.containo.us", "IngressRoute"},
                                 {"traefik.containo.us", "IngressRouteTCP"},
                                 {"traefik.containo.us", "IngressRouteUDP"},
                                 {"traefik.containo.us", "Middleware", false},
                                 {"traefik.containo.us", "MiddlewareTCP", false},
                                 {"traefik.containo.us", "TraefikService", false}};
constexpr Kinds f5_kinds = {{"k8s.nginx.org", "VirtualServer"},
                            {"k8s.nginx.org", "VirtualServerRoute"},
                            {"k8s.nginx.org", "TransportServer"},
                            {"k8s.nginx.org", "Policy", false},
                            {"k8s.nginx.org", "GlobalConfiguration", false}};
constexpr Kinds kong_kinds = {{"configuration.konghq.com", "TCPIngress"},
                              {"configuration.konghq.com", "UDPIngress"},
                              {"configuration.konghq.com", "KongPlugin", false},
                              {"configuration.konghq.com", "KongClusterPlugin", false},
                              {"configuration.konghq.com", "KongIngress", false}};
constexpr Kinds gce_kinds = {{"networking.gke.io", "FrontendConfig", false},
                             {"cloud.google.com", "BackendConfig", false}};
constexpr Kinds contour_kinds = {{"projectcontour.io", "HTTPProxy"},
                                 {"projectcontour.io", "TLSCertificateDelegation", false}};

constexpr Words istio_controllers = {"istio.io/ingress-controller"};
constexpr Words istio_classes = {"istio"};
constexpr Kinds istio_kinds = {{"networking.istio.io", "VirtualService"}, {"networking.istio.io", "Gateway", false}};
constexpr Kinds apisix_kinds = {{"apisix.apache.org", "ApisixRoute"}, {"apisix.apache.org", "ApisixTls", false}};
constexpr Kinds openapi_kinds = {{"openapi", "OpenAPI"}};

constexpr Provider rows[] = {
    {"ingress-nginx",
     nginx_controllers,
     nginx_classes,
     nginx_prefixes,
     read_nginx,
     nginx_annotations,
     {},
     nginx_streams,
     true,
     false,
     nullptr,
     true},
    {"f5-nginx", f5_controllers, nginx_classes, f5_prefixes, read_f5, f5_annotations, f5_kinds},
    {"traefik", traefik_controllers, traefik_classes, traefik_prefixes, read_traefik, traefik_annotations,
     traefik_kinds},
    {"haproxytech",
     ht_controllers,
     haproxy_classes,
     ht_prefixes,
     read_haproxytech,
     haproxytech_annotations,
     {},
     nullptr,
     true,
     true},
    {"haproxy-ingress", jc_controllers, haproxy_classes, jc_prefixes, read_haproxy_ingress,
     haproxy_ingress_annotations},
    {"kong", kong_controllers, kong_classes, kong_prefixes, read_kong, kong_annotations, kong_kinds},
    {"gce", {}, gce_classes, gce_prefixes, read_gce, gce_annotations, gce_kinds},
    {"aws-alb",
     alb_controllers,
     alb_classes,
     alb_prefixes,
     read_alb,
     alb_annotations,
     {},
     nullptr,
     true,
     false,
     alb_internal},
    {"contour", contour_controllers, contour_classes, contour_prefixes, read_contour, contour_annotations,
     contour_kinds},
    {"apisix", apisix_controllers, apisix_classes, apisix_prefixes, read_apisix, apisix_annotations, apisix_kinds},
    {"cilium",
     cilium_controllers,
     cilium_classes,
     cilium_prefixes,
     read_cilium,
     cilium_annotations,
     {},
     nullptr,
     true,
     false,
     cilium_internal},
    {"istio", istio_controllers, istio_classes, {}, read_istio, nullptr, istio_kinds},
    {"openapi", {}, {}, {}, read_openapi, nullptr, openapi_kinds, nullptr, false},
    {"ingress", {}, {}, {}, read_plain, nullptr},
};

}  // namespace

std::span<const Provider> providers() {
  return rows;
}

const Provider* provider(std::string_view name) {
  if (name == "alb") name = "aws-alb";
  const Provider* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Provider& p) { return p.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace gw::convert
