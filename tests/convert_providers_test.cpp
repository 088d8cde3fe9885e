// Every annotation of ../shared/tables/other-controllers.tsv, with values that are valid and not, and what becomes of
// each: testdata/convert/other-annotations.tsv. A row of the shared table that is in no case fails here.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "convert/convert.h"
#include "kube/load.h"
#include "tests/evidence.h"

using namespace gw;

namespace {

std::vector<std::string> cells(const std::string& line, char at = '\t') {
  std::vector<std::string> out;
  std::string cell;
  for (const char c : line + at)
    if (c == at)
      out.push_back(std::move(cell)), cell.clear();
    else
      cell += c;
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

const std::map<std::string, std::string> classes = {
    {"traefik", "traefik"}, {"f5-nginx", "f5"},  {"haproxytech", "ht"}, {"haproxy-ingress", "jc"},
    {"kong", "kong"},       {"gce", ""},         {"aws-alb", "alb"},    {"contour", "contour"},
    {"apisix", "apisix"},   {"cilium", "cilium"}};

// What the annotations refer to.
constexpr const char* beside_them = R"(---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: f5}
spec: {controller: nginx.org/ingress-controller}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: ht}
spec: {controller: haproxy.org/ingress-controller}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: jc}
spec: {controller: haproxy-ingress.github.io/controller}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip}
spec: {stripPrefix: {prefixes: [/app]}}
---
apiVersion: networking.gke.io/v1beta1
kind: FrontendConfig
metadata: {name: fc}
spec: {redirectToHttps: {enabled: true}}
---
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: bc}
spec: {timeoutSec: 40}
---
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: sticky}
spec: {sessionAffinity: {affinityType: GENERATED_COOKIE, affinityCookieTtlSec: 60}}
)";

struct Fate {
  std::string outcome, code;
  std::size_t backends = 0;  // that a client can reach
};

Fate convert_one(const std::string& controller, bool on_service, const std::string& key, const std::string& value,
                 const std::string& beside) {
  std::string annotations = "    " + key + ": " + quoted(value) + "\n";
  if (!beside.empty())
    annotations +=
        "    " + beside.substr(0, beside.find('=')) + ": " + quoted(beside.substr(beside.find('=') + 1)) + "\n";
  annotations = "  annotations:\n" + annotations;
  const std::string& name = classes.at(controller);
  std::string ingress_class = name.empty() ? "" : "  ingressClassName: " + name + "\n";
  if (controller == "gce") {
    const std::string own = "    kubernetes.io/ingress.class: gce\n";
    if (on_service)
      ingress_class = "";
    else
      annotations += own;
  }
  std::string text =
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: case\n" +
      (on_service ? controller == "gce" ? "  annotations: {kubernetes.io/ingress.class: gce}\n" : "" : annotations) +
      "spec:\n" + ingress_class +
      "  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - path: /app\n        pathType: Prefix\n"
      "        backend: {service: {name: web, port: {number: 80}}}\n";
  if (value == "minion")
    text +=
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: master\n  annotations: "
        "{nginx.org/mergeable-ingress-type: master}\nspec:\n  ingressClassName: f5\n  rules:\n  - host: "
        "a.example.com\n";
  text += "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n" + (on_service ? annotations : std::string()) +
          "spec: {ports: [{name: http, port: 80}]}\n" + beside_them;
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("case.yaml", text, sources, sink);
  kube::Bundle out;
  convert::Options options;
  const auto outcomes = convert::convert(in, options, sources, sink, out);
  REQUIRE(bool(outcomes));
  Fate result;
  for (const convert::Entry& e : outcomes->ledger.entries())
    if (e.object && e.key() == key && (e.object->kind == "Service") == on_service)
      result.outcome = std::string(convert::name(e.outcome)), result.code = e.code;
  for (const kube::HttpRoute& route : out.http_routes)
    for (const kube::HttpRouteRule& rule : route.spec.rules) result.backends += rule.backend_refs.size();
  return result;
}

std::string all_cases() {
  std::string text;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("testdata/convert"))
    if (entry.path().extension() == ".case") {
      std::ifstream in(entry.path());
      text.append(std::istreambuf_iterator<char>(in), {});
    }
  return text;
}

}  // namespace

TEST_CASE("every annotation of the other controllers, valid and not") {
  const bool accept = std::getenv("GWCTL_ACCEPT") != nullptr;
  std::ifstream table("testdata/convert/other-annotations.tsv");
  REQUIRE(bool(table));
  std::set<std::string> known;
  std::string rewritten;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) {
      rewritten += line + "\n";
      continue;
    }
    auto row = cells(line);
    row.resize(8);
    known.insert(row[0] + "\t" + row[1]);
    CAPTURE(line);
    const Fate fate = convert_one(row[0], row[2] == "service", row[3], row[4], row[5]);
    if (accept) row[6] = fate.outcome, row[7] = fate.code;
    CHECK(fate.outcome == row[6]);
    CHECK(fate.code == row[7]);
    // What guards and is lost leaves nothing to reach; what the controller drops neither.
    if (row[7] == "GW602" || row[7] == "GW606") CHECK(fate.backends == 0);
    for (std::size_t i = 0; i < 8; ++i) rewritten += row[i] + (i == 7 ? "\n" : "\t");
  }
  table.close();
  if (accept) std::ofstream("testdata/convert/other-annotations.tsv") << rewritten;

  std::ifstream shared(evidence::path("tables/other-controllers.tsv"));
  if (!shared) {
    FAIL("testdata/evidence is not there");
    return;
  }
  const std::map<std::string, std::string> names = {
      {"nginx-inc (F5 NIC)", "f5-nginx"}, {"haproxy-ingress (jcmoraisjr)", "haproxy-ingress"}, {"kong (KIC)", "kong"}};
  const std::string cases = all_cases();
  std::string line;
  std::getline(shared, line);
  for (; std::getline(shared, line);) {
    const auto row = cells(line);
    if (row[1] != "annotation") continue;
    const std::string controller = names.contains(row[0]) ? names.at(row[0]) : row[0];
    if (row[2].starts_with("Middleware ")) {
      for (const std::string& kind : cells(row[2].substr(11), '/'))
        CHECK_MESSAGE(cases.find(kind + ":") != std::string::npos, "Middleware ", kind, " is in no case");
      continue;
    }
    CHECK_MESSAGE(known.contains(controller + "\t" + row[2]), controller, " ", row[2], " is in no case");
  }
}
