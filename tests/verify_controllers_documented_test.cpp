// Kong, GCE, ALB and Contour by their documented path and host rules; which controller a set is for; what the models
// tell the equivalence engine.
#include <doctest/doctest.h>

#include <algorithm>

#include "kube/load.h"
#include "verify/controllers/controller.h"

using namespace gw;

namespace {

struct Set {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  explicit Set(const std::string& text) : bundle(kube::load_text("set.yaml", text, sources, sink)) {}

  std::string ask(std::string_view controller, const std::string& host, const std::string& target,
                  route::Scheme scheme = route::Scheme::http, const verify::ControllerOptions& options = {}) const {
    const auto model = verify::make_controller(controller, kube::Index(bundle), options);
    route::Request request;
    request.scheme = scheme;
    request.host = host;
    request.target = target;
    std::string out;
    for (const route::Answer& answer : model->answer(request).any_of) {
      if (!out.empty()) out += " or ";
      if (!answer.unmodelled.empty())
        out += "unmodelled";
      else if (!answer.location.empty())
        out += std::to_string(answer.status) + " " + answer.location;
      else if (!answer.backend.empty())
        out += answer.backend + " " + answer.backend_target;
      else
        out += std::to_string(answer.status);
    }
    return out;
  }
  std::string detected() const { return verify::detect(kube::Index(bundle)); }
};

struct Path {
  std::string type, path, service;
};

std::string ingress(const std::string& name, const std::string& class_name, const std::string& host,
                    const std::vector<Path>& paths, const std::string& annotations = "{}",
                    const std::string& more = "") {
  std::string out = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name +
                    "\n  annotations: " + annotations + "\nspec:\n";
  if (!class_name.empty()) out += "  ingressClassName: " + class_name + "\n";
  out += more + "  rules:\n  - http:\n      paths:\n";
  for (const Path& path : paths)
    out += "      - path: " + path.path + "\n        pathType: " + path.type +
           "\n        backend: {service: {name: " + path.service + ", port: {number: 80}}}\n";
  if (!host.empty()) out += "    host: \"" + host + "\"\n";
  return out + "---\n";
}

const std::vector<Path> shop = {{"Prefix", "/foo", "p"}, {"Exact", "/ex", "e"}, {"ImplementationSpecific", "/im", "i"}};

}  // namespace

TEST_CASE("Kong: prefixes by element, others by byte, regexes first, hosts fall through") {
  const Set set(ingress("a", "kong", "a.example.com",
                        {{"Prefix", "/foo", "p"},
                         {"ImplementationSpecific", "/im", "i"},
                         {"ImplementationSpecific", "\"/~/re[0-9]+\"", "r"}}) +
                ingress("b", "kong", "", {{"Prefix", "/any", "any"}}) +
                ingress("s", "kong", "s.example.com", {{"Prefix", "/api", "s"}},
                        "{konghq.com/strip-path: \"true\", konghq.com/protocols: https}"));
  CHECK(set.ask("kong", "a.example.com", "/foo/x?q") == "default/p /foo/x?q");
  CHECK(set.ask("kong", "a.example.com", "/foox") == "404");
  CHECK(set.ask("kong", "a.example.com", "/imx") == "default/i /imx");
  CHECK(set.ask("kong", "a.example.com", "/re12/x") == "default/r /re12/x");
  CHECK(set.ask("kong", "a.example.com", "/any") == "default/any /any");
  CHECK(set.ask("kong", "s.example.com", "/api/x") == "426");
  CHECK(set.ask("kong", "s.example.com", "/api/x", route::Scheme::https) == "default/s /x");
  CHECK(set.ask("kong", "a.example.com", "/foo/../x") == "unmodelled");
}

