// What convert and plan write into a directory.
#pragma once
#include <string>

#include "cli/files.h"
#include "diag/result.h"
#include "kube/bundle.h"
#include "yaml/write.h"

namespace gw::cli {

// Deals the objects to files below `directory`, which is made.
Status write_split(kube::Bundle&& all, const std::string& directory, const std::string& how, yaml::Style style);

}  // namespace gw::cli
