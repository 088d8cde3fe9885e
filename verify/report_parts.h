// What the formats of a report share.
#pragma once
#include <string>

#include "verify/report.h"

namespace gw::verify {

// "HTTPRoute shop/web" of the first answer that comes from a rule.
std::string rule_object(const route::AnswerSet& answers);
std::string detail_note(const Counterexample& found);                   // " (doubled slash)"
std::string refusal(const Report& report, const Rendering& rendering);  // lines, or nothing
std::string counts_line(const Report& report);                          // hosts by verdict, requests, causes; one line

}  // namespace gw::verify
