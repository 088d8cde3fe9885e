// Every known guard, in every place where it can stand, beside Ingresses that nothing guards: nothing that the old side
// guarded is opened, and nothing that it served openly is left out. The converted objects are asked through route/.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "kube/index.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/profile.h"

namespace {

using namespace gw;

// What a guard closes: its Ingress, every path of its host, or every route of its controller.
enum class Closes { own, host, all };
// Where it stands: annotations of the Ingress, data of the controller's ConfigMap, another object.
enum class Place { own, config_map, object };

struct Guard {
  std::string_view provider, class_name;
  Place place;
  Closes closes;
  std::string_view text;  // lines of annotations or of data ("key: value"), or a whole object
  bool tls = false;       // its Ingress has TLS
};

constexpr std::string_view nginx = "ingress-nginx", f5 = "f5-nginx", ht = "haproxytech", jc = "haproxy-ingress";
constexpr auto own = Place::own, map = Place::config_map, object = Place::object;

constexpr Guard guards[] = {
    // ingress-nginx: annotations
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-url: http://gate.login.svc.cluster.local/check"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/auth-url: https://$host/oauth2/auth"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-url: https://id.example.com/auth\nnginx.ingress.kubernetes.io/auth-signin: "
     "https://id.example.com/start\nnginx.ingress.kubernetes.io/auth-method: POST"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-type: basic\nnginx.ingress.kubernetes.io/auth-secret: users"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-type: digest\nnginx.ingress.kubernetes.io/auth-secret: users"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-type: basic\nnginx.ingress.kubernetes.io/auth-secret: users\n"
     "nginx.ingress.kubernetes.io/auth-secret-type: auth-map"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/satisfy: any\nnginx.ingress.kubernetes.io/allowlist-source-range: 10.0.0.0/8\n"
     "nginx.ingress.kubernetes.io/auth-url: http://gate.login.svc.cluster.local/check"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/allowlist-source-range: 10.0.0.0/8"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8, 192.0.2.7"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/denylist-source-range: 0.0.0.0/1"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/enable-modsecurity: \"true\""},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/enable-owasp-core-rules: \"true\""},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/modsecurity-snippet: SecRuleEngine On"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/configuration-snippet: deny all;"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/configuration-snippet: if ($http_x != 1) { return 403; }"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-url: http://gate/check\nnginx.ingress.kubernetes.io/auth-snippet: deny all;"},
    {nginx, "nginx", own, Closes::host,
     "nginx.ingress.kubernetes.io/server-snippet: if ($http_x != 1) { return 403; }"},
    {nginx, "nginx", own, Closes::host, "nginx.ingress.kubernetes.io/server-snippet: location / { deny all; }"},
    {nginx, "nginx", own, Closes::host, "nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca", true},
    {nginx, "nginx", own, Closes::host,
     "nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca\nnginx.ingress.kubernetes.io/auth-tls-match-cn: CN=unit",
     true},
    {nginx, "nginx", own, Closes::host,
     "nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca\n"
     "nginx.ingress.kubernetes.io/auth-tls-pass-certificate-to-upstream: \"true\"",
     true},
    // Empty and broken values, for which the controller answers 503 or 403, or drops the Ingress.
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/allowlist-source-range: \"\""},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/denylist-source-range: \"\""},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8;"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/auth-type: basic"},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/auth-type: none"},
    {nginx, "nginx", own, Closes::own,
     "nginx.ingress.kubernetes.io/auth-type: basic\nnginx.ingress.kubernetes.io/auth-secret: \"\""},
    {nginx, "nginx", own, Closes::own, "nginx.ingress.kubernetes.io/auth-url: gate"},
    {nginx, "nginx", own, Closes::host, "nginx.ingress.kubernetes.io/auth-tls-secret: ca", true},
    {nginx, "nginx", own, Closes::host, "nginx.ingress.kubernetes.io/auth-tls-secret: other/ca", true},
    // its ConfigMap
    {nginx, "nginx", map, Closes::all, "global-auth-url: http://gate.login.svc.cluster.local:4180/ask"},
    {nginx, "nginx", map, Closes::all, "global-auth-url: https://sso.example.com/verify"},
    {nginx, "nginx", map, Closes::all, "whitelist-source-range: 10.0.0.0/8"},
    {nginx, "nginx", map, Closes::all, "denylist-source-range: 0.0.0.0/1"},
    {nginx, "nginx", map, Closes::all, "block-cidrs: 0.0.0.0/1"},
    {nginx, "nginx", map, Closes::all, "block-user-agents: ~*curl.*"},
    {nginx, "nginx", map, Closes::all, "block-referers: ~*bad.*"},
    {nginx, "nginx", map, Closes::all, "enable-modsecurity: \"true\""},
    {nginx, "nginx", map, Closes::all, "http-snippet: deny all;"},
    {nginx, "nginx", map, Closes::all, "server-snippet: auth_basic x;"},
    {nginx, "nginx", map, Closes::all, "location-snippet: if ($http_x) { return 403; }"},
    // F5
    {f5, "nginx", own, Closes::own, "nginx.org/basic-auth-secret: users"},
    {f5, "nginx", own, Closes::own, "nginx.org/policies: office"},
    {f5, "nginx", own, Closes::own, "nginx.com/jwt-key: keys"},
    {f5, "nginx", own, Closes::own, "nginx.org/location-snippets: deny all;"},
    {f5, "nginx", own, Closes::own, "nginx.org/lb-method: round_robin\nappprotect.f5.com/app-protect-enable: \"True\""},
    {f5, "nginx", map, Closes::all, "server-snippets: deny all;"},
    {f5, "nginx", map, Closes::all, "http-snippets: deny 192.0.2.0/24;"},
    // HAProxy Technologies
    {ht, "haproxy", own, Closes::own, "haproxy.org/allow-list: 10.0.0.0/8"},
    {ht, "haproxy", own, Closes::own, "haproxy.org/whitelist: 10.0.0.0/8"},
    {ht, "haproxy", own, Closes::own, "haproxy.org/deny-list: 0.0.0.0/1"},
    {ht, "haproxy", own, Closes::own, "haproxy.org/auth-type: basic-auth\nhaproxy.org/auth-secret: shop/users"},
    {ht, "haproxy", own, Closes::own, "haproxy.org/backend-config-snippet: http-request deny"},
    {ht, "haproxy", map, Closes::all, "allow-list: 10.0.0.0/8"},
    {ht, "haproxy", map, Closes::all, "blacklist: 0.0.0.0/1"},
    {ht, "haproxy", map, Closes::all, "auth-type: basic-auth\nauth-secret: shop/users"},
    {ht, "haproxy", map, Closes::all, "frontend-config-snippet: http-request deny unless { src 10.0.0.0/8 }"},
    // haproxy-ingress
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/allowlist-source-range: 10.0.0.0/8"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/denylist-source-range: 0.0.0.0/1"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/auth-url: svc://login/gate:80/check"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/auth-secret: users"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/oauth: oauth2_proxy"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/waf: modsecurity"},
    {jc, "haproxy", own, Closes::own, "haproxy-ingress.github.io/config-backend: http-request deny"},
    {jc, "haproxy", map, Closes::all, "allowlist-source-range: 10.0.0.0/8"},
    {jc, "haproxy", map, Closes::all, "auth-url: http://gate.login.svc.cluster.local/check"},
    {jc, "haproxy", map, Closes::all, "config-frontend: http-request deny unless { src 10.0.0.0/8 }"},
    // the others
    {"traefik", "traefik", own, Closes::own,
     "traefik.ingress.kubernetes.io/router.middlewares: shop-gate@kubernetescrd"},
    {"kong", "kong", own, Closes::own, "konghq.com/plugins: gate"},
    {"aws-alb", "alb", own, Closes::own, "alb.ingress.kubernetes.io/auth-type: oidc"},
    {"aws-alb", "alb", own, Closes::own, "alb.ingress.kubernetes.io/inbound-cidrs: 10.0.0.0/8"},
    {"contour", "contour", object, Closes::all,
     "apiVersion: projectcontour.io/v1alpha1\nkind: ContourConfiguration\nmetadata: {name: contour, namespace: "
     "contour}\n"
     "spec: {globalExtAuth: {extensionRef: {name: gate, namespace: login}}}\n"},
    // controllers that are not known
    {"ingress", "pomerium", own, Closes::own,
     "ingress.pomerium.io/policy: '[{\"allow\":{\"and\":[{\"email\":{\"is\":\"a@b\"}}]}}]'"},
    {"ingress", "citrix", own, Closes::own, "ingress.citrix.com/frontend-ip: 10.0.0.1"},
    {"ingress", "azure-application-gateway", own, Closes::own, "appgw.ingress.kubernetes.io/waf-policy-for-path: /waf"},
    {"ingress", "ngrok", own, Closes::own, "k8s.ngrok.com/modules: oauth"},
    {"ingress", "skipper", own, Closes::own, "zalando.org/skipper-filter: oauthTokeninfoAllScope(\"uid\")"},
    {"ingress", "openshift-default", own, Closes::own, "haproxy.router.openshift.io/ip_whitelist: 10.0.0.1"},
    // policies of a mesh that select the Pods of the old gateway
    {nginx, "nginx", object, Closes::all,
     "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: office, namespace: ingress-nginx}\n"
     "spec: {selector: {matchLabels: {app.kubernetes.io/name: ingress-nginx}}, action: DENY, rules: [{from: [{source: "
     "{notIpBlocks: [10.0.0.0/8]}}]}]}\n"},
    {"traefik", "traefik", object, Closes::all,
     "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: jwt, namespace: traefik}\n"
     "spec: {workloadSelector: {labels: {app: traefik}}}\n"},
};

