// Fuzz target: any bytes as a manifest. They are refused with places inside the text, or read; what was read is written
// in every style and must read back as the same. With libFuzzer: the entry below. Without: a main that replays files.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "diag/render.h"
#include "yaml/read.h"
#include "yaml/write.h"

using namespace gw;

namespace {

void require(bool fact, const char* what, const std::string& text) {
  if (fact) return;
  std::fprintf(stderr, "%s\n%s\n", what, text.c_str());
  std::abort();
}

void check_places(const yaml::Node& node, std::size_t size) {
  diag::Span span = node.span();
  require(span.begin <= span.end && span.end <= size, "a span is outside the text", "");
  if (node.is_seq()) {
    for (const yaml::Node& item : node.items()) check_places(item, size);
  }
  for (const yaml::Entry& entry : node.entries()) check_places(entry.value, size);
}

std::string to_text(const std::vector<yaml::Document>& documents, yaml::Style style) {
  std::string out;
  yaml::Writer writer(style, out);
  for (const yaml::Document& document : documents) {
    writer.begin_document();
    writer.node(*document.root);
    writer.end_document();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  diag::Sources sources;
  diag::Sink sink;
  diag::FileId file = sources.add("in.yaml", {reinterpret_cast<const char*>(data), size});
  auto documents = yaml::read(file, sources, {}, sink, yaml::Empty::keep);
  for (const diag::Diagnostic& d : sink.take()) {
    require(d.span.file == file && d.span.end <= size, "a finding is outside the text", d.message);
    (void)diag::render_text(d, sources);
  }
  for (const yaml::Document& document : documents) {
    check_places(*document.root, size);
  }
  std::string want = to_text(documents, yaml::Style::json_line);
  yaml::Limits loose;
  loose.expansion_factor = 10'000;
  loose.scalar_bytes = 16u << 20;
  for (yaml::Style style : {yaml::Style::yaml, yaml::Style::kyaml}) {
    std::string text = to_text(documents, style);
    auto again = yaml::read(sources.add("out.yaml", text), sources, loose, sink, yaml::Empty::keep);
    require(!sink.failed(), "what was written is refused", text);
    require(to_text(again, yaml::Style::json_line) == want, "what was written reads back otherwise", text);
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
