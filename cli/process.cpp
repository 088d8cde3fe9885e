#include "cli/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

extern char** environ;

namespace gw::cli {

Result<Finished> run_program(std::vector<std::string> arguments, std::size_t limit) {
  std::array<int, 2> ends{};
  const Error not_started{"cannot start " + arguments.front(), {}};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return not_started;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Finished out;
  std::array<char, 65536> buffer{};
  while (failed == 0 && out.out.size() <= limit) {
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);  // one that still writes ends by SIGPIPE
  if (failed != 0) return not_started;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (out.out.size() > limit) return Error{arguments.front() + " writes too much", {}};
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

}  // namespace gw::cli
