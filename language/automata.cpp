// Thompson's construction, the subset construction on demand, and a breadth-first search over its states.
#include "language/automata.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace gw::language {
namespace {

// An expression such as (a{1000}){1000} is refused by growing past this.
constexpr std::size_t max_states = 200000;
// Differently built texts kept for each class: rewrites may treat "/a", "/a/" and "/a/b" apart inside one.
constexpr std::size_t max_examples = 4;
// Appended to a shortest example to see whether a longer text of the class is treated alike.
constexpr std::array<std::string_view, 6> tails = {"x", "/", "/x", "x/y", "/x/y1", "-z9/w_v"};
// Bytes that read well in a witness, best first; all others follow in their order.
constexpr std::string_view pleasant = "xyz/abcdefghijklmnopqrstuvw0123456789-_.XABCDEFGHIJKLMNOPQRSTUVWYZ";

struct SubsetHash {
  std::size_t operator()(const std::vector<std::uint32_t>& subset) const {
    std::size_t hash = subset.size();
    for (std::uint32_t state : subset) hash = (hash ^ state) * 0x9E3779B97F4A7C15ULL + (hash >> 29);
    return hash;
  }
};

}  // namespace

Automaton::Automaton(const ByteSet& alphabet) : alphabet_(alphabet) {
  trie_root_ = add_state(Kind::trie, nobody);
  roots_.push_back(trie_root_);
}

Automaton::StateId Automaton::add_state(Kind kind, TestId owner) {
  State state;
  state.kind = kind;
  state.owner = owner;
  states_.push_back(std::move(state));
  return static_cast<StateId>(states_.size() - 1);
}

Automaton::StateId Automaton::add_step(const ByteSet& set, TestId owner) {
  const auto known = std::find(sets_.begin(), sets_.end(), set);
  const auto index = static_cast<std::uint32_t>(known - sets_.begin());
  if (known == sets_.end()) sets_.push_back(set);
  const StateId id = add_state(Kind::step, owner);
  states_[id].set = index;
  return id;
}

// Literals share a trie. A trie state may also go on to `next` at no cost: the tests that end there.
Automaton::StateId Automaton::trie_at(std::string_view literal) {
  StateId at = trie_root_;
  for (char c : literal) {
    const auto byte = static_cast<unsigned char>(c);
    const auto& edges = states_[at].edges;
    const auto edge = std::find_if(edges.begin(), edges.end(), [&](const auto& e) { return e.first == byte; });
    if (edge != edges.end()) {
      at = edge->second;
      continue;
    }
    const StateId child = add_state(Kind::trie, nobody);
    states_[at].edges.emplace_back(byte, child);
    at = child;
  }
  return at;
}

TestId Automaton::add_equal(std::string_view literal) {
  const TestId test = tests_++;
  const StateId at = trie_at(literal);
  const StateId accept = add_state(Kind::whole, test);
  states_[at].next.push_back(accept);
  return test;
}

TestId Automaton::add_prefix(std::string_view literal) {
  const TestId test = tests_++;
  const StateId at = trie_at(literal);
  const StateId accept = add_state(Kind::found, test);
  states_[at].next.push_back(accept);
  return test;
}

TestId Automaton::add_regex(const Syntax& syntax, Where where) {
  const TestId test = tests_++;
  const StateId accept = add_state(where == Where::whole ? Kind::whole : Kind::found, test);
  const StateId first = compile(syntax, syntax.root, accept, test);
  if (where != Where::anywhere) {
    roots_.push_back(first);
    return test;
  }
  const StateId again = add_state(Kind::split, test);
  const StateId any = add_step(~ByteSet{}, test);
  states_[any].next = {again};
  states_[again].next = {first, any};
  roots_.push_back(again);
  return test;
}

Automaton::StateId Automaton::compile(const Syntax& syntax, std::size_t index, StateId then, TestId owner) {
  const Syntax::Node& node = syntax.nodes[index];
  switch (node.kind) {
    case Syntax::Kind::empty:
      return then;
    case Syntax::Kind::bytes: {
      const StateId step = add_step(node.bytes, owner);
      states_[step].next = {then};
      return step;
    }
    case Syntax::Kind::sequence:
      for (auto part = node.of.rbegin(); part != node.of.rend(); ++part) then = compile(syntax, *part, then, owner);
      return then;
    case Syntax::Kind::choice: {
      std::vector<StateId> branches;
      for (std::size_t branch : node.of) branches.push_back(compile(syntax, branch, then, owner));
      const StateId split = add_state(Kind::split, owner);
      states_[split].next = std::move(branches);
      return split;
    }
    case Syntax::Kind::repeat:
      return compile_repeat(syntax, node, then, owner);
    case Syntax::Kind::group:
      return compile(syntax, node.of.front(), then, owner);
    case Syntax::Kind::look:  // parse_regex makes none
      return then;
    case Syntax::Kind::begin:
    case Syntax::Kind::end: {
      const StateId guard = add_state(node.kind == Syntax::Kind::begin ? Kind::begin : Kind::end, owner);
      states_[guard].next = {then};
      return guard;
    }
  }
  return then;
}

