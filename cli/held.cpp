#include "cli/held.h"

#include <array>

namespace gw::cli {
namespace {

constexpr std::size_t in_memory = std::size_t{1} << 20;

}  // namespace

void Held::add(std::string_view text) {
  text_ += text;
  if (text_.size() >= in_memory && !no_file_ && !spill()) no_file_ = true;
}

// Without a place for temporary files everything stays in memory; a disk that is full must not lose what it took.
bool Held::spill() {
  if (!file_) file_.reset(std::tmpfile());
  if (!file_) return false;
  const std::size_t written = std::fwrite(text_.data(), 1, text_.size(), file_.get());
  if (written == text_.size() && std::fflush(file_.get()) == 0) {
    text_.clear();
    return true;
  }
  failed_ = true;
  return false;
}

void Held::forget() {
  text_.clear();
  file_.reset();
  failed_ = false;
}

bool Held::release(std::FILE* to) {
  if (failed_) return false;
  if (file_) {
    std::rewind(file_.get());
    std::array<char, 65536> part;
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), file_.get()))
      std::fwrite(part.data(), 1, size, to);
    if (std::ferror(file_.get()) != 0) return false;
  }
  std::fwrite(text_.data(), 1, text_.size(), to);
  forget();
  return true;
}

}  // namespace gw::cli
