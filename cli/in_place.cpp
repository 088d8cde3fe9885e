#include "cli/in_place.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/kustomize.h"
#include "cli/process.h"
#include "diag/render.h"
#include "gitops/in_place.h"

namespace gw::cli {
namespace {

namespace fs = std::filesystem;

// A directory of our own that goes when we are done.
class Scratch {
 public:
  Scratch() {
    std::error_code ignored;
    std::string name = (fs::temp_directory_path(ignored) / "gwctl-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  Scratch(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::map<std::string, std::string> built(const std::vector<std::string>& roots, const fs::path& from,
                                         const std::string& directory, bool& failed) {
  std::map<std::string, std::string> out;
  for (const std::string& root : roots) {
    const fs::path below = fs::path(root).lexically_relative(directory);
    auto text = kustomize((from / below).lexically_normal().string());
    if (text)
      out[root] = std::move(*text);
    else
      failed = true;
  }
  return out;
}

// What verify says of one overlay; empty where it cannot be asked.
std::string verdict(const fs::path& scratch, const std::string& old, const std::string& now) {
  const fs::path before = scratch / "old.yaml", after = scratch / "new.yaml";
  if (!write_file(before.string(), old) || !write_file(after.string(), now)) return {};
  auto done = run_program({"/proc/self/exe", "verify", before.string(), "--against", after.string(), "-o", "json"});
  if (!done) return {};
  const auto answer = nlohmann::json::parse(done->out, nullptr, false);
  return answer.is_object() ? answer.value("verdict", std::string()) : std::string();
}

Status write_changes(const gitops::InPlace& found, const std::string& from, const fs::path& to) {
  for (const gitops::Change& change : found.changes) {
    const std::string below = fs::path(change.path).lexically_relative(from).string();
    if (const Status status = write_below(to.string(), below, change.after); !status) return status;
  }
  return Unit{};
}

// Every overlay before and after; false where one answers otherwise or cannot be built.
bool prove(const gitops::InPlace& found, const std::string& directory, bool write, Status& written) {
  Scratch scratch;
  bool old_failed = false, failed = false;
  const auto old = built(found.roots, directory, directory, old_failed);
  fs::path place = directory;
  if (!write && !scratch.path().empty()) {
    std::error_code error;
    place = scratch.path() / "tree";
    fs::copy(directory, place, fs::copy_options::recursive | fs::copy_options::skip_symlinks, error);
    if (error) {
      written = Error{"cannot copy " + directory + ": " + error.message(), {}};
      return false;
    }
  }
  written = write_changes(found, directory, place);
  if (!written) return false;
  const auto now = built(found.roots, place, directory, failed);
  bool good = true;
  for (const auto& [root, text] : old) {
    const auto after = now.find(root);
    const std::string said =
        after == now.end() ? "is not built any more" : verdict(scratch.path(), text, after->second);
    good = good && said.starts_with("PROVED");
    std::cerr << "gwctl: " << diag::printable(root) << ": " << (said.empty() ? "not compared" : said) << '\n';
  }
  if (old_failed) std::cerr << "gwctl: what could not be built before was not compared\n";
  return good;
}

}  // namespace

int run_in_place(const std::string& given, bool write, const convert::Options& options, const kube::LoadOptions& load) {
  const std::string directory = fs::path(given + "/").lexically_normal().parent_path().string();
  diag::Sources sources;
  diag::Sink sink;
  auto found = gitops::in_place(directory.empty() ? "." : directory, options, load, sources, sink);
  if (!found) return fail(found.error());
  if (!write)
    for (const gitops::Change& change : found->changes) std::cout << gitops::unified(change);
  const int code = print_grouped(sink.take(), sources);
  std::cerr << "gwctl: " << found->ingresses << " Ingresses in " << found->bases
            << " kustomizations: " << found->changes.size()
            << (write ? " files written, " : " files would be written, ") << found->patches
            << " patches said for the routes\n";
  if (found->changes.empty()) return code;
  Status written = Unit{};
  const bool good = prove(*found, directory.empty() ? "." : directory, write, written);
  if (!written) return fail(written.error());
  return good && !found->lost ? code : exit_findings;
}

}  // namespace gw::cli
