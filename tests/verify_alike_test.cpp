// Hosts that are configured alike share what the first of them showed: the report must be the one that asking each of
// them gives, on the recorded configurations and on generated ones where one host in many is different.
#include <doctest/doctest.h>

#include <set>

#include "convert/convert.h"
#include "kube/index.h"
#include "kube/rewritten.h"
#include "route/attach.h"
#include "route/profile.h"
#include "verify/boundaries_gateway.h"
#include "verify/controllers/controller.h"
#include "verify/equivalence.h"

using namespace gw;

namespace {

std::string ingress(int number, const std::string& annotations, const std::string& path_type = "Prefix") {
  const std::string n = std::to_string(number);
  return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i" + n + "\n  namespace: ns" +
         std::to_string(number % 3) + "\n  annotations: {" + annotations +
         "}\nspec:\n  ingressClassName: nginx\n  tls:\n  - hosts: [h" + n + ".example.com]\n    secretName: tls" + n +
         "\n  rules:\n  - host: h" + n +
         ".example.com\n    http:\n      paths:\n      - {path: /a, pathType: " + path_type +
         ", backend: {service: {name: a" + n +
         ", port: {number: 80}}}}\n      - {path: /b/, pathType: Prefix, backend: " + "{service: {name: b" + n +
         ", port: {number: 81}}}}\n";
}

const std::string kinds[] = {
    "",
    "nginx.ingress.kubernetes.io/enable-cors: \"true\", nginx.ingress.kubernetes.io/cors-allow-origin: "
    "\"https://a.test\"",
    "nginx.ingress.kubernetes.io/rewrite-target: /",
    "nginx.ingress.kubernetes.io/ssl-redirect: \"false\"",
    "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
};

struct Sides {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle old_bundle, new_bundle;
  std::unique_ptr<verify::Controller> old_model;
  std::unique_ptr<route::Model> new_model;

  // change: made to the converted text.
  Sides(const std::string& text, const std::function<void(std::string&)>& change) {
    old_bundle = kube::load_text("old.yaml", text, sources, sink);
    convert::Options options;
    options.from = "ingress-nginx";
    kube::Bundle converted;
    REQUIRE(convert::convert(old_bundle, options, sources, sink, converted));
    std::string written;
    kube::write(converted, yaml::Style::yaml, written);
    if (change) change(written);
    new_bundle = kube::load_text("new.yaml", written, sources, sink);
    verify::ControllerOptions controller;
    controller.assume_secrets = true;
    old_model = verify::make_controller("ingress-nginx", kube::Index(old_bundle), controller);
    const kube::Index index(new_bundle);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    new_model = route::make_model("gwctl", index, route::attach(index, attach));
  }

  verify::Report report(verify::Alike alike) const {
    verify::Options options;
    options.alike = alike;
    return verify::verify({old_model.get(), old_model->boundaries()},
                          {new_model.get(), verify::gateway_boundaries(new_bundle, "gwctl")}, options);
  }
};

std::string shown(const verify::HostReport& host) {
  std::string out = host.host + " " + std::string(verify::name(host.verdict)) + " " + std::to_string(host.classes);
  for (const std::string& each : host.assumptions) out += "\n  " + each;
  for (const auto* list : {&host.counterexamples, &host.unmodelled})
    for (const verify::Counterexample& found : *list) {
      out += "\n  " + std::string(verify::name(found.aspect)) + " " + std::string(found.detail) + " " +
             found.request.method + " " + found.request.host + found.request.target + " " +
             std::string(verify::name(found.difference)) + " " + std::string(verify::name(found.impact)) + " " +
             std::string(found.cause) + " x" + std::to_string(found.alike);
      for (const auto* answers : {&found.old_answer, &found.new_answer})
        for (const route::Answer& answer : answers->any_of)
          out += " | " + std::to_string(answer.status) + " " + answer.backend + " " + answer.location;
    }
  return out;
}

// Hosts whose rows differ between sharing and asking each.
std::set<std::string> compare(const Sides& sides, std::size_t& asked_shared, std::size_t& asked_apart) {
  const verify::Report shared = sides.report(verify::Alike::shared), apart = sides.report(verify::Alike::apart);
  REQUIRE(shared.hosts.size() == apart.hosts.size());
  CHECK(shared.verdict == apart.verdict);
  std::set<std::string> out;
  for (std::size_t i = 0; i < shared.hosts.size(); ++i) {
    asked_shared += shared.hosts[i].requests;
    asked_apart += apart.hosts[i].requests;
    const std::string a = shown(shared.hosts[i]), b = shown(apart.hosts[i]);
    if (a == b) continue;
    out.insert(shared.hosts[i].host);
    MESSAGE("shared:\n" << a << "\napart:\n" << b);
  }
  return out;
}

std::string generated(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += ingress(100 + i, kinds[static_cast<std::size_t>(i) % std::size(kinds)]);
  return text;
}

}  // namespace

TEST_CASE("hosts that are alike are reported as if each were asked") {
  std::size_t shared = 0, apart = 0;
  CHECK(compare(Sides(generated(60), {}), shared, apart).empty());
  MESSAGE("requests: " << shared << " where hosts share, " << apart << " where each is asked");
  CHECK(shared * 2 < apart);
}

TEST_CASE("one host that is different is found among its likes") {
  const auto replace = [](const std::string& from, const std::string& to) {
    return [=](std::string& text) {
      const std::size_t at = text.find(from);
      REQUIRE(at != std::string::npos);
      text.replace(at, from.size(), to);
    };
  };
  std::size_t shared = 0, apart = 0;
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"name: a120\n", "name: b120\n"},
                                 {"name: b125\n", "name: elsewhere\n"},
                                 {"value: /b\n", "value: /c\n"},
                                 {"port: 81\n", "port: 82\n"},
                                 {"statusCode: 308\n", "statusCode: 302\n"},
                                 {"port: 443\n", "port: 444\n"},
                                 {"type: PathPrefix\n", "type: Exact\n"},
                                 {"weight: 1\n", "weight: 0\n"}}) {
    CAPTURE(from);
    CHECK(compare(Sides(generated(40), replace(from, to)), shared, apart).empty());
  }
}

TEST_CASE("an Ingress that is different is found among its likes") {
  std::size_t shared = 0, apart = 0;
  CHECK(compare(Sides(generated(30) + ingress(7, kinds[0], "Exact") + ingress(8, kinds[2], "ImplementationSpecific") +
                          ingress(9, kinds[1] + ", nginx.ingress.kubernetes.io/use-regex: \"true\""),
                      {}),
                shared, apart)
            .empty());
}
