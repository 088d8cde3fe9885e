// Every annotation of ingress-nginx for every target: what is written passes the target's own CRDs (schema and CEL), no
// demand is met in words only, and a security demand is either said or closes its route.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "convert/convert.h"
#include "convert/emitters/fit.h"
#include "convert/profile.h"
#include "convert/target.h"
#include "kube/load.h"
#include "tests/evidence.h"
#include "validate/validate.h"

using namespace gw;

namespace {

constexpr const char* prefix = "nginx.ingress.kubernetes.io/";

std::vector<std::string> cells(const std::string& line, char at = '\t') {
  std::vector<std::string> out;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, at);) out.push_back(cell);
  return out;
}

std::string annotation(const std::string& key, const std::string& value) {
  std::string quoted;
  for (const char c : value) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return std::string("    ") + prefix + key + ": '" + quoted + "'\n";
}

std::string ingress(const std::string& name, const std::string& service, const std::string& annotations,
                    const std::string& path) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n" +
         (annotations.empty() ? "" : "  annotations:\n" + annotations) +
         "spec:\n  ingressClassName: nginx\n  tls: [{hosts: [a.example.com], secretName: cert}]\n  rules:\n  - host: "
         "a.example.com\n    http:\n      paths:\n      - path: " +
         path + "\n        pathType: ImplementationSpecific\n        backend: {service: {name: " + service +
         ", port: {number: 80}}}\n";
}

struct Row {
  std::string key, annotations;
};

// A valid value each, as in convert_annotations_test.
std::vector<Row> annotation_rows() {
  std::ifstream table("testdata/convert/nginx-annotations.tsv");
  REQUIRE(bool(table));
  std::vector<Row> rows;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    const auto row = cells(line);
    std::string annotations = annotation(row[0], row[2]);
    for (const std::string& pair : cells(row[1], ';'))
      annotations += annotation(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    rows.push_back({row[0], annotations});
  }
  rows.push_back({"rewrite-target", annotation("rewrite-target", "/x/$2")});
  rows.push_back({"affinity", annotation("affinity", "cookie") + annotation("session-cookie-max-age", "600") +
                                  annotation("session-cookie-samesite", "Lax") +
                                  annotation("session-cookie-path", "/")});
  rows.push_back({"auth-url", annotation("auth-url", "https://login.example.org/check?x=1")});
  rows.push_back({"limit-rpm", annotation("limit-rpm", "30") + annotation("limit-rps", "2")});
  rows.push_back({"cors-allow-origin", annotation("enable-cors", "true") +
                                           annotation("cors-allow-origin", "https://*.example.com,https://b.org")});
  rows.push_back({"upstream-hash-by", annotation("upstream-hash-by", "$http_x_user")});
  rows.push_back({"proxy-next-upstream", annotation("proxy-next-upstream", "error timeout http_502") +
                                             annotation("proxy-next-upstream-tries", "3")});
  rows.push_back(
      {"custom-http-errors", annotation("custom-http-errors", "404,503") + annotation("default-backend", "errors")});
  rows.push_back({"ssl-ciphers", annotation("ssl-ciphers", "ECDHE-RSA-AES128-GCM-SHA256")});
  return rows;
}

struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  std::vector<diag::Diagnostic> findings;
  bool lost = false;
  convert::Ledger ledger;

  Converted(const std::string& text, const convert::Options& options) {
    in = kube::load_text("case.yaml", text, sources, sink);
    auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    lost = outcomes->lost;
    ledger = std::move(outcomes->ledger);
    findings = sink.take();
  }
  std::size_t backends() const {
    std::size_t n = 0;
    for (const kube::HttpRoute& route : out.http_routes)
      for (const kube::HttpRouteRule& rule : route.spec.rules) n += rule.backend_refs.size();
    return n;
  }
};

std::unique_ptr<validate::Catalogue> catalogue(const std::vector<std::string>& folders) {
  diag::Sources sources;
  diag::Sink sink;
  static std::vector<std::vector<yaml::Document>> keep;  // schemas borrow from the documents
  std::vector<yaml::Document> documents;
  for (const std::string& folder : folders) {
    if (!std::filesystem::exists(folder)) return nullptr;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      std::ifstream in(file);
      std::stringstream text;
      text << in.rdbuf();
      static std::vector<std::unique_ptr<diag::Sources>> texts;
      texts.push_back(std::make_unique<diag::Sources>());
      for (yaml::Document& d : yaml::read(texts.back()->add(file, text.str()), *texts.back(), {}, sink))
        documents.push_back(std::move(d));
    }
  }
  keep.push_back(std::move(documents));
  return validate::from_crds(keep.back(), sink);
}

struct Shelf {
  const char* target;
  const char* folder;
};
constexpr Shelf shelves[] = {{"envoy-gateway", "../shared/crds/envoy-gateway-v1.9"},
                             {"nginx-gateway-fabric", "../shared/crds/nginx-gateway-fabric"},
                             {"traefik", "../shared/crds/traefik-v3.7"}};

}  // namespace

