#include "tree/walk.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "tree/file.h"
#include "tree/ignore.h"
#include "yaml/read.h"

namespace gw::tree {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string_view one, many;
};
constexpr std::array<Row, whys> rows{{
    {"file without a Kubernetes object", "files without a Kubernetes object"},
    {"file of a Helm chart", "files of Helm charts"},
    {"template that was not rendered", "templates that were not rendered"},
    {"kustomization", "kustomizations"},
    {"patch", "patches"},
    {"input of a generator", "inputs of generators"},
    {"encrypted file", "encrypted files"},
    {"path named by .gitignore", "paths named by .gitignore"},
    {"hidden directory", "hidden directories"},
    {"broken link", "broken links"},
}};

constexpr int most_levels = 64;  // between a directory and the root of its repository

class Walker {
 public:
  Walker(std::size_t limit, diag::Sources& sources) : limit_(limit), sources_(sources) {}

  Status start(const std::string& directory, bool recursive) {
    recursive_ = recursive;
    find_repository(directory);
    return enter(directory, prefix_, false);
  }

  Walk finish() {
    std::sort(out_.kustomizations.begin(), out_.kustomizations.end(),
              [](const Kustomization& a, const Kustomization& b) { return a.path < b.path; });
    std::map<std::string, Why> roles;
    for (const Kustomization& k : out_.kustomizations) {
      for (const std::string& path : k.inputs) roles[path] = Why::input;
      for (const Patch& patch : k.patches)
        if (!patch.file.empty()) roles[patch.file] = Why::patch;
    }
    for (const Kustomization& k : out_.kustomizations)
      for (const std::string& path : k.resources) roles.erase(path);
    std::sort(found_.begin(), found_.end());
    const auto namespaces = namespaces_of_files();
    for (std::string& path : found_) {
      const std::string normal = fs::path(path).lexically_normal().string();
      if (const auto role = roles.find(normal); role != roles.end()) {
        pass(path, role->second);
      } else {
        const auto ns = namespaces.find(normal);
        out_.files.push_back({std::move(path), ns == namespaces.end() ? "" : ns->second});
      }
    }
    std::sort(out_.passed.begin(), out_.passed.end(),
              [](const PassedOver& a, const PassedOver& b) { return a.path < b.path; });
    return std::move(out_);
  }

 private:
  void pass(std::string path, Why why) { out_.passed.push_back({std::move(path), why}); }

  // .gitignore counts from the root of the repository down.
  void find_repository(const std::string& directory) {
    std::error_code error;
    const fs::path here = fs::canonical(directory, error);
    fs::path root = here;
    for (int level = 0; !error && level < most_levels; ++level) {
      if (fs::exists(root / ".git", error)) break;
      if (!root.has_relative_path()) return;
      root = root.parent_path();
    }
    if (error || !fs::exists(root / ".git", error)) return;
    const fs::path below = here.lexically_relative(root);
    if (below.empty() || below == ".") return;
    fs::path at = root;
    std::string relative;
    for (const fs::path& step : below) {
      read_ignore(at.string(), relative);
      at /= step;
      relative += (relative.empty() ? "" : "/") + step.string();
    }
    prefix_ = relative;
  }

  void read_ignore(const std::string& directory, const std::string& relative) {
    std::error_code ignored;
    const std::string path = (fs::path(directory) / ".gitignore").string();
    if (!fs::is_regular_file(path, ignored)) return;
    if (const auto text = read_file(path, limit_); text) rules_.add(*text, relative);
  }

