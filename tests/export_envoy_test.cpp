// The exported configuration in a real Envoy against gwctl's own decisions: every class of request that `verify` tells
// apart, on a set of configurations, over real sockets. Without an Envoy binary the test says so and passes.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/envoy_files.h"
#include "pki/certificate.h"
#include "route/answers.h"
#include "route/target.h"
#include "runtime/demo.h"
#include "tests/loopback.h"
#include "verify/boundaries_gateway.h"
#include "verify/equivalence.h"

using namespace gw;
namespace fs = std::filesystem;

namespace {

std::string run(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  pclose(pipe);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

// One configuration: routes of namespace NS behind a Gateway "g" with its own loopback address.
struct World {
  const char* name;
  std::string listeners, routes;
};

std::string rule(const std::string& match, const std::string& rest) {
  return "  - matches: [" + match + "]\n" + rest;
}
std::string to(const std::string& name) {
  return "    backendRefs: [{name: " + name + ", port: 80}]\n";
}
std::string path(const std::string& type, const std::string& value) {
  return "path: {type: " + type + ", value: \"" + value + "\"}";
}
std::string filters(const std::string& text) {
  return "    filters: [" + text + "]\n";
}
std::string route(const std::string& name, const std::string& hosts, const std::string& rules,
                  const std::string& section = "") {
  return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
         ", namespace: NS}\nspec:\n  parentRefs: [{name: g" + (section.empty() ? "" : ", sectionName: " + section) +
         "}]\n" + (hosts.empty() ? "" : "  hostnames: [" + hosts + "]\n") + "  rules:\n" + rules;
}
const char* const plain_listener = "  - {name: http, port: 80, protocol: HTTP}\n";
std::string https(const std::string& name, const std::string& host) {
  return "  - {name: " + name + ", port: 443, protocol: HTTPS, " +
         (host.empty() ? "" : "hostname: \"" + host + "\", ") + "tls: {certificateRefs: [{name: pair}]}}\n";
}

std::vector<World> worlds() {
  const std::string redirect = "{type: RequestRedirect, requestRedirect: ";
  const std::string rewrite = "{type: URLRewrite, urlRewrite: ";
  return {
      {"paths", plain_listener,
       route("r", "a.test",
             rule("{" + path("Exact", "/foo") + "}", to("a")) + rule("{" + path("PathPrefix", "/foo") + "}", to("b")) +
                 rule("{" + path("PathPrefix", "/foo/bar/") + "}", to("c")) +
                 rule("{" + path("RegularExpression", "/re/[0-9]+") + "}", to("c")) +
                 rule("{" + path("RegularExpression", "/foo/b.*") + "}", to("a")) +
                 rule("{" + path("Exact", "/sp%20ace") + "}", to("b")))},
      {"root", plain_listener,
       route("r", "",
             rule("{" + path("PathPrefix", "/") + "}", to("a")) + rule("{" + path("Exact", "/") + "}", to("b")))},
      {"hosts", plain_listener,
       route("w", "\"*.example.test\"", rule("{" + path("PathPrefix", "/") + "}", to("a"))) +
           route("x", "www.example.test", rule("{" + path("PathPrefix", "/only") + "}", to("b"))) +
           route("d", "\"*.deep.example.test\"", rule("{" + path("PathPrefix", "/") + "}", to("c"))) +
           route("z", "", rule("{" + path("PathPrefix", "/any") + "}", to("b")))},
      {"isolation",
       "  - {name: all, port: 80, protocol: HTTP}\n  - {name: wild, port: 80, protocol: HTTP, hostname: "
       "\"*.example.test\"}\n  - {name: one, port: 80, protocol: HTTP, hostname: one.example.test}\n  - {name: empty, "
       "port: 80, protocol: HTTP, hostname: empty.example.test}\n",
       route("everywhere", "", rule("{" + path("PathPrefix", "/e") + "}", to("a")), "all") +
           route("both", "\"*.example.test\"", rule("{" + path("PathPrefix", "/w") + "}", to("b"))) +
           route("single", "one.example.test", rule("{" + path("PathPrefix", "/") + "}", to("c")), "one")},
      {"conditions", plain_listener,
       route("r", "c.test",
             rule("{headers: [{name: X-Ring, value: beta}]}", to("b")) +
                 rule("{headers: [{name: X-Ring, value: beta}, {name: X-Two, type: RegularExpression, value: "
                      "\"[0-9]+\"}]}",
                      to("c")) +
                 rule("{queryParams: [{name: v, value: \"2\"}]}", to("c")) +
                 rule("{queryParams: [{name: v, type: RegularExpression, value: \"[ab]+\"}]}", to("b")) +
                 rule("{method: DELETE}", to("b")) + rule("{" + path("PathPrefix", "/m") + ", method: POST}", to("c")) +
                 rule("{" + path("PathPrefix", "/") + "}", to("a")))},
      {"redirects", plain_listener,
       route("r", "r.test",
             rule("{" + path("PathPrefix", "/https") + "}", filters(redirect + "{scheme: https, statusCode: 301}}")) +
                 rule("{" + path("PathPrefix", "/host") + "}", filters(redirect + "{hostname: other.test}}")) +
                 rule("{" + path("PathPrefix", "/port") + "}", filters(redirect + "{port: 8443, statusCode: 302}}")) +
                 rule("{" + path("PathPrefix", "/full") + "}",
                      filters(redirect + "{path: {type: ReplaceFullPath, replaceFullPath: /to/here}}}")) +
                 rule("{" + path("PathPrefix", "/old") + "}",
                      filters(redirect +
                              "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}, statusCode: 301}}")) +
                 rule("{" + path("PathPrefix", "/strip") + "}",
                      filters(redirect + "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}")))},
      {"rewrites", plain_listener,
       route("r", "w.test",
             rule("{" + path("PathPrefix", "/strip") + "}",
                  filters(rewrite + "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}") + to("a")) +
                 rule("{" + path("PathPrefix", "/pre/") + "}",
                      filters(rewrite +
                              "{hostname: in.test, path: {type: ReplacePrefixMatch, replacePrefixMatch: /p/q}}}") +
                          to("b")) +
                 rule("{" + path("PathPrefix", "/full") + "}",
                      filters(rewrite + "{path: {type: ReplaceFullPath, replaceFullPath: /one}}}") + to("c")) +
                 rule("{" + path("PathPrefix", "/") + "}",
                      filters(rewrite + "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /base}}}") + to("a")))},
      {"backends", plain_listener,
       route("r", "b.test",
             rule("{" + path("PathPrefix", "/dead") + "}", to("d")) +
                 rule("{" + path("PathPrefix", "/gone") + "}", to("missing")) +
                 rule("{" + path("PathPrefix", "/none") + "}", "") +
                 rule("{" + path("PathPrefix", "/zero") + "}", "    backendRefs: [{name: a, port: 80, weight: 0}]\n") +
                 rule("{" + path("PathPrefix", "/split") + "}",
                      "    backendRefs: [{name: a, port: 80, weight: 9}, {name: b, port: 80, weight: 1}]\n") +
                 rule("{" + path("PathPrefix", "/mixed") + "}",
                      "    backendRefs: [{name: a, port: 80, weight: 1}, {name: missing, port: 80, weight: 1}]\n"))},
      {"tls", plain_listener + https("one", "one.tls.test") + https("wild", "*.tls.test") + https("rest", ""),
       route("one", "one.tls.test", rule("{" + path("PathPrefix", "/") + "}", to("a")), "one") +
           route("wild", "\"*.tls.test\"", rule("{" + path("PathPrefix", "/w") + "}", to("b")), "wild") +
           route("rest", "", rule("{" + path("PathPrefix", "/") + "}", to("c")), "rest") +
           route("go", "",
                 rule("{" + path("PathPrefix", "/") + "}", filters(redirect + "{scheme: https, statusCode: 308}}")),
                 "http")},
  };
}

std::string world_text(const World& world, std::size_t number, runtime::DemoBackends& demo, const pki::Pair& pair) {
  const std::string ns = "w" + std::to_string(number);
  std::string out =
      "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: NS}\n"
      "spec:\n  gatewayClassName: t\n  addresses: [{type: IPAddress, value: 127.77.0." +
      std::to_string(number + 1) + "}]\n  listeners:\n" + world.listeners + world.routes;
  for (const char* name : {"a", "b", "c", "d"}) {
    out += std::string("---\napiVersion: v1\nkind: Service\nmetadata:\n  name: ") + name + "\n  namespace: NS\n";
    const std::string at = name == std::string("d") ? "" : "127.0.0.1:" + std::to_string(demo.port({ns, name}, 80));
    out += "  annotations: {gwctl.dev/endpoints: \"" + at + "\"}\nspec: {ports: [{port: 80}]}\n";
  }
  const auto indented = [](const std::string& pem) {
    std::string text;
    for (std::size_t at = 0; at < pem.size();) {
      const std::size_t end = pem.find('\n', at);
      text += "    " + pem.substr(at, end - at) + "\n";
      at = end == std::string::npos ? pem.size() : end + 1;
    }
    return text;
  };
  out +=
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pair, namespace: NS}\ntype: kubernetes.io/tls\nstringData:\n"
      "  tls.crt: |\n" +
      indented(pair.certificate_pem) + "  tls.key: |\n" + indented(pair.key_pem);
  for (std::size_t at; (at = out.find("NS")) != std::string::npos;) out.replace(at, 2, ns);
  return out;
}

// ---- the requests

// Remembers what verify asks of a model: every class of request.
class Recorder : public route::Model {
 public:
  explicit Recorder(const route::Model& model) : model_(model) {}
  route::AnswerSet answer(const route::Request& request) const override {
    asked.push_back(request);
    return model_.answer(request);
  }
  mutable std::vector<route::Request> asked;

