#include "tree/kustomization.h"

#include <algorithm>
#include <filesystem>

namespace gw::tree {
namespace {

namespace fs = std::filesystem;

std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

std::span<const yaml::Node> list(const yaml::Node& node, std::string_view key) {
  const yaml::Node* value = node.find(key);
  return value && value->is_seq() ? value->items() : std::span<const yaml::Node>{};
}

bool remote(std::string_view name) {
  return name.find("://") != name.npos || name.starts_with("git@") || name.find("?ref=") != name.npos ||
         name.starts_with("github.com/");
}

class Reader {
 public:
  Reader(const std::string& path, const yaml::Document& document) : root_(*document.root) {
    out_.path = path;
    out_.directory = fs::path(path).parent_path().string();
    out_.document = document;
  }

  Kustomization read() {
    out_.component = text(&root_, "kind") == "Component";
    out_.ns = text(&root_, "namespace");
    out_.prefix = text(&root_, "namePrefix");
    out_.suffix = text(&root_, "nameSuffix");
    for (const std::string_view key : {"resources", "bases"})
      for (const yaml::Node& entry : list(root_, key)) resource(entry, out_.resources);
    for (const yaml::Node& entry : list(root_, "components")) resource(entry, out_.components);
    patches();
    replacements();
    generators();
    for (const std::string_view key : {"configurations", "crds", "generators", "transformers", "validators"})
      for (const yaml::Node& entry : list(root_, key)) input(entry);
    if (!list(root_, "generators").empty() || !list(root_, "transformers").empty()) out_.outside = true;
    if (const yaml::Node* openapi = root_.find("openapi")) input(text(openapi, "path"));
    charts();
    return std::move(out_);
  }

 private:
  std::string local(std::string_view name) const {
    const fs::path path = (fs::path(out_.directory) / name).lexically_normal();
    std::string out = path.string();
    if (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return out.empty() ? "." : out;
  }

  void resource(const yaml::Node& entry, std::vector<std::string>& to) {
    if (!entry.is_string() || entry.string().find('\n') != std::string_view::npos) return;
    std::error_code ignored;
    const std::string path = local(entry.string());
    if (remote(entry.string()) || !fs::exists(path, ignored))
      out_.outside = true;
    else
      to.push_back(path);
  }

  void input(const yaml::Node& entry) {
    if (entry.is_string()) input(std::string(entry.string()));
  }
  void input(const std::string& name) {
    if (!name.empty() && name.find('\n') == name.npos && !remote(name)) out_.inputs.push_back(local(name));
  }

  static Target target(const yaml::Node& node) {
    Target t{text(&node, "group"), text(&node, "version"), text(&node, "kind"), text(&node, "name"),
             text(&node, "namespace")};
    t.by_labels = node.find("labelSelector") || node.find("annotationSelector");
    return t;
  }

  // A file, or the text itself, as patchesStrategicMerge mixes them.
  void source(std::string_view value, Patch& patch) const {
    if (value.find('\n') != value.npos || value.starts_with('{'))
      patch.text = value;
    else
      patch.file = local(value);
  }

  // In the order in which kustomize applies the forms.
  void patches() {
    for (const yaml::Node& entry : list(root_, "patchesStrategicMerge")) {
      if (!entry.is_string()) continue;
      Patch patch;
      patch.at = &entry;
      source(entry.string(), patch);
      out_.patches.push_back(std::move(patch));
    }
    for (const std::string_view key : {"patches", "patchesJson6902"})
      for (const yaml::Node& entry : list(root_, key)) {
        Patch patch;
        patch.at = &entry;
        if (entry.is_string()) source(entry.string(), patch);  // the oldest form
        if (const std::string path = text(&entry, "path"); !path.empty()) patch.file = local(path);
        patch.text = patch.text.empty() ? text(&entry, "patch") : patch.text;
        if (const yaml::Node* t = entry.find("target"); t && t->is_map())
          patch.has_target = true, patch.target = target(*t);
        out_.patches.push_back(std::move(patch));
      }
  }

  void replacements() {
    for (const yaml::Node& entry : list(root_, "replacements")) {
      input(text(&entry, "path"));
      for (const yaml::Node& one : list(entry, "targets"))
        if (const yaml::Node* select = one.find("select"); select && select->is_map()) {
          out_.replaced.push_back(target(*select));
          out_.replaced_at.push_back(&one);
        }
    }
  }

  void generators() {
    for (const std::string_view key : {"configMapGenerator", "secretGenerator"})
      for (const yaml::Node& entry : list(root_, key)) {
        if (key == "secretGenerator") out_.made_secrets.push_back(text(&entry, "name"));
        for (const std::string_view from : {"files", "envs"})
          for (const yaml::Node& file : list(entry, from))
            if (file.is_string()) input(std::string(file.string().substr(file.string().find('=') + 1)));
        input(text(&entry, "env"));
      }
  }

  void charts() {
    for (const std::string_view key : {"helmCharts", "helmChartInflationGenerator"})
      for (const yaml::Node& chart : list(root_, key)) {
        out_.outside = true;
        input(text(&chart, "valuesFile"));
        for (const yaml::Node& file : list(chart, "additionalValuesFiles")) input(file);
      }
  }

  const yaml::Node& root_;
  Kustomization out_;
};

}  // namespace

bool kustomization_name(std::string_view file_name) {
  return file_name == "kustomization.yaml" || file_name == "kustomization.yml" || file_name == "Kustomization";
}

Kustomization read_kustomization(const std::string& path, const yaml::Document& document) {
  return Reader(path, document).read();
}

}  // namespace gw::tree
