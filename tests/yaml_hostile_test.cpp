// Manifests are untrusted: whatever comes in ends soon, with a finding, and in little memory.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>

#include "diag/render.h"
#include "tests/sanitized.h"
#include "yaml/read.h"

using namespace gw;

namespace {

struct Result {
  std::size_t documents = 0;
  std::vector<std::string> codes;
  double cpu_seconds = 0;
};

Result read(std::string text) {
  Result out;
  std::clock_t begin = std::clock();
  diag::Sources sources;
  diag::Sink sink;
  diag::FileId file = sources.add("in.yaml", std::move(text));
  out.documents = yaml::read(file, sources, {}, sink).size();
  for (const auto& d : sink.take()) {
    out.codes.push_back(d.code);
    (void)diag::render_text(d, sources);
  }
  out.cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return out;
}

bool refused(const Result& result, std::string_view code) {
  return result.documents == 0 && std::ranges::find(result.codes, code) != result.codes.end();
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  while (times-- > 0) out += text;
  return out;
}

std::string nested_block(std::size_t levels) {
  std::string out;
  for (std::size_t i = 0; i < levels; ++i) out += std::string(i, ' ') + "a:\n";
  return out;
}

std::string alias_bomb(std::size_t levels) {
  std::string out = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (std::size_t i = 1; i < levels; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    out += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + repeat(", " + before, 9) + "]\n";
  }
  return out;
}

std::string merge_bomb() {
  std::string out = "a0: &a0 {k0: 1}\n";
  for (int i = 1; i < 900; ++i) {
    std::string n = std::to_string(i), m = std::to_string(i - 1);
    out += "a" + n + ": &a" + n + " {<<: *a" + m + ", k" + n + ": 1}\n";
  }
  return out;
}

}  // namespace

TEST_CASE("hostile documents are refused within the limits") {
  struct Row {
    std::string_view name;
    std::string text;
    std::string_view code;
  };
  const Row rows[] = {
      {"2 MB of [", std::string(2u << 20, '['), "GW012"},
      {"2 MB of {", std::string(2u << 20, '{'), "GW001"},
      {"2 MB of [ on lines", repeat("[\n", 1u << 20), "GW012"},
      {"2 MB of - ", repeat("- ", 1u << 20), "GW012"},
      {"2 MB of ? ", repeat("? ", 1u << 20), "GW001"},
      {"2 MB of &a ", repeat("&a ", 700'000), ""},
      {"2 MB of !", std::string(2u << 20, '!'), ""},
      {"2 MB of \"", "a: \"" + std::string(2u << 20, 'x'), "GW001"},
      {"2 MB of %", repeat("%a\n", 700'000), "GW001"},
      {"2 MB of {{", repeat("{{\n", 700'000), "GW001"},
      {"2 MB of \\'", "a: \"" + repeat("\\'\" \"", 400'000), "GW001"},
      {"2 MB of quoted \\'", "a: \"" + repeat("\\'", 1u << 20), "GW001"},
      {"10,000 levels", nested_block(10'000), "GW012"},
      {"aliases nine deep", alias_bomb(9), "GW012"},
      {"aliases four deep", alias_bomb(4), "GW012"},
      {"merges upon merges", merge_bomb(), "GW012"},
      {"alias in itself", "&x [*x]\n", "GW001"},
      {"many aliases", "a: &a 1\nb: [" + repeat("*a, ", 5'000) + "]\n", "GW012"},
      {"scalar of 2 MB", "a: " + std::string(2u << 20, 'x') + "\n", "GW012"},
      {"NUL", std::string("a: x\0y\n", 7), "GW001"},
      {"broken UTF-8", "a: \xC3(\n", "GW001"},
      {"overlong UTF-8", "a: \xC0\xAF\n", "GW001"},
      {"UTF-16",
       std::string("\xFF\xFE"
                   "a\0:\0 \0"
                   "1\0",
                   10),
       "GW001"},
      {"65 MB", std::string(65u << 20, '#'), "GW012"},
      {"200,000 documents", repeat("a\n---\n", 200'000), "GW012"},
      {"key of 1 MB", std::string(1u << 20, 'k') + ": 1\n", "GW001"},
  };
  for (const Row& row : rows) {
    Result result = read(row.text);
    CHECK_MESSAGE((row.code.empty() || refused(result, row.code)), row.name, " gave ", result.documents,
                  " documents and ", result.codes.empty() ? "nothing" : result.codes.front());
    CHECK_MESSAGE(result.cpu_seconds < 4 * test::slowdown, row.name, " took ", result.cpu_seconds, " s");
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  MESSAGE("peak memory ", usage.ru_maxrss / 1024, " MB");
  if (!test::sanitized) CHECK(usage.ru_maxrss < 256 * 1024);
}

TEST_CASE("a bad document costs no other") {
  Result result = read("a: 1\n---\nb: [\n---\nc: 3\n--- d\n---\ne: 5\n---\nf: \x01\n---\ng: 7\n");
  CHECK(result.documents == 4);
  CHECK(result.codes.size() == 3);
}

TEST_CASE("what is large but honest is read") {
  CHECK(read(repeat("kind: A\nitems: [1, two, {three: 3}]\n---\n", 50'000)).documents == 50'000);
  CHECK(read("a: &a {x: 1, y: 2}\nb: [" + repeat("*a, ", 900) + "]\n").documents == 1);
  CHECK(read(nested_block(100)).documents == 1);
  std::string keys;
  for (int i = 0; i < 50'000; ++i) keys += "key" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  CHECK(read(keys).documents == 1);
}
