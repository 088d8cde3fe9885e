// Text on its way into HTML, SVG, XML or Markdown. Control bytes but line ends are shown escaped, as by printable()
// (diag/render.h).
#pragma once
#include <string>
#include <string_view>

namespace gw::diag {

// The five characters that markup reads, as entities; fit for element content and for quoted attributes.
std::string escape_markup(std::string_view text);

// Markdown reads < and & as HTML, | as the next cell and ` as code.
std::string escape_markdown(std::string_view text);

}  // namespace gw::diag
