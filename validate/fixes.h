// Safe repairs of findings, as data: what to write where. Safe means that the object says what it meant before, or what
// the API server reads already.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "diag/diagnostic.h"

namespace gw::validate {

enum class Repair : std::uint8_t {
  none,
  replace,       // the span by `text`
  quote,         // the plain scalar as it stands gets quotes
  unquote,       // the quoted scalar loses them
  remove_item,   // the same for an item of a list with its dash
  remove_lines,  // the lines from the span's first to its last, where nothing else stands on them
  insert         // `text` before the span's line, with that line's indentation
};

struct Edit {
  diag::Span span;
  Repair repair = Repair::replace;
  std::string text;
};

class Fixes {
 public:
  // Remembers what repairs the finding.
  void add(const diag::Diagnostic& finding, std::vector<Edit> edits);
  // Null when a finding has no safe repair.
  const std::vector<Edit>* find(const diag::Diagnostic& finding) const;

 private:
  using Key = std::tuple<diag::FileId, std::uint32_t, std::uint32_t, std::string, std::string, std::string>;
  static Key key(const diag::Diagnostic& finding);
  std::map<Key, std::vector<Edit>> edits_;
};

// A piece of a text and what comes in its place.
struct Replacement {
  std::uint32_t begin = 0, end = 0;
  std::string text;
  auto operator<=>(const Replacement&) const = default;
};

// What an edit means in a text; begin == end and an empty text when it cannot be done there (other things stand on the
// lines to remove, the scalar has several lines).
Replacement resolve(const Edit& edit, std::string_view text);

// The text with the replacements made. They must be sorted; of two that overlap the second is left out.
std::string replace(std::string_view text, const std::vector<Replacement>& replacements);

}  // namespace gw::validate