 private:
  const route::Model& model_;
};

struct Reply {
  int status = 0;  // 0: no answer
  std::string location, body;
};

// One request on a connection of its own; TLS for https.
class Connection {
 public:
  Connection(const std::string& address, int port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, address.c_str(), &at.sin_addr);
    open_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  ~Connection() {
    if (tls_ != nullptr) SSL_free(tls_);
    ::close(fd_);
  }
  bool start_tls(const std::optional<std::string>& sni) {
    static SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd_);
    if (sni && !sni->empty()) SSL_set_tlsext_host_name(tls_, sni->c_str());
    return SSL_connect(tls_) == 1;
  }
  bool open() const { return open_; }
  Reply ask(const std::string& text) {
    Reply reply;
    const int size = static_cast<int>(text.size());
    if ((tls_ ? SSL_write(tls_, text.data(), size) : ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL)) <= 0)
      return reply;
    std::string all;
    char buffer[16384];
    std::size_t end = std::string::npos, whole = std::string::npos;
    while (all.size() < whole) {  // Envoy keeps the connection open for a while after its answer
      const ssize_t n = tls_ ? SSL_read(tls_, buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      all.append(buffer, static_cast<std::size_t>(n));
      if (end != std::string::npos || (end = all.find("\r\n\r\n")) == std::string::npos) continue;
      const std::string fields = route::lower(all.substr(0, end + 2));
      const auto length = fields.find("\r\ncontent-length: ");
      whole = end + 4;
      if (!text.starts_with("HEAD ") && length != std::string::npos) whole += std::stoul(fields.substr(length + 18));
    }
    if (all.size() < 12) return reply;
    reply.status = std::stoi(all.substr(9, 3));
    const std::string head = route::lower(all.substr(0, end + 2));
    if (const auto at = head.find("\r\nlocation: "); at != std::string::npos)
      reply.location = all.substr(at + 12, head.find("\r\n", at + 2) - at - 12);
    if (end != std::string::npos) reply.body = all.substr(end + 4);
    return reply;
  }

