// A whole server over loopback sockets: reload without loss, drain, TLS by name with 421, and what an operator reads:
// metrics, configuration without secrets, access log, dashboard.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "kube/index.h"
#include "kube/load.h"
#include "pki/certificate.h"
#include "route/attach.h"
#include "route/table.h"
#include "runtime/admin.h"
#include "runtime/demo.h"
#include "runtime/server.h"
#include "tests/loopback.h"
#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

const char* const gateway_class =
    "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: t}\nspec: {controllerName: x/y}\n";

std::string service(const std::string& name, int port) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default, annotations: {gwctl.dev/endpoints: \"127.0.0.1:" + std::to_string(port) +
         "\"}}\nspec: {ports: [{port: 80}]}\n";
}

std::string http_route(const std::string& name, const std::string& host, const std::string& backend) {
  return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
         ", namespace: default}\nspec:\n  parentRefs: [{name: g}]\n" +
         (host.empty() ? "" : "  hostnames: [" + host + "]\n") +
         "  rules: [{name: main, backendRefs: [{name: " + backend + ", port: 80}]}]\n";
}

std::string gateway(const std::string& listeners) {
  return std::string(gateway_class) +
         "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: "
         "default}\nspec:\n"
         "  gatewayClassName: t\n  listeners:\n" +
         listeners;
}

std::shared_ptr<runtime::Config> config_of(const std::string& yaml, int port,
                                           runtime::Site::Kind kind = runtime::Site::Kind::http) {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle = kube::load_text("world.yaml", yaml, sources, sink);
  REQUIRE(!sink.failed());
  kube::Index index(bundle);
  route::AttachOptions options;
  options.assume_secrets = true;
  auto config = std::make_shared<runtime::Config>();
  config->table = route::compile(index, route::attach(index, options));
  runtime::Site site;
  site.address = *runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port));
  site.port = port;
  site.kind = kind;
  site.gateways.push_back({"default", "g"});
  config->sites.push_back(site);
  return config;
}

std::string http_listener(int port) {
  return "  - {name: http, port: " + std::to_string(port) + ", protocol: HTTP}\n";
}

