// What several kinds of Gateway API have in common.
// The notation is explained in validate/builtin/notation.h.
// clang-format off
#include "validate/builtin/text.h"

namespace gw::validate {

const std::string_view shapes_text = R"gws(
shape AllowedRoutes object ={"namespaces":{"from":"Same"}}
  kinds list ..8
    * object
      group string ..253 ~group ="gateway.networking.k8s.io"
      kind ! string 1..63 ~kind
  namespaces object ={"from":"Same"}
    from string {All,Selector,Same} ="Same"
    selector use LabelSelector
shape AncestorRef object
  group string
  kind string
  name string
  namespace string
  port integer
  sectionName string
shape AncestorStatus list
  * object
    ancestorRef use AncestorRef
    conditions use Conditions
    controllerName string
shape BackendRef object
  ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
  = a reference to a Service needs its port
  ? (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
  = a reference to an XBackend has no port
  group string ..253 ~group =""
  kind string 1..63 ~kind ="Service"
  name ! string 1..253
  namespace string 1..63 ~namespace
  port int32 1..65535
shape BackendRule object
  backendRefs ! list 1..16
    * object
      ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
      = a reference to a Service needs its port
      ?@x7 (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
      = a reference to an XBackend has no port
      group string ..253 ~group =""
      kind string 1..63 ~kind ="Service"
      name ! string 1..253
      namespace string 1..63 ~namespace
      port int32 1..65535
      weight int32 0..1000000 =1
  name string 1..253 ~dnsName
shape BackendRules list 1..16
  ?@x self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))
  = two rules have the same name
  * use BackendRule
shape Conditions list
  * object
    lastTransitionTime string
    message string
    observedGeneration integer
    reason string
    status string
    type string
shape Cookie object
  lifetimeType string {Permanent,Session} ="Session"
  name string 1..256 ~headerName
  path string ..1024 ="/"
shape ExternalAuthHttp object
  allowedHeaders list ..64 set
    * string
  allowedResponseHeaders list ..64 set
    * string
  path string ..1024 ~path
shape Fraction object
  ? self.numerator <= self.denominator
  = the numerator is larger than the denominator
  denominator int32 1.. =100
  numerator ! int32 0..
shape FrontendTls object
  validation object
    caCertificateRefs ! list 1..16
      ?@x7 self.all(r, !(r.group == 'certificates.k8s.io' && r.kind == 'ClusterTrustBundle' && has(r.namespace)))
      = a ClusterTrustBundle has no namespace
      * use ObjectRef
    mode string {AllowValidOnly,AllowInsecureFallback} ="AllowValidOnly"
shape GrpcFilters list ..16
  ? self.filter(f, f.type == 'RequestHeaderModifier').size() <= 1
  = RequestHeaderModifier may appear once
  ? self.filter(f, f.type == 'ResponseHeaderModifier').size() <= 1
  = ResponseHeaderModifier may appear once
  * object
    ? !(has(self.requestHeaderModifier) && self.type != 'RequestHeaderModifier')
    = 'requestHeaderModifier' belongs to filters of type RequestHeaderModifier
    ? !(!has(self.requestHeaderModifier) && self.type == 'RequestHeaderModifier')
    = a filter of type RequestHeaderModifier needs 'requestHeaderModifier'
    ? !(has(self.responseHeaderModifier) && self.type != 'ResponseHeaderModifier')
    = 'responseHeaderModifier' belongs to filters of type ResponseHeaderModifier
    ? !(!has(self.responseHeaderModifier) && self.type == 'ResponseHeaderModifier')
    = a filter of type ResponseHeaderModifier needs 'responseHeaderModifier'
    ? !(has(self.requestMirror) && self.type != 'RequestMirror')
    = 'requestMirror' belongs to filters of type RequestMirror
    ? !(!has(self.requestMirror) && self.type == 'RequestMirror')
    = a filter of type RequestMirror needs 'requestMirror'
    ? !(has(self.extensionRef) && self.type != 'ExtensionRef')
    = 'extensionRef' belongs to filters of type ExtensionRef
    ? !(!has(self.extensionRef) && self.type == 'ExtensionRef')
    = a filter of type ExtensionRef needs 'extensionRef'
    extensionRef use LocalRef
    requestHeaderModifier use HeaderChange
    requestMirror use RequestMirror
    responseHeaderModifier use HeaderChange
    type ! string {ResponseHeaderModifier,RequestHeaderModifier,RequestMirror,ExtensionRef}
shape HeaderChange object
  add use Headers
  remove list ..16 set
    * string
  set use Headers
shape Headers list ..16 keys(name)
  * object
    name ! string 1..256 ~headerName
    value ! string 1..4096 ~headerValue@x
shape HttpFilters list ..16
  ? !(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))
  = a rule can redirect or rewrite, not both
  ? self.filter(f, f.type == 'CORS').size() <= 1
  = CORS may appear once
  ? self.filter(f, f.type == 'RequestHeaderModifier').size() <= 1
  = RequestHeaderModifier may appear once
  ? self.filter(f, f.type == 'ResponseHeaderModifier').size() <= 1
  = ResponseHeaderModifier may appear once
  ? self.filter(f, f.type == 'RequestRedirect').size() <= 1
  = RequestRedirect may appear once
  ? self.filter(f, f.type == 'URLRewrite').size() <= 1
  = URLRewrite may appear once
  * object
    ? !(has(self.cors) && self.type != 'CORS')
    = 'cors' belongs to filters of type CORS
    ? !(!has(self.cors) && self.type == 'CORS')
    = a filter of type CORS needs 'cors'
    ? !(has(self.requestHeaderModifier) && self.type != 'RequestHeaderModifier')
    = 'requestHeaderModifier' belongs to filters of type RequestHeaderModifier
    ? !(!has(self.requestHeaderModifier) && self.type == 'RequestHeaderModifier')
    = a filter of type RequestHeaderModifier needs 'requestHeaderModifier'
    ? !(has(self.responseHeaderModifier) && self.type != 'ResponseHeaderModifier')
    = 'responseHeaderModifier' belongs to filters of type ResponseHeaderModifier
    ? !(!has(self.responseHeaderModifier) && self.type == 'ResponseHeaderModifier')
    = a filter of type ResponseHeaderModifier needs 'responseHeaderModifier'
    ? !(has(self.requestMirror) && self.type != 'RequestMirror')
    = 'requestMirror' belongs to filters of type RequestMirror
    ? !(!has(self.requestMirror) && self.type == 'RequestMirror')
    = a filter of type RequestMirror needs 'requestMirror'
    ? !(has(self.requestRedirect) && self.type != 'RequestRedirect')
    = 'requestRedirect' belongs to filters of type RequestRedirect
    ? !(!has(self.requestRedirect) && self.type == 'RequestRedirect')
    = a filter of type RequestRedirect needs 'requestRedirect'
    ? !(has(self.urlRewrite) && self.type != 'URLRewrite')
    = 'urlRewrite' belongs to filters of type URLRewrite
    ? !(!has(self.urlRewrite) && self.type == 'URLRewrite')
    = a filter of type URLRewrite needs 'urlRewrite'
    ? !(has(self.extensionRef) && self.type != 'ExtensionRef')
    = 'extensionRef' belongs to filters of type ExtensionRef
    ? !(!has(self.extensionRef) && self.type == 'ExtensionRef')
    = a filter of type ExtensionRef needs 'extensionRef'
    ?@x !(has(self.externalAuth) && self.type != 'ExternalAuth')
    = 'externalAuth' belongs to filters of type ExternalAuth
    ?@x !(!has(self.externalAuth) && self.type == 'ExternalAuth')
    = a filter of type ExternalAuth needs 'externalAuth'
    cors object
      allowCredentials bool
      allowHeaders list ..64 set
        ? !('*' in self && self.size() > 1)
        = '*' stands alone: it covers the other entries
        * string 1..256 ~headerName
      allowMethods list ..9 set
        ? !('*' in self && self.size() > 1)
        = '*' stands alone: it covers the other entries
        * string {GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH,*}
      allowOrigins list ..64 set
        ? !('*' in self && self.size() > 1)
        = '*' stands alone: it covers the other entries
        * string 1..253 ~origin
      exposeHeaders list ..64 set
        * string 1..256 ~headerName
      maxAge int32 1.. =5
    extensionRef use LocalRef
    externalAuth@x object
      ? self.protocol == 'GRPC' ? has(self.grpc) : true
      = protocol GRPC needs 'grpc'
      ? has(self.grpc) ? self.protocol == 'GRPC' : true
      = 'grpc' belongs to protocol GRPC
      ? self.protocol == 'HTTP' ? has(self.http) : true
      = protocol HTTP needs 'http'
      ? has(self.http) ? self.protocol == 'HTTP' : true
      = 'http' belongs to protocol HTTP
      backendRef ! object
        ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
        = a reference to a Service needs its port
        ?@7 (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
        = a reference to an XBackend has no port
        group string ..253 ~group =""
        kind string 1..63 ~kind ="Service"
        name ! string 1..253
        namespace string 1..63 ~namespace
        port int32 1..65535
      forwardBody object
        maxSize integer@6 int32@7 0..@7
      grpc object
        allowedHeaders list ..64 set
          * string
      http use ExternalAuthHttp
      protocol ! string {HTTP,GRPC}
    requestHeaderModifier use HeaderChange
    requestMirror use RequestMirror
    requestRedirect object
      hostname string 1..253 ~dnsName
      path use PathChange
      port int32 1..65535
      scheme string {http,https}
      statusCode integer {301,302,303,307,308} =302
    responseHeaderModifier use HeaderChange
    type ! string {RequestHeaderModifier,ResponseHeaderModifier,RequestMirror,RequestRedirect,URLRewrite,ExtensionRef,CORS}@s {RequestHeaderModifier,ResponseHeaderModifier,RequestMirror,RequestRedirect,URLRewrite,ExtensionRef,CORS,ExternalAuth}@x
    urlRewrite object
      hostname string 1..253 ~dnsName
      path use PathChange
shape LabelSelector object
  matchExpressions list
    * object
      key ! string
      operator ! string
      values list
        * string
  matchLabels object
    * string
shape ListenerFilters object
  requests list ..16
    * object
      ? !(has(self.externalAuth) && self.type != 'ExternalAuth')
      = 'externalAuth' belongs to filters of type ExternalAuth
      ? !(!has(self.externalAuth) && self.type == 'ExternalAuth')
      = a filter of type ExternalAuth needs 'externalAuth'
      ? !(has(self.extensionRef) && self.type != 'ExtensionRef')
      = 'extensionRef' belongs to filters of type ExtensionRef
      ? !(!has(self.extensionRef) && self.type == 'ExtensionRef')
      = a filter of type ExtensionRef needs 'extensionRef'
      extensionRef use LocalRef
      externalAuth object
        ? self.protocol == 'GRPC' ? has(self.grpc) : true
        = protocol GRPC needs 'grpc'
        ? has(self.grpc) ? self.protocol == 'GRPC' : true
        = 'grpc' belongs to protocol GRPC
        ? self.protocol == 'HTTP' ? has(self.http) : true
        = protocol HTTP needs 'http'
        ? has(self.http) ? self.protocol == 'HTTP' : true
        = 'http' belongs to protocol HTTP
        backendRef ! use BackendRef
        forwardBody object
          maxSize int32 0..
        grpc object
          allowedHeaders list ..64 set
            * string
        http use ExternalAuthHttp
        protocol ! string {HTTP,GRPC}
      type ! string {ExternalAuth,ExtensionRef}
shape ListenerStatus list
  * object
    attachedRoutes integer
    conditions use Conditions
    name string
    supportedKinds list
      * object
        group string
        kind string
shape ListenerTls object
  ? self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true
  = terminating TLS needs certificateRefs (or options of the implementation)
  certificateRefs list ..64
    * use SecretRef
  mode string {Terminate,Passthrough} ="Terminate"
  options object ..16
    * string 0..4096
shape LocalRef object
  group ! string ..253 ~group
  kind ! string 1..63 ~kind
  name ! string 1..253
shape ObjectRef object
  group ! string ..253 ~group
  kind ! string 1..63 ~kind
  name ! string 1..253
  namespace string 1..63 ~namespace
shape ParentRefs list ..32
  ?@s self.all(p1, self.all(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ )) ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))
  = several parentRefs name the same parent: each needs a sectionName
  ?@s self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ )) && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))
  = two parentRefs name the same parent and section
  ?@x self.all(p1, self.all(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__)) ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '') && (!has(p1.port) || p1.port == 0) == (!has(p2.port) || p2.port == 0)): true))
  = several parentRefs name the same parent: each needs a sectionName or a port
  ?@x self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ )) && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || ( has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName)) && (((!has(p1.port) || p1.port == 0) && (!has(p2.port) || p2.port == 0)) || (has(p1.port) && has(p2.port) && p1.port == p2.port))))
  = two parentRefs name the same parent, section and port
  * object
    group string ..253 ~group ="gateway.networking.k8s.io"
    kind string 1..63 ~kind ="Gateway"
    name ! string 1..253
    namespace string 1..63 ~namespace
    port int32 1..65535
    sectionName string 1..253 ~dnsName