 private:
  int fd_ = -1;
  bool open_ = false;
  SSL* tls_ = nullptr;
};

std::string text_of(const std::string& json, const std::string& key) {
  auto at = json.find("\"" + key + "\":\"");
  if (at == std::string::npos) return {};
  at += key.size() + 4;
  return json.substr(at, json.find('"', at) - at);
}

// Where docs/envoy.md says that Envoy reads a request otherwise; empty where it has no reason to.
// `same_rule`: only the path that the backend or a Location shows is another.
std::string named_difference(const route::Request& request, const route::AnswerSet& expected, bool same_rule) {
  const auto [path, query, tail] = route::split_target(request.target);
  const bool odd = path.find_first_of("%#\\") != std::string_view::npos || path.find("//") != std::string_view::npos ||
                   path.find("/.") != std::string_view::npos;
  if (odd && same_rule) return "the path is shown normalised";
  if (odd && !expected.any_of.empty() && expected.any_of.front().status == 400) return "a path that gwctl refuses";
  if (path.find_first_not_of('/') == std::string_view::npos && path != "/") return "nothing but slashes";
  if (request.host.find(':') != std::string::npos && same_rule) return "the port in Host stays in Location";
  if (request.scheme == route::Scheme::https && request.sni.value_or("").empty()) return "no server name";
  return {};
}