Automaton::StateId Automaton::compile_repeat(const Syntax& syntax, const Syntax::Node& node, StateId then,
                                             TestId owner) {
  const std::size_t inner = node.of.front();
  StateId at = then;
  if (node.most == 0) {
    const StateId loop = add_state(Kind::split, owner);
    const StateId body = compile(syntax, inner, loop, owner);
    states_[loop].next = {body, then};
    at = loop;
  }
  for (unsigned count = node.least; count < node.most && states_.size() < max_states; ++count) {
    const StateId body = compile(syntax, inner, at, owner);
    const StateId split = add_state(Kind::split, owner);
    states_[split].next = {body, then};
    at = split;
  }
  for (unsigned count = 0; count < node.least && states_.size() < max_states; ++count)
    at = compile(syntax, inner, at, owner);
  return at;
}

// Follows what costs nothing and keeps what waits: bytes to consume, the end of the text, results. Once a test is
// found, its other states are dropped: they cannot change anything.
Automaton::Subset Automaton::closure(const std::vector<StateId>& from, bool at_start, bool at_end) const {
  Subset out, open = from;
  marks_.resize(states_.size());
  ++round_;
  std::vector<TestId> found;
  while (!open.empty()) {
    const StateId id = open.back();
    open.pop_back();
    if (marks_[id] == round_) continue;
    marks_[id] = round_;
    const State& state = states_[id];
    switch (state.kind) {
      case Kind::step:
      case Kind::whole:
        out.push_back(id);
        break;
      case Kind::found:
        out.push_back(id);
        found.push_back(state.owner);
        break;
      case Kind::trie:
        out.push_back(id);
        open.insert(open.end(), state.next.begin(), state.next.end());
        break;
      case Kind::split:
        open.insert(open.end(), state.next.begin(), state.next.end());
        break;
      case Kind::begin:
        if (at_start) open.insert(open.end(), state.next.begin(), state.next.end());
        break;
      case Kind::end:
        out.push_back(id);
        if (at_end) open.insert(open.end(), state.next.begin(), state.next.end());
        break;
    }
  }
  if (!found.empty()) {
    std::sort(found.begin(), found.end());
    std::erase_if(out, [&](StateId id) {
      const State& state = states_[id];
      return state.kind != Kind::found && state.owner != nobody &&
             std::binary_search(found.begin(), found.end(), state.owner);
    });
  }
  std::sort(out.begin(), out.end());
  return out;
}

Automaton::Subset Automaton::start() const {
  return closure(roots_, true, false);
}

Automaton::Subset Automaton::step(const Subset& from, unsigned char byte) const {
  std::vector<StateId> reached;
  for (StateId id : from) {
    const State& state = states_[id];
    if (state.kind == Kind::found) reached.push_back(id);
    if (state.kind == Kind::step && sets_[state.set][byte]) reached.push_back(state.next.front());
    if (state.kind == Kind::trie)
      for (const auto& [edge, child] : state.edges)
        if (edge == byte) reached.push_back(child);
  }
  return closure(reached, false, false);
}

