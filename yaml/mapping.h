// The entries of one mapping in the making: duplicate keys are found, merges ("<<") are applied in Go's order.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "diag/diagnostic.h"
#include "yaml/node.h"

namespace gw::yaml {

class MappingEntries {
 public:
  explicit MappingEntries(diag::Sink& sink) : sink_(sink) {}

  // `type`: how Go types the key (two keys of one text but different types, 1 and "1", are not duplicates to it).
  // A duplicate is reported and refused (false).
  bool set(const Entry& entry, Kind type);
  // Copies the entries of a merged mapping over what is there, as Go does.
  void merge(const Node& mapping, const Node& merge_key);

  std::span<const Entry> entries() const { return entries_; }
  void clear();  // ready for another mapping

 private:
  struct Origin {
    Kind type;
    bool merged;
  };
  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t find(std::string_view key) const;
  void append(const Entry& entry, Origin origin);

  diag::Sink& sink_;
  std::vector<Entry> entries_;
  std::vector<Origin> origins_;
  std::unordered_map<std::string_view, std::size_t> index_;  // only used from `indexed` entries on
};

}  // namespace gw::yaml