// A backend that takes its time, one connection after the other.
class SlowBackend {
 public:
  explicit SlowBackend(std::chrono::milliseconds pause) {
    auto address = runtime::Address::parse("127.0.0.1", 0);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(fd_, address->get(), address->length) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
    ::getsockname(fd_, address->get(), &address->length);
    port = address->port();
    thread_ = std::thread([this, pause] {
      for (int c; (c = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(c)) {
        char bytes[4096];
        if (::recv(c, bytes, sizeof bytes, 0) <= 0) continue;
        asked = true;
        std::this_thread::sleep_for(pause);
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nslow";
        ::send(c, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~SlowBackend() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  int port = 0;
  std::atomic<bool> asked{false};

 private:
  int fd_ = -1;
  std::thread thread_;
};

// What an operator sees: an admin server beside the one that is watched.
struct AdminPage {
  explicit AdminPage(const runtime::Server& watched)
      : port(free_port()), admin(std::make_shared<runtime::Admin>(watched)) {
    auto config = std::make_shared<runtime::Config>();
    runtime::Site site;
    site.address = *runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port));
    site.handler = admin;
    config->sites.push_back(site);
    REQUIRE(server.apply(config).front().error.empty());
  }
  Reply get(const std::string& target) { return Client(port).get("127.0.0.1:" + std::to_string(port), target); }
  int port;
  std::shared_ptr<runtime::Admin> admin;
  runtime::Server server{{}};
};

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("reloads under load lose nothing, on connections that stay") {
  runtime::DemoBackends demo;
  int a = demo.port({"default", "a"}, 80), b = demo.port({"default", "b"}, 80), port = free_port();
  demo.start();
  std::string world = gateway(http_listener(port)) + service("a", a) + service("b", b);
  auto first = config_of(world + http_route("r", "", "a"), port),
       second = config_of(world + http_route("r", "", "b"), port);
  runtime::ServerOptions two;
  two.threads = 2;
  runtime::Server server(two);
  REQUIRE(server.apply(first).front().error.empty());
  std::atomic<unsigned> good{0}, bad{0}, from_b{0}, reopened{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      Client client(port);
      while (!stop) {
        Reply reply = client.get("x.example", "/");
        (reply.status == 200 ? good : bad)++;
        from_b += reply.body.find("\"service\":\"b\"") != std::string::npos;
      }
      reopened += client.reopened;
    });
  for (int i = 0; i < 60; ++i) {
    server.apply(i % 2 ? first : second);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop = true;
  for (auto& client : clients) client.join();
  CHECK(bad == 0);
  CHECK(reopened == 0);
  CHECK(from_b > 0);
  CHECK(good > from_b);
}

TEST_CASE("drain: what is in flight is answered, nothing new is taken") {
  SlowBackend slow(std::chrono::milliseconds(300));
  int port = free_port();
  runtime::Server server({});
  server.apply(
      config_of(gateway(http_listener(port)) + service("slow", slow.port) + http_route("r", "", "slow"), port));
  Reply reply;
  std::thread asking([&] { reply = Client(port).get("x.example", "/"); });
  while (!slow.asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(server.drain(std::chrono::seconds(10)));
  asking.join();
  CHECK(reply.status == 200);
  CHECK(reply.body == "slow");
  CHECK(reply.field("Connection") == "close");
  CHECK(!Client(port).connected());
}

TEST_CASE("drain closes every idle connection") {
  FakeGateway gateway(wire_world(wire_route()));
  std::vector<std::shared_ptr<Pipe>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(gateway.client());
    FakeGateway::send(*clients.back(), "GET /?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    gateway.settle();
    FakeGateway::send(*gateway.network.opened.back().pipe, "HTTP/1.1 204 No Content\r\n\r\n");
    gateway.settle();
    CHECK(clients.back()->from_gateway.starts_with("HTTP/1.1 204 "));
  }
  gateway.worker.drain();
  gateway.settle();
  for (const auto& client : clients) CHECK(client->gateway_gone);
  CHECK(gateway.worker.open_clients() == 0);
}

TEST_CASE("drain gives up after its time") {
  SlowBackend slow(std::chrono::milliseconds(800));
  int port = free_port();
  runtime::Server server({});
  server.apply(
      config_of(gateway(http_listener(port)) + service("slow", slow.port) + http_route("r", "", "slow"), port));
  std::thread asking([&] { Client(port).get("x.example", "/"); });
  while (!slow.asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(!server.drain(std::chrono::milliseconds(50)));
  asking.join();
}

TEST_CASE("TLS: certificate by name, no certificate no handshake, another listener's host is 421") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  auto listener = [&](const std::string& name) {
    return "  - {name: " + name + ", port: " + std::to_string(port) + ", protocol: HTTPS, hostname: " + name +
           ".example, tls: {certificateRefs: [{name: " + name + "}]}}\n";
  };
  auto config = config_of(gateway(listener("a") + listener("b")) + service("a", backend) +
                              http_route("ra", "a.example", "a") + http_route("rb", "b.example", "a"),
                          port, runtime::Site::Kind::tls);
  for (const char* name : {"a", "b"}) {
    auto pair = pki::make_self_signed({std::string(name) + ".example"}, 30);
    REQUIRE(pair);
    config->certificates[{"default", name}] = {pair->certificate_pem, pair->key_pem};
  }
  runtime::Server server({});
  REQUIRE(server.apply(config).front().error.empty());
  CHECK(server.certificate_errors().empty());
  Client client(port, "a.example");
  REQUIRE(client.connected());
  CHECK(client.get("a.example", "/").status == 200);
  CHECK(client.get("b.example", "/").status == 421);
  CHECK(client.get("a.example", "/").body.find("\"X-Forwarded-Proto\":\"https\"") != std::string::npos);
  CHECK(!Client(port, "c.example").connected());
  CHECK(Client(port, "b.example").get("b.example", "/").status == 200);

  AdminPage page(server);
  std::string dump = page.get("/config_dump").body;
  CHECK(nlohmann::json::parse(dump)["listeners"].size() == 2);
  for (const auto& [id, pair] : config->certificates) {
    std::string key = pair.key_pem.substr(pair.key_pem.find('\n') + 1, 40);
    for (const char* target : {"/config_dump", "/stats", "/metrics", "/", "/trace?url=https://a.example/"})
      CHECK(page.get(target).body.find(key) == std::string::npos);
  }

  auto broken = std::make_shared<runtime::Config>(*config);
  std::swap(broken->certificates[{"default", "a"}].key_pem, broken->certificates[{"default", "b"}].key_pem);
  server.apply(broken);
  CHECK(server.certificate_errors().size() == 2);
  CHECK(client.get("a.example", "/").status == 200);  // a handshake that was made stays
}

TEST_CASE("a backend that speaks HTTP/2 in clear text, by appProtocol") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  std::string h2c = service("a", backend);
  h2c.replace(h2c.find("{port: 80}"), 10, "{port: 80, appProtocol: kubernetes.io/h2c}");
  runtime::Server server({});
  server.apply(config_of(gateway(http_listener(port)) + h2c + http_route("r", "", "a"), port));
  Client client(port);
  for (int i = 0; i < 5; ++i) {
    auto body = nlohmann::json::parse(client.get("x.example", "/a?b").body);
    CHECK(body["protocol"] == "HTTP/2");
    CHECK(body["path"] == "/a?b");
    CHECK(body["host"] == "x.example");
  }
  Reply head = client.ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", true);
  CHECK(head.status == 200);
  Reply post = client.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + std::string(70000, 'x'));
  CHECK(nlohmann::json::parse(post.body)["method"] == "POST");
}

namespace {

std::string l4_route(const std::string& kind, const std::string& more) {
  return "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: " + kind +
         "\nmetadata: {name: l4, namespace: default}\nspec:\n  parentRefs: [{name: g}]\n" + more +
         "  rules: [{backendRefs: [{name: a, port: 80}]}]\n";
}

}  // namespace

TEST_CASE("TCPRoute: bytes in both directions") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  runtime::Server server({});
  server.apply(config_of(gateway("  - {name: tcp, port: " + std::to_string(port) + ", protocol: TCP}\n") +
                             service("a", backend) + l4_route("TCPRoute", ""),
                         port, runtime::Site::Kind::tcp));
  Client client(port);
  for (int i = 0; i < 3; ++i) CHECK(client.get("any.example", "/").status == 200);
  CHECK(client.reopened == 0);
}

TEST_CASE("UDPRoute: datagrams out and back") {
  int echo = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  auto address = runtime::Address::parse("127.0.0.1", 0);
  REQUIRE(::bind(echo, address->get(), address->length) == 0);
  ::getsockname(echo, address->get(), &address->length);
  int port = free_port();
  std::string udp = service("a", address->port());
  udp.replace(udp.find("{port: 80}"), 10, "{port: 80, protocol: UDP}");
  runtime::Server server({});
  REQUIRE(server
              .apply(config_of(gateway("  - {name: udp, port: " + std::to_string(port) + ", protocol: UDP}\n") + udp +
                                   l4_route("UDPRoute", ""),
                               port, runtime::Site::Kind::udp))
              .front()
              .error.empty());
  int client = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  timeval limit{20, 0};
  for (int fd : {client, echo}) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  auto gateway_address = runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port));
  REQUIRE(::connect(client, gateway_address->get(), gateway_address->length) == 0);
  char bytes[64];
  for (const char* text : {"one", "two"}) {
    CHECK(::send(client, text, 3, 0) == 3);
    runtime::Address from;
    from.length = sizeof from.storage;
    CHECK(::recvfrom(echo, bytes, sizeof bytes, 0, from.get(), &from.length) == 3);
    CHECK(std::string(bytes, 3) == text);
    ::sendto(echo, "back", 4, 0, from.get(), from.length);
    CHECK(::recv(client, bytes, sizeof bytes, 0) == 4);
  }
  ::close(client);
  ::close(echo);
}

