// .gitignore's patterns, as git-check-ignore answers them.
#include <doctest/doctest.h>

#include "tree/ignore.h"

using gw::tree::glob;
using gw::tree::IgnoreRules;

TEST_CASE("globs stop at slashes, and ** goes over them") {
  CHECK(glob("*.yaml", "a.yaml"));
  CHECK_FALSE(glob("*.yaml", "a/b.yaml"));
  CHECK(glob("a/**/b", "a/b"));
  CHECK(glob("a/**/b", "a/x/y/b"));
  CHECK_FALSE(glob("a/**/b", "a/xb"));
  CHECK(glob("**/tmp", "tmp"));
  CHECK(glob("**/tmp", "x/tmp"));
  CHECK_FALSE(glob("**/tmp", "x/atmp"));
  CHECK(glob("out/**", "out/a/b"));
  CHECK_FALSE(glob("out/**", "out"));
  CHECK(glob("[a-c]?.y", "b1.y"));
  CHECK_FALSE(glob("[!a-c]?.y", "b1.y"));
  CHECK(glob("a\\*b", "a*b"));
  CHECK_FALSE(glob("a\\*b", "axb"));
}

TEST_CASE("the last line that fits decides, and lines count below their directory") {
  IgnoreRules rules;
  rules.add("# built\n*.out.yaml\n!keep.out.yaml\n/top/\nnode_modules/\r\n", "");
  rules.add("secret.yaml\n/local.yaml\n", "apps/web");
  CHECK(rules.ignored("apps/x.out.yaml", false));
  CHECK_FALSE(rules.ignored("apps/keep.out.yaml", false));
  CHECK(rules.ignored("top", true));
  CHECK_FALSE(rules.ignored("top", false));
  CHECK_FALSE(rules.ignored("apps/top", true));
  CHECK(rules.ignored("apps/node_modules", true));
  CHECK(rules.ignored("apps/web/deep/secret.yaml", false));
  CHECK_FALSE(rules.ignored("apps/secret.yaml", false));
  CHECK(rules.ignored("apps/web/local.yaml", false));
  CHECK_FALSE(rules.ignored("apps/web/deep/local.yaml", false));
}

TEST_CASE("a hostile pattern costs no more than its length") {
  const std::string stars(2000, '*'), text(2000, 'a');
  CHECK_FALSE(glob(stars + "b", text));
  std::string pairs, levels;
  for (int i = 0; i < 500; ++i) pairs += "**/", levels += "a/";
  CHECK_FALSE(glob(pairs + "b", levels + "a"));
}