TEST_CASE("the CRDs are really asked: a wrong field of each target's object is found") {
  for (const auto& [target, folder, object] :
       {std::tuple{"envoy-gateway", shelves[0].folder,
                   "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\n"},
        {"nginx-gateway-fabric", shelves[1].folder, "apiVersion: gateway.nginx.org/v1alpha1\nkind: RateLimitPolicy\n"},
        {"traefik", shelves[2].folder, "apiVersion: traefik.io/v1alpha1\nkind: Middleware\n"}}) {
    const auto crds = catalogue({folder});
    if (!crds) {
      evidence::missing("crds");
      return;
    }
    diag::Sources sources;
    diag::Sink sink;
    const kube::Bundle bundle = kube::load_text(
        "x.yaml", std::string(object) + "metadata: {name: a, namespace: b}\nspec: {no: 1}\n", sources, sink);
    validate::Options how;
    how.crds = crds.get();
    how.rules = false;
    validate::check(bundle, "out.yaml", how, sources, sink);
    CHECK_MESSAGE(!sink.take().empty(), target);
  }
}

TEST_CASE("every annotation, for the targets whose CRDs are there: schema and CEL") {
  const auto rows = annotation_rows();
  for (const Shelf& shelf : shelves) {
    for (const std::string channel : {"standard", "experimental"}) {
      if (evidence::missing("crds/gateway-api-v1.6.3")) return;
      const auto crds = catalogue({shelf.folder, "../shared/crds/gateway-api-v1.6.3/" + channel});
      REQUIRE(crds);
      std::size_t objects = 0, faults = 0;
      for (const Row& row : rows)
        for (const char* path : {"/", "/foo(/|$)(.*)"}) {
          convert::Options options;
          options.to = shelf.target;
          options.experimental = channel == "experimental";
          options.snippets = true;
          for (const std::string_view loss : convert::loss_names()) options.accepted.insert(convert::loss_of(loss));
          std::string text = ingress("case", "web", row.annotations, path);
          if (row.key.starts_with("canary")) text = ingress("main", "primary", {}, path) + "---\n" + text;
          Converted c(text, options);
          objects += c.out.others.size() + c.out.http_routes.size();
          std::string yaml;
          kube::write(c.out, yaml::Style::yaml, yaml);
          diag::Sink sink;
          validate::Options how;
          how.channel = options.experimental ? validate::Channel::experimental : validate::Channel::standard;
          how.crds = crds.get();
          how.rules = false;
          validate::check(c.out, "out.yaml", how, c.sources, sink);
          for (const diag::Diagnostic& d : sink.take())
            if (d.severity == diag::Severity::error) {
              ++faults;
              MESSAGE(std::string(shelf.target), " ", row.key, " ", path, ": ", d.code, " ", d.message, "\n", yaml);
            }
        }
      MESSAGE(std::string(shelf.target), " (", channel, "): ", objects, " objects, ", faults, " faults");
      CHECK(faults == 0);
      CHECK(objects > 200);
    }
  }
}

TEST_CASE("a demand that a target meets is said, one that it does not meet is told, security closes") {
  const auto rows = annotation_rows();
  for (const convert::Target& target : convert::targets())
    for (const Row& row : rows) {
      if (row.key.starts_with("canary")) continue;
      convert::Options options;
      options.to = std::string(target.name);
      options.snippets = true;
      const Converted c(ingress("case", "web", row.annotations, "/"), options);
      for (const convert::Entry& e : c.ledger.entries()) {
        if (!e.object) continue;
        CAPTURE(target.name);
        CAPTURE(e.key());
        CAPTURE(e.detail);
        CHECK(e.detail != "nothing in the output says it");
        if (e.code == "GW602") {
          CHECK(c.lost);
          CHECK(c.backends() == 0);
        }
        if (convert::security(e.loss)) CHECK(e.outcome != convert::Outcome::ignored);
      }
    }
}

TEST_CASE("profiles: a row a target, each feature has its place") {
  CHECK(convert::profiles().size() == convert::targets().size());
  for (const convert::Target& target : convert::targets()) {
    const convert::Profile& p = convert::profile(target.name);
    CHECK(p.target == target.name);
    CHECK(!p.report.empty());
    CHECK(!p.unsupported.empty());
    const bool shown = target.name == "standard" ||
                       std::filesystem::exists("testdata/convert/targets/" + std::string(target.name) + ".case");
    CHECK_MESSAGE(shown, std::string(target.name), " has no case");
  }
  using F = convert::Feature;
  CHECK(convert::profile("standard").features.has(F::udp_route));
  CHECK(!convert::profile("traefik").features.has(F::mirror));
  CHECK(!convert::profile("gke").features.has(F::redirect_308));
  CHECK(convert::info(F::redirect_308).standard == 5);
  CHECK(convert::info(F::udp_route).name == "UDPRoute");
  CHECK(convert::info(F::regex_match).name == "matches of type RegularExpression");
}

TEST_CASE("patterns that begin with '/'") {
  const auto shaped = [](std::string_view p) { return convert::from_slash(p).value_or("none"); };
  CHECK(shaped("/foo(/.*)?") == "/foo(/.*)?");
  CHECK(shaped("(?i)(?:/foo).*") == "/(?i)(?:foo).*");
  CHECK(shaped("(?i)(?:/foo(/|$)(.*)).*") == "/(?i)(?:foo(/|$)(.*)).*");
  CHECK(shaped("(?i)(?:/foo|.*/bar).*") == "/(?i)(?:foo|(?:.*/)?bar).*");
  CHECK(shaped("(?i)(?:/[a|b]|.*/c\\|d).*") == "/(?i)(?:[a|b]|(?:.*/)?c\\|d).*");
  CHECK(shaped("^/a") == "/a");
  CHECK(shaped("/a|/b") == "/(?:a|b)");
  CHECK(shaped("foo") == "none");
  CHECK(shaped("/?foo") == "none");
  CHECK(shaped(".*foo") == "none");
}
