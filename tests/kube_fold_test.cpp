// A tree that was let go after decoding comes back as it was: the same values at the same places, for every manifest
// here and for what YAML can do to a text.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "kube/load.h"
#include "yaml/fold.h"

using namespace gw;

namespace {

// Every node below with its kind, place and text.
void spell(const yaml::Node& node, std::string& out) {
  const diag::Span span = node.span();
  out += std::to_string(static_cast<int>(node.kind())) + "@" + std::to_string(span.begin) + "-" +
         std::to_string(span.end) + ":";
  if (node.is_string()) out += node.string();
  if (node.kind() == yaml::Kind::integer) out += std::to_string(node.integer());
  if (node.kind() == yaml::Kind::boolean) out += node.boolean() ? "true" : "false";
  if (node.kind() == yaml::Kind::floating) out += std::to_string(node.floating());
  out += '\n';
  for (const yaml::Entry& entry : node.entries()) spell(entry.key, out), spell(entry.value, out);
  if (node.is_seq())
    for (const yaml::Node& item : node.items()) spell(item, out);
}

struct Objects {
  std::vector<const kube::Object*> all;
  explicit Objects(const kube::Bundle& bundle) {
    kube::each_kind(bundle, [this](const auto& objects) {
      for (const auto& object : objects) all.push_back(&object);
    });
  }
};

// How many trees were let go.
std::size_t compare(const std::string& text) {
  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("set.yaml", text);
  const std::vector<kube::RawObject> kept = kube::objects(yaml::read(file, sources, {}, sink), sink);
  const kube::Bundle whole = kube::decode(kept, {}, sources, sink);
  const kube::Bundle folded = kube::decode(kube::objects(yaml::read(file, sources, {}, sink), sink), {}, sources, sink);
  const Objects a(whole), b(folded);
  REQUIRE(a.all.size() == b.all.size());
  std::size_t let_go = 0;
  for (std::size_t i = 0; i < a.all.size(); ++i) {
    const kube::Object &one = *a.all[i], &other = *b.all[i];
    if (yaml::Fold::whole(*other.node).root != other.node) ++let_go;
    // A finding reads the document for itself, and leaves nothing behind.
    const auto place = [](const kube::Object& object) {
      const diag::Diagnostic d =
          kube::finding(object, kube::Place(object.metadata, "name"), "GW000", diag::Severity::info, "lint", "");
      return d.path + std::to_string(d.span.begin) + "-" + std::to_string(d.span.end);
    };
    CHECK(place(one) == place(other));
    std::string expected, got;
    spell(*one.node, expected);
    spell(*other.node, got);
    CHECK(expected == got);
    CHECK(yaml::find_place(*one.node, *other.node) == one.node);
  }
  std::string first, second;
  kube::write(whole, yaml::Style::yaml, first);
  kube::write(folded, yaml::Style::yaml, second);
  CHECK(first == second);
  return let_go;
}

constexpr const char* odd = R"(# a comment
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: "we\u0062"
  annotations: {a/b: "1", "c\x64/e": 'it''s'}
  labels: &labels {app: web}
spec: &spec
  defaultBackend:
    service: &service {name: "sv\x63", port: {name: 'http'}}
  rules:
  - host: "h\u006fst.test"
    http:
      paths:
      - <<: {pathType: Prefix}
        path: >-
          /fol
          ded
        backend: {service: *service}
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}, "spec": {"ports": [{"port": 8e1}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  text: |
    two
    lines
...
)";

}  // namespace

TEST_CASE("escapes, aliases, merges and JSON one after the other come back") {
  CHECK(compare(odd) == 4);
  std::string windows;
  for (const char* c = odd; *c; ++c) windows += *c == '\n' ? std::string("\r\n") : std::string(1, *c);
  CHECK(compare("\xEF\xBB\xBF" + windows) == 4);
}

TEST_CASE("texts of an Ingress outlive its tree") {
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle bundle = kube::load_text("in.yaml", odd, sources, sink);
  REQUIRE(bundle.ingresses.size() == 1);
  const kube::IngressRule& rule = bundle.ingresses[0].spec.rules.at(0);
  CHECK(rule.host == "host.test");
  CHECK(rule.http->paths.at(0).path == "/fol ded");
  CHECK(rule.http->paths.at(0).path_type == "Prefix");
  CHECK(rule.http->paths.at(0).backend.service->name == "svc");
  CHECK(rule.http->paths.at(0).backend.service->port.name == "http");
}

TEST_CASE("a long document and the items of a list keep their trees") {
  std::string list = "apiVersion: v1\nkind: List\nitems:\n";
  for (const char* name : {"a", "b"})
    list += std::string("- apiVersion: v1\n  kind: Service\n  metadata: {name: ") + name + "}\n  spec: {}\n";
  CHECK(compare(list) == 0);
  CHECK(compare("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  text: " + std::string(70'000, 'x')) ==
        0);
}

TEST_CASE("every manifest of the project comes back") {
  std::size_t let_go = 0;
  for (const char* root : {"testdata", "../shared/examples"})
    if (std::filesystem::exists(root))
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().extension() != ".yaml" || entry.path().string().find("malformed") != std::string::npos)
          continue;
        std::ifstream in(entry.path());
        INFO(entry.path().string());
        let_go += compare(std::string(std::istreambuf_iterator<char>(in), {}));
      }
  CHECK(let_go > 10);
}
