// The kinds around Gateway API that are built into the API server. Their rules are in validate/native.cpp.
// The notation is explained in validate/builtin/notation.h.
// clang-format off
#include "validate/builtin/text.h"

namespace gw::validate {

const std::string_view kubernetes_text = R"gws(
shape IngressBackend object
  resource object
    apiGroup string
    kind string
    name string
  service object
    name string
    port object
      name string
      number int32
shape TypedReference object
  apiGroup string
  kind string
  name string
  namespace string
  scope string
shape LoadBalancerStatus object
  ingress list
    * object
      hostname string
      ip string
      ipMode string
      ports list
        * object
          error string
          port int32
          protocol string
shape StatusConditions list
  * object
    lastTransitionTime string
    message string
    observedGeneration int64
    reason string
    status string
    type string
kind networking.k8s.io Ingress v1 status native
  spec object
    defaultBackend use IngressBackend
    ingressClassName string
    rules list
      * object
        host string
        http object
          paths list
            * object
              backend use IngressBackend
              path string
              pathType string
    tls list
      * object
        hosts list
          * string
        secretName string
  status object
    loadBalancer use LoadBalancerStatus
kind networking.k8s.io IngressClass v1 cluster native
  spec object
    controller string
    parameters use TypedReference
kind - Service v1 status native
  spec object
    allocateLoadBalancerNodePorts bool
    clusterIP string
    clusterIPs list
      * string
    externalIPs list
      * string
    externalName string
    externalTrafficPolicy string {Cluster,Local}
    healthCheckNodePort int32 0..65535
    internalTrafficPolicy string {Cluster,Local}
    ipFamilies list
      * string {IPv4,IPv6}
    ipFamilyPolicy string {SingleStack,PreferDualStack,RequireDualStack}
    loadBalancerClass string
    loadBalancerIP string
    loadBalancerSourceRanges list
      * string
    ports list
      * object
        appProtocol string
        name string ..63
        nodePort int32 0..65535
        port ! int32 1..65535
        protocol string {TCP,UDP,SCTP}
        targetPort int-or-string
    publishNotReadyAddresses bool
    selector object
      * string
    sessionAffinity string {None,ClientIP}
    sessionAffinityConfig object
      clientIP object
        timeoutSeconds int32 1..86400
    trafficDistribution string
    type string {ClusterIP,NodePort,LoadBalancer,ExternalName}
  status object
    conditions use StatusConditions
    loadBalancer use LoadBalancerStatus
kind discovery.k8s.io EndpointSlice v1 native
  addressType ! string {IPv4,IPv6,FQDN}
  endpoints list ..1000
    * object
      addresses ! list 1..100
        * string
      conditions object
        ready bool
        serving bool
        terminating bool
      deprecatedTopology object
        * string
      hints object
        forNodes list
          * object
            name string
        forZones list
          * object
            name string
      hostname string
      nodeName string
      targetRef object
        apiVersion string
        fieldPath string
        kind string
        name string
        namespace string
        resourceVersion string
        uid string
      zone string
  ports list ..20000
    * object
      appProtocol string
      name string
      port int32 1..65535
      protocol string {TCP,UDP,SCTP}
kind - Secret v1 native
  data object
    * byte
  immutable bool
  stringData object
    * string
  type string
kind - ConfigMap v1 native
  binaryData object
    * byte
  data object
    * string
  immutable bool
kind - Namespace v1 cluster status native
  spec object
    finalizers list
      * string
  status object
    conditions list
      * object
        lastTransitionTime string
        message string
        reason string
        status string
        type string
    phase string
)gws";

}  // namespace gw::validate
