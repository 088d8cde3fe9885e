#include "convert/words.h"

#include <algorithm>

#include "diag/ascii.h"

namespace gw::convert {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : diag::lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

bool speaks_of_internal(std::string_view name) {
  static constexpr std::string_view known[] = {"internal", "private", "intern", "intranet", "inner", "inside"};
  const std::vector<std::string> words = words_of(name);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(std::begin(known), std::end(known), word) != std::end(known);
  });
}

}  // namespace gw::convert
