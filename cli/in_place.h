// `gwctl convert --in-place DIR`: shows or writes the changes, and proves by building each overlay old and new.
#pragma once
#include <string>

#include "convert/convert.h"
#include "kube/load.h"

namespace gw::cli {

int run_in_place(const std::string& directory, bool write, const convert::Options& options,
                 const kube::LoadOptions& load);

}  // namespace gw::cli
