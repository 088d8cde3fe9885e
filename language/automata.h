// Many literals and regular expressions as one finite automaton: which sets of them can match at once, and the shortest
// text that shows each set. Texts of one set are alike to every rule that tests nothing else, so one of them stands for
// all.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/syntax.h"

namespace gw::language {

using TestId = std::uint32_t;

enum class Where : std::uint8_t {
  whole,     // the expression matches the whole text
  start,     // a prefix of the text
  anywhere,  // some part of the text
};

struct TextClass {
  std::vector<TestId> hits;           // ascending: every test that the class passes
  std::vector<std::string> examples;  // shortest first, at least one; more where the class has differently built texts
};

struct Exploration {
  std::vector<TextClass> classes;  // in the order of their shortest example (length, then text)
  bool complete = true;            // false: the automaton outgrew its limit; the classes found so far
  std::size_t states = 0;
};

class Automaton {
 public:
  explicit Automaton(const ByteSet& alphabet);

  // Each call adds one yes-or-no test and returns its number, counting from 0.
  TestId add_equal(std::string_view literal);
  TestId add_prefix(std::string_view literal);  // the text begins with it
  // Adds an expression as a test of its own; `where`: it must match the whole text, from its start, or anywhere.
  TestId add_regex(const Syntax& syntax, Where where);

  // Every class of texts over the alphabet that begin with `first`. Looks at most at `limit` states.
  Exploration explore(std::string_view first, std::size_t limit = 20000) const;

  // The tests that one text passes; works for bytes outside the alphabet too.
  std::vector<TestId> matches(std::string_view text) const;

  // States of the nondeterministic automaton, for limits.
  std::size_t size() const { return states_.size(); }

 private:
  using StateId = std::uint32_t;
  static constexpr TestId nobody = ~TestId{0};

  enum class Kind : std::uint8_t {
    step,   // consumes one byte of `set`
    trie,   // consumes one byte along `edges`
    split,  // goes on to `next`, at no cost
    begin,  // only at the start of the text
    end,    // only at the end of the text
    found,  // the test holds, whatever follows
    whole,  // the test holds if the text ends here
  };
  struct State {
    Kind kind = Kind::split;
    TestId owner = nobody;
    std::uint32_t set = 0;                                 // step: index into sets_
    std::vector<StateId> next;                             // step: one; split, begin, end: any number
    std::vector<std::pair<unsigned char, StateId>> edges;  // trie
  };
  using Subset = std::vector<StateId>;  // ascending

  class Search;

  StateId add_state(Kind kind, TestId owner);
  StateId add_step(const ByteSet& set, TestId owner);
  StateId trie_at(std::string_view literal);
  // The state from which `node` leads to `then`.
  StateId compile(const Syntax& syntax, std::size_t node, StateId then, TestId owner);
  StateId compile_repeat(const Syntax& syntax, const Syntax::Node& node, StateId then, TestId owner);

  Subset start() const;
  Subset closure(const std::vector<StateId>& from, bool at_start, bool at_end) const;
  Subset step(const Subset& from, unsigned char byte) const;
  std::vector<TestId> hits(const Subset& at, bool at_start) const;
  // One byte for each set of bytes that no state tells apart, pleasant ones first.
  std::vector<unsigned char> representatives() const;

  ByteSet alphabet_;
  std::vector<State> states_;
  std::vector<ByteSet> sets_;
  std::vector<StateId> roots_;
  StateId trie_root_ = 0;
  TestId tests_ = 0;
  // Which states the closure at hand has seen: marks_[state] == round_. Scratch, so one thread at a time.
  mutable std::vector<std::uint32_t> marks_;
  mutable std::uint32_t round_ = 0;
};

}  // namespace gw::language
