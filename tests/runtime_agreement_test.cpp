// What the table decides is what the server does: thousands of generated requests over real loopback sockets, each
// answer (status, backend, target, Location) held against the decision made in this process.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kube/index.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/table.h"
#include "runtime/demo.h"
#include "runtime/server.h"
#include "tests/loopback.h"

using namespace gw;
using namespace gw::test;

namespace {

constexpr std::array<const char*, 4> services{"a", "b", "c", "d"};

// Fixed seed: the same requests on every run.
struct Random {
  std::uint64_t state = 20261124;
  std::size_t below(std::size_t n) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<std::size_t>(state >> 33) % n;
  }
  template <class List>
  auto pick(const List& list) {
    return list[below(std::size(list))];
  }
};

std::string world(runtime::DemoBackends& demo, int port) {
  std::string out =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: t}\nspec: {controllerName: "
      "x/y}\n---\n"
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: default}\nspec:\n"
      "  gatewayClassName: t\n  listeners:\n  - {name: http, port: " +
      std::to_string(port) + ", protocol: HTTP}\n";
  for (const char* name : services) {
    out += std::string("---\napiVersion: v1\nkind: Service\nmetadata:\n  name: ") + name + "\n  namespace: default\n";
    if (std::string(name) != "d")  // d has no endpoints: 503
      out += "  annotations: {gwctl.dev/endpoints: \"127.0.0.1:" + std::to_string(demo.port({"default", name}, 80)) +
             "\"}\n";
    out += "spec: {ports: [{port: 80}]}\n";
  }
  auto rule = [](const std::string& match, const std::string& rest) { return "  - matches: [" + match + "]\n" + rest; };
  auto to = [](const std::string& name) { return "    backendRefs: [{name: " + name + ", port: 80}]\n"; };
  auto path = [](const std::string& type, const std::string& value) {
    return "path: {type: " + type + ", value: \"" + value + "\"}";
  };
  auto filter = [](const std::string& text) { return "    filters: [" + text + "]\n"; };
  auto route = [&](const std::string& name, const std::string& hosts, const std::string& rules) {
    out += "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
           ", namespace: default}\nspec:\n  parentRefs: [{name: g}]\n" + hosts + "  rules:\n" + rules;
  };
  route("shop", "  hostnames: [shop.test, \"*.wild.test\"]\n",
        rule("{" + path("PathPrefix", "/api") + "}", to("a")) +
            rule("{" + path("PathPrefix", "/api/v1") + "}", to("b")) +
            rule("{" + path("Exact", "/api") + ", method: POST}", to("c")) +
            rule("{" + path("RegularExpression", "/re/[0-9]+") + "}", to("c")) +
            rule("{" + path("PathPrefix", "/dead") + "}", to("d")) +
            rule("{" + path("PathPrefix", "/gone") + "}", to("missing")) +
            rule("{" + path("PathPrefix", "/old") + "}",
                 filter("{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301, path: {type: "
                        "ReplacePrefixMatch, replacePrefixMatch: /new}}}")) +
            rule("{" + path("PathPrefix", "/strip") + "}",
                 filter("{type: URLRewrite, urlRewrite: {hostname: in.test, path: {type: ReplacePrefixMatch, "
                        "replacePrefixMatch: /}}}") +
                     to("a")) +
            rule("{" + path("PathPrefix", "/full") + "}",
                 filter("{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /one}}}") +
                     to("b")));
  route("heads", "  hostnames: [heads.test]\n",
        rule("{headers: [{name: X-Ring, value: beta}]}", to("b")) +
            rule("{queryParams: [{name: v, value: \"2\"}]}", to("c")) + rule("{method: DELETE}", to("a")) +
            rule("{" + path("PathPrefix", "/") + ", method: GET}", to("a")));
  route("any", "", rule("{" + path("PathPrefix", "/any") + "}", to("c")));
  return out;
}

