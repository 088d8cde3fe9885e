// Witnesses over real sockets: what verify says of the new side is what `gwctl serve` answers, for every request it
// asked.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cluster/fetch.h"
#include "convert/convert.h"
#include "kube/index.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/profile.h"
#include "tests/loopback.h"
#include "tests/verify_controllers_oracle.h"
#include "verify/boundaries_gateway.h"
#include "verify/curl.h"
#include "verify/equivalence.h"

using namespace gw;
namespace fs = std::filesystem;

namespace {

constexpr const char* shop = R"(
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.test], secretName: shop}]
  rules:
  - host: shop.test
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /cart, pathType: Exact, backend: {service: {name: cart, port: {number: 80}}}}
  - host: "*.w.test"
    http:
      paths:
      - {path: /img/, pathType: Prefix, backend: {service: {name: img, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: api
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/use-regex: "true"
    nginx.ingress.kubernetes.io/rewrite-target: /v2
spec:
  ingressClassName: nginx
  rules:
  - host: api.test
    http:
      paths:
      - {path: "/v[0-9]+/x", pathType: ImplementationSpecific, backend: {service: {name: old, port: {number: 80}}}}
      - {path: "/.*[.]png", pathType: ImplementationSpecific, backend: {service: {name: img, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: go
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/permanent-redirect: https://elsewhere.test/x
spec:
  ingressClassName: nginx
  rules:
  - host: go.test
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
)";

// gwctl serve on loopback, ended with the object.
class Served {
 public:
  Served(const fs::path& directory, int http, int https) {
    const char* program = std::getenv("GWCTL");
    const std::string ports = "80=" + std::to_string(http) + ",443=" + std::to_string(https);
    const std::string input = (directory / "new.yaml").string(), ready = (directory / "ready").string(),
                      log = (directory / "log").string();
    pid_ = fork();
    if (pid_ == 0) {
      if (!std::freopen(log.c_str(), "w", stderr) || !std::freopen(log.c_str(), "a", stdout)) _exit(126);
      execl(program, program, "serve", input.c_str(), "--demo-backends", "--port-map", ports.c_str(), "--admin", "none",
            "--access-log", "none", "--threads", "1", "--ready-file", ready.c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i < 600 && !fs::exists(ready); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    up = fs::exists(ready);
  }
  ~Served() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  Served(const Served&) = delete;
  bool up = false;

 private:
  pid_t pid_ = -1;
};

std::string without_port(std::string text, int port) {
  const std::string suffix = ":" + std::to_string(port);
  if (const auto at = text.find(suffix); at != std::string::npos) text.erase(at, suffix.size());
  return text;
}

// Does what came over the socket fit the model's answer?
bool fits(const route::Answer& said, const cluster::Fetched& seen, int http, int https) {
  if (said.status != seen.status) return false;
  if (!said.location.empty() && said.location != without_port(without_port(seen.header("location"), http), https))
    return false;
  if (said.backend.empty() && said.backends.empty()) return true;
  const auto body = nlohmann::json::parse(seen.body, nullptr, false);
  if (!body.is_object()) return seen.body.empty();  // HEAD
  const std::string backend = body.value("namespace", "") + "/" + body.value("service", "");
  const bool right = said.backend == backend || std::any_of(said.backends.begin(), said.backends.end(),
                                                            [&](const auto& row) { return row.backend == backend; });
  return right && body.value("path", "") == said.backend_target;
}

}  // namespace

TEST_CASE("what verify asked of the new side is what serve answers over sockets") {
  if (!std::getenv("GWCTL")) {
    MESSAGE("skipped: GWCTL does not name the program");
    return;
  }
  diag::Sources sources, new_sources;
  diag::Sink sink;
  kube::Bundle old = kube::load_text("old.yaml", shop, sources, sink), converted;
  convert::Options options;
  options.from = "ingress-nginx";
  REQUIRE(convert::convert(old, options, sources, sink, converted));
  std::string text;
  kube::write(converted, yaml::Style::yaml, text);
  kube::Bundle fresh = kube::load_text("new.yaml", text, new_sources, sink);
  const fs::path directory = fs::temp_directory_path() / ("gwctl-witness-" + std::to_string(getpid()));
  fs::create_directories(directory);
  std::ofstream(directory / "new.yaml") << text;

  verify::ControllerOptions controller;
  controller.assume_secrets = true;
  const auto before = verify::make_controller("ingress-nginx", kube::Index(old), controller);
  const kube::Index index(fresh);
  route::AttachOptions attach;
  attach.assume_secrets = true;
  const auto after = route::make_model("gwctl", index, route::attach(index, attach));
  std::vector<route::Request> asked;
  std::size_t witnesses = 0;
  verify::Options all;
  all.counterexamples = 1000;
  all.asked = [&](const route::Request& request, verify::Aspect) { asked.push_back(request); };
  const verify::Report report = verify::verify({before.get(), before->boundaries()},
                                               {after.get(), verify::gateway_boundaries(fresh, "gwctl")}, all);
  for (const verify::HostReport& host : report.hosts)
    for (const verify::Counterexample& found : host.counterexamples) {
      asked.push_back(found.request);
      ++witnesses;
    }
  CHECK(witnesses > 0);

  const int http = test::free_port(), https = test::free_port();
  std::size_t sent = 0, other = 0;
  {
    const Served served(directory, http, https);
    REQUIRE(served.up);
    cluster::Fetcher fetcher;
    std::set<std::string> known;
    for (const route::Request& request : asked) {
      const bool tls = request.scheme == route::Scheme::https;
      if (!known.insert(verify::curl_line(request, "127.0.0.1")).second || request.method == "CONNECT") continue;
      cluster::Fetch fetch;
      fetch.https = tls;
      fetch.address = "127.0.0.1";
      fetch.port = tls ? https : http;
      fetch.server_name = request.sni.value_or(request.host);
      fetch.host = request.host;
      fetch.method = request.method;
      fetch.target = request.target;
      fetch.headers = request.headers;
      fetch.http10 = request.http10;
      const cluster::Fetched seen = fetcher.fetch(fetch);
      const route::AnswerSet said = after->answer(request);
      ++sent;
      const bool right = std::any_of(said.any_of.begin(), said.any_of.end(),
                                     [&](const auto& answer) { return fits(answer, seen, http, https); });
      if (right) continue;
      ++other;
      CHECK_MESSAGE(right, verify::curl_line(request, "127.0.0.1")
                               << "\n  said " << route::to_json(said, new_sources) << "\n  seen " << seen.status << " "
                               << seen.header("location") << " " << seen.error << " " << seen.body);
    }
  }
  fs::remove_all(directory);
  MESSAGE(sent, " requests over sockets, ", witnesses, " of them witnesses; ", other, " answered otherwise than said");
  CHECK(sent > 100);
}
