// What a reader of the report should do first: derived from what the report holds, the gravest first.
#pragma once
#include <string>
#include <vector>

#include "audit/audit.h"

namespace gw::audit {

struct Step {
  std::string text;     // "2 Ingresses lose something with standard"
  std::string detail;   // what to do about it; may be empty
  std::string command;  // a shell line; may be empty
  std::string section;  // title of the section that shows more; may be empty
};

// What to do first, the gravest first; never empty: without any finding the one step is to plan the move.
std::vector<Step> first_steps(const Report& report);

}  // namespace gw::audit
