// `gwctl shadow` between two servers: clients get what the old one answers, whatever becomes of the new one; seeded
// differences are found, none is invented, and the report holds no credentials.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "runtime/exchange.h"
#include "runtime/server.h"
#include "tests/loopback.h"

using namespace gw;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto any = runtime::Address::parse("127.0.0.1", 0);
  REQUIRE(::bind(fd, any->get(), any->length) == 0);
  ::getsockname(fd, any->get(), &any->length);
  ::close(fd);
  return any->port();
}

// Answers with its target; every `differing`-th number in the target is answered otherwise.
class Numbers final : public runtime::LocalHandler {
 public:
  explicit Numbers(int differing) : differing_(differing) {}
  runtime::LocalAnswer answer(const runtime::RequestHead& request, const runtime::ClientInfo&) override {
    ++asked;
    if (delay.count() > 0) std::this_thread::sleep_for(delay);
    runtime::LocalAnswer out;
    const std::string target(request.target);
    const int number = std::atoi(target.c_str() + std::min<std::size_t>(target.size(), 2));
    out.body = target;
    if (differing_ != 0 && number % differing_ == 0) out.status = 404;
    return out;
  }
  std::atomic<int> asked{0};
  std::chrono::milliseconds delay{0};

 private:
  int differing_;
};

struct Backend {
  explicit Backend(int differing) : handler(std::make_shared<Numbers>(differing)), port(free_port()), server({}) {
    auto config = std::make_shared<runtime::Config>();
    runtime::Site site;
    site.address = *runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port));
    site.handler = handler;
    config->sites.push_back(site);
    server.apply(config);
  }
  std::shared_ptr<Numbers> handler;
  int port;
  runtime::Server server;
};

class Shadow {
 public:
  Shadow(int before, int after, const std::string& more = "") : port(free_port()) {
    fs::create_directories(folder);
    const char* given = std::getenv("GWCTL");
    const auto url = [](int number) { return "http://127.0.0.1:" + std::to_string(number); };
    const std::string command =
        "exec " + fs::absolute(given ? given : "build/gwctl").string() + " shadow --old " + url(before) + " --new " +
        url(after) + " --listen 127.0.0.1:" + std::to_string(port) +
        (more.find("--report") == std::string::npos ? " --report " + (folder / "report").string() : "") +
        " --ready-file " + (folder / "ready").string() + " " + more + " >" + (folder / "out").string() + " 2>&1";
    child_ = ::fork();
    if (child_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !fs::exists(folder / "ready"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    REQUIRE(fs::exists(folder / "ready"));
  }
  ~Shadow() {
    end();
    fs::remove_all(folder);
  }
  int end() {
    if (child_ > 0) ::kill(child_, SIGTERM);
    int status = 0;
    if (child_ > 0) ::waitpid(child_, &status, 0);
    if (child_ > 0) code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    child_ = 0;
    return code_;
  }
  std::string text() const {
    std::ifstream in(folder / "report");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int port;
  fs::path folder =
      fs::temp_directory_path() / ("gwctl-shadow-" + std::to_string(::getpid()) + "-" + std::to_string(++made));

 private:
  static inline int made = 0;
  pid_t child_ = 0;
  int code_ = -1;
};

// Every answer must be the old one's.
void ask(int port, int count) {
  test::Client client(port);
  for (int i = 1; i <= count; ++i) {
    const test::Reply reply = client.ask("GET /n" + std::to_string(i) + "?token=secret" +
                                         " HTTP/1.1\r\nHost: a.example.com\r\nAuthorization: Basic hunter2\r\n\r\n");
    REQUIRE(reply.status == 200);
    REQUIRE(reply.body.starts_with("/n" + std::to_string(i)));
  }
}

}  // namespace

TEST_CASE("seeded differences are found, none is invented, and no credential is kept") {
  Backend before(0), after(100);
  Shadow shadow(before.port, after.port);
  ask(shadow.port, 1000);
  CHECK(shadow.end() == 1);
  const std::string text = shadow.text();
  const json report = json::parse(text);
  CHECK(report["requests"] == 1000);
  CHECK(report["compared"] == 1000);
  CHECK(report["differing"] == 10);
  CHECK(report["differences"][0]["what"] == "status 200, now 404");
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("two equal gateways are told as such, and a sample is a sample") {
  Backend before(0), after(0);
  Shadow shadow(before.port, after.port, "--sample 10%");
  ask(shadow.port, 1000);
  CHECK(shadow.end() == 0);
  const json report = json::parse(shadow.text());
  CHECK(report["differing"] == 0);
  CHECK(report["compared"] > 40);
  CHECK(report["compared"] < 200);
}

TEST_CASE("no client sees a new gateway that is gone or slow, nor a report that cannot be written") {
  Backend before(0), slow(0);
  slow.handler->delay = std::chrono::milliseconds(300);
  const int nobody = free_port();
  for (const int after : {nobody, slow.port}) {
    Shadow shadow(before.port, after, "--report /dev/full");
    const auto began = std::chrono::steady_clock::now();
    ask(shadow.port, 200);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
    CHECK(shadow.end() == 2);
  }
}

TEST_CASE("only safe methods are repeated") {
  Backend before(0), after(0);
  Shadow shadow(before.port, after.port);
  test::Client client(shadow.port);
  CHECK(client.ask("POST /n1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 200);
  CHECK(shadow.end() == 0);
  CHECK(after.handler->asked == 0);
  CHECK(before.handler->asked == 1);
}
