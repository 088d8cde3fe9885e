// Statuses as the conformance suite wants them, and what the standard filters do. Each case is a small set in YAML.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "kube/load.h"
#include "route/answer.h"
#include "route/attach.h"
#include "route/channel.h"
#include "route/cors.h"
#include "route/profile.h"
#include "route/table.h"

namespace {

using namespace gw;

struct World {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<kube::Index> index;
  route::Attachments attachments;
  std::shared_ptr<const route::Table> table;

  explicit World(const std::string& yaml, route::AttachOptions options = {},
                 const route::CertificateFacts* facts = nullptr) {
    bundle = kube::load_text("set.yaml", yaml, sources, sink);
    index = std::make_unique<kube::Index>(bundle);
    attachments = route::attach(*index, options, facts);
    table = route::compile(*index, attachments, {true, true});
  }
};

// "Accepted=False/Reason" of the first condition of a type.
std::string shown(const std::vector<route::Condition>& conditions, const std::string& type) {
  for (const route::Condition& condition : conditions)
    if (condition.type == type) return (condition.status ? "True/" : "False/") + condition.reason;
  return "none";
}
std::string listener(const World& world, const std::string& name, const std::string& type) {
  for (const auto& status : world.attachments.listeners)
    if (status.listener->name == name) return shown(status.conditions, type);
  return "no listener";
}
std::string parent(const World& world, const std::string& name, const std::string& type) {
  for (const auto& status : world.attachments.parents)
    if (status.route->metadata.name == name) return shown(status.conditions, type);
  return "no route";
}
std::size_t attached(const World& world, const std::string& name) {
  for (const auto& status : world.attachments.listeners)
    if (status.listener->name == name) return status.attached_routes;
  return 99;
}

std::string gateway(const std::string& listeners, const std::string& more = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: infra}\n"
         "spec:\n  gatewayClassName: c\n" +
         more + "  listeners:\n" + listeners;
}
std::string object(const std::string& kind, const std::string& name, const std::string& spec,
                   const std::string& ns = "infra") {
  return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: " + ns + "}\nspec: " + spec + "\n";
}
const std::string http = "  - {name: http, port: 80, protocol: HTTP}\n";

// A Secret whose key says so is broken; one named "rotated" was whole before.
struct Facts : route::CertificateFacts {
  std::string check_pair(const kube::Secret& secret) const override {
    return *kube::find(secret.data, "tls.key") == "YmFk" ? "its key does not fit" : "";
  }
  bool keeps_earlier(const kube::Secret& secret) const override { return secret.metadata.name == "rotated"; }
  std::string check_ca(std::string_view) const override { return {}; }
};

struct RouteCase {
  const char* what;
  std::string listeners, kind, spec, ns, accepted;
};

}  // namespace

TEST_CASE("a half-done rotation is told while the certificate before it serves") {
  const auto tls = [](const std::string& name) {
    return "  - {name: " + name + ", port: 443, protocol: HTTPS, hostname: " + name +
           ".test, tls: {certificateRefs: [{name: " + name + "}]}}\n";
  };
  const auto secret = [](const std::string& name, const std::string& data) {
    return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: infra}\ndata: {" + data +
           "}\n";
  };
  const std::string bad = "tls.crt: eA==, tls.key: YmFk";
  const Facts facts;
  const World world(gateway(tls("good") + tls("fresh") + tls("rotated") + tls("emptied")) +
                        secret("good", "tls.crt: eA==, tls.key: eA==") + secret("fresh", bad) + secret("rotated", bad) +
                        secret("emptied", "tls.crt: eA=="),
                    {}, &facts);
  CHECK(listener(world, "good", "ResolvedRefs") == "True/ResolvedRefs");
  CHECK(listener(world, "good", "Programmed") == "True/Programmed");
  CHECK(listener(world, "fresh", "ResolvedRefs") == "False/InvalidCertificateRef");
  CHECK(listener(world, "fresh", "Programmed") == "False/Invalid");
  CHECK(listener(world, "rotated", "ResolvedRefs") == "False/InvalidCertificateRef");
  CHECK(listener(world, "rotated", "Programmed") == "True/Programmed");
  CHECK(listener(world, "emptied", "Programmed") == "False/Invalid");
  for (const auto& status : world.attachments.listeners)
    CHECK_MESSAGE(status.usable == (status.listener->name == "good" || status.listener->name == "rotated"),
                  status.listener->name);
}

