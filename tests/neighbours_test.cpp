// The model of external-dns v0.23.0 and cert-manager v1.21.2, rule by rule as observed (docs/neighbours.md).
#include <doctest/doctest.h>

#include <string>

#include "kube/load.h"
#include "neighbours/compare.h"

namespace {

using namespace gw;

// Records and Certificates of a set, one a line.
std::string asked(const std::string& yaml, const neighbours::Options& options = {}) {
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle bundle = kube::load_text("in.yaml", yaml, sources, sink);
  const neighbours::Wanted wanted = neighbours::wanted(bundle, options);
  std::string out;
  for (const auto& [key, each] : wanted.records) out += key.name + " " + key.type + " " + neighbours::text(each) + "\n";
  for (const auto& [key, each] : wanted.certificates) out += key.display() + " " + neighbours::text(each) + "\n";
  return out;
}

std::string ingress(const std::string& annotations, const std::string& tls = "") {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: shop, annotations: {" +
         annotations + "}}\nspec: {rules: [{host: a.example.com}]" + (tls.empty() ? "" : ", tls: " + tls) + "}\n---\n";
}

std::string gateway(const std::string& listeners, const std::string& annotations = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop, annotations: "
         "{" +
         annotations + "}}\nspec: {gatewayClassName: x, listeners: [" + listeners + "]}\n---\n";
}
std::string route(const std::string& hostnames, const std::string& annotations = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop, annotations: "
         "{" +
         annotations + "}}\nspec: {parentRefs: [{name: g}], hostnames: [" + hostnames + "]}\n---\n";
}
constexpr const char* any_host = "{name: web, port: 80, protocol: HTTP}";
std::string https(const std::string& name, const std::string& host, const std::string& secret) {
  return "{name: " + name + ", port: 443, protocol: HTTPS, hostname: '" + host +
         "', tls: {certificateRefs: [{name: " + secret + "}]}}";
}

}  // namespace

TEST_CASE("records of an Ingress: rules, tls hosts and the annotation") {
  CHECK(asked(ingress("")) == "a.example.com A LB\n");
  CHECK(asked(ingress("", "[{hosts: [only.example.com]}]")) == "a.example.com A LB\nonly.example.com A LB\n");
  CHECK(asked(ingress("", "[{hosts: [only.example.com]}]"), {.ignore_tls_spec = true}) == "a.example.com A LB\n");
  const std::string more = "external-dns.kubernetes.io/hostname: x.example.com";
  CHECK(asked(ingress(more)) == "a.example.com A LB\nx.example.com A LB\n");
  CHECK(asked(ingress(more + ", external-dns.kubernetes.io/ingress-hostname-source: annotation-only")) ==
        "x.example.com A LB\n");
  CHECK(asked(ingress(more + ", external-dns.kubernetes.io/ingress-hostname-source: defined-hosts-only")) ==
        "a.example.com A LB\n");
  CHECK(asked(ingress(more + ", external-dns.kubernetes.io/ingress-hostname-source: other")) == "");
  CHECK(asked(ingress("external-dns.kubernetes.io/controller: other")) == "");
  const std::string old = "external-dns.alpha.kubernetes.io/target: lb.example.net";
  CHECK(asked(ingress(old)) == "a.example.com CNAME lb.example.net\n");
  CHECK(asked(ingress(old), {.legacy_prefix = false}) == "a.example.com A LB\n");
}

TEST_CASE("records of routes: hostnames, listeners, and where each annotation counts") {
  CHECK(asked(gateway(any_host) + route("a.example.com")) == "a.example.com A LB\n");
  CHECK(asked(gateway("{name: web, port: 80, protocol: HTTP, hostname: '*.example.com'}") + route("")) ==
        "*.example.com A LB\n");
  CHECK(asked(gateway(any_host) + route("")) == "");
  CHECK(asked(gateway("{name: web, port: 80, protocol: HTTP, hostname: a.example.com}") + route("'*.example.com'")) ==
        "a.example.com A LB\n");
  CHECK(asked(gateway("{name: web, port: 80, protocol: HTTP, hostname: '*.example.com'}") + route("example.com")) ==
        "");
  const std::string target = "external-dns.kubernetes.io/target: 10.1.2.3",
                    ttl = "external-dns.kubernetes.io/ttl: '60'";
  CHECK(asked(gateway(any_host, target) + route("a.example.com", ttl)) == "a.example.com A 10.1.2.3 ttl 60\n");
  CHECK(asked(gateway(any_host, ttl) + route("a.example.com", target)) == "a.example.com A LB\n");
  CHECK(asked(gateway(any_host) +
              route("a.example.com", "external-dns.kubernetes.io/gateway-hostname-source: annotation-only")) == "");
}

TEST_CASE("Certificates of an Ingress") {
  const std::string by = "cert-manager.io/cluster-issuer: le",
                    one = "[{hosts: [b.example.com, a.example.com], secretName: s}]";
  CHECK(asked(ingress(by, one)).ends_with("shop/s a.example.com, b.example.com by ClusterIssuer le\n"));
  CHECK(asked(ingress("", one)).find("shop/s") == std::string::npos);
  CHECK(asked(ingress(by, "[{secretName: s}]")).find("shop/s") == std::string::npos);
  // One Secret in two entries: the whole Ingress is refused.
  CHECK(asked(ingress(by, "[{hosts: [a], secretName: s}, {hosts: [b], secretName: s}, {hosts: [c], secretName: t}]"))
            .find("shop/") == std::string::npos);
  CHECK(asked(ingress("cert-manager.io/issuer: a, " + by, one)).find("shop/s") == std::string::npos);
  CHECK(asked(ingress("kubernetes.io/tls-acme: 'true'", one)).find("shop/s") == std::string::npos);
  CHECK(asked(ingress("kubernetes.io/tls-acme: 'true'", one), {.default_issuer = true}).find("shop/s") !=
        std::string::npos);
}

TEST_CASE("Certificates of a Gateway: one per Secret, listeners without a hostname do not count") {
  const std::string by = "cert-manager.io/issuer: ca";
  CHECK(asked(gateway(https("a", "a.example.com", "s") + ", " + https("b", "*.b.example.com", "s"), by)) ==
        "shop/s *.b.example.com, a.example.com by Issuer ca\n");
  CHECK(asked(gateway("{name: t, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: s}]}}", by)) == "");
  CHECK(asked(gateway("{name: t, port: 443, protocol: TLS, hostname: a, tls: {mode: Passthrough}}", by)) == "");
  CHECK(asked(gateway(https("a", "a.example.com", "s") + ", " + https("b", "b.example.com", "t"),
                      by + ", cert-manager.io/ignore-tls-listeners: 'a'")) == "shop/t b.example.com by Issuer ca\n");
}

TEST_CASE("differences: lost and reissued ones are grave") {
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle old = kube::load_text(
      "old.yaml", ingress("cert-manager.io/issuer: ca", "[{hosts: [a.example.com], secretName: s}]"), sources, sink);
  const kube::Bundle fresh = kube::load_text(
      "new.yaml", gateway(https("a", "b.example.com", "s"), "cert-manager.io/issuer: ca") + route("b.example.com"),
      sources, sink);
  const auto found = neighbours::compare(neighbours::wanted(old), neighbours::wanted(fresh));
  REQUIRE(found.size() == 3);
  CHECK(found[0].subject == "a.example.com A");
  CHECK(neighbours::grave(found[0]));
  CHECK(found[1].what.empty());
  CHECK(!neighbours::grave(found[1]));
  CHECK(found[2].what == "loses the names a.example.com, gets the names b.example.com");
  CHECK(neighbours::grave(found[2]));
}
