// Which files are read where every one of them counts; kube/survey.cpp reads directories as they lie in a repository.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "kube/load.h"
#include "kube/selector.h"
#include "tree/file.h"

namespace gw::kube {
namespace {

namespace fs = std::filesystem;
using tree::cannot_read;

// Manifests of a directory in name order. Links inside are followed to files only, so loops cannot occur.
Result<std::vector<std::string>> list(const std::string& directory, bool recursive) {
  std::vector<std::string> found, directories;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (recursive && !it->is_symlink(ignored)) directories.push_back(it->path().string());
    } else if (tree::manifest_name(it->path().string())) {
      found.push_back(it->path().string());
    }
  }
  if (error) return cannot_read(directory, error.message());
  for (const std::string& below : directories) {
    auto more = list(below, true);
    if (!more) return more;
    found.insert(found.end(), more->begin(), more->end());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Status check_selector(const LoadOptions& options) {
  if (const Selector selector(options.selector); !selector.error().empty())
    return Error{selector.error(), "write a selector such as app=shop,tier!=db"};
  return Unit{};
}

Result<std::vector<diag::FileId>> read_inputs(const std::vector<std::string>& paths, const LoadOptions& options,
                                              diag::Sources& sources) {
  if (const Status status = check_selector(options); !status) return status.error();
  std::vector<diag::FileId> files;
  const std::size_t limit = options.limits.file_bytes;
  for (const std::string& path : paths) {
    if (path == "-") {
      auto text = tree::read_descriptor(STDIN_FILENO, "standard input", limit, 0);
      if (!text) return text.error();
      files.push_back(sources.add("<stdin>", std::move(*text)));
      continue;
    }
    std::error_code error;
    std::vector<std::string> members{path};
    if (fs::is_directory(path, error)) {
      auto listed = list(path, options.recursive);
      if (!listed) return listed.error();
      if (listed->empty())
        return cannot_read(path, "it holds no .yaml, .yml or .json file",
                           options.recursive ? "" : "add -R to look into its subdirectories");
      members = std::move(*listed);
    }
    for (const std::string& member : members) {
      auto text = tree::read_file(member, limit);
      if (!text) return text.error();
      files.push_back(sources.add(member, std::move(*text)));
    }
  }
  return files;
}

}  // namespace gw::kube
