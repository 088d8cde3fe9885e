// The report as tables: each format draws them.
#pragma once
#include <string>
#include <vector>

#include "audit/audit.h"

namespace gw::audit {

struct Table {
  std::string title, note;  // the note stands below the title
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

inline constexpr convert::Outcome grave_first[] = {convert::Outcome::refused,      convert::Outcome::unknown,
                                                   convert::Outcome::approximated, convert::Outcome::policy,
                                                   convert::Outcome::converted,    convert::Outcome::ignored};

std::size_t count(const Counts& counts, convert::Outcome outcome);  // how many have this outcome
// The words with `between` in between them; empty for none.
std::string joined(const std::vector<std::string>& words, const char* between = ", ");
std::string outcomes_text(const Counts& counts);  // "2 refused, 1 converted"
std::string letter(convert::Outcome outcome);     // "R" refused, "?" unknown, "a" approximated, "p", "c", "-" ignored
inline constexpr const char* letters = "R refused, ? unknown, a approximated, p policy, c converted, - ignored";

// One line: the readiness for the report's target, and how it was computed.
std::string headline(const Report& report);
// One line: how many Ingresses, hosts, Services and certificates there are, and of which controllers.
std::string inventory(const Report& report);

// Everything but findings; rows of a table beyond `most` are counted in its note (0: no limit).
std::vector<Table> tables(const Report& report, std::size_t most);

// Findings of one code taken together.
struct FindingGroup {
  std::string code, severity;
  std::vector<const Finding*> findings;
};
std::vector<FindingGroup> grouped(const std::vector<Finding>& findings);  // errors first, then by code

}  // namespace gw::audit
