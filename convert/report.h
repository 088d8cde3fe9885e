// The account of a conversion: every annotation of every object and every field of the controllers' own resources with
// its outcome, and every finding.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "convert/convert.h"

namespace gw::convert {

// `file` chooses the format by its ending: .html, .md, else JSON (docs/command-line.md, "convert").
std::string report(const Outcomes& outcomes, std::span<const diag::Diagnostic> findings, const diag::Sources& sources,
                   std::string_view file);

}  // namespace gw::convert
