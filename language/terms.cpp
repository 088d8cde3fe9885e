#include "language/terms.h"

#include <algorithm>

namespace gw::language {
namespace {

// Deeper than any pattern that people write; beyond it the answer is "too much".
constexpr std::size_t max_open = 1500;

}  // namespace

Terms::Terms() {
  for (const Kind kind : {Kind::never, Kind::done, Kind::all}) {
    Entry entry;
    entry.kind = kind;
    keep(std::move(entry));
  }
}

Term Terms::keep(Entry entry) {
  const auto [at, fresh] = known_.try_emplace(std::move(entry), static_cast<Term>(terms_.size()));
  if (fresh) terms_.push_back(&at->first);
  return at->second;
}

Term Terms::of(const Syntax& syntax, Term then) {
  auto at = std::find(syntaxes_.begin(), syntaxes_.end(), &syntax);
  if (at == syntaxes_.end()) {
    at = syntaxes_.insert(at, &syntax);
    for (const Syntax::Node& node : syntax.nodes)
      if (node.kind == Syntax::Kind::bytes && std::find(sets_.begin(), sets_.end(), node.bytes) == sets_.end())
        sets_.push_back(node.bytes);
  }
  return follow(static_cast<std::uint32_t>(at - syntaxes_.begin()), syntax.root, then);
}

Term Terms::follow(std::uint32_t syntax, std::size_t index, Term then) {
  if (then == never) return never;
  const Syntax::Node& node = syntaxes_[syntax]->nodes[index];
  if (node.kind == Syntax::Kind::empty) return then;
  if (node.kind == Syntax::Kind::sequence) {
    for (auto part = node.of.rbegin(); part != node.of.rend(); ++part) then = follow(syntax, *part, then);
    return then;
  }
  Entry entry;
  entry.kind = Kind::node;
  entry.syntax = syntax;
  entry.node = static_cast<std::uint32_t>(index);
  if (node.kind == Syntax::Kind::repeat) {
    entry.least = node.least;
    entry.most = node.most == 0 ? unlimited : node.most;
  }
  entry.next = then;
  return keep(std::move(entry));
}

Term Terms::repeat(const Entry& of, std::uint32_t least, std::uint32_t most) {
  if (most == 0) return of.next;
  Entry entry = of;
  entry.least = least;
  entry.most = most;
  return keep(std::move(entry));
}

Term Terms::close(std::uint32_t group, Term then) {
  Entry entry;
  entry.kind = Kind::close;
  entry.node = group;
  entry.next = then;
  return keep(std::move(entry));
}

// Unions and intersections flat, sorted and without what changes nothing.
Term Terms::joined(Kind kind, std::vector<Term> terms) {
  const Term neutral = kind == Kind::any_of ? never : all, final = kind == Kind::any_of ? all : never;
  std::vector<Term> flat;
  for (const Term term : terms) {
    if (term == final) return final;
    if (term == neutral) continue;
    if (terms_[term]->kind == kind)
      flat.insert(flat.end(), terms_[term]->of.begin(), terms_[term]->of.end());
    else
      flat.push_back(term);
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  for (const Term term : flat)
    if (terms_[term]->kind == Kind::no && std::binary_search(flat.begin(), flat.end(), terms_[term]->next))
      return final;
  if (flat.empty()) return neutral;
  if (flat.size() == 1) return flat.front();
  Entry entry;
  entry.kind = kind;
  entry.of = std::move(flat);
  return keep(std::move(entry));
}

Term Terms::any_of(std::vector<Term> terms) {
  return joined(Kind::any_of, std::move(terms));
}
Term Terms::all_of(std::vector<Term> terms) {
  return joined(Kind::all_of, std::move(terms));
}

Term Terms::no(Term term) {
  if (term == never) return all;
  if (term == all) return never;
  if (terms_[term]->kind == Kind::no) return terms_[term]->next;
  Entry entry;
  entry.kind = Kind::no;
  entry.next = term;
  return keep(std::move(entry));
}

Term Terms::after(Term term, unsigned char byte, bool at_start) {
  if (term <= all) return term == all ? all : never;
  const std::uint64_t key = std::uint64_t{term} << 9 | std::uint64_t{byte} << 1 | (at_start ? 1 : 0);
  if (const auto known = derived_.find(key); known != derived_.end()) return known->second;
  if (exhausted()) return never;
  ++steps_;
  open_.clear();
  const Term out = derive(term, byte, at_start);
  derived_.emplace(key, out);
  return out;
}

bool Terms::ends(Term term, bool at_start) {
  open_.clear();
  return nullable(term, at_start);
}

Term Terms::derive(Term term, unsigned char byte, bool at_start) {
  if (term == all) return all;
  if (term <= done) return never;
  ++steps_;
  if (open_.size() > max_open) steps_ = max_steps + 1;
  if (exhausted() || std::find(open_.begin(), open_.end(), term) != open_.end()) return never;
  const Entry& entry = *terms_[term];
  open_.push_back(term);
  Term out = never;
  switch (entry.kind) {
    case Kind::node:
      out = derive_node(entry, byte, at_start);
      break;
    case Kind::any_of:
    case Kind::all_of: {
      std::vector<Term> parts;
      for (const Term part : entry.of) parts.push_back(derive(part, byte, at_start));
      out = joined(entry.kind, std::move(parts));
      break;
    }
    case Kind::no:
      out = no(derive(entry.next, byte, at_start));
      break;
    case Kind::close:
      out = derive(entry.next, byte, at_start);
      break;
    case Kind::never:
    case Kind::done:
    case Kind::all:
      break;
  }
  open_.pop_back();
  return out;
}

Term Terms::derive_node(const Entry& entry, unsigned char byte, bool at_start) {
  const Syntax::Node& what = node(entry);
  switch (what.kind) {
    case Syntax::Kind::bytes:
      return what.bytes[byte] ? entry.next : never;
    case Syntax::Kind::empty:
    case Syntax::Kind::sequence:
    case Syntax::Kind::group:
      return derive(follow(entry.syntax, what.kind == Syntax::Kind::group ? what.of.front() : entry.node, entry.next),
                    byte, at_start);
    case Syntax::Kind::choice: {
      std::vector<Term> branches;
      for (const std::size_t branch : what.of)
        branches.push_back(derive(follow(entry.syntax, branch, entry.next), byte, at_start));
      return any_of(std::move(branches));
    }
    case Syntax::Kind::repeat: {
      const std::uint32_t less = entry.least == 0 ? 0 : entry.least - 1;
      const std::uint32_t fewer = entry.most == unlimited ? unlimited : entry.most - 1;
      std::vector<Term> ways{derive(follow(entry.syntax, what.of.front(), repeat(entry, less, fewer)), byte, at_start)};
      if (entry.least == 0) ways.push_back(derive(entry.next, byte, at_start));
      return any_of(std::move(ways));
    }
    case Syntax::Kind::begin:
      return at_start ? derive(entry.next, byte, at_start) : never;
    case Syntax::Kind::end:
      return never;
    case Syntax::Kind::look: {
      const Term seen = derive(follow(entry.syntax, what.of.front(), all), byte, at_start);
      return all_of({derive(entry.next, byte, at_start), what.negative ? no(seen) : seen});
    }
  }
  return never;
}

bool Terms::nullable(Term term, bool at_start) {
  if (term == all || term == done) return true;
  if (term == never) return false;
  ++steps_;
  if (open_.size() > max_open) steps_ = max_steps + 1;
  if (exhausted() || std::find(open_.begin(), open_.end(), term) != open_.end()) return false;
  const Entry& entry = *terms_[term];
  open_.push_back(term);
  bool out = false;
  switch (entry.kind) {
    case Kind::node:
      out = nullable_node(entry, at_start);
      break;
    case Kind::any_of:
      out = std::any_of(entry.of.begin(), entry.of.end(), [&](Term part) { return nullable(part, at_start); });
      break;
    case Kind::all_of:
      out = std::all_of(entry.of.begin(), entry.of.end(), [&](Term part) { return nullable(part, at_start); });
      break;
    case Kind::no:
      out = !nullable(entry.next, at_start);
      break;
    case Kind::close:
      out = nullable(entry.next, at_start);
      break;
    case Kind::never:
    case Kind::done:
    case Kind::all:
      break;
  }
  open_.pop_back();
  return out;
}

bool Terms::nullable_node(const Entry& entry, bool at_start) {
  const Syntax::Node& what = node(entry);
  switch (what.kind) {
    case Syntax::Kind::bytes:
      return false;
    case Syntax::Kind::empty:
    case Syntax::Kind::sequence:
    case Syntax::Kind::end:
      return nullable(entry.next, at_start);
    case Syntax::Kind::group:
      return nullable(follow(entry.syntax, what.of.front(), entry.next), at_start);
    case Syntax::Kind::choice:
      return std::any_of(what.of.begin(), what.of.end(), [&](std::size_t branch) {
        return nullable(follow(entry.syntax, branch, entry.next), at_start);
      });
    case Syntax::Kind::repeat: {
      if (entry.least == 0 && nullable(entry.next, at_start)) return true;
      const std::uint32_t less = entry.least == 0 ? 0 : entry.least - 1;
      const std::uint32_t fewer = entry.most == unlimited ? unlimited : entry.most - 1;
      return nullable(follow(entry.syntax, what.of.front(), repeat(entry, less, fewer)), at_start);
    }
    case Syntax::Kind::begin:
      return at_start && nullable(entry.next, at_start);
    case Syntax::Kind::look: {
      const bool seen = nullable(follow(entry.syntax, what.of.front(), all), at_start);
      return seen != what.negative && nullable(entry.next, at_start);
    }
  }
  return false;
}

}  // namespace gw::language
