// `-k DIR`: what kustomize makes of a directory.
#pragma once
#include <string>

#include "diag/result.h"

namespace gw::cli {

// The manifests, by `kustomize build`, else by `kubectl kustomize`. An error when neither program is there, or the
// directory cannot be built (the program says why on standard error).
Result<std::string> kustomize(const std::string& directory);

}  // namespace gw::cli
