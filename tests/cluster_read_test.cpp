// Reading a cluster sends get and list only, page by page; what is refused is told and costs nothing else.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cluster/plugin.h"
#include "cluster/read.h"
#include "fake_api.h"

using namespace gw;
using test::ApiReply;
using test::ApiRequest;
using Json = nlohmann::json;

namespace {

Json ingress(const std::string& ns, const std::string& name) {
  return {{"metadata",
           {{"name", name},
            {"namespace", ns},
            {"uid", "u-" + name},
            {"resourceVersion", "7"},
            {"creationTimestamp", "2024-05-01T10:00:00Z"},
            {"managedFields", Json::array({{{"manager", "kubectl"}}})}}},
          {"spec", {{"defaultBackend", {{"service", {{"name", "web"}, {"port", {{"number", 80}}}}}}}}},
          {"status", {{"loadBalancer", Json::object()}}}};
}
std::string list(const std::string& kind, std::vector<Json> items, const std::string& next = "", int left = 0) {
  Json out = {{"apiVersion", "v1"}, {"kind", kind + "List"}, {"metadata", {{"resourceVersion", "9"}}}};
  if (kind.starts_with("Ingress")) out["apiVersion"] = "networking.k8s.io/v1";
  if (!next.empty()) out["metadata"].update({{"continue", next}, {"remainingItemCount", left}});
  out["items"] = std::move(items);
  return out.dump();
}

const std::string groups = R"({"kind":"APIGroupList","groups":[
  {"name":"gateway.networking.k8s.io","versions":[{"version":"v1"},{"version":"v1beta1"}],"preferredVersion":{"version":"v1"}},
  {"name":"apps","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]})";
const std::string gateway_kinds = R"({"kind":"APIResourceList","resources":[
  {"name":"httproutes","kind":"HTTPRoute","namespaced":true,"verbs":["get","list"]},
  {"name":"httproutes/status","kind":"HTTPRoute","namespaced":true,"verbs":["get"]},
  {"name":"gatewayclasses","kind":"GatewayClass","namespaced":false,"verbs":["list"]}]})";

// Answers discovery and empty lists; `first` may answer before.
test::FakeApi::Handler answering(std::function<ApiReply(const ApiRequest&)> first) {
  return [first](const ApiRequest& request) -> ApiReply {
    if (ApiReply reply = first(request); reply.status != 0) return reply;
    if (request.path() == "/apis") return {200, groups};
    if (request.path().starts_with("/apis/gateway.networking.k8s.io/") &&
        std::count(request.target.begin(), request.target.end(), '/') == 3)
      return {200, gateway_kinds};
    return {200, list("Thing", {})};
  };
}
const ApiReply otherwise{0, "", false};

struct Outcome {
  diag::Sources sources;
  diag::Sink sink;
  std::vector<kube::RawObject> objects;
  std::string error;
  std::vector<diag::Diagnostic> findings;
  std::string told() const {
    std::string out;
    for (const auto& finding : findings) out += finding.code + " " + finding.message + "\n";
    return out;
  }
};

cluster::ReadOptions in(const std::string& ns, const std::string& fallback = {}) {
  cluster::ReadOptions options;
  options.ns = ns;
  options.fallback = fallback;
  return options;
}

cluster::Access access_to(const test::FakeApi& api) {
  cluster::Access access;
  access.server = api.url();
  access.token = "t0p-s3cret";
  return access;
}

void read(cluster::Access access, cluster::ReadOptions options, Outcome& out) {
  cluster::Client client(std::move(access));
  auto objects = cluster::read(client, options, out.sources, out.sink);
  if (objects)
    out.objects = std::move(*objects);
  else
    out.error = objects.error().message;
  out.findings = out.sink.take();
}

}  // namespace

TEST_CASE("lists are read page by page, and only with GET") {
  std::vector<std::size_t> left;
  test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
    if (request.path() != "/apis/networking.k8s.io/v1/ingresses") return otherwise;
    if (!request.has("continue")) return {200, list("Ingress", {ingress("a", "one"), ingress("a", "two")}, "n/x=", 1)};
    return {200, list("Ingress", {ingress("b", "three")})};
  }));
  cluster::ReadOptions options;
  options.page = 2;
  options.selector = "app=shop,tier in (web)";
  options.progress = [&](std::string_view kind, std::size_t, std::size_t rest) {
    if (kind == "ingresses") left.push_back(rest);
  };
  Outcome out;
  read(access_to(api), options, out);
  CHECK(out.error == "");
  REQUIRE(out.objects.size() == 3);
  CHECK(left == std::vector<std::size_t>{1, 0});
  CHECK(out.told() == "");
  for (const ApiRequest& request : api.requests()) {
    CHECK(request.method == "GET");
    CHECK(!request.has("watch"));
    CHECK(request.headers.at("authorization") == "Bearer t0p-s3cret");
    const bool ingresses = request.path().ends_with("/ingresses");
    CHECK(request.has("labelSelector=app%3Dshop%2Ctier%20in%20%28web%29") == ingresses);
    if (ingresses && request.has("continue")) CHECK(request.has("continue=n%2Fx%3D"));
    if (request.path().ends_with("/secrets")) CHECK(request.has("fieldSelector=type%21%3Dhelm.sh%2Frelease.v1"));
  }
}

