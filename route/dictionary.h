// One hash table for every look-up by text: (scope, text) -> number. Hosts, exact paths and trie edges all live in it,
// so a table of 100,000 routes is a few flat arrays.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

class Dictionary {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // The number of (scope, text); `fresh` is stored when it is new.
  std::uint32_t insert(std::uint32_t scope, std::string_view text, std::uint32_t fresh) {
    if ((slots_used_ + 1) * 2 > slots_.size()) grow();
    const std::size_t full = hash(scope, text);
    Slot& slot = slots_[probe(full, scope, text)];
    if (slot.value != none) return slot.value;
    slot = {scope, fresh, tag(full), static_cast<std::uint32_t>(texts_.size()),
            static_cast<std::uint32_t>(text.size())};
    texts_.append(text);
    ++slots_used_;
    return fresh;
  }

  // `none` where the text is not there in this scope.
  std::uint32_t find(std::uint32_t scope, std::string_view text) const {
    return slots_.empty() ? none : slots_[probe(hash(scope, text), scope, text)].value;
  }

  void shrink() { texts_.shrink_to_fit(); }  // gives back room that grew ahead

 private:
  struct Slot {
    std::uint32_t scope = 0, value = none, tag = 0, begin = 0, size = 0;
  };
  static std::size_t hash(std::uint32_t scope, std::string_view text) {
    return std::hash<std::string_view>{}(text) ^ (scope * 0x9E3779B97F4A7C15u);
  }
  // A second piece of the hash, so that a neighbour's text is not fetched to see that it differs.
  static std::uint32_t tag(std::size_t full) { return static_cast<std::uint32_t>(full >> 32); }
  std::string_view text(const Slot& slot) const { return std::string_view(texts_).substr(slot.begin, slot.size); }

  // The slot that holds the key, or the free one where it belongs.
  std::size_t probe(std::size_t full, std::uint32_t scope, std::string_view key) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = full & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.value == none || (slot.tag == tag(full) && slot.scope == scope && text(slot) == key)) return at;
    }
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.value != none) slots_[probe(hash(slot.scope, text(slot)), slot.scope, text(slot))] = slot;
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t slots_used_ = 0;
  std::string texts_;
};

}  // namespace gw::route
