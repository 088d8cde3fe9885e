// Every annotation of ingress-nginx with a valid and an invalid value, and what becomes of each:
// testdata/convert/nginx-annotations.tsv. An annotation that is in the shared table and in no case fails here.
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "convert/convert.h"
#include "kube/load.h"
#include "tests/evidence.h"

using namespace gw;

namespace {

constexpr const char* prefix = "nginx.ingress.kubernetes.io/";

std::vector<std::string> cells(const std::string& line, char at = '\t') {
  std::vector<std::string> out;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, at);) out.push_back(cell);
  return out;
}

std::string ingress(const std::string& name, const std::string& service, const std::string& annotations) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n" +
         (annotations.empty() ? "" : "  annotations:\n" + annotations) +
         "spec:\n  ingressClassName: nginx\n  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - path: "
         "/\n"
         "        pathType: Prefix\n        backend: {service: {name: " +
         service + ", port: {number: 80}}}\n";
}

std::string annotation(const std::string& key, const std::string& value) {
  std::string quoted;
  for (const char c : value) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return std::string("    ") + prefix + key + ": '" + quoted + "'\n";
}

struct Fate {
  std::string outcome, code;
  std::size_t backends = 0;  // that a client can reach
};

Fate convert_one(const std::string& key, const std::string& beside, const std::string& value) {
  std::string annotations = annotation(key, value);
  for (const std::string& pair : cells(beside, ';'))
    annotations += annotation(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
  std::string text = ingress("case", "canary", annotations);
  if (key.starts_with("canary")) text = ingress("main", "primary", {}) + "---\n" + text;
  text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: headers, namespace: default}\ndata: {X-A: b}\n";
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("case.yaml", text, sources, sink);
  kube::Bundle out;
  convert::Options options;
  const auto outcomes = convert::convert(in, options, sources, sink, out);
  REQUIRE(bool(outcomes));
  Fate result;
  for (const convert::Entry& e : outcomes->ledger.entries())
    if (e.object && e.key() == prefix + key) result.outcome = name(e.outcome), result.code = e.code;
  for (const kube::HttpRoute& route : out.http_routes)
    for (const kube::HttpRouteRule& rule : route.spec.rules) result.backends += rule.backend_refs.size();
  return result;
}

}  // namespace

TEST_CASE("every annotation of ingress-nginx, valid and not") {
  std::ifstream table("testdata/convert/nginx-annotations.tsv");
  REQUIRE(bool(table));
  std::set<std::string> known;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    const auto row = cells(line);
    REQUIRE(row.size() == 7);
    const std::string key = row[0];
    known.insert(key);
    CAPTURE(key);
    const Fate good = convert_one(key, row[1], row[2]), bad = convert_one(key, row[1], row[4]);
    CHECK(good.outcome == row[3]);
    CHECK(bad.outcome == row[5]);
    CHECK(bad.code == row[6]);
    // A security annotation that is refused leaves nothing to reach; an Ingress that the controller drops neither.
    if (good.code == "GW602") CHECK(good.backends == 0);
    if (bad.code == "GW606" && !key.starts_with("canary")) CHECK(bad.backends == 0);
  }
  std::ifstream shared(evidence::path("tables/ingress-nginx-annotations.tsv"));
  if (!shared) {
    FAIL("testdata/evidence is not there");
    return;
  }
  std::string line;
  std::getline(shared, line);
  for (; std::getline(shared, line);) {
    const auto row = cells(line);
    const std::string key = row[0].substr(row[0].find('/') + 1);
    CHECK_MESSAGE(known.contains(key), key, " is in no case");
    if (row.size() > 9)
      for (const std::string& alias : cells(row[9], ','))
        if (!alias.empty()) CHECK_MESSAGE(known.contains(alias), alias, " is in no case");
  }
}

TEST_CASE("a lost security annotation closes its path, not only its route") {
  // The open '/' of the same host would otherwise answer for /admin.
  const std::string text =
      ingress("open", "web", {}) + "---\n" +
      ingress("guarded", "web", annotation("whitelist-source-range", "10.0.0.0/8")).replace(0, 0, "");
  std::string guarded = text;
  guarded.replace(guarded.rfind("path: /\n"), 8, "path: /admin\n");
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("x.yaml", guarded, sources, sink);
  convert::Options options;
  for (const bool accepted : {false, true}) {
    if (accepted) options.accepted.insert(convert::Loss::allow_list);
    kube::Bundle out;
    const auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    CHECK(outcomes->lost == !accepted);
    bool found = false;
    for (const kube::HttpRoute& route : out.http_routes)
      for (const kube::HttpRouteRule& rule : route.spec.rules)
        if (rule.matches[0].path->value == "/admin") {
          found = true;
          CHECK(rule.backend_refs.empty() == !accepted);
        }
    CHECK(found);
  }
}

TEST_CASE("the same bytes whatever the order of the files") {
  const std::string a = ingress("a", "one", annotation("rewrite-target", "/x")),
                    b = ingress("b", "two", annotation("enable-cors", "true")),
                    c = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: c, namespace: "
                        "other}\nspec:\n  ingressClassName: nginx\n"
                        "  tls: [{hosts: ['*.example.com'], secretName: wild}]\n  rules:\n  - host: '*.example.com'\n  "
                        "  http: {paths: [{path: /, "
                        "pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}\n"
                        "  - host: example.com\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: "
                        "{name: s, port: {number: 80}}}}]}\n";
  std::set<std::string> outputs;
  for (const auto& order : {std::array{a, b, c}, {c, b, a}, {b, a, c}}) {
    diag::Sources sources;
    diag::Sink sink;
    const kube::Bundle in =
        kube::load_text("x.yaml", order[0] + "---\n" + order[1] + "---\n" + order[2], sources, sink);
    kube::Bundle out;
    REQUIRE(bool(convert::convert(in, {}, sources, sink, out)));
    for (kube::HttpRoute& route : out.http_routes) route.comments.clear();  // they name lines
    std::string text;
    kube::write(out, yaml::Style::yaml, text);
    outputs.insert(text);
    std::set<std::string> hosts;
    for (const kube::Listener& l : out.gateways.at(0).spec.listeners) hosts.insert(l.name);
    CHECK(hosts.contains("https.wildcard--example.com"));
    CHECK(hosts.contains("http"));
  }
  CHECK(outputs.size() == 1);
}
