// Why two answers differ, where the reason is one that whole classes of requests share: what ingress-nginx does and no
// Gateway does, or the other way round. A report groups its counter-examples by cause, and `--accept CAUSE` agrees to
// one for every host. A difference without a cause is one to look at.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "verify/equivalence.h"

namespace gw::verify {

struct Cause {
  std::string_view name;   // "redirect-slash", for --accept and known files
  std::string_view title;  // one sentence: what differs and whether it matters
  bool (*fits)(std::string_view host, const Counterexample& found);  // host: of the row, "*" for hosts no rule names
  bool standing = false;       // every move off a controller brings it, for every host
  std::string_view more = {};  // of a standing one: which requests, and why nobody need act
};

std::span<const Cause> causes();                                            // the first that fits counts
const Cause* cause(std::string_view name);                                  // null for a name that is none
const Cause* cause_of(std::string_view host, const Counterexample& found);  // null: none of them

// Whether a difference is one that every move brings and that only a request written by hand shows. A guard that is
// lost is never one, however odd the request. `found.cause` is set.
bool standing(const Counterexample& found);

// Whether agreeing to `word` agrees to a cause: its name, or "path-spelling" for every spelling of a path.
bool agrees_to(std::string_view word, std::string_view cause);

// How a spelling of Spelling::what or of a host comes about: no browser or client library writes a well-formed URL so.
bool only_by_hand(std::string_view detail);

std::string standing_page();  // `gwctl explain standing`

}  // namespace gw::verify
