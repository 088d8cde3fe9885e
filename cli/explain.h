// Every code of every room in one list: `gwctl explain`, its tests and the documents read it.
#pragma once
#include <string_view>
#include <vector>

namespace gw::cli {

struct Page {
  std::string_view code, title, text, layer, severity;  // of the rooms' static tables
};
std::vector<Page> code_pages();  // ascending by code

}  // namespace gw::cli
