// The answers to what an editor asks about one place or one document (LSP 3.17, Language Features). Each gives the
// result of its request; null where there is nothing to say.
#pragma once
#include "lsp/text.h"
#include "lsp/workspace.h"

namespace gw::lsp {

// What a request is about. The text is the document's, and outlives it.
struct Asked {
  Workspace& workspace;
  std::string path;
  std::string_view text;
  Lines lines;
};

// By URI: what publishDiagnostics sends. Documents of the view without findings have an empty list.
std::map<std::string, Json> diagnostics(const View& view);

Json hover(const Asked& asked, Position at);
Json completion(const Asked& asked, Position at);
Json definition(const Asked& asked, Position at);
Json references(const Asked& asked, Position at, bool with_definition);
Json symbols(const Asked& asked);
Json actions(const Asked& asked, std::size_t begin, std::size_t end);
Json lenses(const Asked& asked);
Json hints(const Asked& asked);

}  // namespace gw::lsp
