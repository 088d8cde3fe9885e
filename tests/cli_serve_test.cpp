// `gwctl serve` as a user starts it: every example is served with demo backends, and curl (SNI and Host) gets what
// `gwctl trace` foretells. Skipped where there is no curl.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/evidence.h"
#include "tests/loopback.h"

using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string program() {
  const char* given = std::getenv("GWCTL");
  return fs::absolute(given ? given : "build/gwctl").string();
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t n; pipe && (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  if (pipe) ::pclose(pipe);
  return out;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool have_curl() {
  return std::system("curl --version >/dev/null 2>&1") == 0;
}

// gwctl serve in a directory of its own, until destruction.
class Served {
 public:
  Served(const std::string& arguments, bool wait = true) {
    fs::create_directories(folder);
    const std::string command = "exec " + program() + " serve " + arguments + " --admin none --ready-file " +
                                (folder / "ready").string() + " --port-map 80=" + std::to_string(http) +
                                ",443=" + std::to_string(https) + " 2>" + (folder / "log").string();
    child_ = ::fork();
    if (child_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    if (wait) REQUIRE(becomes_ready());
  }
  ~Served() {
    end();
    fs::remove_all(folder);
  }
  bool becomes_ready() const {
    for (int i = 0; i < 500; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(20)))
      if (fs::exists(folder / "ready")) return true;
    MESSAGE(log());
    return false;
  }
  int end() {
    if (child_ > 0) ::kill(child_, SIGTERM);
    int status = 0;
    if (child_ > 0) ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string log() const { return text_of(folder / "log"); }

  // Status, Location and the demo backend that answered: "200 frontend", "308 https://...", "404".
  std::string ask(const std::string& scheme, const std::string& host, const std::string& target) const {
    const int port = scheme == "https" ? https : http;
    const std::string place = host + ":" + std::to_string(port);
    const std::string answer =
        output_of("curl -sk --noproxy '*' --path-as-is -m 10 --resolve " + place + ":127.0.0.1 -H 'Host: " + host +
                  "' -w '\\n%{http_code} %header{location}' '" + scheme + "://" + place + target + "'");
    const auto cut = answer.rfind('\n');
    const Json body = Json::parse(answer.substr(0, cut), nullptr, false);
    std::string out = answer.substr(cut + 1);
    while (out.ends_with(' ')) out.pop_back();
    return body.is_object() && body.contains("service") ? out + " " + body["service"].get<std::string>() : out;
  }

  const int http = gw::test::free_port(), https = gw::test::free_port();
  const fs::path folder = fs::temp_directory_path() / ("gwctl-serve-" + std::to_string(::getpid()));

 private:
  pid_t child_ = 0;
};

struct Asked {
  std::string scheme, host, target;
};

// Each host and path of the converted rules, with something below the path.
std::vector<Asked> requests_for(const Json& converted) {
  std::vector<Asked> out;
  for (const Json& object : converted["items"]) {
    if (object["kind"] != "HTTPRoute") continue;
    Json hosts = object["spec"].value("hostnames", Json::array({"any.example.net"}));
    for (std::string host : hosts) {
      if (host.starts_with("*.")) host = "x" + host.substr(1);
      for (const Json& rule : object["spec"]["rules"])
        for (const Json& match : rule.value("matches", Json::array({Json::object()}))) {
          const Json path = match.value("path", Json{{"type", "PathPrefix"}, {"value", "/"}});
          if (path["type"] == "RegularExpression") continue;
          const std::string value = path["value"];
          for (const char* scheme : {"http", "https"})
            for (const char* more : {"", "/below"})
              out.push_back({scheme, host, value == "/" && *more ? more : value + more});
        }
    }
  }
  return out;
}

std::string foretold(const Json& answer) {
  std::string out = std::to_string(answer.value("status", 0));
  if (answer.contains("location")) return out + " " + answer["location"].get<std::string>();
  if (!answer.contains("backend")) return out;
  const std::string backend = answer["backend"];
  return out + " " + backend.substr(backend.find('/') + 1);
}

}  // namespace

TEST_CASE("examples are served as trace foretells") {
  if (!have_curl()) {
    MESSAGE("skipped: no curl");
    return;
  }
  std::vector<std::string> inputs{"testdata/sample/shop.yaml testdata/sample/services.yaml"};
  const fs::path seeds = "../shared/examples/seed";
  if (fs::exists(seeds)) {
    for (const auto& entry : fs::directory_iterator(seeds))
      if (entry.path().extension() == ".yaml") inputs.push_back(entry.path().string());
  } else {
    evidence::missing("examples/seed");
  }
  std::sort(inputs.begin(), inputs.end());
  std::size_t asked = 0;
  for (const std::string& input : inputs) {
    CAPTURE(input);
    Served served(input + " --demo-backends");
    const fs::path file = served.folder / "converted.json", lines = served.folder / "requests";
    const std::string text = output_of(program() + " convert -o json --accept-loss=all " + input + " 2>/dev/null");
    Json converted = Json::parse(text, nullptr, false);
    const bool ingresses = converted.is_object() && converted.contains("items") && !converted["items"].empty();
    if (!ingresses) continue;  // Gateway API already
    std::ofstream(file) << text;
    const auto requests = requests_for(converted);
    {
      std::ofstream out(lines);
      for (const Asked& each : requests)
        out << Json{{"scheme", each.scheme}, {"host", each.host}, {"path", each.target}}.dump() << "\n";
    }
    std::istringstream answers(output_of(program() + " trace --as gateway -o json-lines --requests " + lines.string() +
                                         " " + file.string() + " 2>/dev/null"));
    for (const Asked& each : requests) {
      std::string line;
      REQUIRE(std::getline(answers, line));
      const Json answer = Json::parse(line);
      if (answer.contains("any_of") || answer.contains("unmodelled")) continue;
      std::string want = foretold(answer), got = served.ask(each.scheme, each.host, each.target);
      if (answer.value("status", 0) == 0) want = "000";  // nothing listens for this scheme and name
      CAPTURE(each.scheme + "://" + each.host + each.target);
      CHECK(got == want);
      ++asked;
    }
    CHECK(served.end() == 0);
  }
  MESSAGE(asked << " requests over sockets");
}

TEST_CASE("what is made up is said loudly, and where things listen") {
  if (!have_curl()) {
    MESSAGE("skipped: no curl");
    return;
  }
  Served served("testdata/sample/shop.yaml --demo-backends");
  const std::string log = served.log();
  CHECK(log.find("WARNING: Secret shop/shop-tls is not in the input; serving a SELF-SIGNED certificate") !=
        std::string::npos);
  CHECK(log.find("listener http (HTTP 80) at 127.0.0.1:" + std::to_string(served.http)) != std::string::npos);
  const Json ready = Json::parse(text_of(served.folder / "ready"));
  CHECK(ready["listeners"].size() == 2);
  // Over TLS with SNI, by the certificate that was made.
  CHECK(output_of("curl -sv -k --noproxy '*' --resolve shop.example.com:" + std::to_string(served.https) +
                  ":127.0.0.1 https://shop.example.com:" + std::to_string(served.https) + "/ 2>&1")
            .find("CN=gwctl self-signed") != std::string::npos);
}

TEST_CASE("a demo backend takes the whole body before it answers") {
  if (!have_curl()) {
    MESSAGE("skipped: no curl");
    return;
  }
  Served served("testdata/sample/shop.yaml --demo-backends");
  const fs::path body = served.folder / "body";
  std::ofstream(body) << std::string(3'000'000, 'x');
  const std::string place = "shop.example.com:" + std::to_string(served.https);
  for (const std::string version : {"--http1.1", "--http2"})
    for (const std::string with : {"", "-H 'Transfer-Encoding: chunked'", "-H 'Expect: 100-continue'"}) {
      CAPTURE(version);
      CAPTURE(with);
      CHECK(output_of("curl -sk --noproxy '*' -m 20 " + version + " " + with + " --resolve " + place +
                      ":127.0.0.1 -o /dev/null -w '%{http_code} %{num_connects} ' --data-binary @" + body.string() +
                      " https://" + place + "/ --next -sk --noproxy '*' -o /dev/null -w '%{num_connects}' https://" +
                      place + "/") == "200 1 0");
    }
}

TEST_CASE("addresses of a Gateway and of a pool; a file that changes; one that breaks") {
  if (!have_curl()) {
    MESSAGE("skipped: no curl");
    return;
  }
  const fs::path folder = fs::temp_directory_path() / ("gwctl-serve-files-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const int port = gw::test::free_port();
  const auto manifest = [&](const std::string& name, const std::string& address, const std::string& service) {
    std::ofstream(folder / (name + ".yaml"))
        << "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: " << name
        << ", namespace: a}\nspec:\n  gatewayClassName: gwctl\n"
        << address << "  listeners: [{name: web, port: " << port
        << ", protocol: HTTP}]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: "
        << name << ", namespace: a}\nspec:\n  parentRefs: [{name: " << name
        << "}]\n  rules: [{backendRefs: [{name: " << service << ", port: 80}]}]\n";
  };
  manifest("fixed", "  addresses: [{value: 127.77.0.9}]\n", "one");
  manifest("pooled", "", "two");
  Served served(folder.string() + " --demo-backends --watch --address-pool 127.77.0.8/30 --status-dir " +
                (folder / "status").string());
  const auto body = [&](const std::string& address) {
    return output_of("curl -s -m 10 --noproxy '*' http://" + address + ":" + std::to_string(port) + "/");
  };
  CHECK(body("127.77.0.9").find("\"service\":\"one\"") != std::string::npos);
  CHECK(body("127.77.0.10").find("\"service\":\"two\"") != std::string::npos);  // .9 is taken
  const Json status = Json::parse(text_of(folder / "status" / "Gateway.a.pooled.json"));
  CHECK(status["status"]["addresses"][0]["value"] == "127.77.0.10");
  manifest("pooled", "", "three");
  const auto becomes = [&](const std::string& text) {
    for (int i = 0; i < 200; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(25)))
      if (body("127.77.0.10").find(text) != std::string::npos) return true;
    return false;
  };
  CHECK(becomes("\"service\":\"three\""));
  std::ofstream(folder / "fixed.yaml") << "apiVersion: [\n";
  for (int i = 0; i < 200 && served.log().find("stays in use") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  CHECK(served.log().find("the new configuration is not valid; the one before it stays in use") != std::string::npos);
  CHECK(body("127.77.0.9").find("\"service\":\"one\"") != std::string::npos);
  CHECK(served.end() == 0);
  fs::remove_all(folder);
}

TEST_CASE("what cannot be served is told and ends it") {
  const auto told = [](const std::string& arguments, int code) {
    const std::string out = output_of(program() + " serve --admin none " + arguments + " 2>&1; echo \"exit $?\"");
    CHECK(out.ends_with("exit " + std::to_string(code) + "\n"));
    return out;
  };
  CHECK(told("", 2).find("no input") != std::string::npos);
  CHECK(told("testdata/sample/services.yaml", 1).find("no Gateway to serve") != std::string::npos);
  CHECK(told("testdata/sample/shop.yaml --address-pool 10.0.0/8", 2).find("is not an IPv4 range") != std::string::npos);
  CHECK(told("testdata/sample/shop.yaml --port-map 80:8080", 2).find("is not FROM=TO") != std::string::npos);
  CHECK(told("--kubeconfig /nonexistent", 2).find("/nonexistent") != std::string::npos);
}
