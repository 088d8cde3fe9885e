// Cuts a file at its "---" lines, as Kubernetes does before any YAML parser sees the text.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace gw::yaml {

struct Chunk {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct BadSeparator {
  std::size_t begin = 0;  // of the text after "---"
  std::size_t end = 0;
};

struct Chunks {
  std::vector<Chunk> chunks;
  std::vector<BadSeparator> bad;  // only blanks and a comment may follow "---"
};

// The documents' byte ranges, in order, and separators that Kubernetes refuses.
Chunks split(std::string_view text);

}  // namespace gw::yaml
