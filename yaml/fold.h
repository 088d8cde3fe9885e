// A document whose tree was let go. What somebody still points at is kept as folded nodes, one node each; whoever looks
// below one has the document read again, once, from its text.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "yaml/arena.h"
#include "yaml/node.h"

namespace gw::yaml {

// A whole tree and what keeps it alive.
struct Tree {
  const Node* root = nullptr;
  std::shared_ptr<const void> storage;
};

class Fold {
 public:
  // The text of `document` outlives the fold, and the fold every node that it kept (those are in `arena`).
  Fold(const Document& document, std::shared_ptr<Arena> arena)
      : text_(document.text),
        file_(document.file),
        begin_(document.begin),
        end_(document.end),
        arena_(std::move(arena)) {}

  // A node of the document that stays when its tree is gone.
  const Node* keep(const Node& node);
  // The same for a mapping whose own keys are to stay readable, and those of the mapping under `key`.
  const Node* keep_open(const Node& mapping, std::string_view key);

  // The text of a string, which stays as well.
  std::string_view text(const Node& string);

  // The tree that a root belongs to: itself, or the document read anew where it is folded. Who asks for the same one
  // again is given the same.
  static Tree whole(const Node& root);

 private:
  friend class Node;
  Node kept(const Node& node);
  const Node& find(const Node& folded);
  Tree read() const;

  static std::uint64_t next_id();

  const std::uint64_t id_ = next_id();
  const std::string_view text_;  // of the file that the document stands in
  const diag::FileId file_;
  const std::uint32_t begin_, end_;
  std::once_flag once_;
  std::atomic<bool> known_ = false;
  std::shared_ptr<Arena> arena_;
  Tree tree_;
};

// The node of a tree that stands where another reading of the document has `wanted`; nullptr when there is none.
const Node* find_place(const Node& root, const Node& wanted);
// Are these the same place of one document, though it may have been read twice?
bool same_place(const Node& a, const Node& b);

}  // namespace gw::yaml