TEST_CASE("an object is a text of its own, without what the server wrote into it") {
  test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
    if (request.path() != "/apis/networking.k8s.io/v1/namespaces/web/ingresses") return otherwise;
    return {200, list("Ingress", {ingress("web", "one")})};
  }));
  Outcome out;
  read(access_to(api), in("web"), out);
  REQUIRE(out.objects.size() == 1);
  const kube::RawObject& object = out.objects.front();
  CHECK(object.kind == "Ingress");
  CHECK(object.api_version == "networking.k8s.io/v1");
  CHECK(out.sources.name(object.document.file) == "cluster:Ingress/web/one");
  CHECK(out.sources.text(object.document.file) == R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  creationTimestamp: "2024-05-01T10:00:00Z"
  name: one
  namespace: web
spec:
  defaultBackend:
    service:
      name: web
      port:
        number: 80
)");
  // Cluster-scoped kinds are asked for without the namespace.
  CHECK(api.count([](const ApiRequest& r) { return r.path() == "/api/v1/namespaces/web/services"; }) == 1);
  CHECK(api.count([](const ApiRequest& r) { return r.path() == "/apis/networking.k8s.io/v1/ingressclasses"; }) == 1);
  CHECK(api.count([](const ApiRequest& r) { return r.has("httproutes/status"); }) == 0);
}

TEST_CASE("what a role does not allow is told by kind and namespace, and the rest goes on") {
  test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
    if (request.path().ends_with("/namespaces/web/ingresses")) return {200, list("Ingress", {ingress("web", "one")})};
    if (request.path() == "/apis" || request.path().starts_with("/apis/gateway.networking.k8s.io/v1")) {
      if (!request.has("limit=")) return otherwise;
    }
    if (request.path().find("/namespaces/web/") != std::string::npos && !request.has("/secrets")) return otherwise;
    return {403, R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403})"};
  }));
  SUBCASE("one namespace") {
    Outcome out;
    read(access_to(api), in("web"), out);
    CHECK(out.objects.size() == 1);
    CHECK(out.told() ==
          "GW020 this user may not list gatewayclasses.gateway.networking.k8s.io in the cluster\n"
          "GW020 this user may not list ingressclasses.networking.k8s.io in the cluster\n"
          "GW020 this user may not list namespaces in the cluster\n"
          "GW020 this user may not list secrets in namespace web\n");
  }
  SUBCASE("every namespace was wanted: the context's is read instead") {
    Outcome out;
    read(access_to(api), in("", "web"), out);
    CHECK(out.objects.size() == 1);
    CHECK(out.told().find("GW020 this user may not list ingresses.networking.k8s.io in all namespaces; only namespace "
                          "web was read\n") != std::string::npos);
    CHECK(out.told().find("GW020 this user may not list secrets in namespace web\n") != std::string::npos);
  }
}

TEST_CASE("definitions are read as texts of their own; a refusal ends it") {
  Json deep = {{"type", "object"}};
  for (int i = 0; i < 150; ++i) deep = {{"type", "object"}, {"properties", {{"a", deep}}}};
  const Json definition = {{"metadata", {{"name", "widgets.example.org"}, {"uid", "u"}}},
                           {"spec", {{"group", "example.org"}, {"schema", deep}}},
                           {"status", {{"conditions", Json::array()}}}};
  bool allowed = true;
  test::FakeApi api(answering([&](const ApiRequest& request) -> ApiReply {
    if (request.path() != "/apis/apiextensions.k8s.io/v1/customresourcedefinitions") return otherwise;
    if (!allowed) return {403, "{}"};
    Json found = Json::parse(list("CustomResourceDefinition", {definition}));
    found["apiVersion"] = "apiextensions.k8s.io/v1";
    return {200, found.dump()};
  }));
  Outcome out;
  cluster::Client client(access_to(api));
  const auto found = cluster::read_definitions(client, out.sources, out.sink);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(out.sources.name(found->front().file) == "cluster:CustomResourceDefinition/widgets.example.org");
  CHECK(found->front().root->find("kind")->string() == "CustomResourceDefinition");
  CHECK(found->front().root->find("status") == nullptr);
  CHECK(out.sink.take().empty());
  allowed = false;
  const auto refused = cluster::read_definitions(client, out.sources, out.sink);
  REQUIRE(!refused);
  CHECK(refused.error().message.find("403 for customresourcedefinitions.apiextensions.k8s.io") != std::string::npos);
}