std::vector<TestId> Automaton::hits(const Subset& at, bool at_start) const {
  std::vector<TestId> out;
  for (StateId id : closure(at, at_start, true))
    if (states_[id].kind == Kind::found || states_[id].kind == Kind::whole) out.push_back(states_[id].owner);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<TestId> Automaton::matches(std::string_view text) const {
  Subset at = start();
  for (char c : text) at = step(at, static_cast<unsigned char>(c));
  return hits(at, text.empty());
}

std::vector<unsigned char> Automaton::representatives() const {
  std::vector<unsigned char> order;
  for (char c : pleasant) order.push_back(static_cast<unsigned char>(c));
  for (unsigned byte = 0; byte < 256; ++byte)
    if (pleasant.find(static_cast<char>(byte)) == std::string_view::npos)
      order.push_back(static_cast<unsigned char>(byte));
  ByteSet edges;
  for (const State& state : states_)
    for (const auto& edge : state.edges) edges.set(edge.first);
  std::map<std::vector<bool>, unsigned char> known;
  std::vector<unsigned char> out;
  for (unsigned char byte : order) {
    if (!alphabet_[byte]) continue;
    std::vector<bool> signature;
    signature.reserve(sets_.size());
    for (const ByteSet& set : sets_) signature.push_back(set[byte]);
    if (edges[byte] || known.emplace(std::move(signature), byte).second) out.push_back(byte);
  }
  return out;
}

// The breadth-first search: states in the order of the shortest text that reaches them.
class Automaton::Search {
 public:
  Search(const Automaton& automaton, std::size_t limit)
      : automaton_(automaton), limit_(limit), bytes_(automaton.representatives()) {}

  Exploration run(std::string_view first) {
    Subset at = automaton_.start();
    for (char c : first) at = automaton_.step(at, static_cast<unsigned char>(c));
    visit(std::move(at), std::string(first));
    for (std::size_t next = 0; next < queue_.size(); ++next)
      for (unsigned char byte : telling_bytes(*queue_[next].subset)) {
        Subset reached = automaton_.step(*queue_[next].subset, byte);
        visit(std::move(reached), queue_[next].text + static_cast<char>(byte));
      }
    for (TextClass& found : out_.classes) add_tails(found);
    out_.states = queue_.size();
    return std::move(out_);
  }

 private:
  struct Visit {
    const Subset* subset;  // in seen_
    std::string text;
  };

  // Of the bytes, one for each way on from here: most of what tells them apart elsewhere does not matter at this point.
  std::vector<unsigned char> telling_bytes(const Subset& at) const {
    ByteSet edges;
    std::vector<std::uint32_t> sets;
    for (StateId id : at) {
      const State& state = automaton_.states_[id];
      if (state.kind == Kind::step) sets.push_back(state.set);
      for (const auto& edge : state.edges) edges.set(edge.first);
    }
    std::sort(sets.begin(), sets.end());
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
    if (sets.size() > 64) return bytes_;
    std::vector<unsigned char> out;
    std::vector<std::uint64_t> known;
    for (unsigned char byte : bytes_) {
      std::uint64_t signature = 0;
      for (std::size_t i = 0; i < sets.size(); ++i) signature |= std::uint64_t{automaton_.sets_[sets[i]][byte]} << i;
      if (!edges[byte] && std::find(known.begin(), known.end(), signature) != known.end()) continue;
      if (!edges[byte]) known.push_back(signature);
      out.push_back(byte);
    }
    return out;
  }

  void visit(Subset subset, std::string text) {
    if (seen_.contains(subset)) return;
    if (queue_.size() >= limit_) {
      out_.complete = false;
      return;
    }
    const auto entry = seen_.emplace(std::move(subset), true).first;
    std::vector<TestId> hits = automaton_.hits(entry->first, text.empty());
    const auto [known, is_new] = classes_.emplace(hits, out_.classes.size());
    if (is_new) out_.classes.push_back({std::move(hits), {}});
    std::vector<std::string>& examples = out_.classes[known->second].examples;
    if (examples.size() < max_examples) examples.push_back(text);
    queue_.push_back({&entry->first, std::move(text)});
  }

  void add_tails(TextClass& found) const {
    for (std::string_view tail : tails) {
      std::string text = found.examples.front() + std::string(tail);
      const bool known = std::find(found.examples.begin(), found.examples.end(), text) != found.examples.end();
      const bool writable = std::all_of(tail.begin(), tail.end(),
                                        [&](char c) { return automaton_.alphabet_[static_cast<unsigned char>(c)]; });
      if (!known && writable && automaton_.matches(text) == found.hits) found.examples.push_back(std::move(text));
    }
  }

  const Automaton& automaton_;
  std::size_t limit_;
  std::vector<unsigned char> bytes_;
  std::unordered_map<Subset, bool, SubsetHash> seen_;
  std::map<std::vector<TestId>, std::size_t> classes_;
  std::vector<Visit> queue_;
  Exploration out_;
};

Exploration Automaton::explore(std::string_view first, std::size_t limit) const {
  if (states_.size() >= max_states) return {{}, false, 0};
  return Search(*this, limit).run(first);
}

}  // namespace gw::language
