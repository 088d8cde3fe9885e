// Why two answers differ, where the reason is one that whole classes of requests share: what ingress-nginx does and no
// Gateway does, or the other way round. A report groups its counter-examples by cause, and `--accept CAUSE` agrees to
// one for every host. A difference without a cause is one to look at.
#pragma once
#include <span>
#include <string_view>

#include "verify/equivalence.h"

namespace gw::verify {

struct Cause {
  std::string_view name;   // "redirect-slash", for --accept and known files
  std::string_view title;  // one sentence: what differs and whether it matters
  bool (*fits)(std::string_view host, const Counterexample& found);  // host: of the row, "*" for hosts no rule names
};

std::span<const Cause> causes();  // the first that fits counts
const Cause* cause(std::string_view name);
const Cause* cause_of(std::string_view host, const Counterexample& found);  // null: none of them

}  // namespace gw::verify
