// Other programs that gwctl asks for help: git, kustomize. Without a shell, with nothing on their standard input.
#pragma once
#include <string>
#include <vector>

#include "diag/result.h"

namespace gw::cli {

struct Finished {
  int status = 0;  // exit code; -1 when it was ended by a signal
  std::string out;
};

// Runs a program found by PATH and waits for it; its standard error is ours. An error when it cannot be started, or
// writes more than `limit` bytes.
Result<Finished> run_program(std::vector<std::string> arguments, std::size_t limit = 256u << 20);

}  // namespace gw::cli
