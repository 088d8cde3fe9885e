#include "language/follow.h"

#include <algorithm>
#include <set>

namespace gw::language {
namespace {

constexpr std::size_t max_threads = 64, max_open = 1500;
constexpr Follower::Place farthest = Follower::here - 3;

// ".*?" before what may match anywhere.
const Syntax& any_start() {
  static const Syntax syntax = [] {
    Syntax out;
    out.nodes.resize(2);
    out.nodes[0].kind = Syntax::Kind::bytes;
    out.nodes[0].bytes = ~ByteSet{};
    out.nodes[1].kind = Syntax::Kind::repeat;
    out.nodes[1].of = {0};
    out.nodes[1].lazy = true;
    out.root = 1;
    return out;
  }();
  return syntax;
}

}  // namespace

Follower::Follower(Terms& terms, const Syntax& search, const Substitution& to, std::size_t known)
    : terms_(terms), to_(to), known_(known), used_(2 * (std::size_t{search.groups} + 1)) {
  const auto use = [&](std::size_t group) {
    if (2 * group + 1 >= used_.size()) return;
    used_[2 * group] = used_[2 * group + 1] = true;
  };
  if (to.in_place) use(0);
  for (const Part& part : to.parts)
    if (part.group >= 0) use(static_cast<std::size_t>(part.group));
  const Term after = terms_.close(1, to.search.to_end ? Terms::done : Terms::all);
  root_ = terms_.close(0, terms_.of(search, after));
  if (to.search.anywhere) root_ = terms_.of(any_start(), root_);
}

Follower::State Follower::start() const {
  return {{root_, std::vector<Place>(used_.size(), nowhere), Terms::all}};
}

void Follower::mark(std::vector<Place>& places, std::size_t index) const {
  if (used_[index]) places[index] = position_ <= known_ ? static_cast<Place>(position_) : here;
}

std::vector<Follower::Way> Follower::ways(const State& from, std::size_t position, bool at_end) {
  std::vector<Way> out;
  position_ = position;
  at_end_ = at_end;
  found_ = &out;
  for (const Thread& thread : from) {
    open_.clear();
    expand(thread.at, thread.places, thread.must);
    if (out.size() > 4 * max_threads) failed_ = true;
    if (failed_) break;
  }
  return out;
}

void Follower::expand(Term term, std::vector<Place> places, Term must) {
  if (term == Terms::never || must == Terms::never || failed_) return;
  terms_.count_step();
  if (terms_.exhausted() || open_.size() > max_open || found_->size() > 4 * max_threads) {
    failed_ = true;
    return;
  }
  if (term == Terms::all || term == Terms::done) {
    if (term == Terms::all || at_end_) found_->push_back({nullptr, term, std::move(places), must});
    return;
  }
  if (std::find(open_.begin(), open_.end(), term) != open_.end()) return;
  open_.push_back(term);
  const Terms::Entry& entry = terms_.entry(term);
  if (entry.kind == Terms::Kind::close) {
    mark(places, entry.node);
    expand(entry.next, std::move(places), must);
  } else if (entry.kind == Terms::Kind::node) {
    expand_node(term, entry, std::move(places), must);
  }
  open_.pop_back();
}

void Follower::expand_node(Term, const Terms::Entry& entry, std::vector<Place> places, Term must) {
  const Syntax::Node& what = terms_.node(entry);
  switch (what.kind) {
    case Syntax::Kind::bytes:
      found_->push_back({&what.bytes, entry.next, std::move(places), must});
      return;
    case Syntax::Kind::empty:
    case Syntax::Kind::sequence:
      return expand(terms_.follow(entry.syntax, entry.node, entry.next), std::move(places), must);
    case Syntax::Kind::group: {
      const std::uint32_t index = 2 * what.number;
      mark(places, index);
      return expand(terms_.follow(entry.syntax, what.of.front(), terms_.close(index + 1, entry.next)),
                    std::move(places), must);
    }
    case Syntax::Kind::choice:
      for (const std::size_t branch : what.of) expand(terms_.follow(entry.syntax, branch, entry.next), places, must);
      return;
    case Syntax::Kind::repeat: {
      const std::uint32_t less = entry.least == 0 ? 0 : entry.least - 1;
      const std::uint32_t fewer = entry.most == Terms::unlimited ? Terms::unlimited : entry.most - 1;
      const Term again = terms_.follow(entry.syntax, what.of.front(), terms_.repeat(entry, less, fewer));
      if (entry.least == 0 && what.lazy) expand(entry.next, places, must);
      expand(again, places, must);
      if (entry.least == 0 && !what.lazy) expand(entry.next, std::move(places), must);
      return;
    }
    case Syntax::Kind::begin:
      if (position_ == 0) expand(entry.next, std::move(places), must);
      return;
    case Syntax::Kind::end:
      if (at_end_) expand(entry.next, std::move(places), must);
      return;
    case Syntax::Kind::look: {
      const Term seen = terms_.follow(entry.syntax, what.of.front(), Terms::all);
      return expand(entry.next, std::move(places), terms_.all_of({must, what.negative ? terms_.no(seen) : seen}));
    }
  }
}

Follower::State Follower::step(const State& from, unsigned char byte, std::size_t position) {
  State out;
  std::set<std::pair<Term, Term>> seen;
  for (Way& way : ways(from, position, false)) {
    if (way.bytes && !(*way.bytes)[byte]) continue;
    const Term must = terms_.after(way.must, byte, position == 0);
    if (must == Terms::never || seen.contains({way.next, Terms::all})) continue;
    if (!seen.insert({way.next, must}).second) continue;
    for (Place& place : way.places)
      if (place <= here) place = place == farthest ? unknown : static_cast<Place>(place - 1);
    out.push_back({way.next, std::move(way.places), must});
    if (!way.bytes && must == Terms::all) break;
  }
  if (out.size() > max_threads) failed_ = true;
  return out;
}

std::optional<std::vector<Follower::Place>> Follower::best(const State& at, std::size_t position) {
  for (Way& way : ways(at, position, true))
    if (!way.bytes && terms_.ends(way.must, position == 0)) return std::move(way.places);
  return std::nullopt;
}

// A piece of the path. `text` has its first bytes; "rest" begins behind them.
bool Follower::append(Made& made, Place from, Place to, std::string_view text, bool longer) const {
  if (from == nowhere || to == nowhere) return true;
  if (from == to && from != unknown) return true;
  std::string& end = made.rest ? made.tail : made.head;
  if (from < 0) return false;
  if (to >= 0) {
    end += text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
    return true;
  }
  if (to != here || made.rest || !longer) return false;
  made.head += text.substr(static_cast<std::size_t>(from));
  made.rest = true;
  return true;
}

std::optional<Follower::Made> Follower::made(const State& at, std::size_t position, std::string_view text,
                                             bool longer) {
  const auto places = best(at, position);
  if (failed_) return std::nullopt;
  Made out;
  const Place end = longer ? here : static_cast<Place>(position);
  if (!places) return append(out, 0, end, text, longer) ? std::optional(out) : std::nullopt;
  if (to_.in_place && !append(out, 0, (*places)[0], text, longer)) return std::nullopt;
  for (const Part& part : to_.parts) {
    if (part.group < 0) {
      (out.rest ? out.tail : out.head) += part.text;
      continue;
    }
    const auto group = 2 * static_cast<std::size_t>(part.group);
    if (group + 1 < places->size() && !append(out, (*places)[group], (*places)[group + 1], text, longer))
      return std::nullopt;
  }
  if (to_.in_place && !append(out, (*places)[1], end, text, longer)) return std::nullopt;
  return out;
}

}  // namespace gw::language
