// Fuzz target: lines of expressions, of which the last is a text. What parse_regex reads, RE2 must read alike: on that
// text, and on every example that the automaton gives for its classes.
// With libFuzzer: the entry below. Without: a main that replays the files it is given.
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "language/automata.h"

using namespace gw::language;

namespace {

struct Test {
  std::string pattern;
  Where where = Where::whole;
  std::unique_ptr<re2::RE2> re;
};

bool passes(const Test& test, const std::string& text) {
  using Anchor = re2::RE2::Anchor;
  const Anchor anchor = test.where == Where::whole   ? re2::RE2::ANCHOR_BOTH
                        : test.where == Where::start ? re2::RE2::ANCHOR_START
                                                     : re2::RE2::UNANCHORED;
  return test.re->Match(text, 0, text.size(), anchor, nullptr, 0);
}

void compare(const std::vector<Test>& tests, const std::vector<TestId>& hits, const std::string& text) {
  for (TestId id = 0; id < tests.size(); ++id) {
    if (std::binary_search(hits.begin(), hits.end(), id) == passes(tests[id], text)) continue;
    std::fprintf(stderr, "'%s' (%d) on '%s'\n", tests[id].pattern.c_str(), static_cast<int>(tests[id].where),
                 text.c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 300) return 0;
  std::string rest(reinterpret_cast<const char*>(data), size);
  Automaton automaton(canonical_path_bytes());
  std::vector<Test> tests;
  // The first expression is asked of the whole text, the second of its start, the third of any part, and so on.
  for (std::size_t line = 0, end; (end = rest.find('\n')) != std::string::npos && line < 6; ++line) {
    const std::string pattern = rest.substr(0, end);
    rest.erase(0, end + 1);
    const auto syntax = parse_regex(pattern);
    if (!syntax) continue;
    auto re = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
    if (!re->ok()) continue;
    const auto where = static_cast<Where>(line % 3);
    automaton.add_regex(*syntax, where);
    if (automaton.size() > 50'000) return 0;
    tests.push_back({pattern, where, std::move(re)});
  }
  const bool printable = std::all_of(rest.begin(), rest.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (printable) compare(tests, automaton.matches(rest), rest);
  for (const TextClass& found : automaton.explore("/", 200).classes)
    for (const std::string& example : found.examples) compare(tests, found.hits, example);
  return 0;
}

#ifndef GWCTL_LIBFUZZER
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}
#endif
