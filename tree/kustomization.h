// What a kustomization.yaml says about the files around it: which are objects, which are patches of objects or food for
// generators, and which namespace its objects get.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "yaml/node.h"

namespace gw::tree {

// The objects that a patch or a replacement means. Empty fields mean everything; kustomize reads group, kind, name and
// namespace as anchored regular expressions.
struct Target {
  std::string group, version, kind, name, ns;
  bool by_labels = false;  // a selector of labels or annotations narrows it further
};

struct Patch {
  const yaml::Node* at = nullptr;  // its entry in the kustomization
  std::string file;                // empty: written inline
  diag::FileId text_file = diag::no_file;
  std::string text;         // of an inline one
  bool has_target = false;  // without one the patch itself names its object
  Target target;
};

struct Kustomization {
  std::string path, directory;
  yaml::Document document;  // of the file itself
  bool component = false;
  bool outside = false;  // builds on what is not in the tree: a URL, a chart, a plugin
  std::string ns, prefix, suffix;
  std::vector<std::string> resources, components;  // files and directories, as paths from where gwctl stands
  std::vector<Patch> patches;
  std::vector<Target> replaced;  // what `replacements` write into
  std::vector<const yaml::Node*> replaced_at;
  std::vector<std::string> inputs;        // files of generators, configurations, values of charts
  std::vector<std::string> made_secrets;  // names that secretGenerator makes
};

bool kustomization_name(std::string_view file_name);  // kustomization.yaml, kustomization.yml or Kustomization
// Reads one that was parsed; what does not have the wanted form is passed over.
Kustomization read_kustomization(const std::string& path, const yaml::Document& document);

}  // namespace gw::tree
