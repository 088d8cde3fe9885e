// Credentials that stand where they do not belong: in annotations, snippets and URLs. Nothing that gwctl tells about
// them repeats them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gw::diag {

struct Hidden {
  std::size_t begin = 0, end = 0;  // offsets in the text
  bool operator==(const Hidden&) const = default;
};

// Passwords of URLs (https://user:PASSWORD@host), values of Authorization headers, and of headers, variables and
// query parameters whose name says password, secret, token or key. Ascending, not overlapping.
std::vector<Hidden> credentials_in(std::string_view text);

// The text with "***" in their place.
std::string hide_credentials(std::string text);

}  // namespace gw::diag
