#include "cli/kustomize.h"

#include "cli/process.h"

namespace gw::cli {

Result<std::string> kustomize(const std::string& directory) {
  // A directory that looks like a flag is none.
  const std::string path = directory.starts_with("-") ? "./" + directory : directory;
  for (const auto& [program, verb] : {std::pair{"kustomize", "build"}, {"kubectl", "kustomize"}}) {
    auto finished = run_program({program, verb, path});
    if (!finished) continue;
    if (finished->status != 0)
      return Error{std::string(program) + " cannot build " + directory, "see what it says above"};
    return std::move(finished->out);
  }
  return Error{"-k needs kustomize or kubectl, and neither is installed",
               "install one of them, or build elsewhere and pipe the result into gwctl validate -"};
}

}  // namespace gw::cli
