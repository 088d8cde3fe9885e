// Which host names stand for all others, and which boundaries each of them is subject to.
#pragma once
#include <string>
#include <vector>

#include "verify/controllers/controller.h"

namespace gw::verify {

struct HostName {
  std::string host;   // what is sent
  std::string shown;  // under which pattern the result is reported: "shop.example.com", "*.example.com", "*"
  std::vector<const HostBoundaries*> rows;  // of both sides; borrowed from the Boundaries
};

// Every literal name; for each wildcard its apex, one label, an odd label, two labels; texts for regular expressions;
// one name that nobody knows. Ascending by `shown`.
std::vector<HostName> host_names(const Boundaries& old_side, const Boundaries& new_side);

// Names to try as SNI with a host: itself is not among them. `complete` is false when some were left out.
struct SniNames {
  std::vector<std::string> names;
  bool complete = true;
};
// All names where there are few, else those that are near to the host's.
SniNames sni_names(const HostName& host, const std::vector<std::string>& all_names);

}  // namespace gw::verify
