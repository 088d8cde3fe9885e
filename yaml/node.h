// A located tree of what Kubernetes reads from YAML or JSON. Nodes are plain values in an arena; they never move.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "diag/source.h"

namespace gw::yaml {

enum class Kind : std::uint8_t { null, boolean, integer, unsigned_integer, floating, string, mapping, sequence };

class Node;
class Fold;
struct Entry;  // a key and its value

// 24 bytes. Scalars are resolved (YAML 1.1 as Go's sigs.k8s.io/yaml does); the text as written is in the source at
// span(). What is below a folded mapping or list (yaml/fold.h) is read again when it is first looked at.
class Node {
 public:
  Kind kind() const { return kind_; }
  bool is_map() const { return kind_ == Kind::mapping; }
  bool is_seq() const { return kind_ == Kind::sequence; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_null() const { return kind_ == Kind::null; }
  // An integer or floating.
  bool is_number() const {
    return kind_ == Kind::integer || kind_ == Kind::unsigned_integer || kind_ == Kind::floating;
  }
  bool plain() const { return plain_; }  // a scalar without quotes

  // Preconditions: the kind fits.
  std::string_view string() const { return {text_, size_}; }
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }  // Kind::integer
  std::uint64_t unsigned_integer() const { return static_cast<std::uint64_t>(integer_); }
  double floating() const { return floating_; }
  double number() const;                   // any numeric kind
  std::span<const Entry> entries() const;  // mapping, in source order
  std::span<const Node> items() const;     // sequence
  std::size_t size() const { return size_; }

  // Value of a key, or nullptr (also when this is no mapping).
  const Node* find(std::string_view key) const;
  // The entry of a key, for the span of the key itself.
  const Entry* entry(std::string_view key) const;

  // In its file, if it was read from one.
  diag::Span span() const { return {file_ == unknown_file ? diag::no_file : file_, begin_, end_}; }

 private:
  friend class Builder;
  friend class Fold;
  bool folded() const { return plain_ && (kind_ == Kind::mapping || kind_ == Kind::sequence); }
  const Node& unfolded() const;

  static constexpr diag::FileId unknown_file = (diag::FileId{1} << 28) - 1;
  union {
    const char* text_;
    const Entry* entries_;
    const Node* items_;
    Fold* fold_;  // of a folded node
    std::int64_t integer_ = 0;
    double floating_;
  };
  std::uint32_t size_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  diag::FileId file_ : 28 = unknown_file;
  Kind kind_ : 3 = Kind::null;
  bool plain_ : 1 = true;
};
static_assert(sizeof(Node) == 24);

struct Entry {
  Node key;  // always Kind::string
  Node value;
};

// Of a mapping; none for anything else.
inline std::span<const Entry> Node::entries() const {
  if (kind_ != Kind::mapping) return {};
  if (folded()) return unfolded().entries();
  return {entries_, size_};
}
// Of a list; none for anything else.
inline std::span<const Node> Node::items() const {
  if (folded()) return unfolded().items();
  return {items_, size_};
}

struct Document {
  diag::FileId file = diag::no_file;
  const Node* root = nullptr;
  std::shared_ptr<const void> storage;  // keeps root alive
  std::string_view text;                // of the whole file
  std::uint32_t begin = 0, end = 0;     // where in it the document stands
};

}  // namespace gw::yaml
