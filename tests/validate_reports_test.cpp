// Reports against the published schemas of their formats, by tests/schemas/check_reports.py. Without Python, or a way
// to the packages that hold the schemas, this says so and passes.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

TEST_CASE("reports are valid SARIF, JUnit, GitLab and GitHub") {
  const char* program = std::getenv("GWCTL");
  if (program == nullptr) {
    MESSAGE("skipped: GWCTL names no program");
    return;
  }
  const std::string command = "python3 tests/schemas/check_reports.py '" + std::string(program) +
                              "' tests/schemas/findings.yaml testdata/sample/shop.yaml 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string said;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) said += buffer.data();
  const int status = pclose(pipe);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  MESSAGE(said);
  constexpr int skipped = 77, no_python = 127;
  CHECK((code == 0 || code == skipped || code == no_python));
}
