// The JSON report for people: one page without scripts, or Markdown.
#pragma once
#include <string>
#include <string_view>

namespace gw::convert {

// The report of --report x.json as a page, or as Markdown. `json` must be one of ours.
std::string report_html(std::string_view json);
std::string report_markdown(std::string_view json);

}  // namespace gw::convert
