// Output that waits until it is known to be good: in memory while it is small, in an unlinked temporary file beyond.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace gw::cli {

class Held {
 public:
  // Keeps the text for later; where no temporary file can be made, in memory however long it becomes.
  void add(std::string_view text);
  // Drops what was held, as if nothing had been added.
  void forget();
  // Everything so far, in order; nothing is held afterwards. False when what was put aside cannot be read again.
  bool release(std::FILE* to);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  bool spill();

  std::string text_;  // behind what is in the file
  std::unique_ptr<std::FILE, Close> file_;
  bool no_file_ = false, failed_ = false;
};

}  // namespace gw::cli
