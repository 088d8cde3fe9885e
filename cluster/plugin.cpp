// Credential plugins: a program prints an ExecCredential on its standard output.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cluster/plugin.h"

extern char** environ;

namespace gw::cluster {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr auto time_limit = std::chrono::seconds(60);
constexpr std::size_t size_limit = 1 << 20;

std::vector<std::string> environment(const ExecPlugin& plugin, const Access& access) {
  std::vector<std::string> out;
  for (char** variable = environ; *variable; ++variable)
    if (std::strncmp(*variable, "KUBERNETES_EXEC_INFO=", 21) != 0) out.emplace_back(*variable);
  for (const auto& [name, value] : plugin.env) out.push_back(name + "=" + value);
  Json info = {{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (plugin.provide_cluster_info) info["spec"]["cluster"] = {{"server", access.server}};
  out.push_back("KUBERNETES_EXEC_INFO=" + info.dump());
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

// Everything the child writes until it closes its output; false when it took too long or wrote too much.
bool drain(int fd, std::string& out) {
  const auto deadline = Clock::now() + time_limit;
  char buffer[4096];
  while (out.size() < size_limit) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0) return false;
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return true;
    if (n > 0) out.append(buffer, static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) return false;
  }
  return false;
}

Result<std::string> output_of(const ExecPlugin& plugin, const Access& access) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{std::string("cannot make a pipe: ") + std::strerror(errno), {}};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  std::vector<std::string> args{plugin.command}, env = environment(plugin, access);
  args.insert(args.end(), plugin.args.begin(), plugin.args.end());
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, plugin.command.c_str(), &actions, nullptr, pointers(args).data(), pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string out;
  const bool whole = failed == 0 && drain(ends[0], out);
  ::close(ends[0]);
  if (failed != 0)
    return Error{"cannot run the credential plugin '" + plugin.command + "': " + std::strerror(failed),
                 plugin.install_hint};
  if (!whole) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{"the credential plugin '" + plugin.command + "' failed", plugin.install_hint};
  return out;
}

// RFC 3339 to seconds since 1970; 0 when it is none.
std::int64_t seconds_of(const std::string& time) {
  std::tm utc{};
  const char* rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (!rest) return 0;
  std::int64_t seconds = ::timegm(&utc);
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  int hours = 0, minutes = 0;
  char sign = 0;
  if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3 && (sign == '+' || sign == '-'))
    seconds -= (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return seconds;
}

constexpr std::int64_t expiry_margin_s = 10;

}  // namespace

Result<Credential> PluginCredentials::get(const Access& access) {
  std::lock_guard lock(mutex_);
  if (held_ && (held_->expires == 0 || held_->expires - expiry_margin_s > std::time(nullptr))) return *held_;
  auto fresh = run_plugin(access.exec, access);
  if (fresh) held_ = *fresh;
  return fresh;
}

void PluginCredentials::refused(const Credential& credential) {
  std::lock_guard lock(mutex_);
  if (held_ && held_->token == credential.token && held_->client_certificate_pem == credential.client_certificate_pem)
    held_.reset();
}

Result<Credential> run_plugin(const ExecPlugin& plugin, const Access& access) {
  auto out = output_of(plugin, access);
  if (!out) return out.error();
  const Json answer = Json::parse(*out, nullptr, false);
  const Error unusable{"the credential plugin '" + plugin.command + "' printed no ExecCredential with a credential",
                       {}};
  if (!answer.is_object() || !answer.contains("status") || !answer["status"].is_object()) return unusable;
  const Json& status = answer["status"];
  auto text = [&](const char* key) {
    auto it = status.find(key);
    return it != status.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  Credential credential{text("token"), text("clientCertificateData"), text("clientKeyData"),
                        seconds_of(text("expirationTimestamp"))};
  if (credential.token.empty() && credential.client_certificate_pem.empty()) return unusable;
  return credential;
}

}  // namespace gw::cluster
