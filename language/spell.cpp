#include "language/spell.h"

#include <algorithm>
#include <map>

namespace gw::language {
namespace {

constexpr std::string_view meta = R"(\.+*?()[]{}|^$)";

std::string escaped(unsigned char byte) {
  std::string out;
  if (meta.find(static_cast<char>(byte)) != std::string_view::npos) out += '\\';
  out += static_cast<char>(byte);
  return out;
}

std::string in_class(unsigned char byte) {
  std::string out;
  if (std::string_view("\\]^-[").find(static_cast<char>(byte)) != std::string_view::npos) out += '\\';
  out += static_cast<char>(byte);
  return out;
}

std::string ranges(const ByteSet& set) {
  std::string out;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set[byte]) continue;
    unsigned last = byte;
    while (last + 1 < 256 && set[last + 1]) ++last;
    out += in_class(static_cast<unsigned char>(byte));
    if (last > byte + 1) out += '-';
    if (last > byte) out += in_class(static_cast<unsigned char>(last));
    byte = last;
  }
  return out;
}

// An expression under way: may it be read as one unit by '*', and in a sequence?
struct Text {
  std::string text;
  bool choice = false;  // has '|' outside of groups
  bool unit = false;    // one byte, class or group
};

Text sequence(const Text& a, const Text& b) {
  if (a.text.empty()) return b;
  if (b.text.empty()) return a;
  const auto part = [](const Text& t) { return t.choice ? "(?:" + t.text + ")" : t.text; };
  return {part(a) + part(b), false, false};
}
Text choice(const Text& a, const Text& b) {
  if (a.text == b.text) return a;
  const auto optional = [](const Text& t) -> Text {
    if (t.text.ends_with('*') && t.unit) return t;
    return {(t.unit && !t.text.ends_with('*') ? t.text : "(?:" + t.text + ")") + "?", false, false};
  };
  if (a.text.empty()) return optional(b);
  if (b.text.empty()) return optional(a);
  return {a.text + "|" + b.text, true, false};
}
Text star(const Text& a) {
  if (a.text.empty()) return a;
  return {(a.unit ? a.text : "(?:" + a.text + ")") + "*", false, false};
}

class Elimination {
 public:
  Elimination(const Dfa& dfa, std::size_t most) : most_(most) {
    const auto count = static_cast<std::uint32_t>(dfa.next.size());
    first_ = count;
    last_ = count + 1;
    edges_[{first_, dfa.start}] = {};
    for (std::uint32_t from = 0; from < count; ++from) {
      if (from == dfa.dead) continue;
      states_.push_back(from);
      std::map<std::uint32_t, ByteSet> ways;
      for (std::size_t letter = 0; letter < dfa.alphabet.letters.size(); ++letter)
        if (dfa.next[from][letter] != dfa.dead) ways[dfa.next[from][letter]] |= dfa.alphabet.stands_for[letter];
      for (const auto& [to, set] : ways) edges_[{from, to}] = {spell_bytes(set), false, true};
      if (dfa.accepts[from]) edges_[{from, last_}] = {};
    }
  }

  std::optional<std::string> run() {
    if (states_.size() > 100) return std::nullopt;
    while (!states_.empty()) {
      const auto least = std::min_element(states_.begin(), states_.end(),
                                          [&](std::uint32_t a, std::uint32_t b) { return cost(a) < cost(b); });
      const std::uint32_t state = *least;
      states_.erase(least);
      if (!eliminate(state)) return std::nullopt;
    }
    const auto out = edges_.find({first_, last_});
    if (out == edges_.end() || out->second.text.size() > most_) return std::nullopt;
    return out->second.text;
  }

 private:
  std::size_t cost(std::uint32_t state) const {
    std::size_t in = 0, out = 0, length = 0;
    for (const auto& [ends, text] : edges_) {
      if (ends.first != state && ends.second != state) continue;
      length += text.text.size();
      if (ends.first == ends.second) continue;
      ends.second == state ? ++in : ++out;
    }
    return in * out * 16 + length;
  }

  bool eliminate(std::uint32_t state) {
    Text loop;
    std::vector<std::pair<std::uint32_t, Text>> in, out;
    for (auto at = edges_.begin(); at != edges_.end();) {
      const auto [from, to] = at->first;
      if (from != state && to != state) {
        ++at;
        continue;
      }
      if (from == to)
        loop = star(at->second);
      else if (to == state)
        in.emplace_back(from, at->second);
      else
        out.emplace_back(to, at->second);
      at = edges_.erase(at);
    }
    for (const auto& [from, before] : in)
      for (const auto& [to, after] : out) {
        Text way = sequence(sequence(before, loop), after);
        const auto [at, fresh] = edges_.try_emplace({from, to}, way);
        if (!fresh) at->second = choice(at->second, way);
        if (at->second.text.size() > most_) return false;
      }
    return true;
  }

  std::size_t most_;
  std::uint32_t first_ = 0, last_ = 0;
  std::vector<std::uint32_t> states_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Text> edges_;
};

}  // namespace

std::string spell_bytes(const ByteSet& set) {
  const ByteSet here = set & canonical_path_bytes(), other = canonical_path_bytes() & ~set;
  if (other.none()) return ".";
  if (here.count() == 1)
    for (unsigned byte = 0; byte < 256; ++byte)
      if (here[byte]) return escaped(static_cast<unsigned char>(byte));
  std::string with = "[" + ranges(here) + "]", without = "[^" + ranges(other) + "]";
  return without.size() < with.size() ? without : with;
}

// "^/a|/b" binds '^' to the first branch alone: "/a|.*/b". Empty where there is one branch.
static std::string elsewhere(std::string_view pattern) {
  if (!pattern.starts_with('^')) return {};
  std::string out;
  int depth = 0;
  bool in_class = false, any = false;
  for (std::size_t i = 1; i < pattern.size(); ++i) {
    const char c = pattern[i];
    out += c;
    if (c == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '|' && depth == 0) {
      out += ".*";
      any = true;
    }
  }
  return any ? out : std::string();
}

std::vector<std::string> spellings(const PathPattern& pattern) {
  std::string_view body = pattern.text;
  if (body.starts_with('^')) body.remove_prefix(1);
  std::vector<std::string> bodies;
  if (body.ends_with('$') && !body.ends_with("\\$")) bodies.emplace_back(body.substr(0, body.size() - 1));
  if (body.ends_with("(.*)")) bodies.push_back(std::string(body.substr(0, body.size() - 4)) + ".*");
  if (body.ends_with("(.*)$")) bodies.push_back(std::string(body.substr(0, body.size() - 5)) + ".*");
  bodies.emplace_back(body);
  std::vector<std::string> out;
  if (const auto branches = elsewhere(pattern.text); !branches.empty()) bodies = {branches};
  const std::string flags = pattern.fold_case ? "(?i)" : "";
  for (const std::string& one : bodies) {
    out.push_back(flags + one);
    out.push_back(flags + one + ".*");
    out.push_back(flags + "(?:" + one + ").*");
  }
  if (pattern.fold_case) out.insert(out.begin(), {bodies.front(), bodies.front() + ".*"});
  return out;
}

std::optional<std::string> spell(const Dfa& dfa, std::size_t most) {
  return Elimination(dfa, most).run();
}

}  // namespace gw::language
