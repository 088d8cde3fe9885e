// nginx directives that people put into configuration-snippet; the well-known ones are read.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/ir.h"

namespace gw::convert::nginx {

struct SnippetParts {
  std::vector<HeaderEdit> request_headers, response_headers;
  std::optional<Redirect> redirect;  // an unconditional `return 301 https://...`
  std::vector<std::string> refused;  // directives that nothing says
  bool access = false;               // a refused one decides who may come in
};

// What is understood becomes parts; `refused` names each directive that is not.
SnippetParts read_snippet(std::string_view text);

// The first directive that may refuse a request, answer it, or send it elsewhere; empty: the text only tunes. A
// directive that is not known may do all of that.
std::string deciding_directive(std::string_view text);

}  // namespace gw::convert::nginx
