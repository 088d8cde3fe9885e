// The texts of decoded objects behave as std::string and std::optional<std::string> do, in half their room.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/text.h"

using gw::kube::OptionalString;
using gw::kube::String;

namespace {

// Around the longest text that needs no memory of its own, empty, and with a NUL inside.
const std::vector<std::string> samples{"",
                                       "a",
                                       std::string("a\0b", 3),
                                       std::string(14, 'x'),
                                       std::string(15, 'x'),
                                       std::string(16, 'x'),
                                       std::string(300, 'y')};

}  // namespace

TEST_CASE("a String holds, copies, moves and compares what a std::string would") {
  for (const std::string& a : samples) {
    const String one(a);
    CHECK(std::string(one) == a);
    CHECK(one.size() == a.size());
    CHECK(one.empty() == a.empty());
    String copy = one, assigned, moved = String(a);
    assigned = one;
    assigned = assigned.view();  // from itself
    const String taken = std::move(moved);
    CHECK(copy == a);
    CHECK(assigned == a);
    CHECK(taken == one);
    for (const std::string& b : samples) {
      CHECK((one == String(b)) == (a == b));
      CHECK((one < b) == (a < b));
      CHECK(one + b == a + b);
      copy = b;
      CHECK(copy == b);
      CHECK(one == a);
    }
  }
}

TEST_CASE("an OptionalString tells the empty text from none") {
  OptionalString none, empty(""), name(samples.back());
  CHECK_FALSE(none.has_value());
  CHECK(none == std::nullopt);
  CHECK(empty.has_value());
  CHECK(empty == "");
  CHECK(none != empty);
  CHECK(none < empty);
  CHECK(none.value_or("other") == "other");
  CHECK(empty.value_or("other").empty());
  CHECK(name.value_or("other") == samples.back());

  OptionalString copy = none;
  CHECK_FALSE(copy);
  copy = name;
  CHECK(copy == samples.back());
  copy = none;
  CHECK_FALSE(copy);
  copy.emplace() = "again";
  CHECK(*copy == "again");
  copy.reset();
  CHECK_FALSE(copy);
  name = std::nullopt;
  CHECK_FALSE(name);

  CHECK(std::optional<std::string>(OptionalString("x")) == "x");
  CHECK_FALSE(std::optional<std::string>(none).has_value());
  CHECK(OptionalString(std::optional<std::string>()) == none);
}
