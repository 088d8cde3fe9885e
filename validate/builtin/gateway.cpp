// The kinds of gateway.networking.k8s.io.
// The notation is explained in validate/builtin/notation.h.
// clang-format off
#include "validate/builtin/text.h"

namespace gw::validate {

const std::string_view gateway_text = R"gws(
kind gateway.networking.k8s.io BackendTLSPolicy v1 status
  spec ! object
    options object ..16
      * string 0..4096
    targetRefs ! list 1..16
      ? self.all(p1, self.all(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))
      = several targetRefs name the same target: each needs a sectionName
      ? self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))
      = two targetRefs name the same target and section
      * object
        group ! string ..253 ~group
        kind ! string 1..63 ~kind
        name ! string 1..253
        sectionName string 1..253 ~dnsName
    validation ! object
      ?@s6,s7,x6 !(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")
      = give either caCertificateRefs or wellKnownCACertificates, not both
      ?@s6,s7,x6 (has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 || has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")
      = give the CAs to trust: caCertificateRefs or wellKnownCACertificates
      ?@x7 (has(self.caCertificateRefs)?1:0)+(has(self.wellKnownCACertificates)?1:0) == 1
      = give exactly one of caCertificateRefs and wellKnownCACertificates
      caCertificateRefs list ..8@s6,s7,x6 1..8@x7
        * use LocalRef
      hostname ! string 1..253 ~dnsName
      subjectAltNames use SubjectAltNames
      wellKnownCACertificates string 1..253 ~wellKnownCa
  status use RouteStatus
kind gateway.networking.k8s.io BackendTLSPolicy v1alpha3 unserved@s deprecated status like v1
kind gateway.networking.k8s.io GRPCRoute v1 status
  spec ! object
    hostnames list ..16
      * string 1..253 ~hostname
    parentRefs use ParentRefs
    rules list ..16
      ? self.map(r, has(r.matches) ? r.matches.size() : 0).sum() <= 128
      = the rules of one route may have 128 matches together
      ?@s7,x6,x7 self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))
      = two rules have the same name
      * object
        backendRefs list ..16
          * object
            ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
            = a reference to a Service needs its port
            ?@x7 (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
            = a reference to an XBackend has no port
            filters use GrpcFilters
            group string ..253 ~group =""
            kind string 1..63 ~kind ="Service"
            name ! string 1..253
            namespace string 1..63 ~namespace
            port int32 1..65535
            weight int32 0..1000000 =1
        filters use GrpcFilters
        matches list ..64
          * object
            headers list ..16 keys(name)
              * object
                name ! string 1..256 ~headerName
                type string {Exact,RegularExpression} ="Exact"
                value ! string 1..4096
            method object
              ? has(self.type) ? has(self.service) || has(self.method) : true
              = a method match needs 'service' or 'method'
              ? (!has(self.type) || self.type == 'Exact') && has(self.service) ? self.service.matches(r"""^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$"""): true
              = an exact gRPC service is a package and a name like shop.v1.Cart
              ? (!has(self.type) || self.type == 'Exact') && has(self.method) ? self.method.matches(r"""^[A-Za-z_][A-Za-z_0-9]*$"""): true
              = an exact gRPC method is one name of letters, digits and '_'
              method string ..1024
              service string ..1024
              type string {Exact,RegularExpression} ="Exact"
        name string 1..253 ~dnsName
        sessionPersistence@x use SessionPersistence
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io Gateway v1 status
  spec ! object
    addresses list ..16
      ? self.all(a1, a1.type == 'IPAddress' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )
      = the same IP address is listed twice
      ? self.all(a1, a1.type == 'Hostname'  && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )
      = the same hostname is listed twice among the addresses
      * object
        ? self.type == 'Hostname' ? (!has(self.value) || self.value.matches(r"""^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$""")): true
        = an address of type Hostname holds a DNS name in lower case, or nothing
        routability@x7 string ..253
          ? size(self) == 0 || self == 'Cluster' || (self.matches('^.*/.+$') && !format.dns1123Subdomain().validate(self.split('/')[0]).hasValue() && self.split('/')[0] != 'k8s.io' && !self.split('/')[0].endsWith('.k8s.io'))
          = routability is Cluster, or an implementation's own word like example.com/private; k8s.io is reserved
        type string 1..253 ~addressType ="IPAddress"
        value string ..253
        %one any
          type any {IPAddress}
          value any
            %any ipv4 anytype
            %any ipv6 anytype
        %one any
          type any
            %not any {IPAddress}
    allowedListeners object
      namespaces object ={"from":"None"}
        from string {All,Selector,Same,None} ="None"
        selector use LabelSelector
    defaultScope@x string {All,None}
    gatewayClassName ! string 1..253
    infrastructure object
      annotations object ..16
        ? self.all(key, key.matches(r"""^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$"""))
        = annotation keys are a name of up to 63 characters, with an optional DNS prefix and '/'
        ? self.all(key, key.split("/")[0].size() < 253)
        = the part of a key before '/' may have at most 252 characters
        * string 0..4096
      labels object ..8
        ? self.all(key, key.matches(r"""^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$"""))
        = label keys are a name of up to 63 characters, with an optional DNS prefix and '/'
        ? self.all(key, key.split("/")[0].size() < 253)
        = the part of a key before '/' may have at most 252 characters
        * string 0..63 ~labelValue
      parametersRef use LocalRef
    listeners ! list 1..64 keys(name)
      ? self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)
      = listeners of protocol HTTP, TCP and UDP have no 'tls'
      ? self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)
      = HTTPS listeners terminate TLS: mode is Terminate
      ? self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))
      = TLS listeners need tls.mode: Terminate or Passthrough
      ? self.all(l, l.protocol in ['TCP', 'UDP']  ? (!has(l.hostname) || l.hostname == '') : true)
      = listeners of protocol TCP and UDP have no hostname
      ? self.all(l1, self.exists_one(l2, l1.name == l2.name))
      = two listeners have the same name
      ? self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))
      = two listeners have the same port, protocol and hostname
      * object
        ?@x7 !has(self.filters) || self.protocol in ['HTTP', 'HTTPS']
        = only HTTP and HTTPS listeners can have filters
        allowedRoutes use AllowedRoutes
        filters@x7 use ListenerFilters
        hostname string 1..253 ~hostname
        name ! string 1..253 ~dnsName
        port ! int32 1..65535
        protocol ! string 1..255 ~protocol
        tls use ListenerTls
    tls object
      backend object
        clientCertificateRef use SecretRef
      frontend object
        default ! use FrontendTls
        perPort list ..64 keys(port)
          ? self.all(t1, self.exists_one(t2, t1.port == t2.port))
          = two entries configure TLS for the same port
          * object
            port ! int32 1..65535
            tls ! use FrontendTls
  status object
    addresses list
      * object
        routability@x7 string
        type string
        value string
    attachedListenerSets integer
    conditions use Conditions
    listeners use ListenerStatus
