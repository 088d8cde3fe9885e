// Fuzz target: any bytes as a CEL expression over a small object. It is refused or computed, within its limits.
// With libFuzzer: the entry below. Without: a main that replays the files it is given.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "validate/cel/program.h"
#include "yaml/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gw;
  static diag::Sources sources;
  static diag::Sink sink;
  static const auto documents = yaml::read(
      sources.add("object.yaml", R"({a: {b: [1, 2, {c: x}]}, d: shop.example.com, e: 1.5, f: null, g: 10.0.0.0/8,
          h: 1h30m, i: "2024-02-29T12:30:45Z", l: [{name: a, port: 80}, {name: b, port: 443}], m: [b, a, é], n: 18446744073709551615})"),
      sources, {}, sink);
  const auto program = validate::cel::Program::parse({reinterpret_cast<const char*>(data), size});
  if (!program) return 0;
  validate::Arena arena;
  const validate::Value self = validate::from_node(*documents[0].root, arena);
  (*program)->evaluate(validate::cel::from_value(self, nullptr), arena);
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