constexpr std::string_view targets[] = {"standard", "envoy-gateway", "nginx-gateway-fabric", "traefik"};

std::string indented(std::string_view lines, std::string_view by) {
  std::string out;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    out += std::string(by) + std::string(lines.substr(0, end)) + "\n";
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

std::string ingress(const std::string& name, std::string_view class_name, const std::string& host,
                    const std::string& path, std::string_view annotations, bool tls) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n  namespace: shop\n" +
         (annotations.empty() ? "" : "  annotations:\n" + indented(annotations, "    ")) +
         "spec:\n  ingressClassName: " + std::string(class_name) + "\n" +
         (tls ? "  tls: [{hosts: [" + host + "], secretName: tls}]\n" : "") + "  rules:\n  - host: " + host +
         "\n    http:\n      paths:\n      - {path: " + path + ", pathType: Prefix, backend: {service: {name: " + name +
         ", port: {number: 80}}}}\n---\n";
}

// One of the names under which the controller's ConfigMap may lie in the input.
std::string config_map(const Guard& guard, std::mt19937& random, std::string_view data) {
  struct Known {
    std::string_view provider, name, chart;
  };
  static constexpr Known known[] = {{nginx, "ingress-nginx-controller", "ingress-nginx"},
                                    {f5, "nginx-config", "nginx-ingress"},
                                    {ht, "haproxy-kubernetes-ingress", "kubernetes-ingress"},
                                    {jc, "haproxy-ingress", "haproxy-ingress"}};
  for (const Known& k : known) {
    if (k.provider != guard.provider) continue;
    const bool labelled = random() % 2 == 0;
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + (labelled ? "edge" : std::string(k.name)) +
           "\n  namespace: ingress\n" +
           (labelled ? "  labels: {app.kubernetes.io/name: " + std::string(k.chart) +
                           ", app.kubernetes.io/instance: edge, app.kubernetes.io/component: controller}\n"
                     : "") +
           "data:\n" + indented(data, "  ") + "---\n";
  }
  return {};
}

struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  bool lost = false;
  std::unique_ptr<kube::Index> index;
  std::unique_ptr<route::Model> model;

  Converted(const std::string& yaml, std::string_view target) {
    in = kube::load_text("in.yaml", yaml, sources, sink);
    convert::Options options;
    options.to = target;
    auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    lost = outcomes->lost;
    index = std::make_unique<kube::Index>(out);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    const std::string_view profile = target == "standard" ? "spec-core" : target;
    model = route::make_model(profile, *index, route::attach(*index, attach));
  }

  // Does a request that carries nothing reach this Service, on http or https?
  bool reaches(const std::string& host, const std::string& path, const std::string& service) const {
    for (const route::Scheme scheme : {route::Scheme::http, route::Scheme::https}) {
      route::Request request;
      request.scheme = scheme;
      request.host = host;
      request.target = path;
      if (scheme == route::Scheme::https) request.sni = host;
      for (const route::Answer& answer : model->answer(request).any_of)
        if (answer.unmodelled.empty() && answer.backend == "shop/" + service) return true;
    }
    return false;
  }
  // Certificates are asked for by one listener; the model then speaks of no route of its Gateway.
  bool asks_for_certificates() const {
    for (const kube::OtherObject& other : out.others)
      if (other.kind == "ClientTrafficPolicy" && other.body.find("clientValidation") != std::string::npos) return true;
    return false;
  }
};

struct Counts {
  std::size_t configurations = 0, opened = 0, refused = 0, guarded = 0, open = 0, policies = 0;
  std::string first;
};

