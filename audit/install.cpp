// The commands of each project's own installation guide, without a version where the latest is meant.
#include <algorithm>

#include "audit/plan.h"

namespace gw::audit {
namespace {

// Where each row's facts stand: the installation page of the project's documentation; of Envoy Gateway and Cilium their
// charts as well.
constexpr Install rows[] = {
    {"standard", "", "", "", "Install a controller of your choice; its class is the --gateway-class of convert."},
    {"envoy-gateway",
     "helm template eg-crds oci://docker.io/envoyproxy/gateway-crds-helm --set crds.gatewayAPI.enabled=false --set "
     "crds.envoyGateway.enabled=true | kubectl apply --server-side -f - && helm install eg "
     "oci://docker.io/envoyproxy/gateway-helm -n envoy-gateway-system --create-namespace --skip-crds --set "
     "crds.enabled=false",
     "kubectl wait --timeout=5m -n envoy-gateway-system deployment/envoy-gateway --for=condition=Available",
     "helm uninstall eg -n envoy-gateway-system && helm template eg-crds oci://docker.io/envoyproxy/gateway-crds-helm "
     "--set crds.gatewayAPI.enabled=false --set crds.envoyGateway.enabled=true | kubectl delete -f -",
     "The chart would bring Gateway API's CRDs of the experimental channel and their upgrade policy, which belong to "
     "the line above already; so it installs without them, and only Envoy Gateway's own come from the chart of CRDs."},
    {"nginx-gateway-fabric",
     "helm install ngf oci://ghcr.io/nginx/charts/nginx-gateway-fabric -n nginx-gateway --create-namespace",
     "kubectl wait --timeout=5m -n nginx-gateway deployment/ngf-nginx-gateway-fabric --for=condition=Available",
     "helm uninstall ngf -n nginx-gateway", ""},
    {"traefik",
     "helm repo add traefik https://traefik.github.io/charts && helm install traefik traefik/traefik -n traefik "
     "--create-namespace --set providers.kubernetesGateway.enabled=true --set "
     "providers.kubernetesIngress.enabled=false "
     "--set gateway.enabled=false",
     "kubectl wait --timeout=5m -n traefik deployment/traefik --for=condition=Available",
     "helm uninstall traefik -n traefik",
     "The Ingress provider stays off, so that it does not take the old Ingresses as well. Traefik listens on its entry "
     "points: a Gateway's ports must be theirs (8000 and 8443 unless ports.web and ports.websecure say otherwise). "
     "TCPRoutes need providers.kubernetesGateway.experimentalChannel=true and the experimental CRDs."},
    {"kong",
     "helm repo add kong https://charts.konghq.com && helm install kong kong/ingress -n kong --create-namespace",
     "kubectl wait --timeout=5m -n kong deployment/kong-controller --for=condition=Available",
     "helm uninstall kong -n kong",
     "The controller looks for the CRDs when it starts: they must be there first. Ports of a Gateway must be ports of "
     "Kong's Service."},
    {"istio", "istioctl install --set profile=minimal -y",
     "kubectl wait --timeout=5m -n istio-system deployment/istiod --for=condition=Available",
     "istioctl uninstall --purge -y", "A Gateway gets a Deployment and a Service of its own in its namespace."},
    {"cilium",
     "helm repo add cilium https://helm.cilium.io/ && helm upgrade cilium cilium/cilium -n kube-system --version "
     "\"$(helm get metadata cilium -n kube-system -o yaml | sed -n 's/^version: //p')\" --reuse-values --set "
     "kubeProxyReplacement=true --set gatewayAPI.enabled=true && kubectl -n kube-system rollout restart "
     "deployment/cilium-operator daemonset/cilium",
     "cilium status --wait",
     "helm upgrade cilium cilium/cilium -n kube-system --version \"$(helm get metadata cilium -n kube-system -o yaml | "
     "sed -n 's/^version: //p')\" --reuse-values --set gatewayAPI.enabled=false",
     "Cilium must be the cluster's network already, and stays at its version; its documentation names the release of "
     "Gateway API whose CRDs must be there before it is restarted."},
    {"contour", "kubectl apply -f https://projectcontour.io/quickstart/contour-gateway-provisioner.yaml",
     "kubectl wait --timeout=5m -n projectcontour deployment/contour-gateway-provisioner --for=condition=Available",
     "kubectl delete -f https://projectcontour.io/quickstart/contour-gateway-provisioner.yaml",
     "The manifest brings the CRDs of Gateway API 1.3 along and replaces newer ones: leave them out where another "
     "gateway needs those. A Gateway gets a Deployment and a Service of its own."},
    {"gke", "gcloud container clusters update CLUSTER --location=LOCATION --gateway-api=standard", "",
     "gcloud container clusters update CLUSTER --location=LOCATION --gateway-api=disabled",
     "GKE installs and updates the CRDs itself.", true},
    {"kgateway",
     "helm upgrade -i kgateway-crds oci://cr.kgateway.dev/kgateway-dev/charts/kgateway-crds -n kgateway-system "
     "--create-namespace && helm upgrade -i kgateway oci://cr.kgateway.dev/kgateway-dev/charts/kgateway -n "
     "kgateway-system",
     "kubectl wait --timeout=5m -n kgateway-system deployment/kgateway --for=condition=Available",
     "helm uninstall kgateway kgateway-crds -n kgateway-system", ""},
    {"agentgateway",
     "helm upgrade -i agentgateway-crds oci://cr.agentgateway.dev/charts/agentgateway-crds -n agentgateway-system "
     "--create-namespace && helm upgrade -i agentgateway oci://cr.agentgateway.dev/charts/agentgateway -n "
     "agentgateway-system",
     "kubectl wait --timeout=5m -n agentgateway-system deployment/agentgateway --for=condition=Available",
     "helm uninstall agentgateway agentgateway-crds -n agentgateway-system", ""},
    {"aws",
     "kubectl apply -k https://github.com/kubernetes-sigs/aws-load-balancer-controller/config/crd/gateway && helm repo "
     "add eks https://aws.github.io/eks-charts && helm upgrade -i aws-load-balancer-controller "
     "eks/aws-load-balancer-controller -n kube-system --reuse-values",
     "kubectl wait --timeout=5m -n kube-system deployment/aws-load-balancer-controller --for=condition=Available",
     "kubectl delete -k https://github.com/kubernetes-sigs/aws-load-balancer-controller/config/crd/gateway",
     "The controller is the one that serves the Ingresses: a Gateway gets a load balancer of its own beside theirs."},
};

}  // namespace

const Install* install_of(std::string_view target) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Install& row) { return row.target == target; });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace gw::audit
