// The JSON report for people: one page without scripts, or Markdown.
#pragma once
#include <string>
#include <string_view>

namespace gw::convert {

std::string report_html(std::string_view json);
std::string report_markdown(std::string_view json);

}  // namespace gw::convert
