// The automata against RE2 on generated expressions and texts, and their classes against brute force.
#include <doctest/doctest.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "language/automata.h"

using namespace gw::language;

namespace {

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}

std::string generated_regex(Random& random, int depth) {
  static const std::vector<std::string> atoms = {"a",           "b",   "/",       ".",     "[ab]", "[^a/]", "\\d",
                                                 "\\w",         "\\/", "c1",      "[a-c]", "\\.",  "[^/]+", "x",
                                                 "[[:alpha:]]", "\\S", "(?i:aB)", "\\x61", "A",    "-",     "\\Qa.\\E"};
  const std::size_t shape = below(random, depth > 0 ? 9 : 3);
  if (shape < 3) return atoms[below(random, atoms.size())];
  const std::string inner = generated_regex(random, depth - 1);
  switch (shape) {
    case 3:
      return inner + generated_regex(random, depth - 1);
    case 4:
      return inner + generated_regex(random, depth - 1) + generated_regex(random, depth - 1);
    case 5:
      return "(" + inner + "|" + generated_regex(random, depth - 1) + ")";
    case 6: {
      static const std::vector<std::string> counts = {"*", "+", "?", "{2}", "{1,3}", "{0,1}", "{2,}", "*?", "{0}"};
      return "(?:" + inner + ")" + counts[below(random, counts.size())];
    }
    case 7:
      return "(" + inner + "|)" + (below(random, 3) == 0 ? "$" : "");
    default:
      return below(random, 4) == 0 ? "^" + inner : inner + (below(random, 4) == 0 ? "$" : "");
  }
}

std::string generated_text(Random& random) {
  static constexpr std::string_view bytes = "aabbc//x1A.-B";
  std::string out;
  for (std::size_t length = below(random, 9); length > 0; --length) out += bytes[below(random, bytes.size())];
  return out;
}

bool re2_matches(const re2::RE2& re, const std::string& text, Where where) {
  const auto anchor = where == Where::whole   ? re2::RE2::ANCHOR_BOTH
                      : where == Where::start ? re2::RE2::ANCHOR_START
                                              : re2::RE2::UNANCHORED;
  return re.Match(text, 0, text.size(), anchor, nullptr, 0);
}

bool accepts(std::string_view pattern, std::string_view text, Where where = Where::whole, bool fold = false) {
  const auto syntax = parse_regex(pattern, fold);
  REQUIRE(syntax);
  Automaton automaton(printable_bytes());
  automaton.add_regex(*syntax, where);
  return !automaton.matches(text).empty();
}

}  // namespace

TEST_CASE("generated expressions accept what RE2 accepts") {
  Random random(20261124);
  std::size_t compared = 0, matched = 0, refused = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string pattern = generated_regex(random, 4);
    const re2::RE2 re(pattern, re2::RE2::Quiet);
    const auto syntax = parse_regex(pattern);
    if (!syntax || !re.ok()) {
      CHECK_MESSAGE(!syntax, pattern << " is no RE2, but was read");
      ++refused;
      continue;
    }
    for (Where where : {Where::whole, Where::start, Where::anywhere}) {
      Automaton automaton(printable_bytes());
      automaton.add_regex(*syntax, where);
      for (int texts = 0; texts < 12; ++texts) {
        const std::string text = generated_text(random);
        const bool wanted = re2_matches(re, text, where);
        const bool got = !automaton.matches(text).empty();
        CHECK_MESSAGE(got == wanted, pattern << " on '" << text << "' where " << static_cast<int>(where));
        ++compared;
        matched += wanted;
      }
    }
  }
  MESSAGE(compared << " answers compared, " << matched << " matches, " << refused << " expressions refused");
  CHECK(compared > 100000);
  CHECK(matched > compared / 20);
  CHECK(refused < 400);
}

