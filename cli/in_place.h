// `gwctl convert --in-place DIR`: shows or writes the changes, and proves by building each overlay old and new.
#pragma once
#include <string>

#include "convert/convert.h"
#include "kube/load.h"

namespace gw::cli {

// Shows the changes to the tree below `directory` as a unified diff, or with `write` makes them. Gives the exit code: 1
// for errors, for what is lost, and where an overlay does not answer as before; 2 for what cannot be read or written.
int run_in_place(const std::string& directory, bool write, const convert::Options& options,
                 const kube::LoadOptions& load);

}  // namespace gw::cli
