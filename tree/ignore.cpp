#include "tree/ignore.h"

namespace gw::tree {
namespace {

// The piece of a pattern that fits one character, and how long it is.
struct Piece {
  bool fits = false;
  std::size_t size = 1;
};

Piece piece(std::string_view pattern, char c) {
  if (pattern[0] == '?') return {true};
  if (const std::size_t end = pattern[0] == '[' ? pattern.find(']', 2) : pattern.npos; end != pattern.npos) {
    std::string_view set = pattern.substr(1, end - 1);
    const bool negated = set.starts_with('!') || set.starts_with('^');
    if (negated) set.remove_prefix(1);
    bool found = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const bool range = i + 2 < set.size() && set[i + 1] == '-';
      found = found || (range ? set[i] <= c && c <= set[i + 2] : set[i] == c);
      if (range) i += 2;
    }
    return {found != negated, end + 1};
  }
  if (pattern[0] == '\\' && pattern.size() > 1) return {pattern[1] == c, 2};
  return {pattern[0] == c};
}

// One segment: after a mismatch the last '*' takes a character more.
bool fits_segment(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
      continue;
    }
    const Piece one = p < pattern.size() ? piece(pattern.substr(p), text[t]) : Piece{};
    if (one.fits) {
      p += one.size;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  out.push_back(path);
  return out;
}

}  // namespace

bool glob(std::string_view pattern, std::string_view text) {
  const auto wanted = segments(pattern), have = segments(text);
  // fits[h]: the segments of the pattern so far fit the first h of the text.
  std::vector<bool> fits(have.size() + 1, false);
  fits[0] = true;
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    std::vector<bool> next(have.size() + 1, false);
    const bool deep = wanted[w] == "**", last = w + 1 == wanted.size();
    for (std::size_t h = 0; h <= have.size(); ++h) {
      if (deep)  // at the end it stands for something, elsewhere for nothing as well
        next[h] = (h > 0 && (next[h - 1] || fits[h - 1])) || (fits[h] && !(last && w > 0));
      else
        next[h] = h > 0 && fits[h - 1] && fits_segment(wanted[w], have[h - 1]);
    }
    fits = std::move(next);
  }
  return fits[have.size()];
}

void IgnoreRules::add(std::string_view text, const std::string& directory) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    Rule rule;
    rule.base = directory.empty() ? "" : directory + "/";
    if (line.front() == '!') rule.negated = true, line.remove_prefix(1);
    if (line.ends_with('/')) rule.directories_only = true, line.remove_suffix(1);
    rule.anchored = line.find('/') != line.npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty() || line.size() > 4096) continue;
    rule.pattern = line;
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::ignored(std::string_view path, bool directory) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
  for (std::size_t i = rules_.size(); i-- > 0;) {
    const Rule& rule = rules_[i];
    if ((rule.directories_only && !directory) || !path.starts_with(rule.base)) continue;
    if (glob(rule.pattern, rule.anchored ? path.substr(rule.base.size()) : last)) return !rule.negated;
  }
  return false;
}

}  // namespace gw::tree