TEST_CASE("TLSRoute passthrough: the name in the ClientHello chooses, the handshake is the backend's") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), inner_port = free_port(), port = free_port();
  demo.start();
  auto inner = config_of(gateway("  - {name: s, port: " + std::to_string(inner_port) +
                                 ", protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}\n") +
                             service("a", backend) + http_route("r", "", "a"),
                         inner_port, runtime::Site::Kind::tls);
  auto pair = pki::make_self_signed({"a.example"}, 30);
  REQUIRE(pair);
  inner->certificates[{"default", "c"}] = {pair->certificate_pem, pair->key_pem};
  runtime::Server behind({}), server({});
  REQUIRE(behind.apply(inner).front().error.empty());
  auto config = config_of(
      gateway("  - {name: p, port: " + std::to_string(port) + ", protocol: TLS, tls: {mode: Passthrough}}\n") +
          service("a", inner_port) + l4_route("TLSRoute", "  hostnames: [a.example]\n"),
      port, runtime::Site::Kind::tls);
  config->sites.front().layer4 = true;
  REQUIRE(server.apply(config).front().error.empty());
  Client client(port, "a.example");
  REQUIRE(client.connected());
  CHECK(client.get("a.example", "/").status == 200);
  CHECK(!Client(port, "b.example").connected());
}