shape ParentStatus list
  * object
    conditions use Conditions
    controllerName string
    parentRef use AncestorRef
shape PathChange object
  ? self.type == 'ReplaceFullPath' ? has(self.replaceFullPath) : true
  = type ReplaceFullPath needs 'replaceFullPath'
  ? has(self.replaceFullPath) ? self.type == 'ReplaceFullPath' : true
  = 'replaceFullPath' belongs to type ReplaceFullPath
  ? self.type == 'ReplacePrefixMatch' ? has(self.replacePrefixMatch) : true
  = type ReplacePrefixMatch needs 'replacePrefixMatch'
  ? has(self.replacePrefixMatch) ? self.type == 'ReplacePrefixMatch' : true
  = 'replacePrefixMatch' belongs to type ReplacePrefixMatch
  replaceFullPath string ..1024
  replacePrefixMatch string ..1024
  type ! string {ReplaceFullPath,ReplacePrefixMatch}
shape PolicyStatus object
  parents use ParentStatus
shape RequestMirror object
  ? !(has(self.percent) && has(self.fraction))
  = give either percent or fraction, not both
  backendRef ! object
    ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
    = a reference to a Service needs its port
    ?@x7 (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
    = a reference to an XBackend has no port
    group string ..253 ~group =""
    kind string 1..63 ~kind ="Service"
    name ! string 1..253
    namespace string 1..63 ~namespace
    port int32 1..65535
  fraction use Fraction
  percent int32 0..100
shape RouteStatus object
  ancestors use AncestorStatus
shape SecretRef object
  group string ..253 ~group =""
  kind string 1..63 ~kind ="Secret"
  name ! string 1..253
  namespace string 1..63 ~namespace
shape SessionPersistence object
  ?@6 !has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || self.cookieConfig.lifetimeType != 'Permanent' || has(self.absoluteTimeout)
  = a permanent cookie needs absoluteTimeout
  ?@6 !has(self.cookieConfig) || self.type == 'Cookie'
  = cookieConfig belongs to session persistence of type Cookie
  ?@7 !has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)
  = a permanent cookie needs absoluteTimeout
  ?@7 !has(self.cookie) || self.type == 'Cookie'
  = 'cookie' belongs to type Cookie
  ?@7 self.type != 'Cookie' || has(self.cookie)
  = type Cookie needs 'cookie'
  ?@7 !has(self.header) || self.type == 'Header'
  = 'header' belongs to type Header
  ?@7 self.type != 'Header' || has(self.header)
  = type Header needs 'header'
  absoluteTimeout string ~duration
  cookie@7 use Cookie
  cookieConfig@6 object
    lifetimeType string {Permanent,Session} ="Session"
  header@7 object
    name ! string 1..256 ~headerName
  sessionName@6 string ..128
  type string {Cookie,Header} ="Cookie"
shape SingleRule list 1..1
  * use BackendRule
shape SubjectAltNames list ..5
  * object
    ? !(self.type == "Hostname" && (!has(self.hostname) || self.hostname == ""))
    = a subjectAltName of type Hostname needs 'hostname'
    ? !(self.type != "Hostname" && has(self.hostname) && self.hostname != "")
    = 'hostname' belongs to subjectAltNames of type Hostname
    ? !(self.type == "URI" && (!has(self.uri) || self.uri == ""))
    = a subjectAltName of type URI needs 'uri'
    ? !(self.type != "URI" && has(self.uri) && self.uri != "")
    = 'uri' belongs to subjectAltNames of type URI
    hostname string 1..253 ~hostname
    type ! string {Hostname,URI}
    uri string 1..253 ~uri
)gws";

}  // namespace gw::validate
