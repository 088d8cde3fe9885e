// Ingress, IngressClass and the core kinds as the API server's own code checks them: which code at which field.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "kube/load.h"
#include "validate/validate.h"

using namespace gw;

namespace {

// "IN104 spec.rules[0].http.paths[0].path FieldValueInvalid", one a line.
std::string findings(const std::string& yaml) {
  diag::Sources sources;
  diag::Sink sink;
  const auto documents = yaml::read(sources.add("object.yaml", yaml), sources, {}, sink);
  const auto raw = kube::objects(documents, sink);
  validate::ErrorTypes types;
  validate::check_objects(raw, {}, sink, &types);
  std::set<std::string> lines;
  for (const diag::Diagnostic& found : sink.take()) {
    const std::string type(types.find(found));
    lines.insert(found.code + " " + found.path + (type.empty() ? "" : " " + type));
  }
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string ingress(const std::string& spec) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: " + spec + "\n";
}
std::string path(const std::string& fields) {
  return ingress("{rules: [{http: {paths: [{" + fields + "}]}}]}");
}

constexpr const char* backend = "backend: {service: {name: web, port: {number: 80}}}";
const std::string at = "spec.rules[0].http.paths[0]";

struct Row {
  std::string yaml, wanted;
};

}  // namespace

TEST_CASE("native kinds") {
  const std::string b = backend;
  const Row rows[] = {
      {path("path: /, pathType: Prefix, " + b), ""},
      {path("pathType: ImplementationSpecific, " + b), ""},
      {path("path: /, " + b), "IN103 " + at + ".pathType FieldValueRequired"},
      {path("path: a, pathType: Exact, " + b), "IN104 " + at + ".path FieldValueInvalid"},
      {path("pathType: Prefix, " + b), "IN104 " + at + ".path FieldValueInvalid"},
      {path("path: /a%2Fb, pathType: Exact, " + b), "IN104 " + at + ".path FieldValueInvalid"},
      {path("path: /a/.., pathType: Prefix, " + b), "IN104 " + at + ".path FieldValueInvalid"},
      {path("path: /a//b, pathType: ImplementationSpecific, " + b), ""},
      {path("path: /, pathType: prefix, " + b), "IN102 " + at + ".pathType FieldValueNotSupported"},
      {path("path: /, pathType: Prefix"), "IN105 " + at + ".backend FieldValueInvalid"},
      {path("path: /, pathType: Prefix, backend: {}"), "IN105 " + at + ".backend FieldValueInvalid"},
      {path("path: /, pathType: Prefix, backend: {service: {name: a, port: {}}}"),
       "IN106 " + at + ".backend FieldValueRequired"},
      {path("path: /, pathType: Prefix, backend: {service: {name: a, port: {name: x, number: 1}}}"),
       "IN106 " + at + ".backend FieldValueInvalid"},
      {path("path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 70000}}}"),
       "IN106 " + at + ".backend.service.port.number FieldValueInvalid"},
      {path("path: /, pathType: Prefix, backend: {service: {name: A, port: {number: 1}}}"),
       "IN102 " + at + ".backend.service.name FieldValueInvalid"},
      {path("path: /, pathType: Prefix, backend: {serviceName: a, servicePort: 80}"),
       "GW101 " + at + ".backend.serviceName UnknownField\nGW101 " + at + ".backend.servicePort UnknownField\nIN105 " +
           at + ".backend FieldValueInvalid"},
      {path("path: 1, pathType: Prefix, " + b), "IN102 " + at + ".path FieldValueTypeInvalid"},
      {ingress("{}"), "IN107 spec FieldValueInvalid"},
      {ingress("{defaultBackend: {service: {name: a, port: {name: http}}}}"), ""},
      {ingress("{rules: [{host: Shop.example}]}"), "IN108 spec.rules[0].host FieldValueInvalid"},
      {ingress("{rules: [{host: \"a.example:80\"}]}"), "IN108 spec.rules[0].host FieldValueInvalid"},
      {ingress("{rules: [{host: 10.0.0.1}]}"), "IN108 spec.rules[0].host FieldValueInvalid"},
      {ingress("{rules: [{host: \"a.*.b\"}]}"), "IN108 spec.rules[0].host FieldValueInvalid"},
      {ingress("{rules: [{host: \"*.example.com\"}]}"), ""},
      {ingress("{rules: [{http: {paths: []}}]}"), "IN102 spec.rules[0].http.paths FieldValueRequired"},
      {"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, annotations: "
       "{kubernetes.io/ingress.class: a}}\nspec: {ingressClassName: b, rules: [{host: a.b}]}\n",
       "IN109 annotations.kubernetes.io/ingress.class FieldValueInvalid"},
      {"apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: web}\nspec: {}\n",
       "IN101 apiVersion NoKindMatch"},
      {"apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: a}\nspec: {controller: a.b/c}\n", ""},
      {"apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: a}\nspec: {controller: c}\n",
       "IN110 spec.controller FieldValueInvalid"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, targetPort: http}], selector: "
       "{app: a}}\n",
       ""},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a.b}\nspec: {ports: [{port: 0}], typ: ClusterIP}\n",
       "GW101 spec.typ UnknownField\nGW105 spec.ports[0].port FieldValueInvalid\nGW115 metadata.name "
       "FieldValueInvalid"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: \"80\"}]}\n",
       "GW103 spec.ports[0].port FieldValueTypeInvalid"},
      {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: \"%%\"}\n", "GW112 data.k FieldValueTypeInvalid"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n", "GW014 kind"},
      {"apiVersion: v1\nkind: service\nmetadata: {name: a}\nspec: {}\n", "GW004 apiVersion NoKindMatch"},
      {"apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n", "GW014 kind"},
      {"apiVersion: gateway.networking.k8s.io/v1\nkind: HttpRoute\nmetadata: {name: a}\n",
       "GW004 apiVersion NoKindMatch"},
      {"apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {name: a}\n",
       "GW005 apiVersion NoKindMatch"},
      {"apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XMesh\nmetadata: {name: a}\n",
       "GW007 apiVersion NoKindMatch"},
      {"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, uid: x}\nspec: {rules: "
       "[{sessionPersistence: {}}]}\nstatus: {parents: []}\n",
       "GW008 spec.rules[0].sessionPersistence UnknownField\nGW015 status\nGW016 metadata.uid"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(findings(row.yaml) == row.wanted);
  }
}
