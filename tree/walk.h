// A directory as it lies in a repository: which of its files may hold objects, and what is passed over and why.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"
#include "diag/source.h"
#include "tree/kustomization.h"

namespace gw::tree {

enum class Why : std::uint8_t {
  no_object,      // no document with apiVersion and kind
  chart,          // a chart's own files: Chart.yaml, values, templates
  templated,      // text of another template language, not YAML as it lies
  kustomization,  // read, but no object
  patch,          // changes an object that stands elsewhere
  input,          // of a generator or a transformer of kustomize
  encrypted,      // by SOPS
  ignored,        // named by .gitignore
  hidden,         // a directory that begins with a dot
  unreadable,     // a link that leads nowhere
};
inline constexpr std::size_t whys = 10;
// "3 files of charts", "1 hidden directory"
std::string counted(Why why, std::size_t count);
std::string_view name(Why why);  // "file of a Helm chart"

struct PassedOver {
  std::string path;
  Why why = Why::no_object;
};

struct File {
  std::string path;
  std::string ns;  // that its kustomization gives to objects without one; may be empty
};

struct Walk {
  std::vector<File> files;  // by name
  std::vector<PassedOver> passed;
  std::vector<Kustomization> kustomizations;  // by path
};

// Manifests of a directory. Links inside are followed to files only, so loops cannot occur. Kustomizations and patches
// are added to `sources`, so that findings can point into them.
Result<Walk> walk(const std::string& directory, bool recursive, std::size_t file_limit, diag::Sources& sources);

// Directories that nobody builds on: what `kustomize build` is called with. Components are none.
std::vector<std::string> roots(const std::vector<Kustomization>& all);

}  // namespace gw::tree
