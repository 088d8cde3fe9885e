// What convert and plan write into a directory, and what they refuse to write at all.
#pragma once
#include <string>

#include "cli/files.h"
#include "diag/diagnostic.h"
#include "diag/result.h"
#include "kube/bundle.h"
#include "yaml/write.h"

namespace gw::cli {

// Objects whose name or namespace no API server takes ("../../up") leave the set, with a finding each (GW654).
void leave_out_unnameable(kube::Bundle& bundle, diag::Sink& sink);

// Deals the objects to files below `directory`, which is made.
Status write_split(kube::Bundle&& all, const std::string& directory, const std::string& how, yaml::Style style);

}  // namespace gw::cli
