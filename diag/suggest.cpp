// Damerau-Levenshtein distance, counted in halves so that a difference of case costs less than a typing error.
#include "diag/suggest.h"

#include <algorithm>
#include <vector>

namespace gw::diag {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

unsigned replace_cost(char a, char b) {
  return a == b ? 0 : lower(a) == lower(b) ? 1 : 2;
}

// In half edits; anything above `limit` is given as limit + 1.
unsigned half_edits(std::string_view a, std::string_view b, unsigned limit) {
  auto gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap * 2 > limit) return limit + 1;
  std::vector<unsigned> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = static_cast<unsigned>(2 * j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<unsigned>(2 * i);
    unsigned best = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 2, row[j - 1] + 2, previous[j - 1] + replace_cost(a[i - 1], b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] != a[i - 2] && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 2);
      best = std::min(best, row[j]);
    }
    if (best > limit) return limit + 1;
    before.swap(previous);
    previous.swap(row);
  }
  return std::min(previous[b.size()], limit + 1);
}

}  // namespace

unsigned edit_distance(std::string_view a, std::string_view b, unsigned limit) {
  return (half_edits(a, b, 2 * limit) + 1) / 2;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // Half edits that a word may be away: a third of its length, and never most of a short word.
  std::size_t third = word.size() * 2 / 3;
  auto limit = static_cast<unsigned>(word.size() <= 2 ? 1 : word.size() <= 4 ? 2 : std::max<std::size_t>(4, third));
  limit = std::min(limit, 8u);
  std::string_view best;
  for (std::string_view candidate : candidates) {
    unsigned distance = half_edits(word, candidate, limit);
    if (distance > limit || distance >= 2 * candidate.size()) continue;
    best = candidate;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return best;
}

bool same_but_case(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace gw::diag
