#include "cli/changed_lines.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <limits>
#include <sstream>

extern char** environ;

namespace gw::cli {
namespace {

std::string normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

// Runs git without a shell; its standard output, or an error with what it said.
Result<std::string> run_git(std::vector<std::string> arguments) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return Error{"cannot start git", {}};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<char*> argv;
  arguments.insert(arguments.begin(), "git");
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "git", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  std::string out;
  std::array<char, 65536> buffer{};
  for (ssize_t n = 0; failed == 0 && (n = read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(pipe_ends[0]);
  int status = 0;
  if (failed != 0) return Error{"cannot start git", "--new-from-rev needs git and a working tree"};
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{"git cannot compare with '" + arguments.back() + "'",
                 "name a revision that exists, such as HEAD or origin/main"};
  }
  return out;
}

std::uint32_t number(std::string_view text) {
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

ChangedLines ChangedLines::parse(const std::string& diff, const std::string& untracked) {
  ChangedLines out;
  std::string file;
  std::istringstream lines(diff);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("+++ ")) {
      file = line == "+++ /dev/null" ? std::string() : normal(line.substr(4));
    } else if (line.starts_with("@@ ") && !file.empty()) {
      const std::string_view added = std::string_view(line).substr(line.find('+') + 1);
      const auto comma = added.find_first_of(", ");
      const bool counted = comma != std::string_view::npos && added[comma] == ',';
      out.files_[file].push_back({number(added), counted ? number(added.substr(comma + 1)) : 1});
    }
  }
  std::istringstream names(untracked);
  for (std::string name; std::getline(names, name);) {
    out.files_[normal(name)].push_back({1, std::numeric_limits<std::uint32_t>::max() - 1});
  }
  return out;
}

bool ChangedLines::touches(const diag::Diagnostic& finding, const diag::Sources& sources) const {
  if (!finding.span.known()) return true;
  const auto it = files_.find(normal(sources.name(finding.span.file)));
  if (it == files_.end()) return false;
  const std::uint32_t first = sources.position(finding.span.file, finding.span.begin).line;
  const std::uint32_t last = sources.position(finding.span.file, finding.span.end).line;
  for (const Range& range : it->second) {
    if (last >= range.first && first < range.first + range.count) return true;
  }
  return false;
}

Result<ChangedLines> changed_lines(const std::string& revision) {
  if (revision.starts_with("-")) return Error{"'" + revision + "' is no revision", {}};
  auto diff = run_git({"diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", "--relative", revision});
  if (!diff) return diff.error();
  auto untracked = run_git({"ls-files", "--others", "--exclude-standard"});
  if (!untracked) return untracked.error();
  return ChangedLines::parse(*diff, *untracked);
}

}  // namespace gw::cli