TEST_CASE("why a route is not accepted") {
  const std::string any_rule = "rules: [{backendRefs: [{name: s, port: 80}]}]";
  const RouteCase cases[] = {
      {"attached", http, "HTTPRoute", "{parentRefs: [{name: gw}], " + any_rule + "}", "infra", "True/Accepted"},
      {"no such Gateway", http, "HTTPRoute", "{parentRefs: [{name: other}], " + any_rule + "}", "infra",
       "False/NoMatchingParent"},
      {"no such section", http, "HTTPRoute", "{parentRefs: [{name: gw, sectionName: x}], " + any_rule + "}", "infra",
       "False/NoMatchingParent"},
      {"no such port", http, "HTTPRoute", "{parentRefs: [{name: gw, port: 81}], " + any_rule + "}", "infra",
       "False/NoMatchingParent"},
      {"another namespace", http, "HTTPRoute", "{parentRefs: [{name: gw, namespace: infra}], " + any_rule + "}", "shop",
       "False/NotAllowedByListeners"},
      {"a kind the protocol cannot carry", http, "TLSRoute",
       "{parentRefs: [{name: gw}], hostnames: [a.example.com], " + any_rule + "}", "infra",
       "False/NotAllowedByListeners"},
      {"no hostname in common", "  - {name: http, port: 80, protocol: HTTP, hostname: a.example.com}\n", "HTTPRoute",
       "{parentRefs: [{name: gw}], hostnames: [b.example.com], " + any_rule + "}", "infra",
       "False/NoMatchingListenerHostname"},
      {"all namespaces", "  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}\n",
       "HTTPRoute", "{parentRefs: [{name: gw, namespace: infra}], " + any_rule + "}", "shop", "True/Accepted"},
      {"selected namespaces",
       "  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: "
       "{matchLabels: {kubernetes.io/metadata.name: shop}}}}}\n",
       "HTTPRoute", "{parentRefs: [{name: gw, namespace: infra}], " + any_rule + "}", "shop", "True/Accepted"},
      {"a broken regex in the only rule", http, "HTTPRoute",
       "{parentRefs: [{name: gw}], rules: [{matches: [{path: {type: RegularExpression, value: '/('}}]}]}", "infra",
       "False/UnsupportedValue"},
  };
  for (const RouteCase& one : cases) {
    CAPTURE(one.what);
    const World world(gateway(one.listeners) + object(one.kind, "r", one.spec, one.ns));
    CHECK(parent(world, "r", "Accepted") == one.accepted);
  }
}

TEST_CASE("a listener that lost to an earlier owner harms none of its own") {
  const std::string set = R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: s, namespace: infra}
spec:
  parentRef: {name: gw}
  listeners:
  - {name: first, port: 80, protocol: HTTP, hostname: b.example.com}
  - {name: lost, port: 80, protocol: TCP}
  - {name: last, port: 80, protocol: HTTP, hostname: c.example.com}
)";
  const World world(gateway("  - {name: http, port: 80, protocol: HTTP, hostname: a.example.com}\n",
                            "  allowedListeners: {namespaces: {from: Same}}\n") +
                    set);
  for (const char* name : {"http", "first", "last"}) CHECK(listener(world, name, "Accepted") == "True/Accepted");
  CHECK(listener(world, "lost", "Accepted") == "False/ProtocolConflict");
  CHECK(world.attachments.gateways.front().attached_listener_sets == 1);
}

