// A folded node has its kind, size and span; its place in the tree that comes back is found by these.
#include "yaml/fold.h"

#include <algorithm>
#include <vector>

#include "yaml/build.h"

namespace gw::yaml {

namespace {

// Along the one child of each node whose text holds what is wanted; null where an alias stands between.
const Node* down_to(const Node& root, const Node& wanted) {
  const auto holds = [&](const Node& child) {
    const diag::Span outer = child.span(), inner = wanted.span();
    return outer.known() && outer.file == inner.file && outer.begin <= inner.begin && inner.end <= outer.end;
  };
  const Node* at = &root;
  while (!same_place(*at, wanted)) {
    const Node* next = nullptr;
    if (at->is_seq()) {
      const auto items = at->items();
      const auto after = std::partition_point(
          items.begin(), items.end(), [&](const Node& item) { return item.span().begin <= wanted.span().begin; });
      if (after != items.begin() && holds(*std::prev(after))) next = &*std::prev(after);
    } else {
      for (const Entry& entry : at->entries())
        if (holds(entry.value)) {
          next = &entry.value;
          break;
        }
    }
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

const Node* search(const Node& root, const Node& wanted) {
  if (same_place(root, wanted)) return &root;
  for (const Entry& entry : root.entries())
    if (const Node* found = search(entry.value, wanted)) return found;
  if (root.is_seq())
    for (const Node& item : root.items())
      if (const Node* found = search(item, wanted)) return found;
  return nullptr;
}

}  // namespace

const Node* find_place(const Node& root, const Node& wanted) {
  const Node* found = wanted.span().known() ? down_to(root, wanted) : nullptr;
  return found ? found : search(root, wanted);
}

bool same_place(const Node& a, const Node& b) {
  const diag::Span x = a.span(), y = b.span();
  return &a == &b || (a.kind() == b.kind() && x.known() && x.file == y.file && x.begin == y.begin && x.end == y.end);
}

const Node& Node::unfolded() const {
  return fold_->find(*this);
}

std::uint64_t Fold::next_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

Node Fold::kept(const Node& node) {
  Node out = node;
  if (node.is_map() || node.is_seq()) {
    if (node.folded()) return out;
    out.fold_ = this;
    out.plain_ = true;
  } else if (node.is_string()) {
    out.text_ = text(node).data();
  }
  return out;
}

std::string_view Fold::text(const Node& string) {
  const bool stays = string.text_ >= text_.data() && string.text_ <= text_.data() + text_.size();
  return stays ? string.string() : arena_->copy(string.string());
}

const Node* Fold::keep(const Node& node) {
  const Node out = kept(node);
  return arena_->copy(std::span<const Node>(&out, 1));
}

const Node* Fold::keep_open(const Node& mapping, std::string_view key) {
  std::vector<Entry> entries;
  entries.reserve(mapping.size());
  for (const Entry& entry : mapping.entries()) {
    const bool open = entry.value.is_map() && entry.key.string() == key;
    entries.push_back({kept(entry.key), open ? *keep_open(entry.value, {}) : kept(entry.value)});
  }
  Node out = mapping;
  out.plain_ = false;
  out.entries_ = arena_->copy(std::span<const Entry>(entries));
  return arena_->copy(std::span<const Node>(&out, 1));
}

Tree Fold::whole(const Node& root) {
  if (!root.folded()) return {&root, nullptr};
  const Fold& fold = *root.fold_;
  if (fold.known_) return fold.tree_;
  thread_local std::pair<std::uint64_t, Tree> last;  // findings come object by object
  if (last.first != fold.id_) last = {fold.id_, fold.read()};
  return last.second;
}

// What was read once is read the same again; limits and findings have had their turn.
Tree Fold::read() const {
  constexpr std::size_t any = 1u << 30;
  const Limits limits{any, any, any, any, any, any, any};
  auto arena = std::make_shared<Arena>();
  diag::Sink told;
  const Piece piece{file_, text_, begin_, end_, false};
  const Built built = build(piece, limits, *arena, told);
  return {built.root, std::move(arena)};
}

const Node& Fold::find(const Node& folded) {
  static const Node nothing{};
  std::call_once(once_, [this] {
    tree_ = read();
    known_ = true;
  });
  const Node* found = tree_.root ? find_place(*tree_.root, folded) : nullptr;
  return found ? *found : nothing;
}

}  // namespace gw::yaml
