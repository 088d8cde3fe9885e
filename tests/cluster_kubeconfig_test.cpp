// Kubeconfig files are merged and resolved as kubectl does it; credentials never come back in an error.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cluster/kubeconfig.h"

using namespace gw;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("gwctl-kubeconfig-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

constexpr const char* base = R"(apiVersion: v1
kind: Config
current-context: shop
contexts:
- {name: shop, context: {cluster: one, user: me, namespace: web}}
- {name: plugin, context: {cluster: one, user: ext}}
- {name: lost, context: {cluster: none, user: me}}
clusters:
- {name: one, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Q0EK, tls-server-name: api}}
users:
- {name: me, user: {token: t0ken, client-certificate: cert.pem, client-key-data: S0VZCg==}}
- {name: ext, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login.sh, args: [a], env: [{name: WHO, value: me}]}}}
)";

}  // namespace

TEST_CASE("a context gives server, trust and credentials; relative paths start at the file") {
  Folder folder;
  folder.write("cert.pem", "CERT\n");
  auto access = cluster::find_access(folder.write("config", base), "");
  REQUIRE(access);
  CHECK(access->server == "https://127.0.0.1:6443");
  CHECK(access->ca_pem == "CA\n");
  CHECK(access->tls_server_name == "api");
  CHECK(access->token == "t0ken");
  CHECK(access->client_certificate_pem == "CERT\n");
  CHECK(access->client_key_pem == "KEY\n");
  CHECK(access->ns == "web");
}

TEST_CASE("$KUBECONFIG is a list and the first value wins") {
  Folder folder;
  folder.write("cert.pem", "CERT\n");
  const std::string first = folder.write("first", "current-context: plugin\n");
  ::setenv("KUBECONFIG",
           (first + ":" + folder.write("missing-is-fine", "users: []\n") + ":" + folder.write("config", base)).c_str(),
           1);
  auto access = cluster::find_access("", "");
  ::unsetenv("KUBECONFIG");
  REQUIRE(access);
  CHECK(access->exec.env.at(0).second == "me");
  CHECK(access->exec.command == (folder.path / "./login.sh").string());
}

TEST_CASE("a credential plugin's token is used, its failure is told without its output") {
  Folder folder;
  auto script = [&](const std::string& text) {
    folder.write("login.sh", "#!/bin/sh\n" + text);
    fs::permissions(folder.path / "login.sh", fs::perms::owner_all);
  };
  auto access = cluster::find_access(folder.write("config", base), "plugin");
  REQUIRE(access);
  script(R"(echo '{"kind":"ExecCredential","status":{"token":"'$WHO-$1'"}}')");
  auto credential = cluster::run_plugin(access->exec, *access);
  REQUIRE(credential);
  CHECK(credential->token == "me-a");
  script("echo s3cret; exit 1");
  auto failed = cluster::run_plugin(access->exec, *access);
  REQUIRE(!failed);
  CHECK(failed.error().message.find("s3cret") == std::string::npos);
}

TEST_CASE("inside a Pod its service account is used, with the token as it is now") {
  Folder folder;
  folder.write("ca.crt", "CA");
  folder.write("token", "t");
  folder.write("namespace", "web\n");
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  CHECK(!cluster::in_cluster(folder.path.string()));
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  auto access = cluster::in_cluster(folder.path.string());
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  REQUIRE(access);
  CHECK(access->server == "https://[fd00::1]:443");
  CHECK(access->token_file == (folder.path / "token").string());
  CHECK(access->ns == "web");
}

TEST_CASE("a server without scheme, or with a password in it, is refused without showing it") {
  Folder folder;
  folder.write("cert.pem", "CERT\n");
  for (const std::string server : {"127.0.0.1:6443", "https://me:s3cret@127.0.0.1:6443"}) {
    std::string text = base;
    text.replace(text.find("https://127.0.0.1:6443/"), 23, server);
    auto access = cluster::find_access(folder.write("config", text), "");
    REQUIRE(!access);
    CHECK(access.error().message.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("what cannot be resolved is said") {
  Folder folder;
  const std::string file = folder.write("config", base);
  CHECK(cluster::find_access(file, "nowhere").error().message.find("'nowhere'") != std::string::npos);
  CHECK(!cluster::find_access(file, "lost"));
  CHECK(!cluster::find_access(file, "shop"));  // cert.pem is not there
  CHECK(!cluster::find_access(folder.write("broken", "- a\n"), ""));
}
