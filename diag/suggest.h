// "Did you mean": the nearest known word by edit distance.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace gw::diag {

// Edits (insert, delete, replace, swap of neighbours) between two words, case-insensitive changes counted as half.
unsigned edit_distance(std::string_view a, std::string_view b, unsigned limit);

// Whether two words differ at most in the case of ASCII letters.
bool same_but_case(std::string_view a, std::string_view b);

// The closest candidate, or an empty view when none is near enough to be helpful.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gw::diag