TEST_CASE("one port both terminates TLS and passes it through only with the experimental channel before v1.7") {
  const std::string listeners =
      "  - {name: end, port: 443, protocol: TLS, hostname: a.example.com, tls: {mode: Terminate, certificateRefs: "
      "[{name: c}]}}\n  - {name: pass, port: 443, protocol: TLS, hostname: b.example.com, tls: {mode: Passthrough}}\n";
  World world(gateway(listeners), {"", true});
  for (const char* name : {"end", "pass"}) CHECK(listener(world, name, "Accepted") == "True/Accepted");
  const auto accepted = [&](route::Release release, const char* expected) {
    world.attachments = route::attach(*world.index, {"", true}, nullptr, release);
    for (const char* name : {"end", "pass"}) CHECK(listener(world, name, "Accepted") == expected);
  };
  accepted({route::Channel::standard, 6}, "False/ProtocolConflict");
  accepted({route::Channel::experimental, 6}, "True/Accepted");
  accepted({route::Channel::standard, 7}, "True/Accepted");
}

TEST_CASE("references of a route") {
  const std::string services =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: infra}\nspec: {ports: [{port: 80}]}\n"
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
  const std::string grant =
      "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: shop}\n"
      "spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}], to: [{group: '', kind: "
      "Service}]}\n";
  struct Case {
    std::string backend, more, resolved;
    int status;
  };
  const Case cases[] = {
      {"{name: s, port: 80}", "", "True/ResolvedRefs", 200},
      {"{name: missing, port: 80}", "", "False/BackendNotFound", 500},
      {"{name: s, port: 81}", "", "False/BackendNotFound", 500},
      {"{group: example.com, kind: Bucket, name: s}", "", "False/InvalidKind", 500},
      {"{name: s, namespace: shop, port: 80}", "", "False/RefNotPermitted", 500},
      {"{name: s, namespace: shop, port: 80}", grant, "True/ResolvedRefs", 200},
  };
  for (const Case& one : cases) {
    CAPTURE(one.backend);
    const World world(
        gateway(http) +
        object("HTTPRoute", "r", "{parentRefs: [{name: gw}], rules: [{backendRefs: [" + one.backend + "]}]}") +
        services + one.more);
    CHECK(parent(world, "r", "ResolvedRefs") == one.resolved);
    CHECK(parent(world, "r", "Accepted") == "True/Accepted");
    route::RequestView request;
    request.host = "a";
    request.target = "/";
    CHECK(world.table->decide(request).status == one.status);
  }
}

TEST_CASE("listeners: kinds, protocols, conflicts, certificates") {
  const World kinds(gateway(
      "  - {name: bad, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: Fancy}]}}\n"
      "  - {name: mixed, port: 81, protocol: HTTP, allowedRoutes: {kinds: [{kind: HTTPRoute}, {kind: Fancy}]}}\n"
      "  - {name: odd, port: 82, protocol: example.com/odd}\n"));
  CHECK(listener(kinds, "bad", "ResolvedRefs") == "False/InvalidRouteKinds");
  CHECK(kinds.attachments.listeners[0].supported_kinds.empty());
  CHECK(kinds.attachments.listeners[1].supported_kinds == std::vector<std::string>{"HTTPRoute"});
  CHECK(listener(kinds, "odd", "Accepted") == "False/UnsupportedProtocol");
  CHECK(shown(kinds.attachments.gateways[0].conditions, "Accepted") == "True/ListenersNotValid");

  const World clash(
      gateway("  - {name: a, port: 80, protocol: HTTP, hostname: x.org}\n  - {name: b, port: 80, protocol: HTTP, "
              "hostname: x.org}\n"
              "  - {name: c, port: 81, protocol: HTTP}\n  - {name: d, port: 81, protocol: TCP}\n  - {name: e, port: "
              "81, protocol: UDP}\n"));
  CHECK(listener(clash, "a", "Conflicted") == "True/HostnameConflict");
  CHECK(listener(clash, "b", "Accepted") == "False/HostnameConflict");
  CHECK(listener(clash, "c", "Conflicted") == "True/ProtocolConflict");
  CHECK(listener(clash, "d", "Programmed") == "False/ProtocolConflict");
  CHECK(listener(clash, "e", "Conflicted") == "False/NoConflicts");

  const std::string https = "  - {name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert";
  CHECK(listener(World(gateway(https + "}]}}\n")), "s", "ResolvedRefs") == "False/InvalidCertificateRef");
  CHECK(listener(World(gateway(https + ", namespace: shop}]}}\n")), "s", "ResolvedRefs") == "False/RefNotPermitted");
  CHECK(listener(World(gateway(https + "}]}}\n"), {"", true}), "s", "Programmed") == "True/Programmed");
  const World unresolved(gateway(https + "}]}}\n") +
                         object("HTTPRoute", "r", "{parentRefs: [{name: gw}], rules: [{}]}"));
  CHECK(attached(unresolved, "s") == 1);
}

