#include "language/dfa.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace gw::language {
namespace {

constexpr std::string_view pleasant = "xyz/abcdefghijklmnopqrstuvw0123456789-_.XABCDEFGHIJKLMNOPQRSTUVWYZ";

const Syntax& any_byte() {
  static const Syntax syntax = [] {
    Syntax out;
    out.nodes.emplace_back();
    out.nodes.back().kind = Syntax::Kind::bytes;
    out.nodes.back().bytes = ~ByteSet{};
    return out;
  }();
  return syntax;
}

// States as they are found: a term and a place each.
struct Built {
  std::vector<std::pair<Term, At>> states;
  std::vector<std::vector<std::uint32_t>> next;
  std::vector<bool> accepts;
};

class Builder {
 public:
  Builder(Terms& terms, const Alphabet& alphabet, bool normal) : terms_(terms), alphabet_(alphabet), normal_(normal) {}

  std::uint32_t add(Term term, At at) {
    const auto [known, fresh] = known_.try_emplace({term, at}, static_cast<std::uint32_t>(out_.states.size()));
    if (fresh) out_.states.emplace_back(term, at);
    return known->second;
  }
  std::optional<Built> build() {
    for (std::size_t i = 0; i < out_.states.size(); ++i) {
      if (out_.states.size() > Dfa::limit || terms_.exhausted()) return std::nullopt;
      const auto [term, at] = out_.states[i];
      std::vector<std::uint32_t> row;
      for (const unsigned char letter : alphabet_.letters) {
        auto to = term == Terms::never ? std::nullopt : step(at, letter);
        if (!normal_ && term != Terms::never) to = At::segment;
        row.push_back(to ? add(terms_.after(term, letter, at == At::nothing), *to) : 0);
      }
      out_.next.push_back(std::move(row));
      out_.accepts.push_back(may_end(at) && terms_.ends(term, false));
    }
    if (terms_.exhausted()) return std::nullopt;
    return std::move(out_);
  }

 private:
  Terms& terms_;
  const Alphabet& alphabet_;
  bool normal_;
  std::map<std::pair<Term, At>, std::uint32_t> known_;
  Built out_;
};

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  a = (a ^ (b + 0x9E3779B97F4A7C15ULL)) * 0xBF58476D1CE4E5B9ULL;
  a = (a ^ (a >> 29)) * 0x94D049BB133111EBULL;
  return a ^ (a >> 32);
}

// Moore: states fall apart until each group goes on alike. Nothing where that takes too long.
std::optional<std::vector<std::uint32_t>> groups_of(const Built& built) {
  constexpr std::size_t most_looks = 400'000;
  std::vector<std::uint32_t> group(built.states.size()), finer(group.size());
  std::unordered_map<std::uint64_t, std::uint32_t> known;  // by a hash of 64 bits over the group and where it leads
  for (std::size_t i = 0; i < group.size(); ++i) group[i] = built.accepts[i] ? 1 : 0;
  std::size_t looks = 0;
  for (std::size_t count = 0;;) {
    known.clear();
    for (std::size_t i = 0; i < group.size(); ++i) {
      std::uint64_t key = mixed(1, group[i]);
      for (const std::uint32_t to : built.next[i]) key = mixed(key, group[to]);
      finer[i] = known.try_emplace(key, static_cast<std::uint32_t>(known.size())).first->second;
      looks += built.next[i].size();
    }
    group.swap(finer);
    if (known.size() == count) return group;
    count = known.size();
    if (looks > most_looks) return std::nullopt;
  }
}

}  // namespace

std::optional<At> step(At at, unsigned char byte) {
  if (byte == '/') return at == At::nothing || at == At::segment ? std::optional(At::slash) : std::nullopt;
  switch (at) {
    case At::nothing:
      return std::nullopt;
    case At::slash:
      return byte == '.' ? At::dot : At::segment;
    case At::dot:
      return byte == '.' ? At::dots : At::segment;
    case At::dots:
    case At::segment:
      return At::segment;
  }
  return std::nullopt;
}

Alphabet alphabet_of(const Terms& terms) {
  std::vector<unsigned char> order;
  for (const char c : pleasant) order.push_back(static_cast<unsigned char>(c));
  for (unsigned byte = 0; byte < 256; ++byte)
    if (canonical_path_bytes()[byte] && pleasant.find(static_cast<char>(byte)) == std::string_view::npos)
      order.push_back(static_cast<unsigned char>(byte));
  Alphabet out;
  std::map<std::vector<bool>, std::size_t> known;
  for (const unsigned char byte : order) {
    std::vector<bool> signature{byte == '/', byte == '.'};
    for (const ByteSet& set : terms.sets()) signature.push_back(set[byte]);
    const auto [at, fresh] = known.try_emplace(std::move(signature), out.letters.size());
    if (fresh) {
      out.letters.push_back(byte);
      out.stands_for.emplace_back();
    }
    out.stands_for[at->second].set(byte);
    if (byte == '/') out.slash = at->second;
  }
  return out;
}

std::optional<Dfa> dfa_of(Terms& terms, Term language, bool normal) {
  const Term any = terms.of(any_byte(), Terms::all);
  Dfa out;
  out.alphabet = alphabet_of(terms);
  Builder builder(terms, out.alphabet, normal);
  const std::uint32_t dead = builder.add(Terms::never, At::segment);
  const std::uint32_t start = builder.add(language, At::nothing), below = builder.add(Terms::all, At::slash),
                      nonempty = builder.add(any, At::slash), bytes = builder.add(Terms::all, At::segment);
  auto built = builder.build();
  if (!built) return std::nullopt;
  const auto groups = groups_of(*built);
  if (!groups) return std::nullopt;
  const auto& group = *groups;
  const std::size_t count = *std::max_element(group.begin(), group.end()) + 1;
  out.next.resize(count);
  out.accepts.resize(count);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!out.next[group[i]].empty()) continue;
    for (const std::uint32_t to : built->next[i]) out.next[group[i]].push_back(group[to]);
    out.accepts[group[i]] = built->accepts[i];
  }
  out.start = group[start];
  out.dead = group[dead];
  out.below = group[below];
  out.nonempty = group[nonempty];
  out.bytes = group[bytes];
  return out;
}

std::optional<std::string> shortest(Terms& terms, Term language) {
  const Alphabet alphabet = alphabet_of(terms);
  struct Visit {
    Term term;
    At at;
    std::string text;
  };
  std::map<std::pair<Term, At>, bool> seen;
  std::vector<Visit> queue{{language, At::nothing, {}}};
  for (std::size_t i = 0; i < queue.size() && i < Dfa::limit; ++i) {
    const Visit visit = queue[i];
    if (may_end(visit.at) && terms.ends(visit.term, false)) return visit.text;
    for (const unsigned char letter : alphabet.letters) {
      const auto at = step(visit.at, letter);
      if (!at) continue;
      const Term term = terms.after(visit.term, letter, visit.at == At::nothing);
      if (term == Terms::never || !seen.try_emplace({term, *at}, true).second) continue;
      queue.push_back({term, *at, visit.text + static_cast<char>(letter)});
    }
    if (terms.exhausted()) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace gw::language
