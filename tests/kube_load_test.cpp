// Objects as people write them come out typed, located and complete; what is wrong is said where it is.
#include <doctest/doctest.h>

#include <algorithm>

#include "diag/render.h"
#include "kube/index.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "kube/selector.h"

using namespace gw;

namespace {

struct Loaded {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::vector<diag::Diagnostic> findings;

  explicit Loaded(std::string text) {
    bundle = kube::load_text("shop.yaml", std::move(text), sources, sink);
    findings = sink.take();
  }
  std::string codes() const {
    std::string out;
    for (const auto& finding : findings) {
      auto at = sources.position(finding.span.file, finding.span.begin);
      out += finding.code + "@" + std::to_string(at.line) + ":" + std::to_string(at.column) + " ";
    }
    return out;
  }
};

std::string written(const kube::Bundle& bundle, yaml::Style style = yaml::Style::yaml) {
  std::string out;
  kube::write(bundle, style, out);
  return out;
}

constexpr const char* ingress = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations: {a/b: "1"}
spec:
  ingressClassName: nginx
  tls:
  - hosts: [a.example.com]
    secretName: cert
  rules:
  - host: a.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {name: http}}}
)";

}  // namespace

TEST_CASE("an Ingress is decoded with its places") {
  Loaded loaded(ingress);
  CHECK(loaded.codes() == "");
  REQUIRE(loaded.bundle.ingresses.size() == 1);
  const kube::Ingress& web = loaded.bundle.ingresses[0];
  CHECK(web.metadata.ns == "default");
  CHECK(*kube::find(web.metadata.annotations, "a/b") == "1");
  const auto& path = web.spec.rules[0].http->paths[0];
  CHECK(path.backend.service->port.name == "http");
  CHECK(kube::path_of(*web.node, *path.node->find("pathType")) == "spec.rules[0].http.paths[0].pathType");
}

TEST_CASE("what was read is written again alike") {
  Loaded once(ingress);
  Loaded twice(written(once.bundle));
  CHECK(twice.codes() == "");
  CHECK(written(once.bundle) == written(twice.bundle));
}

TEST_CASE("v1beta1 and extensions Ingresses have the same shape") {
  Loaded loaded(R"(apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old, namespace: shop}
spec:
  backend: {serviceName: fallback, servicePort: 8080}
  rules:
  - http:
      paths:
      - backend: {serviceName: web, servicePort: http}
)");
  CHECK(loaded.codes() == "");
  const auto& spec = loaded.bundle.ingresses.at(0).spec;
  CHECK(spec.default_backend->service->port.number == 8080);
  CHECK(spec.rules[0].http->paths[0].backend.service->port.name == "http");
}

TEST_CASE("misspelt fields and kinds are told with the word that was meant") {
  Loaded loaded(R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ruless: []
---
apiVersion: networking.k8s.io/v1
kind: Ingres
metadata: {name: web2}
)");
  CHECK(loaded.codes() == "GW101@5:3 GW004@8:7 ");
  CHECK(loaded.findings[0].help.find("'rules'") != std::string::npos);
  CHECK(loaded.findings[1].help.find("'Ingress'") != std::string::npos);
  CHECK(loaded.bundle.ingresses.size() == 1);
}

TEST_CASE("a wrong type leaves out that object only") {
  Loaded loaded(std::string("apiVersion: v1\nkind: Service\nmetadata: {name: 7}\n---\n") + ingress);
  CHECK(loaded.codes() == "GW103@3:18 ");
  CHECK(loaded.bundle.services.empty());
  CHECK(loaded.bundle.ingresses.size() == 1);
}

TEST_CASE("lists are opened, typed ones too") {
  Loaded loaded(R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}
- {apiVersion: v1, kind: ServiceList, items: [{metadata: {name: b}}, {metadata: {name: c}}]}
)");
  CHECK(loaded.codes() == "");
  CHECK(loaded.bundle.services.size() == 3);
}

