// Findings for people and machines.
#pragma once
#include <span>
#include <string>

#include "diag/diagnostic.h"

namespace gw::diag {

// "file:line:col: error[GW102]: message", the source line with a caret, then help and related places; every line ends
// in a newline. colour: ANSI colours on. No control bytes but newline (and colours) ever appear; redacted bytes are
// ***.
std::string render_text(const Diagnostic& diagnostic, const Sources& sources, bool colour = false);
// "file:line:col: error[GW102]: message", without a newline.
std::string render_concise(const Diagnostic& diagnostic, const Sources& sources);

// One finding as the JSON object of docs/command-line.md, "validate", on one line, without a newline.
std::string render_json(const Diagnostic& diagnostic, const Sources& sources);

// Text made safe for a terminal: control bytes (newline and tab too), bidirectional marks and invalid UTF-8
// are shown escaped.
std::string printable(std::string_view text);

}  // namespace gw::diag
