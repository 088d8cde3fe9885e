// Languages of texts by derivatives: what may still follow once a byte is read. Terms are kept once each, so that equal
// ones are the same number, and hold unions, intersections and complements, which is how look-aheads are decided.
#pragma once
#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "language/syntax.h"

namespace gw::language {

using Term = std::uint32_t;

class Terms {
 public:
  static constexpr Term never = 0;  // no text
  static constexpr Term done = 1;   // the empty text
  static constexpr Term all = 2;    // every text

  Terms();

  // The texts that begin (`all`) or are (`done`) a match of `syntax`, or with any term behind it. `syntax` must outlive
  // this object.
  Term of(const Syntax& syntax, Term then);
  Term any_of(std::vector<Term> terms);  // the union
  Term all_of(std::vector<Term> terms);  // the intersection
  Term no(Term term);                    // the complement

  // What may follow after `byte`; at_start: nothing was read yet, so that '^' holds.
  Term after(Term term, unsigned char byte, bool at_start);
  bool ends(Term term, bool at_start);  // does the empty text belong to it?

  // Too much was asked: answers cannot be trusted any more.
  bool exhausted() const { return steps_ > max_steps || terms_.size() > max_terms; }

  // Sets of bytes that some added syntax looks at.
  const std::vector<ByteSet>& sets() const { return sets_; }

  enum class Kind : std::uint8_t { never, done, all, node, any_of, all_of, no, close };
  struct Entry {
    Kind kind = Kind::never;
    std::uint32_t syntax = 0, node = 0;  // node: in which syntax
    std::uint32_t least = 0, most = 0;   // node of Kind::repeat: what remains
    Term next = never;                   // node, no, close
    std::vector<Term> of;                // any_of, all_of: ascending
    auto operator<=>(const Entry&) const = default;
  };
  static constexpr std::uint32_t unlimited = ~std::uint32_t{0};

  // For Substitution, which follows terms itself.
  const Entry& entry(Term term) const { return *terms_[term]; }
  const Syntax::Node& node(const Entry& entry) const { return syntaxes_[entry.syntax]->nodes[entry.node]; }
  // The texts of a node of a syntax, with `then` behind them.
  Term follow(std::uint32_t syntax, std::size_t node, Term then);
  // What remains of a repetition: `least` to `most` times more.
  Term repeat(const Entry& of, std::uint32_t least, std::uint32_t most);
  Term close(std::uint32_t group, Term then);  // the end of a group, then `then`
  void count_step() { ++steps_; }              // towards exhausted()

 private:
  static constexpr std::size_t max_steps = 12000, max_terms = 12000;

  Term keep(Entry entry);
  Term joined(Kind kind, std::vector<Term> terms);
  Term derive(Term term, unsigned char byte, bool at_start);
  Term derive_node(const Entry& entry, unsigned char byte, bool at_start);
  bool nullable(Term term, bool at_start);
  bool nullable_node(const Entry& entry, bool at_start);

  std::vector<const Syntax*> syntaxes_;
  std::map<Entry, Term> known_;
  std::vector<const Entry*> terms_;  // keys of known_, which stay where they are
  std::vector<ByteSet> sets_;
  std::unordered_map<std::uint64_t, Term> derived_;
  std::vector<Term> open_;  // what is being derived: a loop that reads nothing adds nothing
  std::size_t steps_ = 0;
};

}  // namespace gw::language