TEST_CASE("every class is found, with a shortest example") {
  Random random(7);
  const std::string letters = "ab/";
  std::vector<std::string> texts{""};
  for (std::size_t next = 0; next < texts.size() && texts[next].size() < 6; ++next)
    for (char c : letters) texts.push_back(texts[next] + c);
  ByteSet alphabet;
  for (char c : letters) alphabet.set(static_cast<unsigned char>(c));
  std::size_t classes = 0;
  for (int round = 0; round < 150; ++round) {
    Automaton automaton(alphabet);
    for (int tests = 0; tests < 3; ++tests)
      if (const auto syntax = parse_regex(generated_regex(random, 3)))
        automaton.add_regex(*syntax, static_cast<Where>(below(random, 3)));
    automaton.add_equal("a/b");
    automaton.add_prefix("/a");
    const Exploration exploration = automaton.explore("", 20000);
    REQUIRE(exploration.complete);
    std::map<std::vector<TestId>, std::size_t> shortest;
    for (const TextClass& found : exploration.classes) {
      REQUIRE(!found.examples.empty());
      shortest[found.hits] = found.examples.front().size();
      for (const std::string& example : found.examples) CHECK(automaton.matches(example) == found.hits);
    }
    classes += shortest.size();
    std::map<std::vector<TestId>, std::size_t> brute;
    for (const std::string& text : texts) brute.emplace(automaton.matches(text), text.size());
    for (const auto& [hits, length] : brute) {
      REQUIRE(shortest.contains(hits));
      CHECK(shortest[hits] == length);
    }
  }
  MESSAGE(classes << " classes");
  CHECK(classes > 500);
}

TEST_CASE("ingress-nginx shapes have the expected witnesses") {
  const auto old_rule = parse_regex("^/foo|/bar", true);
  const auto new_rule = parse_regex("/foo.*", true);
  REQUIRE(old_rule);
  REQUIRE(new_rule);
  Automaton automaton(canonical_path_bytes());
  const TestId found = automaton.add_regex(*old_rule, Where::anywhere);
  automaton.add_regex(*new_rule, Where::whole);
  std::vector<std::string> shortest;
  for (const TextClass& each : automaton.explore("/").classes)
    if (each.hits == std::vector<TestId>{found}) shortest.push_back(each.examples.front());
  REQUIRE(shortest.size() == 1);
  CHECK(shortest.front() == "/bar");
}

TEST_CASE("the language: what is read") {
  CHECK(accepts("/a(/|$)(.*)", "/a"));
  CHECK(accepts("/a(/|$)(.*)", "/a/b"));
  CHECK_FALSE(accepts("/a(/|$)(.*)", "/ab"));
  CHECK(accepts("(?i)/FOO", "/foo"));
  CHECK(accepts("/foo", "/FOO", Where::whole, true));
  CHECK_FALSE(accepts("(?-i)/foo", "/FOO", Where::whole, true));
  CHECK(accepts("[]a-]+", "]-a"));
  CHECK(accepts("a{x", "a{x"));
}

TEST_CASE("the language: what is refused, with a reason") {
  for (std::string_view pattern :
       {"(?=a)",  "(?!a)",      "(?<=a)",  "(?<!a)",     "(a)\\1",  "(?>a)",    "a++",     "a*+",     "\\bx",
        "\\Bx",   "\\pL",       "[",       "(",          ")",       "*a",       "a**",     "a{2}{3}", "{2}",
        "[b-a]",  "[a-\\d]",    "\\",      "(?x)a",      "\\Z",     "a{,2}",    "a{1001}", "a{01}",   "(?P=n)",
        "(?m)^a", "[\xC3\xA9]", "\\x{e9}", "[[:nope:]]", "[[.a.]]", "(*UTF8)a", "\\h",     "\\K"}) {
    const auto syntax = parse_regex(pattern);
    CHECK_MESSAGE(!syntax, pattern);
    if (!syntax) CHECK(!syntax.error().message.empty());
  }
}

TEST_CASE("hostile expressions stay bounded") {
  const std::string deep(100000, '(');
  CHECK(!parse_regex(deep));
  const auto large = parse_regex("((a{900}){900}){900}");
  REQUIRE(large);
  Automaton automaton(canonical_path_bytes());
  automaton.add_regex(*large, Where::anywhere);
  CHECK_FALSE(automaton.explore("/").complete);
  const auto exponential = parse_regex("(a|b)*a(a|b){24}");
  REQUIRE(exponential);
  Automaton second(canonical_path_bytes());
  second.add_regex(*exponential, Where::anywhere);
  const Exploration exploration = second.explore("/", 2000);
  CHECK_FALSE(exploration.complete);
  CHECK(exploration.states == 2000);
}

TEST_CASE("thousands of literals share a trie") {
  Automaton automaton(canonical_path_bytes());
  for (int i = 0; i < 300; ++i) automaton.add_equal("/service/number" + std::to_string(i));
  CHECK(automaton.size() < 700);
  const Exploration exploration = automaton.explore("/");
  CHECK(exploration.complete);
  CHECK(exploration.classes.size() == 301);
}
