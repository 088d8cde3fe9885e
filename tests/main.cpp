// The main of every test program: doctest's, and a status of its own where evidence was not there (see evidence.h).
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/evidence.h"

int main(int argc, char** argv) {
  const int status = doctest::Context(argc, argv).run();
  return status == 0 && evidence::skipped ? evidence::skipped_status : status;
}
