// Which headers, cookies and query parameters stand for all others.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verify/controllers/controller.h"

namespace gw::verify {

// One combination of what rules look at beside the path.
struct Extras {
  std::vector<std::pair<std::string, std::string>> headers;  // Cookie included
  std::string query;                                         // without '?'; empty: none
  std::string method = "GET";
};

struct ExtraClasses {
  std::vector<Extras> all;           // the first is empty: plain GET
  std::vector<std::string> sampled;  // why it is not every combination
};
// Of all rows that hold for a host, of both sides.
ExtraClasses extra_classes(const std::vector<const HostBoundaries*>& rows);

}  // namespace gw::verify
