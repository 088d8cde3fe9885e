// Gateway API v1 kinds (v1.6, both channels), each field described once.
#pragma once
#include "kube/box.h"
#include "kube/meta.h"

namespace gw::kube {

// Group and kind are optional on the wire; which default applies is the field's own business.
struct ObjectReference : Located {
  OptionalString group, kind;
  String name;
  OptionalString ns;
};
template <class V>
void fields(V& v, ObjectReference& r) {
  v("group", r.group);
  v("kind", r.kind);
  v("name", r.name);
  v("namespace", r.ns);
}

struct ParentReference : Located {
  OptionalString group, kind, ns;
  String name;
  OptionalString section_name;
  std::optional<Port> port;
};
template <class V>
void fields(V& v, ParentReference& r) {
  v("group", r.group);
  v("kind", r.kind);
  v("namespace", r.ns);
  v("name", r.name);
  v("sectionName", r.section_name);
  v("port", r.port);
}

struct BackendObjectReference : Located {
  OptionalString group, kind, ns;
  String name;
  std::optional<Port> port;
};
template <class V>
void fields(V& v, BackendObjectReference& r) {
  v("group", r.group);
  v("kind", r.kind);
  v("name", r.name);
  v("namespace", r.ns);
  v("port", r.port);
}

// ---- GatewayClass

struct GatewayClassSpec : Located {
  String controller_name, description;
  Box<ObjectReference> parameters_ref;
};
template <class V>
void fields(V& v, GatewayClassSpec& s) {
  v("controllerName", s.controller_name);
  v("description", s.description);
  v("parametersRef", s.parameters_ref);
}
struct GatewayClass : Object {
  GatewayClassSpec spec;
};

// ---- Gateway, ListenerSet

struct RouteGroupKind : Located {
  OptionalString group;
  String kind;
};
template <class V>
void fields(V& v, RouteGroupKind& k) {
  v("group", k.group);
  v("kind", k.kind);
}

struct RouteNamespaces : Located {
  OptionalString from;  // All, Selector, Same, None
  Box<LabelSelector> selector;
};
template <class V>
void fields(V& v, RouteNamespaces& n) {
  v("from", n.from);
  v("selector", n.selector);
}

struct AllowedRoutes : Located {
  std::optional<RouteNamespaces> namespaces;
  std::vector<RouteGroupKind> kinds;
};
template <class V>
void fields(V& v, AllowedRoutes& a) {
  v("namespaces", a.namespaces);
  v("kinds", a.kinds);
}

struct ListenerTls : Located {
  OptionalString mode;  // Terminate, Passthrough
  std::vector<ObjectReference> certificate_refs;
  StringMap options;
};
template <class V>
void fields(V& v, ListenerTls& t) {
  v("mode", t.mode);
  v("certificateRefs", t.certificate_refs);
  v("options", t.options);
}

struct ListenerFilters;

struct Listener : Located {
  String name;
  OptionalString hostname;
  Port port = 0;
  String protocol;  // HTTP, HTTPS, TLS, TCP, UDP or domain-prefixed
  std::optional<ListenerTls> tls;
  std::optional<AllowedRoutes> allowed_routes;
  Box<ListenerFilters> filters;  // v1.7, experimental
};
template <class V>
void fields(V& v, Listener& l) {
  v("name", l.name);
  v("hostname", l.hostname);
  v("port", l.port);
  v("protocol", l.protocol);
  v("tls", l.tls);
  v("allowedRoutes", l.allowed_routes);
  v("filters", l.filters);
}

struct GatewayAddress : Located {
  OptionalString type;
  String value;
};
template <class V>
void fields(V& v, GatewayAddress& a) {
  v("type", a.type);
  v("value", a.value);
}

struct GatewayInfrastructure : Located {
  StringMap labels, annotations;
  Box<ObjectReference> parameters_ref;
};
template <class V>
void fields(V& v, GatewayInfrastructure& i) {
  v("labels", i.labels);
  v("annotations", i.annotations);
  v("parametersRef", i.parameters_ref);
}

struct FrontendValidation : Located {
  std::vector<ObjectReference> ca_certificate_refs;
  OptionalString mode;  // AllowValidOnly, AllowInsecureFallback
};
template <class V>
void fields(V& v, FrontendValidation& f) {
  v("caCertificateRefs", f.ca_certificate_refs);
  v("mode", f.mode);
}
struct FrontendTlsConfig : Located {
  Box<FrontendValidation> validation;
};
template <class V>
void fields(V& v, FrontendTlsConfig& f) {
  v("validation", f.validation);
}
struct FrontendPortTls : Located {
  Port port = 0;
  FrontendTlsConfig tls;
};
template <class V>
void fields(V& v, FrontendPortTls& f) {
  v("port", f.port);
  v("tls", f.tls);
}
struct GatewayFrontendTls : Located {
  FrontendTlsConfig default_config;
  std::vector<FrontendPortTls> per_port;
};
template <class V>
void fields(V& v, GatewayFrontendTls& f) {
  v("default", f.default_config);
  v("perPort", f.per_port);
}
struct GatewayBackendTls : Located {
  Box<ObjectReference> client_certificate_ref;
};
template <class V>
void fields(V& v, GatewayBackendTls& b) {
  v("clientCertificateRef", b.client_certificate_ref);
}
struct GatewayTls : Located {
  Box<GatewayBackendTls> backend;
  Box<GatewayFrontendTls> frontend;
};
template <class V>
void fields(V& v, GatewayTls& t) {
  v("backend", t.backend);
  v("frontend", t.frontend);
}

struct AllowedListeners : Located {
  std::optional<RouteNamespaces> namespaces;
};
template <class V>
void fields(V& v, AllowedListeners& a) {
  v("namespaces", a.namespaces);
}

struct GatewaySpec : Located {
  String gateway_class_name;
  std::vector<Listener> listeners;
  std::vector<GatewayAddress> addresses;
  Box<GatewayInfrastructure> infrastructure;
  Box<AllowedListeners> allowed_listeners;
  Box<GatewayTls> tls;
  OptionalString default_scope;
};
template <class V>
void fields(V& v, GatewaySpec& s) {
  v("gatewayClassName", s.gateway_class_name);
  v("infrastructure", s.infrastructure);
  v("addresses", s.addresses);
  v("allowedListeners", s.allowed_listeners);
  v("tls", s.tls);
  v("listeners", s.listeners);
  v("defaultScope", s.default_scope);
}
struct Gateway : Object {
  GatewaySpec spec;
};

struct ListenerSetSpec : Located {
  ObjectReference parent_ref;
  std::vector<Listener> listeners;
};
template <class V>
void fields(V& v, ListenerSetSpec& s) {
  v("parentRef", s.parent_ref);
  v("listeners", s.listeners);
}
struct ListenerSet : Object {
  ListenerSetSpec spec;
};

// ---- Filters

struct HttpHeader : Fields {
  String name, value;
};
template <class V>
void fields(V& v, HttpHeader& h) {
  v("name", h.name);
  v("value", h.value);
}

struct HeaderModifier : Fields {
  std::vector<HttpHeader> set, add;
  std::vector<String> remove;
};
template <class V>
void fields(V& v, HeaderModifier& m) {
  v("set", m.set);
  v("add", m.add);
  v("remove", m.remove);
}

struct Fraction : Located {
  std::int32_t numerator = 0;
  std::optional<std::int32_t> denominator;
};
template <class V>
void fields(V& v, Fraction& f) {
  v.always("numerator", f.numerator);
  v("denominator", f.denominator);
}

struct RequestMirror : Located {
  BackendObjectReference backend_ref;
  std::optional<std::int32_t> percent;
  std::optional<Fraction> fraction;
};
template <class V>
void fields(V& v, RequestMirror& m) {
  v("backendRef", m.backend_ref);
  v("percent", m.percent);
  v("fraction", m.fraction);
}

struct PathModifier : Located {
  String type;  // ReplaceFullPath, ReplacePrefixMatch
  OptionalString replace_full_path, replace_prefix_match;
};
template <class V>
void fields(V& v, PathModifier& m) {
  v("type", m.type);
  v("replaceFullPath", m.replace_full_path);
  v("replacePrefixMatch", m.replace_prefix_match);
}

struct RequestRedirect : Located {
  OptionalString scheme, hostname;
  std::optional<PathModifier> path;
  std::optional<Port> port;
  std::optional<std::int32_t> status_code;
};
template <class V>
void fields(V& v, RequestRedirect& r) {
  v("scheme", r.scheme);
  v("hostname", r.hostname);
  v("path", r.path);
  v("port", r.port);
  v("statusCode", r.status_code);
}

struct UrlRewrite : Located {
  OptionalString hostname;
  std::optional<PathModifier> path;
};
template <class V>
void fields(V& v, UrlRewrite& r) {
  v("hostname", r.hostname);
  v("path", r.path);
}

struct Cors : Located {
  std::vector<String> allow_origins, allow_methods, allow_headers, expose_headers;
  std::optional<bool> allow_credentials;
  std::optional<std::int32_t> max_age;  // seconds
};
template <class V>
void fields(V& v, Cors& c) {
  v("allowOrigins", c.allow_origins);
  v("allowCredentials", c.allow_credentials);
  v("allowMethods", c.allow_methods);
  v("allowHeaders", c.allow_headers);
  v("exposeHeaders", c.expose_headers);
  v("maxAge", c.max_age);
}

struct ExternalAuthHttp : Located {
  String path;
  std::vector<String> allowed_headers, allowed_response_headers;
};
template <class V>
void fields(V& v, ExternalAuthHttp& a) {
  v("path", a.path);
  v("allowedHeaders", a.allowed_headers);
  v("allowedResponseHeaders", a.allowed_response_headers);
}
struct ExternalAuthGrpc : Located {
  std::vector<String> allowed_headers;
};
template <class V>
void fields(V& v, ExternalAuthGrpc& a) {
  v("allowedHeaders", a.allowed_headers);
}
struct ForwardBody : Located {
  std::int32_t max_size = 0;
};
template <class V>
void fields(V& v, ForwardBody& b) {
  v("maxSize", b.max_size);
}
struct ExternalAuth : Located {
  String protocol;  // HTTP, GRPC
  BackendObjectReference backend_ref;
  Box<ExternalAuthGrpc> grpc;
  Box<ExternalAuthHttp> http;
  Box<ForwardBody> forward_body;
};
template <class V>
void fields(V& v, ExternalAuth& a) {
  v("protocol", a.protocol);
  v("backendRef", a.backend_ref);
  v("grpc", a.grpc);
  v("http", a.http);
  v("forwardBody", a.forward_body);
}

// HTTPRoute and GRPCRoute filters; `type` says which member is meant.
struct RouteFilter : Located {
  String type;
  Box<HeaderModifier> request_header_modifier, response_header_modifier;
  Box<RequestMirror> request_mirror;
  Box<RequestRedirect> request_redirect;
  Box<UrlRewrite> url_rewrite;
  Box<Cors> cors;
  Box<ExternalAuth> external_auth;
  Box<ObjectReference> extension_ref;
};
template <class V>
void fields(V& v, RouteFilter& f) {
  v("type", f.type);
  v("requestHeaderModifier", f.request_header_modifier);
  v("responseHeaderModifier", f.response_header_modifier);
  v("requestMirror", f.request_mirror);
  v("requestRedirect", f.request_redirect);
  v("urlRewrite", f.url_rewrite);
  v("cors", f.cors);
  v("externalAuth", f.external_auth);
  v("extensionRef", f.extension_ref);
}

// What runs on every request of a listener, before a route is chosen: ExternalAuth and ExtensionRef.
struct ListenerFilters : Located {
  std::vector<RouteFilter> requests;
};
template <class V>
void fields(V& v, ListenerFilters& f) {
  v("requests", f.requests);
}

struct BackendRef : Located {
  OptionalString group, kind, ns;
  String name;
  std::optional<Port> port;
  std::optional<std::int32_t> weight;
  std::vector<RouteFilter> filters;  // HTTPRoute, GRPCRoute
};
template <class V>
void fields(V& v, BackendRef& r) {
  v("group", r.group);
  v("kind", r.kind);
  v("name", r.name);
  v("namespace", r.ns);
  v("port", r.port);
  v("weight", r.weight);
  v("filters", r.filters);
}

// ---- HTTPRoute

struct HttpPathMatch : Fields {
  OptionalString type;  // Exact, PathPrefix, RegularExpression
  OptionalString value;
};
template <class V>
void fields(V& v, HttpPathMatch& m) {
  v("type", m.type);
  v("value", m.value);
}

// Header and query parameter matches have the same shape.
struct NamedMatch : Located {
  OptionalString type;  // Exact, RegularExpression
  String name, value;
};
template <class V>
void fields(V& v, NamedMatch& m) {
  v("type", m.type);
  v("name", m.name);
  v("value", m.value);
}

struct HttpRouteMatch : Located {
  std::optional<HttpPathMatch> path;
  std::vector<NamedMatch> headers, query_params;
  OptionalString method;
};
template <class V>
void fields(V& v, HttpRouteMatch& m) {
  v("path", m.path);
  v("headers", m.headers);
  v("queryParams", m.query_params);
  v("method", m.method);
}

struct RouteTimeouts : Located {
  OptionalString request, backend_request;  // GEP-2257 durations
};
template <class V>
void fields(V& v, RouteTimeouts& t) {
  v("request", t.request);
  v("backendRequest", t.backend_request);
}

struct RouteRetry : Located {
  std::vector<std::int32_t> codes;
  std::optional<std::int32_t> attempts;
  OptionalString backoff;
};
template <class V>
void fields(V& v, RouteRetry& r) {
  v("codes", r.codes);
  v("attempts", r.attempts);
  v("backoff", r.backoff);
}

struct CookieConfig : Located {
  OptionalString name, lifetime_type, path;
};
template <class V>
void fields(V& v, CookieConfig& c) {
  v("name", c.name);
  v("lifetimeType", c.lifetime_type);
  v("path", c.path);
}
struct SessionHeader : Located {
  String name;
};
template <class V>
void fields(V& v, SessionHeader& h) {
  v("name", h.name);
}
// v1.6 has sessionName and cookieConfig.lifetimeType, v1.7 cookie and header in their place.
struct SessionPersistence : Located {
  OptionalString session_name, type, absolute_timeout;
  Box<CookieConfig> cookie_config, cookie;
  Box<SessionHeader> header;
  bool by_header() const { return type == "Header"; }
  // The cookie's or header's name; nullopt: a gateway makes one up.
  OptionalString name() const {
    if (by_header() && header) return header->name;
    if (!by_header() && cookie && cookie->name) return cookie->name;
    return session_name;
  }
  // CookieConfig.lifetimeType: Permanent.
  bool permanent() const {
    return (cookie && cookie->lifetime_type == "Permanent") ||
           (cookie_config && cookie_config->lifetime_type == "Permanent");
  }
};
template <class V>
void fields(V& v, SessionPersistence& s) {
  v("sessionName", s.session_name);
  v("absoluteTimeout", s.absolute_timeout);
  v("type", s.type);
  v("cookieConfig", s.cookie_config);
  v("cookie", s.cookie);
  v("header", s.header);
}

struct HttpRouteRule : Located {
  OptionalString name;
  std::vector<HttpRouteMatch> matches;
  std::vector<RouteFilter> filters;
  std::vector<BackendRef> backend_refs;
  Box<RouteTimeouts> timeouts;
  Box<RouteRetry> retry;
  Box<SessionPersistence> session_persistence;
};
template <class V>
void fields(V& v, HttpRouteRule& r) {
  v("name", r.name);
  v("matches", r.matches);
  v("filters", r.filters);
  v("backendRefs", r.backend_refs);
  v("timeouts", r.timeouts);
  v("retry", r.retry);
  v("sessionPersistence", r.session_persistence);
}

struct HttpRouteSpec : Located {
  std::vector<ParentReference> parent_refs;
  OptionalString use_default_gateways;
  std::vector<String> hostnames;
  std::vector<HttpRouteRule> rules;
};
template <class V>
void fields(V& v, HttpRouteSpec& s) {
  v("parentRefs", s.parent_refs);
  v("useDefaultGateways", s.use_default_gateways);
  v("hostnames", s.hostnames);
  v("rules", s.rules);
}
struct HttpRoute : Object {
  HttpRouteSpec spec;
};

// ---- GRPCRoute

struct GrpcMethodMatch : Located {
  OptionalString type, service, method;
};
template <class V>
void fields(V& v, GrpcMethodMatch& m) {
  v("type", m.type);
  v("service", m.service);
  v("method", m.method);
}
struct GrpcRouteMatch : Located {
  std::optional<GrpcMethodMatch> method;
  std::vector<NamedMatch> headers;
};
template <class V>
void fields(V& v, GrpcRouteMatch& m) {
  v("method", m.method);
  v("headers", m.headers);
}
struct GrpcRouteRule : Located {
  OptionalString name;
  std::vector<GrpcRouteMatch> matches;
  std::vector<RouteFilter> filters;
  std::vector<BackendRef> backend_refs;
  Box<SessionPersistence> session_persistence;
};
template <class V>
void fields(V& v, GrpcRouteRule& r) {
  v("name", r.name);
  v("matches", r.matches);
  v("filters", r.filters);
  v("backendRefs", r.backend_refs);
  v("sessionPersistence", r.session_persistence);
}
struct GrpcRouteSpec : Located {
  std::vector<ParentReference> parent_refs;
  OptionalString use_default_gateways;
  std::vector<String> hostnames;
  std::vector<GrpcRouteRule> rules;
};
template <class V>
void fields(V& v, GrpcRouteSpec& s) {
  v("parentRefs", s.parent_refs);
  v("useDefaultGateways", s.use_default_gateways);
  v("hostnames", s.hostnames);
  v("rules", s.rules);
}
struct GrpcRoute : Object {
  GrpcRouteSpec spec;
};

// ---- TLSRoute, TCPRoute, UDPRoute

struct L4RouteRule : Located {
  OptionalString name;
  std::vector<BackendRef> backend_refs;
};
template <class V>
void fields(V& v, L4RouteRule& r) {
  v("name", r.name);
  v("backendRefs", r.backend_refs);
}
struct L4RouteSpec : Located {
  std::vector<ParentReference> parent_refs;
  OptionalString use_default_gateways;
  std::vector<String> hostnames;  // TLSRoute only
  std::vector<L4RouteRule> rules;
};
template <class V>
void fields(V& v, L4RouteSpec& s) {
  v("parentRefs", s.parent_refs);
  v("useDefaultGateways", s.use_default_gateways);
  v("hostnames", s.hostnames);
  v("rules", s.rules);
}
struct TlsRoute : Object {
  L4RouteSpec spec;
};
struct TcpRoute : Object {
  L4RouteSpec spec;
};
struct UdpRoute : Object {
  L4RouteSpec spec;
};

// ---- ReferenceGrant, BackendTLSPolicy

struct GrantFrom : Located {
  String group, kind, ns;
};
template <class V>
void fields(V& v, GrantFrom& f) {
  v.always("group", f.group);
  v("kind", f.kind);
  v("namespace", f.ns);
}
struct GrantTo : Located {
  String group, kind;
  OptionalString name;
};
template <class V>
void fields(V& v, GrantTo& t) {
  v.always("group", t.group);
  v("kind", t.kind);
  v("name", t.name);
}
struct ReferenceGrantSpec : Located {
  std::vector<GrantFrom> from;
  std::vector<GrantTo> to;
};
template <class V>
void fields(V& v, ReferenceGrantSpec& s) {
  v("from", s.from);
  v("to", s.to);
}
struct ReferenceGrant : Object {
  ReferenceGrantSpec spec;
};

struct PolicyTargetRef : Located {
  String group, kind, name;
  OptionalString section_name;
};
template <class V>
void fields(V& v, PolicyTargetRef& r) {
  v.always("group", r.group);
  v("kind", r.kind);
  v("name", r.name);
  v("sectionName", r.section_name);
}
struct SubjectAltName : Located {
  String type;  // Hostname, URI
  OptionalString hostname, uri;
};
template <class V>
void fields(V& v, SubjectAltName& s) {
  v("type", s.type);
  v("hostname", s.hostname);
  v("uri", s.uri);
}
struct BackendTlsValidation : Located {
  std::vector<ObjectReference> ca_certificate_refs;
  OptionalString well_known_ca_certificates;
  String hostname;
  std::vector<SubjectAltName> subject_alt_names;
};
template <class V>
void fields(V& v, BackendTlsValidation& b) {
  v("caCertificateRefs", b.ca_certificate_refs);
  v("wellKnownCACertificates", b.well_known_ca_certificates);
  v("hostname", b.hostname);
  v("subjectAltNames", b.subject_alt_names);
}
struct BackendTlsPolicySpec : Located {
  std::vector<PolicyTargetRef> target_refs;
  BackendTlsValidation validation;
  StringMap options;
};
template <class V>
void fields(V& v, BackendTlsPolicySpec& s) {
  v("targetRefs", s.target_refs);
  v("validation", s.validation);
  v("options", s.options);
}
struct BackendTlsPolicy : Object {
  BackendTlsPolicySpec spec;
};

}  // namespace gw::kube
