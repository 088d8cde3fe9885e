// Which paths stand for all others of a host.
#pragma once
#include <string>
#include <vector>

#include "verify/controllers/controller.h"

namespace gw::verify {

struct PathClasses {
  std::vector<std::string> paths;    // one a class, shortest first, and spelled-out literals
  std::vector<std::string> more;     // further texts of those classes, built differently: a rewrite may tell them apart
  std::size_t classes = 0;           // classes of canonical paths
  std::vector<std::string> sampled;  // why it is not every class; empty: exact on canonical paths
};

// Of all rows that hold for a host, of both sides.
PathClasses path_classes(const std::vector<const HostBoundaries*>& rows);

// Ways to write a path that normalisation may or may not undo, one of each kind. `what` is for people.
struct Spelling {
  std::string path;
  std::string_view what;
};
std::vector<Spelling> spellings(const std::string& path);  // of a canonical path

// Bytes outside RFC 3986's path characters as %XX.
std::string encode_path(std::string_view path);

}  // namespace gw::verify