TEST_CASE("ListenerSets: allowance and precedence") {
  const std::string set =
      "{parentRef: {name: gw}, listeners: [{name: own, port: 81, protocol: HTTP}, {name: twice, port: 80, protocol: "
      "HTTP}]}";
  const World refused(gateway(http) + object("ListenerSet", "ls", set));
  CHECK(shown(refused.attachments.listener_sets[0].conditions, "Accepted") == "False/NotAllowed");
  const World world(gateway(http, "  allowedListeners: {namespaces: {from: Same}}\n") +
                    object("ListenerSet", "ls", set) +
                    object("HTTPRoute", "r", "{parentRefs: [{kind: ListenerSet, name: ls}], rules: [{}]}"));
  CHECK(shown(world.attachments.listener_sets[0].conditions, "Accepted") == "True/ListenersNotValid");
  CHECK(world.attachments.gateways[0].attached_listener_sets == 1);
  CHECK(listener(world, "http", "Accepted") == "True/Accepted");
  CHECK(listener(world, "twice", "Accepted") == "False/HostnameConflict");
  CHECK(attached(world, "own") == 1);
  CHECK(attached(world, "http") == 0);
}

TEST_CASE("HTTPRoutes and GRPCRoutes do not share a hostname") {
  const World world(gateway(http) +
                    object("HTTPRoute", "b", "{parentRefs: [{name: gw}], hostnames: [a.example.com], rules: [{}]}") +
                    object("GRPCRoute", "a", "{parentRefs: [{name: gw}], hostnames: ['*.example.com'], rules: [{}]}"));
  CHECK(parent(world, "a", "Accepted") == "True/Accepted");
  CHECK(parent(world, "b", "Accepted") == "False/HostnameConflict");
}

TEST_CASE("a controller speaks of its own classes only") {
  const std::string set = gateway(http) +
                          "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: "
                          "c}\nspec: {controllerName: example.com/ours}\n";
  CHECK(World(set, {"example.com/ours"}).attachments.gateways.size() == 1);
  CHECK(World(set, {"example.com/other"}).attachments.gateways.empty());
}

TEST_CASE("misdirected requests") {
  const std::string tls = ", port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}\n";
  const World world(gateway("  - {name: any" + tls + "  - {name: second, hostname: second-example.org" + tls +
                            "  - {name: wild, hostname: '*.wildcard.org'" + tls +
                            "  - {name: fourth, hostname: fourth-example.wildcard.org" + tls) +
                        object("HTTPRoute", "r1",
                               "{parentRefs: [{name: gw, sectionName: any}], hostnames: [example.org], rules: "
                               "[{backendRefs: [{name: s, port: 80}]}]}") +
                        object("HTTPRoute", "r2",
                               "{parentRefs: [{name: gw}], hostnames: [second-example.org, '*.wildcard.org'], rules: "
                               "[{backendRefs: [{name: s, port: 80}]}]}"),
                    {"", true});
  struct Case {
    const char *sni, *host;
    int status;
  };
  for (const Case& one : {Case{"example.org", "example.org", 200},
                          {"example.org", "second-example.org", 421},
                          {"example.org", "unknown.org", 404},
                          {"second-example.org", "example.org", 421},
                          {"third.wildcard.org", "fifth.wildcard.org", 200},
                          {"third.wildcard.org", "fourth-example.wildcard.org", 421},
                          {"unknown.org", "example.org", 200}}) {
    CAPTURE(one.sni);
    CAPTURE(one.host);
    route::RequestView request;
    request.scheme = route::Scheme::https;
    request.sni = one.sni;
    request.host = one.host;
    request.target = "/";
    CHECK(world.table->decide(request).status == one.status);
  }
}