  // `relative`: to the root of the repository; `chart`: below the directory of a chart.
  Status enter(const std::string& directory, const std::string& relative, bool templates) {
    read_ignore(directory, relative);
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
      entries.push_back(*it);
    if (error) return cannot_read(directory, error.message());
    std::sort(entries.begin(), entries.end());
    std::error_code ignored;
    const bool chart = fs::is_regular_file(fs::path(directory) / "Chart.yaml", ignored);
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().filename().string(), path = entry.path().string();
      const std::string below = relative.empty() ? name : relative + "/" + name;
      const bool is_directory = entry.is_directory(ignored);
      if (is_directory && entry.is_symlink(ignored)) continue;
      if (is_directory && !recursive_) continue;
      if (is_directory && name.starts_with('.'))
        pass(path, Why::hidden);
      else if ((is_directory || manifest_name(name)) && rules_.ignored(below, is_directory))
        pass(path, Why::ignored);
      else if (is_directory) {
        if (const Status status = enter(path, below, templates || (chart && name == "templates")); !status)
          return status;
      } else if (kustomization_name(name)) {
        kustomization(path);
      } else if (manifest_name(name)) {
        file(path, name, entry, chart, templates);
      }
    }
    return Unit{};
  }

  void file(const std::string& path, const std::string& name, const fs::directory_entry& entry, bool chart,
            bool templates) {
    std::error_code ignored;
    std::error_code failed;
    if (entry.is_symlink(ignored) && !fs::exists(path, failed) && !failed) return pass(path, Why::unreadable);
    const bool own = name == "Chart.yaml" || name.starts_with("values");
    if (templates || (chart && own)) return pass(path, Why::chart);
    found_.push_back(path);
  }

  void kustomization(const std::string& path) {
    auto text = read_file(path, limit_);
    if (!text) return pass(path, Why::unreadable);
    diag::Sink ignored;
    const diag::FileId file = sources_.add(path, std::move(*text));
    const auto documents = yaml::read(file, sources_, {}, ignored);
    if (documents.empty() || !documents.front().root->is_map()) return pass(path, Why::no_object);
    // Flux names an object of its own so: such a file holds objects.
    const yaml::Node* version = documents.front().root->find("apiVersion");
    if (version && version->is_string() && version->string().find("toolkit.fluxcd.io") != std::string_view::npos) {
      found_.push_back(path);
      return;
    }
    Kustomization k = read_kustomization(fs::path(path).lexically_normal().string(), documents.front());
    for (Patch& patch : k.patches)
      if (!patch.file.empty())
        if (auto content = read_file(patch.file, limit_); content)
          patch.text_file = sources_.add(patch.file, std::move(*content));
    out_.kustomizations.push_back(std::move(k));
    pass(path, Why::kustomization);
  }

  // The namespace of a kustomization: its own, or the one that all who build on it agree about.
  std::string namespace_of(const Kustomization& k, int depth) const {
    if (!k.ns.empty() || depth > 16) return k.ns;
    std::set<std::string> above;
    for (const Kustomization& other : out_.kustomizations)
      for (const auto* list : {&other.resources, &other.components})
        if (std::find(list->begin(), list->end(), k.directory.empty() ? "." : k.directory) != list->end())
          above.insert(namespace_of(other, depth + 1));
    return above.size() == 1 ? *above.begin() : "";
  }

  std::map<std::string, std::string> namespaces_of_files() const {
    std::map<std::string, std::set<std::string>> all;
    for (const Kustomization& k : out_.kustomizations) {
      const std::string ns = namespace_of(k, 0);
      for (const std::string& path : k.resources) all[path].insert(ns);
    }
    std::map<std::string, std::string> out;
    for (const auto& [path, names] : all)
      if (names.size() == 1 && !names.begin()->empty()) out[path] = *names.begin();
    return out;
  }

  const std::size_t limit_;
  diag::Sources& sources_;
  bool recursive_ = false;
  std::string prefix_;  // from the root of the repository to where the walk begins
  IgnoreRules rules_;
  std::vector<std::string> found_;
  Walk out_;
};

}  // namespace

std::string_view name(Why why) {
  return rows[static_cast<std::size_t>(why)].one;
}

std::string counted(Why why, std::size_t count) {
  const Row& row = rows[static_cast<std::size_t>(why)];
  return std::to_string(count) + " " + std::string(count == 1 ? row.one : row.many);
}

Result<Walk> walk(const std::string& directory, bool recursive, std::size_t file_limit, diag::Sources& sources) {
  Walker walker(file_limit, sources);
  if (const Status status = walker.start(directory, recursive); !status) return status.error();
  return walker.finish();
}

std::vector<std::string> roots(const std::vector<Kustomization>& all) {
  std::set<std::string> used;
  for (const Kustomization& k : all) {
    used.insert(k.resources.begin(), k.resources.end());
    used.insert(k.components.begin(), k.components.end());
  }
  std::vector<std::string> out;
  for (const Kustomization& k : all) {
    const std::string directory = k.directory.empty() ? "." : k.directory;
    if (!k.component && !used.contains(directory)) out.push_back(directory);
  }
  return out;
}

}  // namespace gw::tree