bool fits(const route::Answer& answer, const Reply& reply, const route::Request& request, bool with_target) {
  if (answer.status == 0) return reply.status == 0;
  if (answer.status != reply.status) return false;
  if (!answer.location.empty()) return !with_target || reply.location == answer.location;
  if (answer.status != 200 || request.method == "HEAD") return true;
  const std::string backend = text_of(reply.body, "namespace") + "/" + text_of(reply.body, "service");
  const auto weighted = [&](const route::WeightedBackend& one) { return one.backend == backend; };
  if (answer.backends.empty() ? answer.backend != backend
                              : std::none_of(answer.backends.begin(), answer.backends.end(), weighted))
    return false;
  if (!with_target) return true;
  return text_of(reply.body, "path") == (answer.backend_target.empty() ? request.target : answer.backend_target) &&
         text_of(reply.body, "host") == (answer.backend_host.empty() ? request.host : answer.backend_host);
}

std::string request_text(const route::Request& request) {
  std::string text = request.method + " " + request.target + (request.http10 ? " HTTP/1.0" : " HTTP/1.1") +
                     "\r\nHost: " + request.host + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n";
}

struct Envoy {
  explicit Envoy(const std::string& binary, const fs::path& config) {
    pid = fork();
    if (pid == 0) {
      const int log = ::open((config.parent_path() / "envoy.log").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
      dup2(log, 1);
      dup2(log, 2);
      execl(binary.c_str(), binary.c_str(), "-c", config.c_str(), "--use-dynamic-base-id", "--concurrency", "1",
            "--log-level", "warn", static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  ~Envoy() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  pid_t pid = -1;
};

}  // namespace

TEST_CASE("Envoy answers every class of request as gwctl does") {
  const std::string binary = run("tests/envoy/install");
  if (binary.empty()) {
    MESSAGE("no Envoy here and none could be installed: skipped");
    return;
  }
  const fs::path directory = fs::temp_directory_path() / ("gwctl-envoy-" + std::to_string(getpid()));
  fs::create_directories(directory);
  runtime::DemoBackends demo;
  const auto pair = pki::make_self_signed({"*.tls.test"}, 2);
  REQUIRE(pair);
  const std::vector<World> all = worlds();
  std::string text =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: t}\nspec: "
      "{controllerName: x/y}\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += world_text(all[i], i, demo, *pair);
    const fs::path certificates = directory / "certs" / ("w" + std::to_string(i)) / "pair";
    fs::create_directories(certificates);
    std::ofstream(certificates / "tls.crt") << pair->certificate_pem;
    std::ofstream(certificates / "tls.key") << pair->key_pem;
  }
  demo.start();

  const int http = test::free_port(), https_port = test::free_port();
  {
    cli::Loaded loaded;
    loaded.bundle = kube::load_text("worlds.yaml", text, loaded.sources, loaded.sink);
    REQUIRE(!loaded.sink.failed());
    envoy::Options options;
    options.port_map = {{80, http}, {443, https_port}};
    options.cert_dir = (directory / "certs").string();
    options.admin.clear();
    options.xds_dir = (directory / "xds").string();
    const auto exported = cli::export_envoy(loaded, options);
    REQUIRE_MESSAGE(exported, exported.error().message);
    REQUIRE(cli::write_envoy_files(*exported, options.xds_dir));
    for (const envoy::File& file : exported->files) CHECK(file.json.find("PRIVATE KEY") == std::string::npos);
  }
  Envoy envoy(binary, directory / "xds" / "bootstrap.json");
  bool up = false;
  for (int i = 0; i < 200 && !up; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string last = "127.77.0." + std::to_string(all.size());
    Connection probe(last, http), secure(last, https_port);
    up = probe.open() && secure.open() &&
         probe.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status != 0;
  }
  REQUIRE_MESSAGE(up, "Envoy did not come up: " << run("tail -5 " + (directory / "xds" / "envoy.log").string()));

  std::map<std::string, std::size_t> named;
  std::size_t asked = 0, differing = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    diag::Sources sources;
    diag::Sink sink;
    const kube::Bundle bundle = kube::load_text("world.yaml", world_text(all[i], i, demo, *pair), sources, sink);
    const kube::Index index(bundle);
    const auto model = route::make_model("gwctl", index, route::attach(index));
    REQUIRE(model);
    const Recorder recorder(*model);
    const verify::Side side{&recorder, verify::gateway_boundaries(bundle, "gwctl")}, same{model.get(), side.boundaries};
    verify::verify(side, same);
    REQUIRE(recorder.asked.size() > 20);
    std::size_t of_world = 0;
    std::set<std::string> seen;
    for (const route::Request& request : recorder.asked) {
      const bool secure = request.scheme == route::Scheme::https;
      const std::string line = request_text(request);
      if (!seen.insert((secure ? "s" + request.sni.value_or("") : "") + line).second) continue;
      const route::AnswerSet expected = model->answer(request);
      if (!expected.any_of.empty() && expected.any_of.front().status == 0 && !secure) continue;  // nothing listens
      Connection connection("127.77.0." + std::to_string(i + 1), secure ? https_port : http);
      const Reply reply =
          connection.open() && (!secure || connection.start_tls(request.sni)) ? connection.ask(line) : Reply{};
      ++asked;
      const auto alike = [&](bool with_target) {
        return std::any_of(expected.any_of.begin(), expected.any_of.end(),
                           [&](const route::Answer& a) { return fits(a, reply, request, with_target); });
      };
      if (alike(true)) continue;
      if (const std::string why = named_difference(request, expected, alike(false)); !why.empty()) {
        ++named[why];
        continue;
      }
      ++differing;
      if (++of_world > 5) continue;
      CHECK_MESSAGE(false, all[i].name << ": " << (secure ? "https " : "http ") << line
                                       << "gwctl: " << route::to_json(expected, sources) << "\nEnvoy: " << reply.status
                                       << " " << reply.location << " " << reply.body.substr(0, 300));
    }
  }
  std::string reasons;
  for (const auto& [why, count] : named) reasons += "; " + why + ": " + std::to_string(count);
  MESSAGE(asked << " requests asked of Envoy, " << differing << " answered otherwise, named differences" << reasons);
  CHECK(asked > 1000);
  CHECK(differing == 0);
  fs::remove_all(directory);
}