TEST_CASE("pages that expired are read in one") {
  test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
    if (!request.path().ends_with("/ingresses")) return otherwise;
    if (request.has("continue")) return {410, R"({"kind":"Status","code":410,"reason":"Expired"})"};
    if (request.has("limit")) return {200, list("Ingress", {ingress("a", "one")}, "more", 1)};
    return {200, list("Ingress", {ingress("a", "one"), ingress("a", "two")})};
  }));
  Outcome out;
  read(access_to(api), {}, out);
  CHECK(out.objects.size() == 2);
  CHECK(out.told() == "");
}

TEST_CASE("a server that fails or is no API server is told; no credential is") {
  SUBCASE("500 for a kind") {
    test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
      return request.path().ends_with("/services") ? ApiReply{500, "t0p-s3cret"} : otherwise;
    }));
    Outcome out;
    read(access_to(api), {}, out);
    CHECK(out.told() == "GW020 the API server answered 500 for services in all namespaces\n");
  }
  SUBCASE("401") {
    test::FakeApi api([](const ApiRequest&) -> ApiReply { return {401, ""}; });
    Outcome out;
    read(access_to(api), {}, out);
    CHECK(out.error == "the API server " + api.url() + " refused the credentials (401)");
  }
  SUBCASE("500 or 403 to everything is not an empty cluster") {
    for (const int status : {500, 403}) {
      test::FakeApi api([&](const ApiRequest&) -> ApiReply { return {status, "{}"}; });
      Outcome out;
      read(access_to(api), {}, out);
      CHECK(out.error == "the API server " + api.url() + " answered " + std::to_string(status) + " to every list");
    }
  }
  SUBCASE("a list that never ends") {
    test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
      if (!request.path().ends_with("/services")) return otherwise;
      return {200, list("Service", {}, "more", 1)};
    }));
    Outcome out;
    read(access_to(api), {}, out);
    CHECK(out.error == "the API server's list of services does not end");
  }
  SUBCASE("groups of another shape") {
    test::FakeApi api(answering([](const ApiRequest& request) -> ApiReply {
      return request.path() == "/apis" ? ApiReply{200, R"({"groups":[1,{"name":7},null]})"} : otherwise;
    }));
    Outcome out;
    read(access_to(api), {}, out);
    CHECK(out.error == "the API server's list of API groups cannot be read");
  }
  SUBCASE("some other server") {
    test::FakeApi api([](const ApiRequest&) -> ApiReply { return {200, "<html>hello t0p-s3cret"}; });
    Outcome out;
    read(access_to(api), {}, out);
    CHECK(out.error == "the API server's list of namespaces cannot be read");
  }
  SUBCASE("nobody there") {
    cluster::Access access;
    {
      test::FakeApi api([](const ApiRequest&) -> ApiReply { return {200, ""}; });
      access = access_to(api);
    }
    Outcome out;
    read(access, {}, out);
    CHECK(out.error.find("did not answer") != std::string::npos);
    CHECK(out.error.find("t0p-s3cret") == std::string::npos);
  }
}

TEST_CASE("a proxy of the kubeconfig is used") {
  test::FakeApi proxy(answering([](const ApiRequest&) { return otherwise; }));
  cluster::Access access;
  access.server = "http://api.invalid:6443";
  access.proxy_url = proxy.url();
  cluster::Client client(access);
  auto answer = client.get("/version");
  REQUIRE(answer);
  CHECK(proxy.requests().front().target == "http://api.invalid:6443/version");
}

TEST_CASE(
    "a credential plugin is run once for every connection, and again after a 401 or when its credential expires") {
  const auto folder = std::filesystem::temp_directory_path() / ("gwctl-plugin-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto script = folder / "login.sh";
  const auto write = [&](const std::string& expires) {
    std::ofstream(script) << "#!/bin/sh\nn=$(($(cat " << folder.string()
                          << "/n 2>/dev/null || echo 0) + 1)); echo $n > " << folder.string()
                          << "/n\necho '{\"status\":{\"token\":\"t'$n'\"" << expires << "}}'\n";
  };
  write("");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  test::FakeApi api([](const ApiRequest& request) -> ApiReply {
    return {request.headers.at("authorization") == "Bearer t1" && request.has("late") ? 401 : 200, "{}"};
  });
  cluster::Access access;
  access.server = api.url();
  access.exec.command = script.string();
  access.plugin = std::make_shared<cluster::PluginCredentials>();
  const auto last_token = [&] { return api.requests().back().headers.at("authorization"); };
  cluster::Client one(access), two(access);
  CHECK(one.get("/a")->status == 200);
  CHECK(two.get("/b")->status == 200);
  CHECK(last_token() == "Bearer t1");
  CHECK(two.get("/late")->status == 200);
  CHECK(last_token() == "Bearer t2");
  CHECK(one.get("/c")->status == 200);
  CHECK(last_token() == "Bearer t2");
  write(R"(,"expirationTimestamp":"2020-01-01T00:00:00Z")");
  access.plugin->refused({"t2", "", ""});
  CHECK(one.get("/d")->status == 200);
  CHECK(one.get("/e")->status == 200);
  CHECK(last_token() == "Bearer t4");
  std::filesystem::remove_all(folder);
}