TEST_CASE("redirects and rewrites") {
  struct Case {
    const char *prefix, *filter, *host, *target, *result;
  };
  const char* redirect = "{type: RequestRedirect, requestRedirect: ";
  const char* rewrite = "{type: URLRewrite, urlRewrite: ";
  const std::string prefix_to = "{path: {type: ReplacePrefixMatch, replacePrefixMatch: ";
  const std::vector<std::tuple<std::string, std::string, std::string, std::string, std::string>> cases = {
      {"/", std::string(redirect) + "{scheme: https}}", "h:8080", "/x?q=1", "302 https://h/x?q=1"},
      {"/", std::string(redirect) + "{port: 8443, scheme: https, statusCode: 301}}", "h", "/x", "301 https://h:8443/x"},
      {"/", std::string(redirect) + "{hostname: o.org}}", "h", "/x", "302 http://o.org/x"},
      {"/", std::string(redirect) + "{port: 80}}", "h", "/x", "302 http://h/x"},
      {"/a", std::string(redirect) + prefix_to + "/b}}}", "h", "/a/x?y", "302 http://h/b/x?y"},
      {"/foo", std::string(rewrite) + prefix_to + "/xyz}}}", "h", "/foo/bar", "/xyz/bar"},
      {"/foo/", std::string(rewrite) + prefix_to + "/xyz/}}}", "h", "/foo/bar", "/xyz/bar"},
      {"/foo", std::string(rewrite) + prefix_to + "/xyz}}}", "h", "/foo/", "/xyz/"},
      {"/foo", std::string(rewrite) + prefix_to + "''}}}", "h", "/foo", "/"},
      {"/foo", std::string(rewrite) + prefix_to + "/}}}", "h", "/foo/bar?a=b", "/bar?a=b"},
      {"/foo", std::string(rewrite) + prefix_to + "/}}}", "h", "/foo//a%2Fb", "/a%2Fb"},
      {"/foo", std::string(rewrite) + "{path: {type: ReplaceFullPath, replaceFullPath: /one}}}", "h", "/foo/bar?a=b",
       "/one?a=b"},
      {"/foo", std::string(rewrite) + "{hostname: up.org}}", "h", "/foo//bar", "up.org /foo//bar"},
  };
  for (const auto& [prefix, filter, host, target, result] : cases) {
    const std::string asked = filter + " for " + target;
    CAPTURE(asked);
    const bool redirects = filter.find("Redirect") != std::string::npos;
    const World world(gateway(http) + object("HTTPRoute", "r",
                                             "{parentRefs: [{name: gw}], rules: [{matches: [{path: {value: " + prefix +
                                                 "}}], filters: [" + filter + "]" +
                                                 (redirects ? "" : ", backendRefs: [{name: s, port: 80}]") + "}]}"));
    route::RequestView request;
    request.host = host;
    request.target = target;
    const route::Decision decision = world.table->decide(request);
    if (redirects) {
      CHECK(std::to_string(decision.status) + " " + decision.location == result);
    } else {
      CHECK(decision.status == 200);
      CHECK((decision.host.empty() ? "" : decision.host + " ") + (decision.target.empty() ? target : decision.target) ==
            result);
    }
  }
}

TEST_CASE("weights, empty and broken backends") {
  const World world(gateway(http) + object("HTTPRoute", "r",
                                           "{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: a, port: 80, "
                                           "weight: 3}, {name: b, port: 80}, {name: c, port: 80, weight: 0}]}]}"));
  const route::Action& action = *world.table->all_actions().front();
  int counts[3] = {};
  for (std::uint64_t ticket = 0; ticket < 400; ++ticket) ++counts[route::pick(action, ticket) - action.backends.data()];
  CHECK(counts[0] == 300);
  CHECK(counts[1] == 100);
  CHECK(counts[2] == 0);
}

