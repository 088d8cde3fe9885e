// validate and verify over what the conversion makes, for as many hosts as was asked.
#pragma once
#include "audit/audit.h"

namespace gw::audit {

// Fills report.checked and report.verified, and marks Ingresses whose answers differ. Needs report.ingresses.
void check(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options, Report& report);

// The source of Ingresses and what came of them, those with a loss first, at most `most`.
std::vector<BeforeAfter> before_after(const kube::Bundle& bundle, const diag::Sources& sources,
                                      const std::vector<std::string>& flags, const Report& report, std::size_t most);

// "file:line" of a span; empty where the span is not known.
std::string place_of(const diag::Span& span, const diag::Sources& sources);

}  // namespace gw::audit
