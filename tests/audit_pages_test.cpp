// Every HTML page in headless Chromium: see tests/browser/pages, which passes with a message where there is none.
#include <doctest/doctest.h>

#include <cstdlib>

TEST_CASE("pages open in a browser without complaint, at two widths, light and dark, with hostile names") {
  CHECK(std::system("timeout 240 python3 tests/browser/pages") == 0);
}
