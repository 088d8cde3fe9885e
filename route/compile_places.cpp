// Where a request finds the matches of its host: chains at the nodes of a trie, expressions in a list, all in rank
// order.
#include <algorithm>

#include "route/compiler.h"
#include "route/names.h"
#include "route/target.h"

namespace gw::route {

std::uint32_t Compiler::new_node() {
  out_.chains.emplace_back();
  return next_scope_++;
}

// The table of a name and, behind it, those of routes that claim it more loosely.
std::uint32_t Compiler::host_table(std::uint32_t bucket, const std::string& host, std::uint32_t claimed) {
  const auto fresh = static_cast<std::uint32_t>(out_.host_tables.size());
  std::uint32_t table = out_.names.insert(out_.buckets[bucket].hosts, name_key(host), fresh);
  if (table == fresh) out_.host_tables.emplace_back();
  while (out_.host_tables[table].looseness < claimed) {
    const std::uint32_t next = out_.host_tables[table].looser;
    if (next == Entry::none || out_.host_tables[next].looseness > claimed) {
      const auto added = static_cast<std::uint32_t>(out_.host_tables.size());
      out_.host_tables.emplace_back();
      out_.host_tables[added].looseness = claimed;
      out_.host_tables[added].looser = next;
      out_.host_tables[table].looser = added;
    }
    table = out_.host_tables[table].looser;
  }
  return table;
}

// The trie node or exact path a literal match belongs to. Scopes from node_base_ on are numbers of chains.
std::uint32_t Compiler::node_of(HostTable& table, const Match& match) {
  if (match.rank.kind == PathKind::exact) {
    table.has_exact = true;
    return child(table.exact, match.path);
  }
  std::uint32_t node = table.root;
  std::string_view path = match.path;
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size() == path.size() ? segment.size() : segment.size() + 1);
    node = child(node, segment);
  }
  return node;
}

std::uint32_t Compiler::child(std::uint32_t node, std::string_view text) {
  const std::uint32_t found = out_.names.insert(node, text, next_scope_);
  return found == next_scope_ ? new_node() : found;
}

Entry Compiler::entry_of(const Match& match) {
  Entry entry{match.action, match.conditions, 0, 0};
  if (match.rank.kind == PathKind::prefix) {
    entry.prefix_begin = prefix_text(match);
    entry.prefix_size = static_cast<std::uint32_t>(match.path.size());
  }
  return entry;
}

// A match may hang on many hosts; its text is kept once.
std::uint32_t Compiler::prefix_text(const Match& match) {
  const std::size_t number = static_cast<std::size_t>(&match - matches_.data());
  prefixes_.resize(matches_.size(), Entry::none);
  if (prefixes_[number] == Entry::none) {
    prefixes_[number] = static_cast<std::uint32_t>(out_.texts.size());
    out_.texts += match.path;
  }
  return prefixes_[number];
}

void Compiler::place() {
  std::vector<std::uint32_t> order(matches_.size()), position(matches_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return matches_[a].rank < matches_[b].rank; });
  for (std::uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  std::sort(placed_.begin(), placed_.end(), [&](const Placed& a, const Placed& b) {
    return std::pair(a.host_table, position[a.match]) < std::pair(b.host_table, position[b.match]);
  });
  out_.node_base = next_scope_;
  for (HostTable& table : out_.host_tables) {
    table.exact = new_node();
    table.root = new_node();
  }
  fill_chains();
  add_regexes();
  std::vector<bool> listed(out_.actions.size());
  for (std::uint32_t i : order)
    if (const std::uint32_t action = matches_[i].action; !listed[action]) {
      listed[action] = true;
      out_.precedence.push_back(action);
    }
}

// Counting sort: literal matches by node, rank order kept.
void Compiler::fill_chains() {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> literal;  // node, match
  for (const Placed& placed : placed_)
    if (const Match& match = matches_[placed.match]; match.rank.kind != PathKind::regex)
      literal.emplace_back(node_of(out_.host_tables[placed.host_table], match) - out_.node_base, placed.match);
  for (const auto& [node, match] : literal) ++out_.chains[node].end;
  std::uint32_t at = 0;
  for (Chain& chain : out_.chains) {
    const std::uint32_t count = chain.end;
    chain = {at, at};
    at += count;
  }
  out_.entries.resize(at);
  for (const auto& [node, match] : literal) out_.entries[out_.chains[node].end++] = entry_of(matches_[match]);
}

void Compiler::add_regexes() {
  for (const Placed& placed : placed_) {
    const Match& match = matches_[placed.match];
    if (match.rank.kind != PathKind::regex) continue;
    HostTable& table = out_.host_tables[placed.host_table];
    const auto at = static_cast<std::uint32_t>(out_.regexes.size());
    if (table.regex_begin == table.regex_end) table.regex_begin = at;
    out_.regexes.push_back({regex(match.path), entry_of(match)});
    table.regex_end = at + 1;
  }
  for (HostTable& table : out_.host_tables) {
    if (table.regex_end - table.regex_begin < many_regexes) continue;
    auto set = std::make_unique<RE2::Set>(RE2::DefaultOptions, RE2::ANCHOR_BOTH);
    for (std::uint32_t i = table.regex_begin; i < table.regex_end; ++i)
      set->Add(out_.regexes[i].regex->pattern(), nullptr);
    if (set->Compile()) table.set = std::move(set);
  }
}

}  // namespace gw::route
