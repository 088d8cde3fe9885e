// The audit's judgement on days, owners and groups, and its page with hostile names.
#include <doctest/doctest.h>

#include "audit/audit.h"
#include "audit/plan.h"
#include "kube/load.h"
#include "pki/certificate.h"

using namespace gw;

namespace {

struct Read {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  explicit Read(std::string text) { bundle = kube::load_text("in.yaml", std::move(text), sources, sink); }
};

std::string ingress(const std::string& name, const std::string& more) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n  namespace: shop\n" +
         more +
         "spec:\n  ingressClassName: nginx\n  tls: [{hosts: [a.test, b.other], secretName: pair}]\n  rules:\n  - "
         "host: " +
         name +
         ".test\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}\n";
}

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) ++n;
  return n;
}

}  // namespace

TEST_CASE("a certificate's end is counted in days, and a name it does not cover is told") {
  const auto pair = pki::make_self_signed({"a.test"}, 20);
  REQUIRE(pair);
  std::string indented;
  for (const char c : pair->certificate_pem) indented += c == '\n' ? std::string("\n    ") : std::string(1, c);
  Read read(ingress("a", "") +
            "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pair, namespace: shop}\nstringData:\n"
            "  tls.crt: |\n    " +
            indented + "\n");
  REQUIRE(!read.sink.failed());
  audit::Options options;
  options.now = std::time(nullptr);
  const auto report = audit::make(read.bundle, read.sources, options);
  REQUIRE(report);
  REQUIRE(report->certificates.size() == 1);
  CHECK(report->certificates[0].days_left >= 19);
  CHECK(report->certificates[0].days_left <= 20);
  CHECK(report->certificates[0].problem == "does not cover b.other");
  options.now += 86400 * 30;
  const auto later = audit::make(read.bundle, read.sources, options);
  CHECK(later->certificates[0].problem.starts_with("expired"));
  CHECK(later->certificates[0].days_left < 0);
  CHECK(audit::render_html(*later).find("class=\"bad\"") != std::string::npos);
}

TEST_CASE("who answers for an Ingress: named people before parts of an application, the object before its namespace") {
  Read read("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: crew}}\n" +
            ingress("a", "  labels: {app.kubernetes.io/part-of: web}\n") +
            ingress("b", "  annotations: {example.com/owner: mail@example.com}\n"));
  const kube::Namespace& ns = read.bundle.namespaces.front();
  CHECK(audit::owner_of(read.bundle.ingresses[0].metadata, &ns) == "crew");
  CHECK(audit::owner_of(read.bundle.ingresses[0].metadata, nullptr) == "web");
  CHECK(audit::owner_of(read.bundle.ingresses[1].metadata, &ns) == "mail@example.com");
}

TEST_CASE("names never become elements of the page") {
  const std::string bad = "<script>alert(1)</script>";
  const std::string quoted = "\"" + bad + "\"";
  Read read("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + quoted + "\n  namespace: " +
            quoted + "\n  labels: {team: " + quoted + "}\n  annotations: {\"nginx.ingress.kubernetes.io/" + bad +
            "\": " + quoted + "}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: " + quoted +
            "\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: " + quoted +
            ", port: {number: 80}}}}]}\n");
  REQUIRE(read.bundle.ingresses.size() == 1);
  const auto report = audit::make(read.bundle, read.sources, {});
  REQUIRE(report);
  const std::string page = audit::render_html(*report);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(times(page, "&lt;script&gt;") > 5);
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("a large set is folded: the page stays small and says what it leaves out") {
  std::string text;
  for (int i = 0; i < 1500; ++i)
    text += ingress("i" + std::to_string(i), "  annotations: {nginx.ingress.kubernetes.io/limit-rps: \"5\"}\n");
  Read read(std::move(text));
  audit::Options options;
  options.verify_hosts = 5;
  const auto report = audit::make(read.bundle, read.sources, options);
  REQUIRE(report);
  CHECK(report->ingresses.size() == 1500);
  CHECK(report->checked.hosts <= 5);
  const std::string page = audit::render_html(*report);
  CHECK(page.size() < 1'500'000);
  CHECK(page.find("more are left out here") != std::string::npos);
  CHECK(audit::render_json(*report).size() > page.size() / 4);
}

TEST_CASE("every target of convert can be installed and taken away again") {
  for (const std::string_view target : convert::target_names()) {
    const audit::Install* row = audit::install_of(target);
    CAPTURE(target);
    REQUIRE(row != nullptr);
    if (target != "standard") {
      CHECK(!row->install.empty());
      CHECK(!row->undo.empty());
    }
  }
}

TEST_CASE("targets compared on parts of a large set are judged as on the whole") {
  const std::string annotations[] = {
      "",
      "nginx.ingress.kubernetes.io/rewrite-target: /x",
      "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
      "nginx.ingress.kubernetes.io/configuration-snippet: deny all;",
      "nginx.ingress.kubernetes.io/limit-rps: \"5\"",
      "nginx.ingress.kubernetes.io/enable-cors: \"true\"",
      "nginx.ingress.kubernetes.io/server-alias: also.test",
      "nginx.ingress.kubernetes.io/no-such-annotation: x",
  };
  std::string text;
  for (int i = 0; i < 64; ++i) {
    const std::string& one = annotations[static_cast<std::size_t>(i) % std::size(annotations)];
    // every fifth shares its host with others
    const std::string name = i % 5 == 0 ? "shared" + std::to_string(i % 3) : "own" + std::to_string(i);
    std::string made = ingress(name, one.empty() ? "" : "  annotations: {" + one + "}\n");
    made.replace(made.find("name: " + name), 6 + name.size(), "name: i" + std::to_string(i));
    text += made;
  }
  Read read(std::move(text));
  REQUIRE(read.bundle.ingresses.size() == 64);
  audit::Options options;
  options.verify_hosts = 0;
  options.every = true;
  const auto whole = audit::make(read.bundle, read.sources, options);
  options.every = false;
  const auto parts = audit::make(read.bundle, read.sources, options);
  REQUIRE(whole);
  REQUIRE(parts);
  CHECK(whole->features == parts->features);
  REQUIRE(whole->targets.size() == parts->targets.size());
  for (std::size_t i = 0; i < whole->targets.size(); ++i) {
    CHECK(whole->targets[i].name == parts->targets[i].name);
    CHECK(whole->targets[i].annotations == parts->targets[i].annotations);
    CHECK(whole->targets[i].lost == parts->targets[i].lost);
  }
  CHECK(audit::render_json(*whole) == audit::render_json(*parts));
}
