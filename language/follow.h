// A substitution followed byte by byte: the ways in which PCRE could still match, the preferred one first, each with
// the places of its groups as far as they tell what is made of the path.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "language/paths.h"
#include "language/terms.h"

namespace gw::language {

class Follower {
 public:
  // A place in the path: up to `known` bytes it is counted from the start, beyond from the byte that was read last.
  using Place = std::int16_t;
  static constexpr Place nowhere = -1, unknown = -2, here = -10;

  struct Thread {
    Term at = 0;
    std::vector<Place> places;  // two a group: where it begins and ends
    Term must = Terms::all;     // what look-aheads demand of the rest
    auto operator<=>(const Thread&) const = default;
  };
  using State = std::vector<Thread>;

  // `search` is the syntax of `to.search`, in `terms`.
  Follower(Terms& terms, const Syntax& search, const Substitution& to, std::size_t known);

  State start() const;  // before the first byte
  // Too many ways at once make `failed`.
  State step(const State& from, unsigned char byte, std::size_t position);
  bool failed() const { return failed_; }

  // What is made of a path that ends here: `head`, then, if `rest`, what follows `known` bytes, then `tail`.
  struct Made {
    std::string head, tail;
    bool rest = false;
    bool operator==(const Made&) const = default;
  };
  // text: the path's first bytes, at most `known`; longer: there is more. Nothing when no such form says it.
  std::optional<Made> made(const State& at, std::size_t position, std::string_view text, bool longer);
  // Does the expression match a path that ends here?
  bool matches(const State& at, std::size_t position) { return best(at, position).has_value(); }

 private:
  struct Way {
    const ByteSet* bytes = nullptr;  // null: the match is complete
    Term next = 0;
    std::vector<Place> places;
    Term must = Terms::all;
  };
  std::vector<Way> ways(const State& from, std::size_t position, bool at_end);
  void expand(Term term, std::vector<Place> places, Term must);
  void expand_node(Term term, const Terms::Entry& entry, std::vector<Place> places, Term must);
  std::optional<std::vector<Place>> best(const State& at, std::size_t position);
  void mark(std::vector<Place>& places, std::size_t index) const;
  bool append(Made& made, Place from, Place to, std::string_view text, bool longer) const;

  Terms& terms_;
  const Substitution& to_;
  std::size_t known_;
  std::vector<bool> used_;
  Term root_ = Terms::never;
  // Of the expansion at hand.
  std::size_t position_ = 0;
  bool at_end_ = false, failed_ = false;
  std::vector<Way>* found_ = nullptr;
  std::vector<Term> open_;
};

}  // namespace gw::language
