// Fuzz target: any bytes as an expression and a text. What parse_regex reads, RE2 must read alike.
// With libFuzzer: the entry below. Without: a main that replays the files it is given.
#include <re2/re2.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "verify/automata/automata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gw::verify;
  if (size > 300) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const std::string pattern = input.substr(0, line);
  const std::string text = line == std::string::npos ? "" : input.substr(line + 1);
  const auto syntax = parse_regex(pattern);
  if (!syntax) return 0;
  Automaton automaton(canonical_path_bytes());
  automaton.add_regex(*syntax, Where::anywhere);
  automaton.explore("/", 200);
  for (char c : text)
    if (c < ' ' || c > '~') return 0;
  const re2::RE2 re(pattern, re2::RE2::Quiet);
  if (!re.ok()) return 0;
  if (automaton.size() < 200000 && automaton.matches(text).empty() == re2::RE2::PartialMatch(text, re)) {
    std::fprintf(stderr, "%s on %s\n", pattern.c_str(), text.c_str());
    std::abort();
  }
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
