#include "vendors/ingress_controllers.h"

#include <algorithm>

namespace gw::vendors {
namespace {

using List = std::string_view[];
using Kinds = OwnKind[];

constexpr List nginx_classes = {"nginx"};
constexpr List haproxy_classes = {"haproxy"};

constexpr List ingress_nginx_controllers = {"k8s.io/ingress-nginx"};
constexpr List ingress_nginx_more = {"ingress-nginx"};
constexpr List ingress_nginx_prefixes = {"nginx.ingress.kubernetes.io/"};

constexpr List f5_controllers = {"nginx.org/ingress-controller"};
constexpr List f5_more = {"nginx-plus"};
constexpr List f5_prefixes = {"nginx.org/", "nginx.com/", "appprotect.f5.com/", "appprotectdos.f5.com/",
                              "ingress.kubernetes.io/ssl-redirect"};
constexpr Kinds f5_kinds = {{"k8s.nginx.org", "VirtualServer"},
                            {"k8s.nginx.org", "VirtualServerRoute"},
                            {"k8s.nginx.org", "TransportServer"},
                            {"k8s.nginx.org", "Policy", false},
                            {"k8s.nginx.org", "GlobalConfiguration", false}};

constexpr List traefik_controllers = {"traefik.io/ingress-controller"};
constexpr List traefik_classes = {"traefik"};
constexpr List traefik_prefixes = {"traefik.ingress.kubernetes.io/"};
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

constexpr List haproxytech_controllers = {"haproxy.org/ingress-controller", "haproxy.org/ingress-controller/"};
constexpr List haproxytech_prefixes = {"haproxy.org/", "haproxy.com/"};

constexpr List haproxy_ingress_controllers = {"haproxy-ingress.github.io/controller",
                                              "haproxy-ingress.github.io/controller/"};
constexpr List haproxy_ingress_more = {"haproxy-ingress"};
constexpr List haproxy_ingress_prefixes = {"haproxy-ingress.github.io/", "ingress.kubernetes.io/"};

constexpr List kong_controllers = {"ingress-controllers.konghq.com/kong"};
constexpr List kong_classes = {"kong"};
constexpr List kong_prefixes = {"konghq.com/", "configuration.konghq.com/"};
constexpr Kinds kong_kinds = {{"configuration.konghq.com", "TCPIngress"},
                              {"configuration.konghq.com", "UDPIngress"},
                              {"configuration.konghq.com", "KongPlugin", false},
                              {"configuration.konghq.com", "KongClusterPlugin", false},
                              {"configuration.konghq.com", "KongIngress", false}};

constexpr List gce_classes = {"gce", "gce-internal", "gce-multi-cluster"};
constexpr List gce_prefixes = {"networking.gke.io/",
                               "ingress.gcp.kubernetes.io/",
                               "cloud.google.com/",
                               "kubernetes.io/ingress.global-static-ip-name",
                               "kubernetes.io/ingress.regional-static-ip-name",
                               "kubernetes.io/ingress.allow-http"};
constexpr Kinds gce_kinds = {{"networking.gke.io", "FrontendConfig", false},
                             {"cloud.google.com", "BackendConfig", false}};

constexpr List alb_controllers = {"ingress.k8s.aws/alb"};
constexpr List alb_classes = {"alb"};
constexpr List alb_prefixes = {"alb.ingress.kubernetes.io/"};

constexpr List contour_controllers = {"projectcontour.io/ingress-controller", "projectcontour.io/"};
constexpr List contour_classes = {"contour"};
constexpr List contour_prefixes = {"projectcontour.io/", "contour.heptio.com/",
                                   "ingress.kubernetes.io/force-ssl-redirect", "kubernetes.io/ingress.allow-http"};
constexpr Kinds contour_kinds = {{"projectcontour.io", "HTTPProxy"},
                                 {"projectcontour.io", "TLSCertificateDelegation", false}};

constexpr List apisix_controllers = {"apisix.apache.org/apisix-ingress", "apisix.apache.org/apisix-ingress-controller"};
constexpr List apisix_classes = {"apisix"};
constexpr List apisix_prefixes = {"k8s.apisix.apache.org/"};
constexpr Kinds apisix_kinds = {{"apisix.apache.org", "ApisixRoute"}, {"apisix.apache.org", "ApisixTls", false}};

constexpr List cilium_controllers = {"cilium.io/ingress-controller"};
constexpr List cilium_classes = {"cilium"};
constexpr List cilium_prefixes = {"ingress.cilium.io/"};

constexpr List istio_controllers = {"istio.io/ingress-controller"};
constexpr List istio_classes = {"istio"};
constexpr Kinds istio_kinds = {{"networking.istio.io", "VirtualService"}, {"networking.istio.io", "Gateway", false}};

constexpr IngressController rows[] = {
    {.name = "ingress-nginx",
     .alias = {},
     .title = "ingress-nginx",
     .controllers = ingress_nginx_controllers,
     .classes = nginx_classes,
     .more_classes = ingress_nginx_more,
     .prefixes = ingress_nginx_prefixes},
    {.name = "f5-nginx",
     .alias = {},
     .title = "NGINX Ingress Controller",
     .controllers = f5_controllers,
     .classes = nginx_classes,
     .more_classes = f5_more,
     .prefixes = f5_prefixes,
     .kinds = f5_kinds},
    {.name = "traefik",
     .alias = {},
     .title = "Traefik",
     .controllers = traefik_controllers,
     .classes = traefik_classes,
     .prefixes = traefik_prefixes,
     .kinds = traefik_kinds},
    {.name = "haproxytech",
     .alias = {},
     .title = "HAProxy Kubernetes Ingress Controller",
     .controllers = haproxytech_controllers,
     .classes = haproxy_classes,
     .prefixes = haproxytech_prefixes},
    {.name = "haproxy-ingress",
     .alias = {},
     .title = "HAProxy Ingress",
     .controllers = haproxy_ingress_controllers,
     .classes = haproxy_classes,
     .more_classes = haproxy_ingress_more,
     .prefixes = haproxy_ingress_prefixes},
    {.name = "kong",
     .alias = {},
     .title = "Kong",
     .controllers = kong_controllers,
     .classes = kong_classes,
     .prefixes = kong_prefixes,
     .kinds = kong_kinds},
    {.name = "gce",
     .alias = {},
     .title = "GKE Ingress",
     .controllers = {},
     .classes = gce_classes,
     .prefixes = gce_prefixes,
     .kinds = gce_kinds},
    {.name = "aws-alb",
     .alias = "alb",
     .title = "AWS Load Balancer Controller",
     .controllers = alb_controllers,
     .classes = alb_classes,
     .prefixes = alb_prefixes},
    {.name = "contour",
     .alias = {},
     .title = "Contour",
     .controllers = contour_controllers,
     .classes = contour_classes,
     .prefixes = contour_prefixes,
     .kinds = contour_kinds},
    {.name = "apisix",
     .alias = {},
     .title = "APISIX Ingress Controller",
     .controllers = apisix_controllers,
     .classes = apisix_classes,
     .prefixes = apisix_prefixes,
     .kinds = apisix_kinds},
    {.name = "cilium",
     .alias = {},
     .title = "Cilium",
     .controllers = cilium_controllers,
     .classes = cilium_classes,
     .prefixes = cilium_prefixes},
    {.name = "istio",
     .alias = {},
     .title = "Istio",
     .controllers = istio_controllers,
     .classes = istio_classes,
     .prefixes = {},
     .kinds = istio_kinds},
};

}  // namespace

std::span<const IngressController> ingress_controllers() {
  return rows;
}

const IngressController* ingress_controller(std::string_view name) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows), [&](const IngressController& row) {
    return !name.empty() && (row.name == name || row.alias == name);
  });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace gw::vendors
