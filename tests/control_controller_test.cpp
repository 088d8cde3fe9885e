// The control loop against an API server in this process: status follows the data plane, and failures are paced.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "control/controller.h"
#include "fake_api.h"

using namespace gw;
using namespace std::chrono_literals;
using test::ApiReply;
using test::ApiRequest;
using Json = nlohmann::json;

namespace {

const char* const objects[][2] = {
    {"gatewayclasses",
     R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"GatewayClass","metadata":{"name":"gw","generation":1},)"
     R"("spec":{"controllerName":"gwctl.dev/gateway-controller"}})"},
    {"gateways",
     R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"edge","namespace":"a","uid":"u1",)"
     R"("generation":4},"spec":{"gatewayClassName":"gw","infrastructure":{"labels":{"team":"web"}},)"
     R"("listeners":[{"name":"web","port":80,"protocol":"HTTP"}]}})"},
    {"httproutes",
     R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"shop","namespace":"a",)"
     R"("generation":5,"resourceVersion":"41"},"spec":{"parentRefs":[{"name":"edge"}],"rules":[{}]}})"},
};

ApiReply listed(const ApiRequest& request) {
  if (request.has("watch=1")) return {200, "", true};
  Json items = Json::array();
  for (const auto& [plural, text] : objects)
    if (request.path().ends_with(std::string("/") + plural)) items.push_back(Json::parse(text));
  return {
      200,
      Json{{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", {{"resourceVersion", "50"}}}, {"items", items}}.dump()};
}

struct FakePlane : control::Dataplane {
  std::atomic<int> applied{0};
  control::GatewayStates apply(const kube::Index&, const route::Attachments& attachments) override {
    control::GatewayStates states;
    for (const auto& gateway : attachments.gateways) states[gateway.gateway->id()] = {{"10.0.0.1"}, "", ""};
    ++applied;
    return states;
  }
};

struct Running {
  FakePlane plane;
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::vector<std::string> log;
  Status result = Unit{};
  std::thread thread;

  explicit Running(const test::FakeApi& api) {
    thread = std::thread([this, url = api.url()] {
      cluster::Access access;
      access.server = url;
      access.token = "t0p-s3cret";
      control::ControllerOptions options;
      options.log = [this](const std::string& line) {
        std::lock_guard lock(mutex);
        log.push_back(line);
      };
      result = control::run_controller(access, plane, options, stop);
    });
  }
  ~Running() { end(); }
  void end() {
    stop = true;
    if (thread.joinable()) thread.join();
  }
};

bool is_patch(const ApiRequest& request) {
  return request.method == "PATCH";
}

}  // namespace

TEST_CASE("status is written after the data plane has applied, and only what concerns this controller") {
  std::atomic<Running*> running{nullptr};
  std::atomic<bool> early{false};
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    if (!is_patch(request)) return listed(request);
    if (const Running* started = running) early = early || started->plane.applied == 0;
    return {200, "{}"};
  });
  Running controller(api);
  running = &controller;
  CHECK(test::soon([&] { return api.count(is_patch) >= 4; }));
  CHECK(!early);
  std::map<std::string, ApiRequest> patches;
  for (const ApiRequest& request : api.requests())
    if (is_patch(request)) patches[request.path()] = request;
  REQUIRE(patches.size() == 4);
  const std::string group = "/apis/gateway.networking.k8s.io/v1";
  CHECK(patches.count(group + "/gatewayclasses/gw/status") == 1);
  const ApiRequest& gateway = patches[group + "/namespaces/a/gateways/edge/status"];
  CHECK(gateway.headers.at("content-type") == "application/merge-patch+json");
  const Json written = Json::parse(gateway.body);
  for (const Json& condition : written["status"]["conditions"]) CHECK(condition["observedGeneration"] == 4);
  const Json route = Json::parse(patches[group + "/namespaces/a/httproutes/shop/status"].body);
  CHECK(route["metadata"]["resourceVersion"] == "41");
  const ApiRequest& account = patches["/api/v1/namespaces/a/serviceaccounts/gwctl-edge"];
  CHECK(account.headers.at("content-type") == "application/apply-patch+yaml");
  CHECK(account.has("fieldManager=gwctl"));
  CHECK(Json::parse(account.body)["metadata"]["labels"] == Json{{"team", "web"},
                                                                {"gateway.networking.k8s.io/gateway-name", "edge"},
                                                                {"app.kubernetes.io/managed-by", "gwctl"}});
  for (const ApiRequest& request : api.requests()) CHECK((request.method == "GET" || request.method == "PATCH"));
}

TEST_CASE("a write that fails is told once and tried again with growing pauses; a conflict waits for its event") {
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    if (!is_patch(request)) return listed(request);
    if (request.has("/httproutes/")) return {409, "{}"};
    return {request.has("/gateways/") ? 403 : 200, "t0p-s3cret"};
  });
  Running controller(api);
  std::this_thread::sleep_for(2500ms);
  controller.end();
  const auto writes = [&](const char* what) {
    return api.count([&](const ApiRequest& r) { return is_patch(r) && r.has(what); });
  };
  CHECK(writes("/gateways/") >= 2);
  CHECK(writes("/gateways/") <= 4);
  CHECK(controller.log ==
        std::vector<std::string>{"cannot write status of Gateway a/edge: this user may not patch it; trying again"});
}

TEST_CASE("a generated object that could not be applied is tried again") {
  std::atomic<int> tries{0};
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    if (!is_patch(request)) return listed(request);
    return {request.has("/serviceaccounts/") && tries++ == 0 ? 500 : 200, "{}"};
  });
  Running controller(api);
  CHECK(test::soon([&] { return tries == 2; }));
}

TEST_CASE("credentials that are refused end it with a message; a stop ends it soon") {
  {
    test::FakeApi api([](const ApiRequest&) -> ApiReply { return {401, "t0p-s3cret"}; });
    Running controller(api);
    controller.thread.join();
    REQUIRE(!controller.result);
    CHECK(controller.result.error().message == "the API server refused the credentials (401)");
  }
  test::FakeApi api(listed);
  Running controller(api);
  CHECK(test::soon([&] { return controller.plane.applied > 0; }));
  const auto began = std::chrono::steady_clock::now();
  controller.end();
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  CHECK(controller.result);
}
