// Core, discovery and networking kinds that routing needs, each field described once.
#pragma once
#include "kube/box.h"
#include "kube/meta.h"

namespace gw::kube {

// Texts of Ingresses borrow from the object's document: there are many, and most are short.
struct ServiceBackendPort : Fields {
  Text name;
  Port number = 0;
};
template <class V>
void fields(V& v, ServiceBackendPort& p) {
  v("name", p.name);
  v("number", p.number);
}

struct IngressServiceBackend : Fields {
  Text name;
  ServiceBackendPort port;
};
template <class V>
void fields(V& v, IngressServiceBackend& b) {
  v("name", b.name);
  v("port", b.port);
}

struct TypedLocalObjectReference : Located {
  Text api_group, kind, name;
};
template <class V>
void fields(V& v, TypedLocalObjectReference& r) {
  v("apiGroup", r.api_group);
  v("kind", r.kind);
  v("name", r.name);
}

struct IngressBackend : Located {
  std::optional<IngressServiceBackend> service;
  Box<TypedLocalObjectReference> resource;
};
template <class V>
void fields(V& v, IngressBackend& b) {
  v("service", b.service);
  v("resource", b.resource);
}

struct HttpIngressPath : Located {
  Text path;
  Text path_type;  // Exact, Prefix, ImplementationSpecific; empty when absent (v1beta1)
  IngressBackend backend;
};
template <class V>
void fields(V& v, HttpIngressPath& p) {
  v("path", p.path);
  v("pathType", p.path_type);
  v("backend", p.backend);
}

struct HttpIngressRuleValue : Fields {
  std::vector<HttpIngressPath> paths;
};
template <class V>
void fields(V& v, HttpIngressRuleValue& r) {
  v("paths", r.paths);
}

struct IngressRule : Located {
  Text host;
  std::optional<HttpIngressRuleValue> http;
};
template <class V>
void fields(V& v, IngressRule& r) {
  v("host", r.host);
  v("http", r.http);
}

struct IngressTls : Located {
  std::vector<Text> hosts;
  Text secret_name;
};
template <class V>
void fields(V& v, IngressTls& t) {
  v("hosts", t.hosts);
  v("secretName", t.secret_name);
}

struct IngressSpec : Located {
  std::optional<Text> ingress_class_name;
  Box<IngressBackend> default_backend;
  std::vector<IngressTls> tls;
  std::vector<IngressRule> rules;
};
template <class V>
void fields(V& v, IngressSpec& s) {
  v("ingressClassName", s.ingress_class_name);
  v("defaultBackend", s.default_backend);
  v("tls", s.tls);
  v("rules", s.rules);
}

// networking.k8s.io/v1; v1beta1 and extensions/v1beta1 are read into the same shape (serviceName, servicePort,
// backend).
struct Ingress : Object {
  IngressSpec spec;
};

struct IngressClassSpec : Located {
  std::string controller;
};
template <class V>
void fields(V& v, IngressClassSpec& s) {
  v("controller", s.controller);
  v.rest("parameters");
}
struct IngressClass : Object {
  IngressClassSpec spec;
};

struct ServicePort : Located {
  std::string name, protocol;  // protocol empty means TCP
  Port port = 0;
  std::optional<IntOrString> target_port;
  std::string app_protocol;
};
template <class V>
void fields(V& v, ServicePort& p) {
  v("name", p.name);
  v("protocol", p.protocol);
  v("port", p.port);
  v("targetPort", p.target_port);
  v("appProtocol", p.app_protocol);
  v.rest("nodePort");
}

struct ServiceSpec : Located {
  std::string type, cluster_ip, external_name;
  StringMap selector;
  std::vector<ServicePort> ports;
};
template <class V>
void fields(V& v, ServiceSpec& s) {
  v("type", s.type);
  v("clusterIP", s.cluster_ip);
  v("externalName", s.external_name);
  v("selector", s.selector);
  v("ports", s.ports);
  v.rest("*");  // the other fields of a Service do not concern routing
}
struct Service : Object {
  ServiceSpec spec;
};

struct EndpointConditions : Located {
  std::optional<bool> ready, serving, terminating;
};
template <class V>
void fields(V& v, EndpointConditions& c) {
  v("ready", c.ready);
  v("serving", c.serving);
  v("terminating", c.terminating);
}

struct Endpoint : Located {
  std::vector<std::string> addresses;
  std::optional<EndpointConditions> conditions;
  // EndpointSlice: no condition "ready" counts as ready.
  bool usable() const { return !conditions || conditions->ready.value_or(true); }
};
template <class V>
void fields(V& v, Endpoint& e) {
  v("addresses", e.addresses);
  v("conditions", e.conditions);
  v.rest("*");
}

struct EndpointPort : Located {
  std::string name, protocol, app_protocol;
  std::optional<Port> port;
};
template <class V>
void fields(V& v, EndpointPort& p) {
  v("name", p.name);
  v("protocol", p.protocol);
  v("appProtocol", p.app_protocol);
  v("port", p.port);
}

// Its Service is named by the label kubernetes.io/service-name.
struct EndpointSlice : Object {
  std::string address_type;
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;
};

// Values stay base64 as read; they are redacted in every rendering.
struct Secret : Object {
  std::string type;
  StringMap data, string_data;
  bool encrypted = false;  // there, but not to be read
};

struct ConfigMap : Object {
  StringMap data, binary_data;
};

struct Namespace : Object {};

}  // namespace gw::kube
