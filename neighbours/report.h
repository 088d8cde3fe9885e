// The comparison as a table for people and as data for programs.
#pragma once
#include <string>

#include "neighbours/compare.h"

namespace gw::neighbours {

struct Comparison {
  Wanted before, after;
  std::vector<Difference> differences;
};

// The comparison as aligned tables, or in Markdown.
std::string to_text(const Comparison& comparison);
std::string to_markdown(const Comparison& comparison);
std::string to_html(const Comparison& comparison);  // one file, nothing loaded from elsewhere
// {"records":[{"name","change","before","after","what"}],"certificates":[...],"summary":{"same","lost","added","changed"}}
std::string to_json(const Comparison& comparison);

}  // namespace gw::neighbours
