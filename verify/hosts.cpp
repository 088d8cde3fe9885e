#include "verify/hosts.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "language/automata.h"

namespace gw::verify {
using namespace language;
namespace {

constexpr std::string_view unknown_host = "unknown.invalid";
constexpr std::size_t full_sni_product = 24;  // names up to which every (SNI, Host) pair is asked

const ByteSet& host_bytes() {
  static const ByteSet set = [] {
    ByteSet out;
    for (char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789-._")) out.set(static_cast<unsigned char>(c));
    return out;
  }();
  return set;
}

// One side's rows by pattern.
class Rows {
 public:
  explicit Rows(const Boundaries& side) : side_(side) {
    for (const HostBoundaries& row : side.hosts) {
      if (row.regex)
        regexes_.push_back(&row);
      else
        by_host_.emplace(row.host, &row);
    }
  }

  // From the most specific pattern to the least; only the first where the side does not fall through.
  void collect(std::string_view host, std::vector<const HostBoundaries*>& out) const {
    std::size_t found = 0;
    const auto add = [&](const std::string& pattern) {
      const auto row = by_host_.find(pattern);
      if (row != by_host_.end() && (side_.falls_through || found == 0)) {
        out.push_back(row->second);
        ++found;
      }
    };
    add(std::string(host));
    out.insert(out.end(), regexes_.begin(), regexes_.end());
    for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      add("*" + std::string(host.substr(dot)));
      if (side_.one_label_wildcards) break;
    }
    add("");
  }

 private:
  const Boundaries& side_;
  std::unordered_map<std::string, const HostBoundaries*> by_host_;
  std::vector<const HostBoundaries*> regexes_;
};

void add_pattern(const std::string& pattern, std::vector<HostName>& out) {
  if (pattern.empty()) return;
  if (!pattern.starts_with("*.")) {
    out.push_back({pattern, pattern, {}});
    return;
  }
  const std::string apex = pattern.substr(2);
  for (const std::string& host : {"x." + apex, "y.x." + apex, apex, "x~y." + apex}) out.push_back({host, pattern, {}});
}

void add_expression(const HostBoundaries& row, std::vector<HostName>& out) {
  const Result<Syntax> syntax = parse_regex(row.host, true);
  if (!syntax) return;
  Automaton automaton(host_bytes());
  const TestId test = automaton.add_regex(*syntax, Where::anywhere);
  for (const TextClass& found : automaton.explore("", 2000).classes)
    if (found.hits == std::vector<TestId>{test})
      for (const std::string& example : found.examples) out.push_back({example, row.host, {}});
}

// Literal names win over what patterns propose.
void remove_duplicates(std::vector<HostName>& names) {
  std::stable_sort(names.begin(), names.end(), [](const HostName& a, const HostName& b) {
    if (a.host != b.host) return a.host < b.host;
    return (a.shown == a.host) > (b.shown == b.host);
  });
  names.erase(
      std::unique(names.begin(), names.end(), [](const HostName& a, const HostName& b) { return a.host == b.host; }),
      names.end());
  std::stable_sort(names.begin(), names.end(), [](const HostName& a, const HostName& b) { return a.shown < b.shown; });
}

}  // namespace

std::vector<HostName> host_names(const Boundaries& old_side, const Boundaries& new_side) {
  std::vector<HostName> out;
  for (const Boundaries* side : {&old_side, &new_side}) {
    for (const HostBoundaries& row : side->hosts)
      if (row.regex)
        add_expression(row, out);
      else
        add_pattern(row.host, out);
    for (const std::string& name : side->server_names) add_pattern(name, out);
  }
  out.push_back({std::string(unknown_host), "*", {}});
  remove_duplicates(out);
  const Rows old_rows(old_side), new_rows(new_side);
  for (HostName& name : out) {
    old_rows.collect(name.host, name.rows);
    new_rows.collect(name.host, name.rows);
  }
  return out;
}

SniNames sni_names(const HostName& host, const std::vector<std::string>& all_names) {
  SniNames out;
  const auto at = std::lower_bound(all_names.begin(), all_names.end(), host.host);
  if (all_names.size() <= full_sni_product) {
    for (const std::string& name : all_names)
      if (name != host.host) out.names.push_back(name);
    return out;
  }
  out.complete = false;
  if (at != all_names.begin()) out.names.push_back(*std::prev(at));
  const auto after = at != all_names.end() && *at == host.host ? std::next(at) : at;
  if (after != all_names.end()) out.names.push_back(*after);
  return out;
}

}  // namespace gw::verify
