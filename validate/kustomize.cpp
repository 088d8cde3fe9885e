#include "validate/kustomize.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "kube/kinds.h"
#include "yaml/read.h"

namespace gw::validate {
namespace {

struct Name {
  std::string group, kind, name;
  bool operator<(const Name& o) const { return std::tie(group, kind, name) < std::tie(o.group, o.kind, o.name); }
};

// What a kustomization builds, under every name that it has on the way.
struct Built {
  std::set<Name> names;
  bool whole = true;  // false: something of it is not in the tree
};

std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

// kustomize anchors the fields of a target.
bool fits(const std::string& pattern, const std::string& value) {
  if (pattern.empty() || pattern == value) return true;
  re2::RE2::Options quiet;
  quiet.set_log_errors(false);
  const re2::RE2 compiled("^(?:" + pattern + ")$", quiet);
  return !compiled.ok() || re2::RE2::PartialMatch(value, compiled);
}

class Checker {
 public:
  Checker(const kube::Survey& survey, const diag::Sources& sources, diag::Sink& sink) : sources_(sources), sink_(sink) {
    for (const kube::SurveyedFile& file : survey.files) files_[file.path] = &file;
    for (const tree::Kustomization& k : survey.kustomizations)
      directories_[k.directory.empty() ? "." : k.directory] = &k;
  }

  void run(const tree::Kustomization& k) {
    if (k.component) return;  // it changes whatever takes it in
    const Built built = build(k, 0);
    if (!built.whole) return;
    for (const tree::Patch& patch : k.patches) {
      if (patch.has_target)
        aimed(k, built, patch.target, patch.at, "patch");
      else
        named(k, built, patch);
    }
    for (std::size_t i = 0; i < k.replaced.size(); ++i) aimed(k, built, k.replaced[i], k.replaced_at[i], "replacement");
  }

 private:
  Built build(const tree::Kustomization& k, int depth) const {
    Built out;
    out.whole = !k.outside && depth < 32;
    for (const auto* list : {&k.resources, &k.components})
      for (const std::string& path : *list)
        if (out.whole) add(path, depth, out);
    std::set<Name> renamed;
    if (!k.prefix.empty() || !k.suffix.empty())
      for (const Name& one : out.names) renamed.insert({one.group, one.kind, k.prefix + one.name + k.suffix});
    out.names.insert(renamed.begin(), renamed.end());
    return out;
  }

  void add(const std::string& path, int depth, Built& out) const {
    if (const auto file = files_.find(path); file != files_.end()) {
      for (const kube::ObjectName& one : file->second->objects)
        out.names.insert({std::string(kube::group_of(one.api_version)), one.kind, one.name});
      if (file->second->count == 0) out.whole = false;  // a template, or nothing that can be read
    } else if (const auto directory = directories_.find(path); directory != directories_.end()) {
      const Built below = build(*directory->second, depth + 1);
      out.names.insert(below.names.begin(), below.names.end());
      out.whole = out.whole && below.whole;
    } else {
      out.whole = false;
    }
  }

  void aimed(const tree::Kustomization& k, const Built& built, const tree::Target& target, const yaml::Node* at,
             const std::string& what) {
    const bool generated = target.kind.empty() || target.kind == "ConfigMap" || target.kind == "Secret";
    if (target.by_labels || generated) return;
    const bool there = std::any_of(built.names.begin(), built.names.end(), [&](const Name& one) {
      return fits(target.kind, one.kind) && fits(target.name, one.name) && fits(target.group, one.group);
    });
    if (!there)
      tell(k, built, target.kind, target.name, at,
           "this " + what + " changes nothing: no " + target.kind +
               (target.name.empty() ? "" : " '" + target.name + "'") + " is built here, and kustomize does not say so",
           diag::Severity::warning);
  }

  // A patch without a target names its object itself; kustomize refuses to build where that is not there.
  void named(const tree::Kustomization& k, const Built& built, const tree::Patch& patch) {
    diag::Sources beside;
    diag::Sink ignored;
    std::string content = patch.text;
    if (content.empty() && patch.text_file == diag::no_file) return;
    if (content.empty()) content = sources_.text(patch.text_file);
    const diag::FileId file = beside.add("patch", std::move(content));
    for (const yaml::Document& document : yaml::read(file, beside, {}, ignored)) {
      const std::string kind = text(document.root, "kind"), name = text(document.root->find("metadata"), "name");
      const std::string version = text(document.root, "apiVersion");
      if (kind.empty() || name.empty() || kind == "ConfigMap" || kind == "Secret") continue;
      if (built.names.contains({std::string(kube::group_of(version)), kind, name})) continue;
      tell(k, built, kind, name, patch.at,
           "this patch changes " + kind + " '" + name + "', which is not built here: kustomize build fails",
           diag::Severity::error);
    }
  }

  void tell(const tree::Kustomization& k, const Built& built, const std::string& kind, const std::string& name,
            const yaml::Node* at, std::string message, diag::Severity severity) {
    diag::Diagnostic d;
    d.code = "GW023";
    d.severity = severity;
    d.layer = "reference";
    d.message = std::move(message);
    d.help = "remove it, or aim it at an object that is there";
    for (const Name& one : built.names)
      if (kind == "Ingress" && one.name == name && one.group == kube::gateway_group)
        d.help = one.kind + " '" + name + "' is there: write what the patch changed for it";
    d.object = {"kustomize.config.k8s.io/v1beta1", "Kustomization", "", k.directory};
    d.span = at->span();
    sink_.report(std::move(d));
  }

  const diag::Sources& sources_;
  diag::Sink& sink_;
  std::map<std::string, const kube::SurveyedFile*> files_;
  std::map<std::string, const tree::Kustomization*> directories_;
};

}  // namespace

void check_kustomizations(const kube::Survey& survey, const diag::Sources& sources, diag::Sink& sink) {
  Checker checker(survey, sources, sink);
  for (const tree::Kustomization& k : survey.kustomizations) checker.run(k);
}

}  // namespace gw::validate
