#include "cli/revisions.h"

#include <stdlib.h>

#include <filesystem>

#include "cli/process.h"
#include "diag/render.h"

namespace gw::cli {

namespace fs = std::filesystem;

Revision::~Revision() {
  std::error_code ignored;
  if (!unpacked_.empty()) fs::remove_all(unpacked_, ignored);
}

Status Revision::open(const std::string& named) {
  std::error_code error;
  if (fs::exists(named, error)) {
    path_ = named;
    return Unit{};
  }
  if (named.starts_with('-'))
    return Error{"'" + diag::printable(named) + "' is not a revision", "name a commit or a path"};
  std::string pattern = (fs::temp_directory_path(error) / "gwctl-review-XXXXXX").string();
  if (error || !::mkdtemp(pattern.data())) return Error{"no temporary directory can be made", "set TMPDIR"};
  unpacked_ = pattern;
  const std::string archive = unpacked_ + "/tree.tar";
  path_ = unpacked_ + "/tree";
  fs::create_directory(path_, error);
  const auto packed = run_program({"git", "archive", "--format=tar", "-o", archive, named});
  if (!packed) return packed.error();
  if (packed->status != 0)
    return Error{"'" + diag::printable(named) + "' is neither a path nor a revision that git knows here",
                 "run it in the repository; a shallow clone lacks the base: fetch it first"};
  const auto taken = run_program({"tar", "-xf", archive, "-C", path_});
  if (!taken) return taken.error();
  if (taken->status != 0) return Error{"what git packed of '" + diag::printable(named) + "' cannot be unpacked", ""};
  return Unit{};
}

std::string Revision::shown(std::string text) const {
  if (unpacked_.empty()) return text;
  const std::string inside = path_ + "/";
  for (std::size_t at = text.find(inside); at != text.npos; at = text.find(inside, at)) text.erase(at, inside.size());
  return text;
}

}  // namespace gw::cli
