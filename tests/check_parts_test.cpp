// Hosts that share objects are asked about as often as those that do not: a redirect route has up to 16 of them, and
// who else is in it says nothing about the answers of one.
#include <doctest/doctest.h>

#include "check/check.h"
#include "convert/split.h"
#include "kube/load.h"

using namespace gw;

namespace {

// Six sorts of Ingresses with three hosts each, every host with a certificate, so that redirects are shared across
// sorts.
std::string ingresses(int count) {
  constexpr const char* nginx = "nginx.ingress.kubernetes.io/";
  const std::string notes[] = {
      "",
      std::string(nginx) + "proxy-read-timeout: '60'",
      std::string(nginx) + "enable-cors: 'true', " + nginx + "cors-allow-origin: 'https://a.example.org'",
      std::string(nginx) + "rewrite-target: /",
      std::string(nginx) + "ssl-redirect: 'false'",
      std::string(nginx) + "whitelist-source-range: 10.0.0.0/8"};
  std::string out;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    out += "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i" + n + ", namespace: team-" +
           std::to_string(i % 20) + ", annotations: {" + notes[i % std::size(notes)] +
           "}}\nspec:\n  ingressClassName: nginx\n";
    std::string tls = "  tls:\n", rules = "  rules:\n";
    for (const std::string host : {"h0.app", "h1.app", "h2.app"}) {
      tls += "  - {hosts: [" + host + n + ".example.com], secretName: tls}\n";
      rules += "  - host: " + host + n + ".example.com\n    http:\n      paths:\n";
      for (const std::string type : {"Prefix", "Exact", "ImplementationSpecific"})
        rules += "      - {path: /" + type + ", pathType: " + type + ", backend: {service: {name: web" + n + type[0] +
                 ", port: {number: 80}}}}\n";
    }
    out += tls + rules;
  }
  return out;
}

check::Summary checked(const std::string& text) {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in = kube::load_text("in.yaml", text, sources, sink), out;
  check::Summary summary;
  const auto outcomes = check::convert_checked(
      in, {}, sources, sink, {[&](kube::Bundle&& piece) { convert::append(out, std::move(piece)); }, [&] { out = {}; }},
      summary);
  REQUIRE(bool(outcomes));
  return summary;
}

}  // namespace

TEST_CASE("every host of a large input is asked about") {
  for (const int count : {6, 60, 240}) {
    CAPTURE(count);
    const check::Summary summary = checked(ingresses(count));
    CHECK(summary.asked);
    CHECK_MESSAGE(summary.why_not.empty(), summary.why_not);
    CHECK(summary.hosts == static_cast<std::size_t>(3 * count + 1));  // and a host that nobody names
  }
}