TEST_CASE("of an object defined twice the last definition counts, and it is told") {
  Loaded loaded(R"(apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {k: first}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {k: second}
)");
  CHECK(loaded.codes() == "GW010@8:18 ");
  REQUIRE(loaded.bundle.config_maps.size() == 1);
  CHECK(loaded.bundle.config_maps[0].data[0].second == "second");
}

TEST_CASE("values of Secrets are never shown") {
  Loaded loaded("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: [c2VjcmV0]}\n");
  REQUIRE(loaded.findings.size() == 1);
  const std::string text = diag::render_text(loaded.findings[0], loaded.sources);
  CHECK(text.find("c2VjcmV0") == std::string::npos);
  CHECK(text.find("shop.yaml:4:") != std::string::npos);
}

TEST_CASE("label selectors in kubectl's notation") {
  const kube::StringMap labels{{"app", "shop"}, {"env", "prod"}};
  for (const char* yes :
       {"", "app=shop", "app==shop,env!=dev", "env in (dev, prod)", "env notin (dev)", "app", "!gone"})
    CHECK_MESSAGE(kube::Selector(yes).matches(labels), yes);
  for (const char* no : {"app=web", "env!=prod", "env in (dev)", "!app", "gone"})
    CHECK_MESSAGE(!kube::Selector(no).matches(labels), no);
  CHECK(!kube::Selector("a b").error().empty());
}

TEST_CASE("endpoints come from slices or from the Service's annotation") {
  Loaded loaded(R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- addresses: [127.0.0.1]
- {addresses: [127.0.0.2], conditions: {ready: false}}
---
apiVersion: v1
kind: Service
metadata: {name: dev, annotations: {gwctl.dev/endpoints: "127.0.0.1:3000, [::1]:3001"}}
spec: {ports: [{port: 80}]}
)");
  const kube::Index index(loaded.bundle);
  const kube::Service& web = *index.service({"default", "web"});
  auto ready = index.endpoints(web, web.spec.ports[0]);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].address == "127.0.0.1");
  CHECK(ready[0].port == 8080);
  const kube::Service& dev = *index.service({"default", "dev"});
  auto listed = index.endpoints(dev, dev.spec.ports[0]);
  REQUIRE(listed.size() == 2);
  CHECK(listed[1].address == "::1");
}

TEST_CASE("a ReferenceGrant opens exactly what it names") {
  Loaded loaded(R"(apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: infra}]
  to: [{group: "", kind: Secret, name: wild}]
)");
  CHECK(loaded.codes() == "");
  const kube::Index index(loaded.bundle);
  CHECK(index.granted("gateway.networking.k8s.io", "Gateway", "infra", "", "Secret", "certs", "wild"));
  CHECK(!index.granted("gateway.networking.k8s.io", "Gateway", "infra", "", "Secret", "certs", "other"));
  CHECK(!index.granted("gateway.networking.k8s.io", "Gateway", "shop", "", "Secret", "certs", "wild"));
}

TEST_CASE("a file that is read in many parts is one set") {
  std::string text;
  const std::string filler(1000, '#');
  const std::size_t count = 6000;
  for (std::size_t i = 0; i < count; ++i)
    text += filler + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" +
            std::to_string(i == count - 1 ? 0 : i) + ", namespace: a}\ndata: {k: \"" + std::to_string(i) + "\"}\n";

  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("set.yaml", text);
  std::size_t parts = 0, documents = 0;
  std::uint32_t last = 0;
  yaml::read_parts(file, sources, {}, sink, [&](const std::vector<yaml::Document>& part) {
    ++parts;
    documents += part.size();
    for (const yaml::Document& document : part) {
      CHECK(document.begin >= last);
      last = document.begin;
    }
  });
  CHECK(parts > 1);
  CHECK(documents == count);

  // The last one has the name of the first.
  const Loaded loaded(text);
  CHECK(loaded.bundle.config_maps.size() == count - 1);
  CHECK(loaded.findings.size() == 1);
  CHECK(loaded.findings.at(0).code == "GW010");
}
