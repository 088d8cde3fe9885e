// One document: libyaml's events become a located tree, with aliases shared, merges applied and keys made text.
#pragma once
#include <cstddef>
#include <string_view>

#include "diag/diagnostic.h"
#include "yaml/arena.h"
#include "yaml/node.h"
#include "yaml/read.h"

namespace gw::yaml {

// A document's place in its file, and what was learned about its bytes before.
struct Piece {
  diag::FileId file = diag::no_file;
  std::string_view text;  // of the whole file
  std::size_t begin = 0;
  std::size_t end = 0;
  bool ascii = false;
};

struct Built {
  const Node* root = nullptr;  // nullptr: refused, and the sink was told why
  std::size_t end = 0;         // where the document ends; the rest of the piece was not read
};

// Reads one document. Without a root, what is wrong is in the sink.
Built build(const Piece& piece, const Limits& limits, Arena& arena, diag::Sink& sink);

}  // namespace gw::yaml
