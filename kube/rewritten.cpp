#include "kube/rewritten.h"

#include <algorithm>

namespace gw::kube {
namespace {

constexpr std::size_t text_size = std::size_t{4} << 20;

}  // namespace

void Rewritten::add(const Bundle& piece) {
  bool first = true;
  write(piece, yaml::Style::yaml, [&](std::string_view text) {
    const bool apart = first && (lines_ != 0 || !text_.empty()) && !text.starts_with("---");
    if (apart) text_ += "---\n";
    first = false;
    text_ += text;
  });
  if (text_.size() >= text_size) close();
}

void Rewritten::close() {
  if (text_.empty()) return;
  const auto lines = static_cast<std::uint32_t>(std::count(text_.begin(), text_.end(), '\n'));
  text_.shrink_to_fit();
  files_.push_back(sources_.add(name_, std::move(text_), lines_));
  text_.clear();
  lines_ += lines;
}

Bundle Rewritten::read(diag::Sink& sink) {
  close();
  // File by file, each tree let go when its object is decoded: a large set would stand in memory as trees otherwise.
  const LoadOptions options;
  Decoder decoder(options, sources_, sink);
  for (const diag::FileId file : files_) decoder.add_file(file);
  files_.clear();
  return decoder.finish();
}

}  // namespace gw::kube