TEST_CASE("CORS") {
  route::CorsPolicy policy{{"https://www.foo.com", "https://*.bar.com"}, {"GET", "PUT"}, {"X-A"}, {"X-E"}, true, 600};
  CHECK(route::origin_allowed(policy, "https://www.foo.com"));
  CHECK(route::origin_allowed(policy, "https://xpto.www.bar.com"));
  for (const char* other : {"https://foobar.com", "https://.bar.com", "https://a..bar.com", "https://evil.com/.bar.com",
                            "https://evil.com:1.bar.com", "https://u@x.bar.com", "http://x.bar.com", "null", ""})
    CHECK_FALSE(route::origin_allowed(policy, other));
  policy.origins.push_back("https://*part.com");
  CHECK_FALSE(route::origin_allowed(policy, "https://apart.com"));
  policy.origins.pop_back();
  const route::HeaderView headers[] = {{"Origin", "https://www.foo.com"}, {"Access-Control-Request-Method", "PUT"}};
  route::RequestView request;
  request.method = "OPTIONS";
  request.headers = headers;
  CHECK(route::is_preflight(request));
  std::string all;
  for (const auto& change : route::cors_headers(policy, request, true)) all += change.name + "=" + change.value + ";";
  CHECK(all ==
        "access-control-allow-origin=https://www.foo.com;access-control-allow-credentials=true;"
        "access-control-allow-methods=GET, PUT;access-control-allow-headers=X-A;access-control-max-age=600;"
        "access-control-expose-headers=X-E;vary=Origin;");
}

TEST_CASE("what cannot be read one way only is refused") {
  const World world(
      gateway(http) +
      object("HTTPRoute", "r", "{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: s, port: 80}]}]}"));
  for (const char* target : {"x", "/a b", "/a#b", "/%zz", "/%00", "/a/../..", "/%2e%2e/"}) {
    CAPTURE(target);
    route::RequestView request;
    request.host = "h";
    request.target = target;
    CHECK(world.table->decide(request).status == 400);
  }
}

TEST_CASE("the spec's core leaves some answers open") {
  const World world(
      gateway(http) +
      object("HTTPRoute", "r",
             "{parentRefs: [{name: gw}], rules: ["
             "{matches: [{path: {type: RegularExpression, value: '/a.*'}}], backendRefs: [{name: regex, port: 80}]},"
             "{matches: [{path: {type: PathPrefix, value: /a/b}}], backendRefs: [{name: prefix, port: 80}]},"
             "{matches: [{path: {type: PathPrefix, value: /c}}], backendRefs: [{name: c, port: 80}]}]}"));
  const auto model = route::make_model("spec-core", *world.index, world.attachments);
  const auto backends = [&](const char* target) {
    route::Request request;
    request.host = "h";
    request.target = target;
    std::string out;
    for (const auto& answer : model->answer(request).any_of)
      out += std::to_string(answer.status) + answer.backend + " ";
    return out;
  };
  CHECK(backends("/a/b/x") == "200infra/regex 200infra/prefix ");
  CHECK(backends("/c/x") == "200infra/c ");
  CHECK(backends("/zz") == "404 ");
}

TEST_CASE("requests as JSON") {
  const auto request = route::parse_request(
      R"({"scheme":"https","host":"h","path":"/x?y","method":"PUT","headers":[["A","b"]],"sni":null,"port":8443})");
  REQUIRE(request);
  CHECK(request->target == "/x?y");
  CHECK(request->sni == "");
  CHECK(request->port == 8443);
  for (const char* bad :
       {"", "[]", R"({"scheme":"ftp"})", R"({"path":1})", R"({"headers":[["a"]]})", R"({"port":70000})"})
    CHECK_FALSE(route::parse_request(bad));
}