kind gateway.networking.k8s.io Gateway v1beta1 status like v1
kind gateway.networking.k8s.io GatewayClass v1 cluster status
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
kind gateway.networking.k8s.io GatewayClass v1beta1 cluster status like v1
kind gateway.networking.k8s.io HTTPRoute v1 status
  spec ! object
    hostnames list ..16
      * string 1..253 ~hostname
    parentRefs use ParentRefs
    rules list 1..16 =[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}]}]
      ? self.map(r, r.matches.size()).sum() <= 128
      = the rules of one route may have 128 matches together
      ?@s7,x6,x7 self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))
      = two rules have the same name
      * object
        ? (has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true
        = a rule that redirects cannot have backendRefs
        ? (has(self.filters) && self.filters.exists_one(f, has(f.requestRedirect) && has(f.requestRedirect.path) && f.requestRedirect.path.type == 'ReplacePrefixMatch' && has(f.requestRedirect.path.replacePrefixMatch))) ? ((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true
        = a redirect with replacePrefixMatch needs exactly one match, of type PathPrefix
        ? (has(self.filters) && self.filters.exists_one(f, has(f.urlRewrite) && has(f.urlRewrite.path) && f.urlRewrite.path.type == 'ReplacePrefixMatch' && has(f.urlRewrite.path.replacePrefixMatch))) ? ((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true
        = a rewrite with replacePrefixMatch needs exactly one match, of type PathPrefix
        ? (has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && b.filters.exists_one(f, has(f.requestRedirect) && has(f.requestRedirect.path) && f.requestRedirect.path.type == 'ReplacePrefixMatch' && has(f.requestRedirect.path.replacePrefixMatch))) )) ? ((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true
        = a backend's redirect with replacePrefixMatch needs exactly one match, of type PathPrefix
        ? (has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && b.filters.exists_one(f, has(f.urlRewrite) && has(f.urlRewrite.path) && f.urlRewrite.path.type == 'ReplacePrefixMatch' && has(f.urlRewrite.path.replacePrefixMatch))) )) ? ((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true
        = a backend's rewrite with replacePrefixMatch needs exactly one match, of type PathPrefix
        backendRefs list ..16
          * object
            ? (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true
            = a reference to a Service needs its port
            ?@x7 (self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true
            = a reference to an XBackend has no port
            filters use HttpFilters
            group string ..253 ~group =""
            kind string 1..63 ~kind ="Service"
            name ! string 1..253
            namespace string 1..63 ~namespace
            port int32 1..65535
            weight int32 0..1000000 =1
        filters use HttpFilters
        matches list ..64 =[{"path":{"type":"PathPrefix","value":"/"}}]
          * object
            headers list ..16 keys(name)
              * object
                name ! string 1..256 ~headerName
                type string {Exact,RegularExpression} ="Exact"
                value ! string 1..4096 ~headerValue@x
            method string {GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH}
            path object ={"type":"PathPrefix","value":"/"}
              ? (self.type in ['Exact','PathPrefix']) ? self.value.startsWith('/') : true
              = a path begins with '/'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('//') : true
              = a path has no '//'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('/./') : true
              = a path has no '/./'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('/../') : true
              = a path has no '/../'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('%2f') : true
              = a path has no encoded slash (%2f)
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('%2F') : true
              = a path has no encoded slash (%2F)
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.contains('#') : true
              = a path has no '#'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.endsWith('/..') : true
              = a path does not end with '/..'
              ? (self.type in ['Exact','PathPrefix']) ? !self.value.endsWith('/.') : true
              = a path does not end with '/.'
              ? self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'
              = the type of a path is Exact, PathPrefix or RegularExpression
              ? (self.type in ['Exact','PathPrefix']) ? self.value.matches(r"""^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$""") : true
              = a path holds letters, digits, -._~!$&'()*+,;=:@/ and %-escapes only
              type string {Exact,PathPrefix,RegularExpression} ="PathPrefix"
              value string ..1024 ="/"
            queryParams list ..16 keys(name)
              * object
                name ! string 1..256 ~headerName
                type string {Exact,RegularExpression} ="Exact"
                value ! string 1..1024
        name string 1..253 ~dnsName
        retry@s7,x6,x7 object
          attempts integer 1..@6 0..@7 =1@7
          backoff string ~duration
          codes list set
            * integer 400..599
        sessionPersistence@x use SessionPersistence
        timeouts object
          ? !(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))
          = the backendRequest timeout is longer than the request timeout
          backendRequest string ~duration
          request string ~duration
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io HTTPRoute v1beta1 status like v1
kind gateway.networking.k8s.io ListenerSet v1 status
  spec ! object
    listeners ! list 1..64 keys(name)
      ? self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)
      = listeners of protocol HTTP, TCP and UDP have no 'tls'
      ? self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)
      = HTTPS listeners terminate TLS: mode is Terminate
      ? self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))
      = TLS listeners need tls.mode: Terminate or Passthrough
      ? self.all(l, l.protocol in ['TCP', 'UDP']  ? (!has(l.hostname) || l.hostname == '') : true)
      = listeners of protocol TCP and UDP have no hostname
      ? self.all(l1, self.exists_one(l2, l1.name == l2.name))
      = two listeners have the same name
      ? self.all(l1, !has(l1.port) || self.exists_one(l2, has(l2.port) && l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))
      = two listeners have the same port, protocol and hostname
      * object
        allowedRoutes use AllowedRoutes
        filters@x7 use ListenerFilters
        hostname string 1..253 ~hostname
        name ! string 1..253 ~dnsName
        port ! int32 1..65535
        protocol ! string 1..255 ~protocol
        tls use ListenerTls
    parentRef ! object
      group string ..253 ~group ="gateway.networking.k8s.io"
      kind string 1..63 ~kind ="Gateway"
      name ! string 1..253
      namespace string 1..63 ~namespace
  status object
    conditions use Conditions
    listeners use ListenerStatus
kind gateway.networking.k8s.io ReferenceGrant v1
  spec ! object
    from ! list 1..16
      * object
        group ! string ..253 ~group
        kind ! string 1..63 ~kind
        namespace ! string 1..63 ~namespace
    to ! list 1..16
      * object
        group ! string ..253 ~group
        kind ! string 1..63 ~kind
        name string 1..253
kind gateway.networking.k8s.io ReferenceGrant v1beta1 like v1
kind gateway.networking.k8s.io TCPRoute v1 status
  spec ! object
    parentRefs use ParentRefs
    rules ! use SingleRule
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io TCPRoute v1alpha2 unserved@s deprecated status
  spec ! object
    parentRefs use ParentRefs
    rules ! use BackendRules
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io TLSRoute v1 status
  spec ! object
    hostnames ! list 1..1024
      ? self.all(h, !isIP(h))
      = a hostname is not an IP address
      ? self.all(h, !h.contains('*') ? h.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$') : true)
      = a hostname is a DNS name in lower case
      ? self.all(h, h.contains('*') ? (h.startsWith('*.') && h.substring(2).matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$')) : true)
      = a wildcard is one whole label in front: *.example.com
      * string 1..253 ~hostname
    parentRefs use ParentRefs
    rules ! use SingleRule
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io TLSRoute v1alpha2 unserved@s deprecated status
  spec ! object
    hostnames list ..1024
      * string 1..253 ~hostname
    parentRefs use ParentRefs
    rules ! use BackendRules
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io TLSRoute v1alpha3 unserved@s deprecated status like v1
kind gateway.networking.k8s.io UDPRoute v1 status
  spec ! object
    parentRefs use ParentRefs
    rules ! use SingleRule
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
kind gateway.networking.k8s.io UDPRoute v1alpha2 unserved@s deprecated status
  spec ! object
    parentRefs use ParentRefs
    rules ! use BackendRules
    useDefaultGateways@x string {All,None}
  status use PolicyStatus
)gws";

}  // namespace gw::validate
