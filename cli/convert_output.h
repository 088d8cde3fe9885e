// Files that convert writes: never through a link, and said plainly when the disk refuses.
#pragma once
#include <string>
#include <string_view>

#include "diag/result.h"
#include "kube/bundle.h"
#include "yaml/write.h"

namespace gw::cli {

Status write_file(const std::string& path, std::string_view text);
// Deals the objects to files below `directory`, which is made.
Status write_split(kube::Bundle&& all, const std::string& directory, const std::string& how, yaml::Style style);

}  // namespace gw::cli
