// The kinds of gateway.networking.x-k8s.io, which only the experimental channel has.
// The notation is explained in validate/builtin/notation.h.
// clang-format off
#include "validate/builtin/text.h"

namespace gw::validate {

const std::string_view experimental_text = R"gws(
kind gateway.networking.x-k8s.io XBackend v1alpha1@x status
  spec ! object
    ? self.type == 'ExternalHostname' ? has(self.externalHostname) : !has(self.externalHostname)
    = type ExternalHostname, and only it, needs 'externalHostname'
    ?@7 self.type == 'EndpointSelector' ? has(self.endpointSelector) : !has(self.endpointSelector)
    = type EndpointSelector, and only it, needs 'endpointSelector'
    ?@7 !has(self.protocol) || self.protocol != 'H2C' || !has(self.tls) || self.tls.mode == 'None'
    = H2C is HTTP/2 without TLS; for TLS write HTTP2
    ?@7 !has(self.protocol) || self.protocol != 'HTTP2' || (has(self.tls) && self.tls.mode != 'None')
    = HTTP2 needs TLS; without it write H2C
    ?@7 !has(self.protocol) || self.protocol != 'WSS' || (has(self.tls) && self.tls.mode != 'None')
    = WSS needs TLS
    ?@7 has(self.sessionPersistence) ? self.type == 'EndpointSelector' : true
    = sessionPersistence belongs to type EndpointSelector
    endpointSelector@7 object
      matchLabels ! object 1..64
        ? self.all(key, !format.qualifiedName().validate(key).hasValue())
        = label keys are a name of up to 63 characters, with an optional DNS prefix and '/'
        * string 0..63 ~labelValue
    externalHostname object
      hostname ! string 1..253 ~dnsName
        ? !self.endsWith('.cluster.local')
        = a name below .cluster.local is not external
    port ! object 1..@7
      name@6 string ..63
        ? size(self) == 0 || format.dns1123Label().validate(self) == null
        = this release of Gateway API accepts no port name but the empty one (repaired in v1.7)
      number@7 int32 1..65535
      port@6 ! int32 1..65535
    protocol string {TCP,HTTP,HTTP2,HTTP11,H2C,MCP}@6 {TCP,HTTP,HTTP2,HTTP11,H2C,MCP,GRPC,WSS}@7
    sessionPersistence@7 object
      ? !has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)
      = a permanent cookie needs absoluteTimeout
      ? !has(self.cookie) || self.type == 'Cookie'
      = 'cookie' belongs to type Cookie
      ? self.type != 'Cookie' || has(self.cookie)
      = type Cookie needs 'cookie'
      ? !has(self.header) || self.type == 'Header'
      = 'header' belongs to type Header
      ? self.type != 'Header' || has(self.header)
      = type Header needs 'header'
      absoluteTimeout string ~duration
      cookie use Cookie
      header object
        name ! string 1..256 ~headerName
      type string {Cookie,Header} ="Cookie"
    tls object ={"mode":"None"}@7
      ? self.mode == 'ClientAndServer' ? has(self.clientCertificateRef) : !has(self.clientCertificateRef)
      = mode ClientAndServer, and only it, needs clientCertificateRef
      ?@7 self.mode == 'None' ? !has(self.validation) : has(self.validation)
      = modes ServerOnly and ClientAndServer, and only they, need 'validation'
      clientCertificateRef use SecretRef
      mode ! string {None,ServerOnly,ClientAndServer}
      validation object
        ?@6 !(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")
        = give either caCertificateRefs or wellKnownCACertificates, not both
        ?@6 (has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 || has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")
        = give the CAs to trust: caCertificateRefs or wellKnownCACertificates
        ?@7 (has(self.caCertificateRefs)?1:0)+(has(self.wellKnownCACertificates)?1:0) == 1
        = give exactly one of caCertificateRefs and wellKnownCACertificates
        caCertificateRefs list ..8@6 1..8@7
          * use LocalRef
        hostname ! string 1..253 ~dnsName
        subjectAltNames use SubjectAltNames
        wellKnownCACertificates string 1..253 ~wellKnownCa
    type ! string {ExternalHostname}@6 {ExternalHostname,EndpointSelector}@7
  status object
    ancestors@7 use AncestorStatus
    parents@6 use ParentStatus
kind gateway.networking.x-k8s.io XBackendTrafficPolicy v1alpha1@x status
  spec ! object
    retryConstraint object
      budget object ={"interval":"10s","percent":20}
        interval string ~duration ="10s"
          ? !(duration(self) < duration('1s') || duration(self) > duration('1h'))
          = the interval is between one second and one hour
        percent integer 0..100 =20
      minRetryRate object ={"count":10,"interval":"1s"}
        count integer 1..1000000
        interval string ~duration
          ? !(duration(self) == duration('0s') || duration(self) > duration('1h'))
          = the interval is at most one hour and not zero
    sessionPersistence use SessionPersistence
    targetRefs ! list 1..16 keys(group,kind,name)
      * use LocalRef
  status use RouteStatus
kind gateway.networking.x-k8s.io XMesh v1alpha1@x cluster status
  spec ! object
    controllerName ! string 1..253 ~controllerName
      ? self == oldSelf
      = this value cannot be changed later
    description string ..64
    parametersRef use ObjectRef
  status object
    conditions use Conditions
    supportedFeatures list
      * object
        name string
kind gateway.networking.x-k8s.io XTelemetryPolicy v1alpha1@x7 status
  spec ! object
    ? has(self.tracing)
    = give at least one setting: tracing
    targetRefs ! list 1..16
      * use LocalRef
    tracing object
      ? self.mode == 'Enabled' ? has(self.provider) : !has(self.provider)
      = mode Enabled, and only it, needs 'provider'
      ? has(self.samplingRate) ? self.mode == 'Enabled' : true
      = samplingRate belongs to mode Enabled
      ? has(self.parentBasedSampling) ? self.mode == 'Enabled' : true
      = parentBasedSampling belongs to mode Enabled
      ? has(self.serviceName) ? self.mode == 'Enabled' : true
      = serviceName belongs to mode Enabled
      ? has(self.spanName) ? self.mode == 'Enabled' : true
      = spanName belongs to mode Enabled
      ? has(self.attributes) ? self.mode == 'Enabled' : true
      = attributes belong to mode Enabled
      attributes list keys(name)
        * object
          ? self.sourceType == 'Header' ? has(self.headerName) : !has(self.headerName)
          = sourceType Header, and only it, needs headerName
          ? self.sourceType == 'Literal' ? has(self.literalValue) : !has(self.literalValue)
          = sourceType Literal, and only it, needs literalValue
          ? self.sourceType == 'Attribute' ? has(self.attributeKey) : !has(self.attributeKey)
          = sourceType Attribute, and only it, needs attributeKey
          attributeKey string 1..256 ~attributeKey
          headerName string 1..256 ~headerName
          literalValue string 1..1024
          name ! string 1..256 ~spanWord
          sourceType ! string {Header,Literal,Attribute}
      mode string {Enabled,Disabled,ImplementationDefault} ="ImplementationDefault"
      parentBasedSampling object
        ? has(self.samplingRate) ? self.mode == 'Enabled' : true
        = samplingRate belongs to mode Enabled
        mode string {Enabled,Disabled,ImplementationDefault} ="ImplementationDefault"
        samplingRate use Fraction
      provider object
        backendRef ! use BackendRef
        headers list ..16 keys(name)
          * object
            name ! string 1..256 ~headerName
            value ! string 1..4096 ~headerValue
      samplingRate use Fraction
      serviceName string 1..253 ~spanWord
      spanName string 1..256 ~spanName
  status use RouteStatus
)gws";

}  // namespace gw::validate
