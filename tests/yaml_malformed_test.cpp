// The program as a user runs it, over files that no cluster would take: a located message, exit 1 or 2, soon, in little
// memory, never a signal.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/sanitized.h"

namespace fs = std::filesystem;

namespace {

struct Run {
  int exit = -1;  // -1: ended by a signal
  double cpu_seconds = 0;
  long memory_mb = 0;
  std::string out, err;
};

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Run run(const std::string& program, const std::string& command, const std::string& file, const fs::path& directory) {
  fs::path out = directory / "out", err = directory / "err";
  pid_t child = fork();
  if (child == 0) {
    rlimit cpu{20, 20};
    setrlimit(RLIMIT_CPU, &cpu);
    int o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600),
        e = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(o, STDOUT_FILENO);
    dup2(e, STDERR_FILENO);
    execl(program.c_str(), program.c_str(), command.c_str(), file.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  Run result;
  if (WIFEXITED(status)) result.exit = WEXITSTATUS(status);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  result.memory_mb = usage.ru_maxrss / 1024;
  result.out = slurp(out);
  result.err = slurp(err);
  return result;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

struct World {
  std::string program;
  std::vector<std::string> commands;
  fs::path directory;

  World() {
    const char* path = std::getenv("GWCTL");
    if (path == nullptr) return;
    directory = fs::temp_directory_path() / ("gwctl-malformed-" + std::to_string(getpid()));
    fs::create_directories(directory);
    for (const char* command : {"fmt", "convert", "validate"}) {
      if (run(path, command, "--help", directory).exit == 0) commands.push_back(command);
    }
    program = path;
  }
  ~World() {
    if (!directory.empty()) fs::remove_all(directory);
  }
};

void bounded(const Run& result, const std::string& about) {
  CHECK_MESSAGE(result.exit >= 0, about, " ended by a signal");
  CHECK_MESSAGE(result.exit <= 2, about, " exit ", result.exit);
  CHECK_MESSAGE(result.cpu_seconds < 2 * gw::test::slowdown, about, " took ", result.cpu_seconds, " s");
  if (!gw::test::sanitized) CHECK_MESSAGE(result.memory_mb < 256, about, " took ", result.memory_mb, " MB");
  CHECK_MESSAGE(result.err.find_first_of(std::string("\x1b\0\x07", 3)) == std::string::npos, about);
  CHECK_MESSAGE(result.err.find("internal error") == std::string::npos, about);
}

std::vector<fs::path> files(const char* kind) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(std::string("testdata/malformed/") + kind))
    out.push_back(entry.path());
  return out;
}

}  // namespace

TEST_CASE("malformed manifests are refused by every command, with a place") {
  World world;
  if (world.program.empty()) {
    MESSAGE("skipped: GWCTL names no program");
    return;
  }
  int runs = 0;
  for (const fs::path& file : files("syntax")) {
    for (const std::string& command : world.commands) {
      Run result = run(world.program, command, file, world.directory);
      std::string about = "gwctl " + command + " " + file.string();
      bounded(result, about);
      CHECK_MESSAGE(result.exit == 1, about, " exit ", result.exit);
      // For validate the findings are the result.
      const std::string& told = command == "validate" ? result.out : result.err;
      CHECK_MESSAGE(told.find(file.string() + ":") != std::string::npos, about, " told no place: ", told);
      CHECK_MESSAGE(told.find("error[GW") != std::string::npos, about, ": ", told);
      ++runs;
    }
  }
  for (const fs::path& file : files("kinds")) {
    for (const std::string& command : world.commands) {
      Run result = run(world.program, command, file, world.directory);
      std::string about = "gwctl " + command + " " + file.string();
      bounded(result, about);
      if (command == "fmt") CHECK_MESSAGE(result.exit == 0, about, ": ", result.err);
      ++runs;
    }
  }
  for (const fs::path& file : files("odd")) {
    for (const std::string& command : world.commands) {
      Run result = run(world.program, command, file, world.directory);
      std::string about = "gwctl " + command + " " + file.string();
      bounded(result, about);
      if (command == "fmt") CHECK_MESSAGE(result.exit == 0, about, ": ", result.err);
      ++runs;
    }
  }
  MESSAGE(runs, " runs");
}

TEST_CASE("hostile files end soon in every command") {
  World world;
  if (world.program.empty()) return;
  const std::string head = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: ";
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    std::string before = std::string("*") + static_cast<char>(c - 1) + " ";
    bomb += std::string(1, c) + ": &" + c + " [" + before + repeat("," + before, 8) + "]\n";
  }
  std::string deep = head + "web\nspec:\n";
  for (std::size_t i = 1; i < 2'000; ++i) deep += std::string(i, ' ') + "a:\n";
  const std::string texts[] = {
      head + std::string(100'000, 'x') + "\n",
      head + "web\n  labels:\n    " + std::string(900, 'k') + ": " + std::string(500'000, 'v') + "\n",
      head + "web\nspec:\n  rules: " + std::string(1'000'000, '[') + "\n",
      bomb,
      deep,
      repeat("---\n", 90'000),
      repeat("a: [\n---\n", 2'000),
  };
  for (const std::string& text : texts) {
    fs::path file = world.directory / "in.yaml";
    std::ofstream(file, std::ios::binary) << text;
    for (const std::string& command : world.commands) {
      bounded(run(world.program, command, file, world.directory), "gwctl " + command + " of " + text.substr(0, 20));
    }
  }
}

TEST_CASE("a Secret's values never come back, from a broken file either") {
  World world;
  if (world.program.empty()) return;
  const std::string head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n";
  const std::string json =
      "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"a\":\"Q0FOQVJZ\",\"a\":\"CANARY\"}}\n";
  const std::string texts[] = {
      head + "stringData:\n  password: CANARY\n  password: CANARY\n",
      head + "stringData:\n  password: CANARY\ndata:\n  key: Q0FOQVJZ\n",
      head + "stringData:\n  password: \"CANARY\n",
      head + "stringData:\n  password: CANARY: x\n",
      head + "data: CANARY\n",
      head + "data: [CANARY]\n",
      head + "stringData:\n  text: |\n    CANARY\n   CANARY\n",
      head + "stringData:\n  n: !!int CANARY\n",
      head + "stringData:\n  n: 1\n  t: &CANARY x\n  u: *CANARYX\n",
      json,
      "apiVersion: v1\nkind: List\nitems:\n- " + json,
  };
  for (const std::string& text : texts) {
    fs::path file = world.directory / "secret.yaml";
    std::ofstream(file, std::ios::binary) << text;
    for (const std::string& command : world.commands) {
      Run result = run(world.program, command, file, world.directory);
      std::string all = result.out + result.err;
      CHECK_MESSAGE(all.find("CANARY") == std::string::npos, command, " of ", text, " gave ", all);
      CHECK_MESSAGE(all.find("Q0FOQVJZ") == std::string::npos, command, " of ", text, " gave ", all);
    }
  }
}
