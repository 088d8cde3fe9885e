// The program: everything is in cli/run.cpp, so that tests can call it as well.
#include "cli/command.h"

int main(int argc, char** argv) {
  return gw::cli::run(argc, argv);
}
