// A watch resumes where its stream ended, lists again on 410, and never asks a failing server without pause.
#include <doctest/doctest.h>

#include <atomic>

#include "cluster/watch.h"
#include "fake_api.h"

using namespace gw;
using namespace std::chrono_literals;
using test::ApiReply;
using test::ApiRequest;

namespace {

std::string service(const std::string& name, const std::string& version) {
  return R"({"apiVersion":"v1","kind":"Service","metadata":{"name":")" + name +
         R"(","namespace":"a","resourceVersion":")" + version + R"("},"spec":{}})";
}
std::string list_of(const std::string& items, const std::string& version, const std::string& next = "") {
  return R"({"apiVersion":"v1","kind":"ServiceList","metadata":{"resourceVersion":")" + version + R"(","continue":")" +
         next + R"("},"items":[)" + items + "]}";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

struct Watched {
  std::atomic<int> changes{0};
  std::mutex mutex;
  std::vector<std::string> troubles;
  cluster::Watch watch;

  explicit Watched(const test::FakeApi& api)
      : watch(
            access(api), {{"", "services", "Service", {"v1"}}}, [this] { ++changes; },
            [this](const std::string& line) {
              std::lock_guard lock(mutex);
              troubles.push_back(line);
            }) {}
  static cluster::Access access(const test::FakeApi& api) {
    cluster::Access out;
    out.server = api.url();
    out.token = "t0p-s3cret";
    return out;
  }
  std::string names() const {
    std::string out;
    for (const auto& raw : watch.snapshot())
      out += std::string(raw.node->find("metadata")->find("name")->string()) + " ";
    return out;
  }
  std::vector<std::string> told() {
    std::lock_guard lock(mutex);
    return troubles;
  }
};

bool is_watch(const ApiRequest& request) {
  return request.has("watch=1");
}

}  // namespace

TEST_CASE("a list in pages, then events; the next watch goes on from the last version seen") {
  std::atomic<int> watches{0};
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    if (!is_watch(request))
      return request.has("continue=p2") ? ApiReply{200, list_of(service("b", "2"), "5")}
                                        : ApiReply{200, list_of(service("a", "1"), "5", "p2")};
    if (watches++ == 0)
      return {200, event("ADDED", service("c", "6")) + event("DELETED", service("a", "7")) +
                       event("BOOKMARK", R"({"kind":"Service","metadata":{"resourceVersion":"8"}})")};
    return {200, event("MODIFIED", service("b", "9")), true};
  });
  Watched watched(api);
  CHECK(test::soon([&] { return watches == 2 && watched.changes == 4; }));
  CHECK(watched.watch.synced());
  CHECK(watched.names() == "b c ");
  const auto requests = api.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests[2].has("resourceVersion=5"));
  CHECK(requests[3].has("resourceVersion=8"));
  CHECK(requests[3].has("allowWatchBookmarks=true"));
  CHECK(watched.told().empty());
}

TEST_CASE("a version that is too old makes it list again") {
  std::atomic<int> lists{0};
  bool as_event = false;
  SUBCASE("told by the status") {}
  SUBCASE("told by an event") {
    as_event = true;
  }
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    if (!is_watch(request)) return {200, list_of(service(++lists == 1 ? "old" : "new", "1"), "5")};
    if (lists > 1) return {200, "", true};
    if (!as_event) return {410, R"({"kind":"Status","code":410})"};
    return {200, event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})")};
  });
  Watched watched(api);
  CHECK(test::soon([&] { return watched.names() == "new "; }));
  CHECK(watched.told().empty());
}

TEST_CASE("a server that ends every watch at once is asked with growing pauses") {
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    return {200, is_watch(request) ? std::string() : list_of("", "5")};
  });
  Watched watched(api);
  std::this_thread::sleep_for(1500ms);
  CHECK(api.requests().size() <= 6);
}

TEST_CASE("a refusal is told once, with what to grant, and without pause-less repetition") {
  test::FakeApi api([&](const ApiRequest&) -> ApiReply { return {403, "t0p-s3cret"}; });
  Watched watched(api);
  std::this_thread::sleep_for(1500ms);
  CHECK(!watched.watch.synced());
  CHECK(watched.told() ==
        std::vector<std::string>{"this user may not list services in all namespaces; grant get, list and watch"});
  CHECK(api.requests().size() <= 5);
}

TEST_CASE("a kind that is not installed counts as listed and empty") {
  test::FakeApi api([&](const ApiRequest&) -> ApiReply { return {404, ""}; });
  Watched watched(api);
  CHECK(test::soon([&] { return watched.watch.synced(); }));
  CHECK(watched.told().empty());
}

TEST_CASE("an outage is told once and survived") {
  auto dead = std::make_unique<test::FakeApi>([](const ApiRequest&) -> ApiReply { return {200, ""}; });
  cluster::Access access;
  access.server = dead->url();
  dead.reset();
  std::vector<std::string> told;
  std::mutex mutex;
  std::vector<cluster::WatchedKind> kinds{{"", "services", "Service", {"v1"}}, {"", "secrets", "Secret", {"v1"}}};
  {
    cluster::Watch watch(
        access, kinds, [] {},
        [&](const std::string& line) {
          std::lock_guard lock(mutex);
          told.push_back(line);
        });
    std::this_thread::sleep_for(700ms);
    CHECK(!watch.synced());
  }
  REQUIRE(told.size() == 1);
  CHECK(told.front().find("did not answer") != std::string::npos);
  CHECK(told.front().ends_with("; trying again"));
}

TEST_CASE("it ends soon, also while a watch is held open") {
  test::FakeApi api([&](const ApiRequest& request) -> ApiReply {
    return is_watch(request) ? ApiReply{200, "", true} : ApiReply{200, list_of("", "5")};
  });
  auto watched = std::make_unique<Watched>(api);
  CHECK(test::soon([&] { return api.count(is_watch) == 1; }));
  const auto began = std::chrono::steady_clock::now();
  watched.reset();
  CHECK(std::chrono::steady_clock::now() - began < 3s);
}
