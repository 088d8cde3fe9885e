// Comments in a manifest that silence findings: "# gwctl:ignore GW205, GW114 -- reason".
#pragma once
#include <cstddef>
#include <vector>

#include "diag/diagnostic.h"

namespace gw::diag {

// Takes out the findings that a comment silences. A comment at the end of a line holds for that line; one on a line of
// its own for the next line, or for the whole document when it stands above the document's first line. A code stands
// for its sub-codes too (GW114 for GW114.1a2b). What makes a document unreadable (errors of layer "yaml") cannot be
// silenced. Comments that silence nothing are told as GW017 (info), those without a code as GW017 (warning), when
// `tell_unused`. Gives how many findings were taken out.
std::size_t apply_ignores(std::vector<Diagnostic>& findings, const Sources& sources, bool tell_unused = true);

}  // namespace gw::diag
