// The source line of a finding as it may be shown: cut to a width, tabs expanded, secrets as "***", controls escaped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "diag/source.h"

namespace gw::diag {

struct Excerpt {
  std::uint32_t number = 0;  // of the line, 1-based
  std::string line;          // empty: nothing to show
  std::size_t caret_at = 0;  // columns before the caret
  std::size_t caret_columns = 1;
};

// The line in which a known span begins; the caret stands under the part of the span on that line.
Excerpt excerpt(const Sources& sources, Span span);

}  // namespace gw::diag
