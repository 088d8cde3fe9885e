// Path expressions and substitutions: what they match as paths, what they make of them, and that hostile ones end.
#include <doctest/doctest.h>

#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "language/paths.h"

using namespace gw::language;

namespace {

std::string shown(const PathSet& set) {
  static const char* const kinds[] = {"exact", "element", "below", "bytes"};
  if (set.expression) return "expression";
  std::string out;
  for (const PathMatch& match : set.matches) {
    if (!out.empty()) out += ", ";
    out += std::string(kinds[static_cast<std::size_t>(match.kind)]) + " " + match.text;
  }
  return out;
}
std::string paths(std::string_view pattern, bool readable = false, bool fold = false) {
  const auto set = path_set({pattern, fold, false, true}, readable);
  return set ? shown(*set) : "refused: " + set.error().message;
}

// "$1" as in nginx.
std::string made(std::string_view pattern, std::string_view target, bool fold = false) {
  const std::string anchored = "^" + std::string(pattern);
  const PathPattern location{anchored, fold, false, true};
  const auto set = path_set(location, true);
  if (!set) return "refused: " + set.error().message;
  Substitution to;
  to.search = {pattern, fold, false, true};
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '$')
      to.parts.push_back({{}, target[++i] - '0'});
    else
      to.parts.push_back({std::string(1, target[i]), -1});
  }
  const auto all = rewritten(location, *set, to);
  if (!all) return "expression";
  std::string out;
  for (const RewrittenMatch& one : all->matches) {
    if (!out.empty()) out += ", ";
    out += one.match.text;
    if (one.kind != RewrittenMatch::Kind::same)
      out += (one.kind == RewrittenMatch::Kind::prefix ? " prefix " : " full ") + one.value;
  }
  return out;
}

}  // namespace

TEST_CASE("an expression as exact paths and prefixes") {
  CHECK(paths("^/api(/|$)") == "element /api");
  CHECK(paths("^/api/.*") == "below /api");
  CHECK(paths("^/api/.*", true) == "element /api");
  CHECK(paths("^/api.*") == "bytes /api");
  CHECK(paths("^/(.*)") == "element /");
  CHECK(paths("^/foo/bar$") == "exact /foo/bar");
  CHECK(paths("^/foo/?$") == "exact /foo, exact /foo/");
  CHECK(paths("^/(v1|v2)(/|$)(.*)") == "element /v1, element /v2");
  CHECK(paths("^/v[12](/|$)") == "element /v1, element /v2");
  CHECK(paths("^/v\\d+/") == "expression");
  CHECK(paths("^/socket.io/", true) == "element /socket.io");
  CHECK(paths("^/socket.io/") == "expression");
  CHECK(paths("^/api(/|$)", true, true) == "element /api");
  CHECK(paths("^/api(/|$)", false, true) == "expression");
  CHECK(paths("^/foo|/bar") == "expression");  // '^' binds the first branch alone
  CHECK(paths("^/a(?!b)$") == "exact /a");
  CHECK(paths("^/(?!b)[abc]$") == "exact /a, exact /c");
  CHECK(paths("^/a{2}$") == "exact /aa");
  CHECK(paths("^/a++$") == "expression");
  CHECK(paths("^/(a)\\1") == "refused: a back-reference");
  CHECK(paths("^/(?<!a)b") == "refused: a look-behind");
  CHECK(paths("^/(?>a)b") == "refused: an atomic group");
  CHECK(paths("^/(a)?(?(1)b|c)") == "refused: a conditional");
  CHECK(paths("^/(a") == "refused: a ( without )");
}

TEST_CASE("the shortest path that shows a difference") {
  const auto bare = path_set({"^/api/.*", false, false, true}, true);
  REQUIRE(bool(bare));
  CHECK(bare->differences.bare);
  CHECK(bare->differences.request == "/api");
  const auto letters = path_set({"^/a(/|$)", true, false, true}, true);
  REQUIRE(bool(letters));
  CHECK(letters->differences.letter_case);
  CHECK(letters->differences.request == "/A");
  const auto digits = path_set({"^/1(/|$)", true, false, true}, true);
  REQUIRE(bool(digits));
  CHECK_FALSE(digits->differences.any());
  CHECK(*telling_path({"/a(/.*)?", false, true}, {"/a/?.*", false, true}) == "/ax");
  CHECK(telling_path({"/(a|b)c", false, true}, {"/[ab]c", false, true})->empty());
}