TEST_CASE("what an operator reads") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  auto config = config_of(gateway(http_listener(port)) + service("a", backend) + service("gone", 1) +
                              http_route("shop", "shop.example", "a") + http_route("gone", "gone.example", "gone"),
                          port);
  std::string directory = (std::filesystem::temp_directory_path() / "gwctl-log-XXXXXX").string();
  REQUIRE(mkdtemp(directory.data()) != nullptr);
  for (bool json : {false, true}) {
    std::string path = directory + (json ? "/json" : "/text");
    {
      runtime::ServerOptions options;
      options.access_log = path;
      options.access_log_json = json;
      runtime::Server server(options);
      server.apply(config);
      AdminPage page(server);
      Client client(port);
      CHECK(client.get("shop.example", "/a?b=\"c\"").status == 200);
      CHECK(client.get("nobody.example", "/<script>").status == 404);
      CHECK(client.get("gone.example", "/").status == 503);

      CHECK(page.get("/ready").status == 503);
      page.admin->set_ready(true);
      CHECK(page.get("/ready").status == 200);
      std::string metrics = page.get("/metrics").body;
      CHECK(metrics.find("gwctl_requests_total{route_kind=\"HTTPRoute\",route_namespace=\"default\",route=\"shop\","
                         "rule=\"main\",code=\"2xx\"} 1\n") != std::string::npos);
      CHECK(metrics.find("gwctl_request_duration_seconds_count{route_kind=\"HTTPRoute\"") != std::string::npos);
      CHECK(metrics.find("# TYPE gwctl_config_reload_failures_total counter\n") != std::string::npos);
      CHECK(metrics.find("gwctl_endpoint_up{endpoint=\"127.0.0.1:1\"} 0\n") != std::string::npos);
      auto stats = nlohmann::json::parse(page.get("/stats").body);
      CHECK(stats["recent"].size() >= 1);
      CHECK(stats["listeners"][0]["error"] == "");
      CHECK(stats["endpoints"].size() == 2);
      const auto trace = [&](const std::string& url) {
        return nlohmann::json::parse(page.get("/trace?method=GET&url=" + url).body);
      };
      const std::string at = "%3A" + std::to_string(port);
      const auto answer = trace("http%3A%2F%2Fshop.example" + at + "%2Fa%3Fb");
      CHECK(answer["status"] == 200);
      CHECK(answer["rule"] == "HTTPRoute default/shop rule main");
      CHECK(answer["target"] == "/a?b");
      CHECK(answer["backends"].size() == 1);
      CHECK(trace("http://nobody.example" + at)["status"] == 404);
      CHECK(trace("http://shop.example:1/")["error"] == "nothing listens on this port");
      for (const char* url : {"", "shop.example", "http://", "http://shop.example:x/", "%"})
        CHECK(trace(url)["error"].get<std::string>().starts_with("write a URL"));
      Reply dashboard = page.get("/");
      CHECK(Client(page.port).get("localhost", "/").status == 200);
      CHECK(Client(page.port).get("[::1]:9901", "/stats").status == 200);
      // The name of a page in a browser that resolves to this address (DNS rebinding).
      CHECK(Client(page.port).get("evil.example", "/stats").status == 421);
      CHECK(Client(page.port).get("127.0.0.1.evil.example", "/config_dump").status == 421);
      CHECK(Client(page.port).get("probe.example", "/ready").status == 200);
      CHECK(dashboard.field("Content-Security-Policy").starts_with("default-src 'none'"));
      CHECK(dashboard.body.find("innerHTML") == std::string::npos);  // names become text, never elements
      CHECK(dashboard.body.find("src=") == std::string::npos);       // nothing from elsewhere
      CHECK(Client(page.port).ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status == 405);
    }
    std::istringstream lines(read_file(path));
    std::vector<std::string> log;
    for (std::string line; std::getline(lines, line);) log.push_back(line);
    REQUIRE(log.size() == 3);
    if (json) {
      auto line = nlohmann::json::parse(log[0]);
      CHECK(line["route"] == "HTTPRoute default/shop");
      CHECK(line["rule"] == "main");
      CHECK(line["target"] == "/a?b=\"c\"");
      CHECK(line["status"] == 200);
      CHECK(line["backend"] == "default/a");
      CHECK(nlohmann::json::parse(log[1])["detail"] == "no route matches");
    } else {
      CHECK(log[0].find("\"GET shop.example/a?b=\\\"c\\\" HTTP/1.1\" 200 ") != std::string::npos);
      CHECK(log[0].find("route=\"HTTPRoute default/shop\" rule=main backend=default/a") != std::string::npos);
      CHECK(log[1].find(" 404 ") != std::string::npos);
      CHECK(log[2].find(" 503 ") != std::string::npos);
    }
  }
  std::filesystem::remove_all(directory);
}

