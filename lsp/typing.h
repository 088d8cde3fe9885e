// Where somebody types, told from indentation alone: the text need not be YAML yet.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lsp/text.h"

namespace gw::lsp {

struct Typing {
  std::string api_version, kind, ns = "default", name;  // of the object, as far as they stand there
  std::vector<std::string> path;  // of the mapping, or of the value, in which the cursor is; "[]" is an item of a list
  bool value = false;             // behind "key:"; then the path ends in that key
  std::string prefix;             // what stands there already, up to the cursor
  std::map<std::string, std::string> beside;  // plain keys and values of the same mapping
};
Typing typing_at(const Lines& lines, Position at);

}  // namespace gw::lsp