TEST_CASE("GCE: a path without /* is that path alone, hosts do not fall through") {
  const Set set(ingress(
      "a", "", "a.example.com",
      {{"ImplementationSpecific", "/foo", "f"}, {"ImplementationSpecific", "/bar/*", "b"}, {"Prefix", "/pre", "p"}},
      "{kubernetes.io/ingress.class: gce}", "  defaultBackend: {service: {name: d, port: {number: 80}}}\n"));
  CHECK(set.ask("gce", "a.example.com", "/foo") == "default/f /foo");
  CHECK(set.ask("gce", "a.example.com", "/foo/x") == "default/d /foo/x");
  CHECK(set.ask("gce", "a.example.com", "/bar") == "default/d /bar");
  CHECK(set.ask("gce", "a.example.com", "/bar/x") == "default/b /bar/x");
  CHECK(set.ask("gce", "a.example.com", "/pre") == "default/p /pre");
  CHECK(set.ask("gce", "other.org", "/foo") == "default/d /foo");
}

TEST_CASE("ALB: the first rule that matches wins") {
  const Set set(ingress("a", "alb", "", {{"ImplementationSpecific", "/*", "all"}},
                        "{alb.ingress.kubernetes.io/group.name: g, alb.ingress.kubernetes.io/group.order: \"1\"}") +
                ingress("b", "alb", "a.example.com", {{"Exact", "/x", "x"}},
                        "{alb.ingress.kubernetes.io/group.name: g, alb.ingress.kubernetes.io/group.order: \"2\"}"));
  CHECK(set.ask("alb", "a.example.com", "/x") == "default/all /x");
  const Set alone(ingress("a", "alb", "a.example.com",
                          {{"ImplementationSpecific", "/im*", "i"}, {"Prefix", "/im", "p"}, {"Exact", "/im", "e"}},
                          "{alb.ingress.kubernetes.io/ssl-redirect: \"443\"}"));
  CHECK(alone.ask("alb", "a.example.com", "/im", route::Scheme::https) == "default/e /im");
  CHECK(alone.ask("alb", "a.example.com", "/im/x", route::Scheme::https) == "default/p /im/x");
  CHECK(alone.ask("alb", "a.example.com", "/imx", route::Scheme::https) == "default/i /imx");
  CHECK(alone.ask("alb", "a.example.com", "/im?q") == "301 https://a.example.com:443/im?q");
}

TEST_CASE("documented models say so; measured ones do not") {
  const Set set(ingress("a", "contour", "a.example.com", shop));
  for (std::string_view name : verify::controller_names()) {
    const auto model = verify::make_controller(name, kube::Index(set.bundle));
    REQUIRE(model);
    const bool documented = name == "kong" || name == "gce" || name == "alb";
    CHECK(model->measured() == !documented);
    route::Request request;
    request.host = "a.example.com";
    for (const auto& answer : model->answer(request).any_of)
      CHECK(documented ==
            (std::count(answer.attributes.begin(), answer.attributes.end(), "basis=documented, not measured") == 1));
  }
  CHECK(verify::make_controller("nginx", kube::Index(set.bundle)) == nullptr);
}

TEST_CASE("the controller of a set: IngressClass, then annotations, then the class's name") {
  const std::string class_f5 =
      "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: "
      "nginx.org/ingress-controller}\n---\n";
  CHECK(Set(ingress("a", "nginx", "a.example.com", shop)).detected() == "ingress-nginx");
  CHECK(Set(class_f5 + ingress("a", "nginx", "a.example.com", shop)).detected() == "f5-nginx");
  CHECK(Set(ingress("a", "nginx", "a.example.com", shop, "{nginx.org/rewrites: x}")).detected() == "f5-nginx");
  CHECK(
      Set(ingress("a", "haproxy", "a.example.com", shop, "{haproxy-ingress.github.io/path-type: regex}")).detected() ==
      "haproxy-ingress");
  CHECK(Set(ingress("a", "", "a.example.com", shop, "{kubernetes.io/ingress.class: traefik}")).detected() == "traefik");
  CHECK(Set(ingress("a", "", "a.example.com", shop)).detected().empty());
  CHECK(Set("").detected().empty());
}