TEST_CASE("a log that cannot be written costs lines, not requests") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  for (const char* path : {"/dev/full", "/nonexistent/directory/log"}) {
    runtime::ServerOptions options;
    options.access_log = path;
    runtime::Server server(options);
    server.apply(config_of(gateway(http_listener(port)) + service("a", backend) + http_route("r", "", "a"), port));
    Client client(port);
    for (int i = 0; i < 50; ++i) REQUIRE(client.get("x.example", "/").status == 200);
  }
}

TEST_CASE("a log on standard output loses no line while the configuration is reloaded") {
  runtime::DemoBackends demo;
  int backend = demo.port({"default", "a"}, 80), port = free_port();
  demo.start();
  auto config = config_of(gateway(http_listener(port)) + service("a", backend) + http_route("r", "", "a"), port);
  std::string path = (std::filesystem::temp_directory_path() / "gwctl-stdout-XXXXXX").string();
  std::fflush(stdout);
  const int file = ::mkstemp(path.data()), standard_output = ::dup(STDOUT_FILENO);
  ::dup2(file, STDOUT_FILENO);
  std::atomic<int> answered{0};
  {
    runtime::ServerOptions options;
    options.threads = 2;
    options.access_log = "-";
    runtime::Server server(options);
    server.apply(config);
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i)
      clients.emplace_back([&] {
        Client client(port);
        for (int n = 0; n < 50; ++n) answered += client.get("x.example", "/").status == 200;
      });
    for (int i = 0; i < 20; ++i) server.apply(config);
  }
  ::dup2(standard_output, STDOUT_FILENO);
  ::close(standard_output);
  ::close(file);
  const std::string log = read_file(path);
  CHECK(answered == 200);
  CHECK(std::count(log.begin(), log.end(), '\n') == 200);
  std::filesystem::remove(path);
}