TEST_CASE("what a substitution makes of a prefix") {
  CHECK(made("/api(/|$)(.*)", "/$2") == "/api prefix /");
  CHECK(made("/()(.*)", "/$2") == "/");
  CHECK(made("/api/v1/(.*)", "/v2/$1") == "/api/v1 prefix /v2");
  CHECK(made("/api/?(.*)", "/$1") == "/api prefix /");
  CHECK(made("/manual(.*)$", "$1") == "/manual prefix /");
  CHECK(made("/(api|graphql)(.*)", "/$1$2") == "/api, /graphql");
  CHECK(made("/(a|b)/(.*)", "/x/$1/$2") == "/a prefix /x/a, /b prefix /x/b");
  CHECK(made("/foo", "/bar") == "/foo full /bar");
  CHECK(made("/(.*)", "/api/$1") == "/ prefix /api");
  CHECK(made("/api/(.*)", "/v2$1") == "expression");  // glued
  CHECK(made("/(.*)/x", "/$1") == "expression");
  CHECK(made("/((?!api).*)", "/$1") == "/");
  CHECK(made("/a(/.*)?/b(/.*)?", "$2") == "expression");
}

TEST_CASE("PCRE's choice among matches") {
  const auto made_of = [](std::string_view path, std::string_view pattern) {
    const auto out = substituted(path, {{pattern, false, false, true}, {{{}, 1}, {"|", -1}, {{}, 2}}, false});
    return out && *out ? **out : std::string("none");
  };
  CHECK(made_of("/aab", "(a*)(a?b)") == "aa|b");
  CHECK(made_of("/aab", "(a*?)(a?b)") == "a|ab");
  CHECK(made_of("/ab", "(a|ab)(c|bcd)?") == "a|");
  CHECK(made_of("/abcd", "(a|ab)(c|bcd)") == "a|bcd");
  CHECK(made_of("/xay", "/(?!y)(.)(.*)") == "x|ay");
  CHECK(made_of("/q", "(z)") == "none");
}

TEST_CASE("without what RE2 cannot say") {
  CHECK(*re2_for({"^/api(?:/|$)(.*)", false, false, true}) == "/api(?:/|$).*");
  CHECK(*re2_for({"/a++b", false, true}) == "/aa*b");
  const std::string without = *re2_for({"^/((?!api).*)", false, false, true});
  CHECK(telling_path({without, false, true}, {"^/((?!api).*)", false, false, true})->empty());
  CHECK(without.find("(?!") == std::string::npos);
  CHECK_FALSE(bool(re2_for({"/" + std::string(1024, 'a'), false, true})));
}

TEST_CASE("finite texts") {
  CHECK(*texts_of({"^(red|blue)$", false, false, true}, 8) == std::vector<std::string>{"blue", "red"});
  CHECK_FALSE(bool(texts_of({"red", false, false, true}, 8)));
  CHECK(same_texts({"[^.]+\\.a", false, true}, {"(?:[^.])+\\.a", false, true}));
  CHECK_FALSE(same_texts({"[a-z]+\\.a", false, true}, {"[^.]+\\.a", false, true}));
}

TEST_CASE("hostile expressions end soon") {
  std::vector<std::string> all = {"(a{1000}){1000}",
                                  "((a{30}){30}){30}",
                                  "(a*)*b",
                                  "((a?){100})(a{100})",
                                  "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)",
                                  std::string(190, '(') + "a" + std::string(190, ')'),
                                  "(?!(?!(?!(?!a.*b).*c).*d).*e).*",
                                  "(?=.*a)(?=.*b)(?=.*c)(?=.*d)(?=.*e)(?=.*f)(?=.*g)(?=.*h)(?=.*i)(?=.*j)(?=.*k).*",
                                  ".{0,500}a.{0,500}",
                                  ".*(a|b).{12}",
                                  "(((a+)+)+)+$",
                                  "(x+x+)+y"};
  std::mt19937 random(7);
  const auto any = [&](auto&& self, int depth) -> std::string {
    static const char* const atoms[] = {"a", "b", ".", "[a-z]", "[^/]", "\\w", "/", "x", "(?:ab|ba)", "[a-f0-9]"};
    static const char* const opens[] = {"(", "(", "(?!", "(?=", "(?:"};
    std::string out;
    for (std::size_t n = 1 + random() % 4; n > 0; --n) {
      if (depth > 0 && random() % 2)
        out += opens[random() % 5] + self(self, depth - 1) + (random() % 2 ? "|" + self(self, depth - 1) : "") + ")";
      else
        out += atoms[random() % 10];
      static const char* const counts[] = {"", "", "*", "+", "?", "{0,700}", "{400,}", "{33}", "{2}"};
      out += counts[random() % 9];
    }
    return out;
  };
  while (all.size() < 500) all.push_back(any(any, static_cast<int>(1 + random() % 5)));
  std::size_t slow = 0;
  for (const std::string& one : all) {
    const std::string path = "/" + one;
    const std::clock_t began = std::clock();
    made(path, "/x/$1", true);
    if (const auto set = path_set({path, true, false, true}, false)) (void)re2_for({path, true, false, true});
    const double ms = 1000.0 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    CAPTURE(path);
    CHECK(ms < 500);  // under a sanitizer, too
    if (ms > 50) ++slow;
  }
#ifndef __SANITIZE_ADDRESS__
  CHECK(slow < 5);
#endif
}