TEST_CASE("the controller's ConfigMap is read from the set or given") {
  const std::string tls = "  tls:\n  - hosts: [a.example.com]\n";
  const std::string shop_tls = ingress("a", "nginx", "a.example.com", shop, "{}", tls);
  CHECK(Set(shop_tls).ask("ingress-nginx", "a.example.com", "/foo/") == "308 https://a.example.com/foo");
  const Set with_map(shop_tls +
                     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ingress-nginx-controller, namespace: "
                     "ingress-nginx}\ndata: {http-redirect-code: \"301\"}\n");
  CHECK(with_map.ask("ingress-nginx", "a.example.com", "/foo") == "301 https://a.example.com/foo");
  verify::ControllerOptions options;
  options.config_map = {{"ssl-redirect", "false"}};
  CHECK(with_map.ask("ingress-nginx", "a.example.com", "/foo", route::Scheme::http, options) == "default/p /foo");
}

TEST_CASE("an answer names the line of the path that gave it") {
  const Set set(ingress("a", "nginx", "a.example.com", shop));
  const auto model = verify::make_controller("ingress-nginx", kube::Index(set.bundle));
  route::Request request;
  request.host = "a.example.com";
  request.target = "/ex";
  const auto answers = model->answer(request);
  REQUIRE(answers.any_of.size() == 1);
  REQUIRE(answers.any_of[0].rule);
  CHECK(answers.any_of[0].rule->object == "Ingress default/a");
  const diag::Span span = answers.any_of[0].rule->span;
  CHECK(set.sources.line(span.file, set.sources.position(span.file, span.begin).line) == "      - path: /ex");
}

TEST_CASE("boundaries name every host, path, expression, header and cookie that is tested") {
  const Set set(ingress("a", "nginx", "a.example.com", shop) +
                ingress("r", "nginx", "*.r.example.com", {{"ImplementationSpecific", "\"/v[0-9]+/(.*)\"", "r"}},
                        "{nginx.ingress.kubernetes.io/rewrite-target: /$1}") +
                ingress("c", "nginx", "a.example.com", {{"Prefix", "/foo", "canary"}},
                        "{nginx.ingress.kubernetes.io/canary: \"true\", nginx.ingress.kubernetes.io/canary-by-header: "
                        "X-C, nginx.ingress.kubernetes.io/canary-by-cookie: c}"));
  const auto boundaries = verify::make_controller("ingress-nginx", kube::Index(set.bundle))->boundaries();
  const auto host = [&](std::string_view name) {
    const auto it =
        std::find_if(boundaries.hosts.begin(), boundaries.hosts.end(), [&](const auto& h) { return h.host == name; });
    REQUIRE(it != boundaries.hosts.end());
    return *it;
  };
  const auto exact = host("a.example.com");
  for (const char* path : {"/", "/ex", "/foo", "/foo/", "/im", "/im/"})
    CHECK(std::count(exact.paths.begin(), exact.paths.end(), path) == 1);
  REQUIRE(exact.headers.size() == 1);
  CHECK(exact.headers[0].values == std::vector<std::string>{"always", "never"});
  REQUIRE(exact.cookies.size() == 1);
  CHECK(exact.cookies[0].name == "c");
  const auto wildcard = host("*.r.example.com");
  CHECK(std::any_of(wildcard.regexes.begin(), wildcard.regexes.end(),
                    [](const auto& regex) { return regex.pattern == "(?i)^/v[0-9]+/(.*)"; }));
  CHECK(std::count(wildcard.sampled.begin(), wildcard.sampled.end(),
                   "what /v[0-9]+/(.*) captures for rewrite-target /$1") == 1);
  CHECK(host("").paths == std::vector<std::string>{"/", "/healthz", "/nginx_status"});
}