void check(const Guard& guard, std::string_view target, std::mt19937& random, Counts& counts) {
  const std::string host = "h" + std::to_string(random() % 1000) + ".example.com", other = "other.example.org";
  const std::string guarded_path = random() % 2 == 0 ? "/" : "/admin", open_path = "/open";
  std::string yaml;
  const std::string_view annotations = guard.place == Place::own ? guard.text : std::string_view();
  // The controller of a class is known by the annotations of another Ingress, too.
  const std::string_view mark = guard.provider == f5   ? "nginx.org/proxy-connect-timeout: 10s"
                                : guard.provider == ht ? "haproxy.org/timeout-connect: 10s"
                                : guard.provider == jc ? "haproxy-ingress.github.io/timeout-connect: 10s"
                                                       : "";
  // There the first Ingress of a host has it alone, or its '/' goes before the paths of others.
  const bool one_owner = guard.provider == f5 || guard.provider == "aws-alb";
  std::vector<std::string> objects;
  objects.push_back(ingress("guarded", guard.class_name, host, guarded_path, annotations, guard.tls));
  if (!one_owner) objects.push_back(ingress("sibling", guard.class_name, host, open_path, mark, guard.tls));
  objects.push_back(ingress("plain", guard.class_name, other, "/", mark, random() % 2 == 0));
  if (guard.place == Place::object) objects.push_back(std::string(guard.text) + "---\n");
  const bool snippets =
      guard.provider == nginx && guard.text.find("-snippet: ") != std::string_view::npos && guard.place == own;
  if (guard.place == Place::config_map) objects.push_back(config_map(guard, random, guard.text));
  if (snippets)
    objects.push_back(
        config_map(guard, random, "allow-snippet-annotations: \"true\"\nannotations-risk-level: Critical"));
  std::shuffle(objects.begin(), objects.end(), random);
  for (const std::string& o : objects) yaml += o;

  const Converted converted(yaml, target);
  ++counts.configurations;
  const auto closed = [&](const std::string& h, const std::string& path, const std::string& service) {
    ++counts.guarded;
    if (converted.asks_for_certificates()) return;
    if (!converted.reaches(h, path, service)) return;
    ++counts.opened;
    if (counts.first.empty()) counts.first = "opened " + service + " to " + std::string(target) + ":\n" + yaml;
  };
  const auto open = [&](const std::string& h, const std::string& path, const std::string& service) {
    ++counts.open;
    if (converted.asks_for_certificates() || converted.reaches(h, path, service)) return;
    ++counts.refused;
    if (counts.first.empty()) counts.first = "left out " + service + " to " + std::string(target) + ":\n" + yaml;
  };
  closed(host, guarded_path, "guarded");
  if (!one_owner) guard.closes == Closes::own ? open(host, open_path, "sibling") : closed(host, open_path, "sibling");
  guard.closes == Closes::all ? closed(other, "/", "plain") : open(other, "/", "plain");
  // A guard that no policy says is told, and the exit code is 1.
  const bool policy = !converted.out.others.empty();
  counts.policies += policy;
  CHECK_MESSAGE((converted.lost || policy), yaml);
}

}  // namespace

TEST_CASE("no guard is opened, and nothing that is open is left out") {
  std::mt19937 random(20261201);
  Counts counts;
  constexpr std::size_t wanted = 1000;
  for (std::size_t i = 0; i < wanted; ++i) {
    const Guard& guard = guards[i % std::size(guards)];
    check(guard, targets[(i / std::size(guards)) % std::size(targets)], random, counts);
  }
  MESSAGE(counts.configurations, " configurations: ", counts.guarded, " guarded routes, ", counts.opened, " opened; ",
          counts.open, " open routes, ", counts.refused, " left out; ", counts.policies, " conversions with policies");
  CHECK_MESSAGE(counts.opened == 0, counts.first);
  CHECK_MESSAGE(counts.refused == 0, counts.first);
}

TEST_CASE("what guards nothing closes nothing") {
  std::mt19937 random(7);
  static constexpr std::string_view harmless[] = {
      "proxy-read-timeout: \"30\"",    "http-snippet: log_format short '$status';",
      "enable-modsecurity: \"false\"", "global-auth-url: \"\"",
      "server-snippet: gzip on;",      "worker-processes: \"2\""};
  for (const std::string_view data : harmless)
    for (const std::string_view target : targets) {
      const Guard none{nginx, "nginx", map, Closes::own, data};
      const std::string yaml =
          ingress("plain", "nginx", "a.example.com", "/", {}, false) + config_map(none, random, data);
      CHECK_MESSAGE(Converted(yaml, target).reaches("a.example.com", "/", "plain"), data);
    }
}