std::string text_of(const std::string& json, const std::string& key) {
  auto at = json.find("\"" + key + "\":\"");
  if (at == std::string::npos) return {};
  at += key.size() + 4;
  return json.substr(at, json.find('"', at) - at);
}

}  // namespace

TEST_CASE("trace and serve agree on generated requests") {
  const int port = free_port();
  runtime::DemoBackends demo;
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle = kube::load_text("world.yaml", world(demo, port), sources, sink);
  REQUIRE(!sink.failed());
  demo.start();
  kube::Index index(bundle);
  auto config = std::make_shared<runtime::Config>();
  config->table = route::compile(index, route::attach(index));
  runtime::Site site;
  site.address = *runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port));
  site.port = port;
  site.gateways.push_back({"default", "g"});
  config->sites.push_back(site);
  runtime::Server server({});
  REQUIRE(server.apply(config).front().error.empty());

  const std::vector<std::string> hosts{"shop.test", "SHOP.test:8080", "x.wild.test", "a.b.wild.test",
                                       "wild.test", "heads.test",     "other.test"};
  const std::vector<std::string> paths{
      "/",         "/api",        "/api/",    "/apix",           "/api/v1", "/api/v1/x", "/api/v1x",
      "//api//v1", "/api/../any", "/%61pi",   "/re/12",          "/re/x",   "/dead",     "/dead/x",
      "/gone",     "/old",        "/old/a/b", "/older",          "/strip",  "/strip/",   "/strip/a%20b",
      "/full/x",   "/any",        "/any/x",   "/any/%2e%2e/api", "/..",     "/%zz"};
  const std::vector<std::string> queries{"", "", "?v=2", "?v=1&v=2", "?x=%2F&y"};
  const std::vector<std::string> methods{"GET", "GET", "POST", "DELETE", "HEAD", "PUT"};
  Random random;
  Client client(port);
  std::size_t asked = 0, forwarded = 0, redirected = 0, refused = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string host = random.pick(hosts), target = random.pick(paths) + random.pick(queries),
                method = random.pick(methods);
    std::vector<route::HeaderView> headers;
    if (random.below(3) == 0) headers.push_back({"X-Ring", random.below(2) ? "beta" : "alpha"});
    route::RequestView view;
    view.method = method;
    view.host = host;
    view.target = target;
    view.headers = headers;
    view.port = static_cast<std::uint16_t>(port);
    auto decision = config->table->decide(view, &site.gateways.front());
    const auto* backend = decision.kind == route::Decision::Kind::forward ? route::pick(*decision.action, 0) : nullptr;

    std::string request = method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
    for (const auto& h : headers) request.append(h.name).append(": ").append(h.value).append("\r\n");
    Reply reply = client.ask(request + "\r\n", method == "HEAD");
    CAPTURE(method);
    CAPTURE(host);
    CAPTURE(target);
    ++asked;
    if (decision.kind == route::Decision::Kind::forward && backend && backend->state == route::BackendState::ready) {
      ++forwarded;
      REQUIRE(reply.status == 200);
      if (method == "HEAD") continue;
      REQUIRE(text_of(reply.body, "service") == backend->service.name);
      REQUIRE(text_of(reply.body, "path") == (decision.target.empty() ? target : decision.target));
      REQUIRE(text_of(reply.body, "host") == (decision.host.empty() ? host : decision.host));
    } else if (decision.kind == route::Decision::Kind::redirect) {
      ++redirected;
      REQUIRE(reply.status == decision.status);
      REQUIRE(reply.field("Location") == decision.location);
    } else {
      ++refused;
      int expected = decision.kind == route::Decision::Kind::respond                  ? decision.status
                     : backend && backend->state == route::BackendState::no_endpoints ? 503
                                                                                      : 500;
      REQUIRE(reply.status == expected);
    }
  }
  MESSAGE(asked, " requests: ", forwarded, " forwarded, ", redirected, " redirected, ", refused,
          " answered by the gateway");
  CHECK(asked >= 5000);
  CHECK(forwarded > 1000);
  CHECK(redirected > 100);
  CHECK(refused > 500);
}
