#include "validate/unfinished.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <set>

#include "kube/index.h"
#include "kube/kinds.h"
#include "kube/placeholder.h"
#include "validate/rules/report.h"
#include "yaml/read.h"

namespace gw::validate {
namespace {

std::string key_of(std::string_view kind, std::string_view ns, std::string_view name) {
  return std::string(kind) + " " + std::string(ns.empty() ? "default" : ns) + "/" + std::string(name);
}

// A field of a target, which kustomize anchors; empty takes everything.
class Wanted {
 public:
  explicit Wanted(const std::string& text) : text_(text) {
    if (text.find_first_of("\\^$.|?*+()[]{}") == std::string::npos) return;
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    compiled_ = std::make_unique<re2::RE2>("^(?:" + text + ")$", quiet);
  }
  bool takes(const std::string& value) const {
    if (text_.empty() || text_ == value) return true;
    return compiled_ && compiled_->ok() && re2::RE2::PartialMatch(value, *compiled_);
  }

 private:
  std::string text_;
  std::unique_ptr<re2::RE2> compiled_;
};

// What the objects of a patch that names them itself are called.
std::vector<tree::Target> named_by(const tree::Patch& patch, const diag::Sources& sources) {
  std::string content = patch.text;
  if (content.empty() && patch.text_file != diag::no_file) content = sources.text(patch.text_file);
  diag::Sources beside;
  diag::Sink ignored;
  const diag::FileId file = beside.add("patch", std::move(content));
  std::vector<tree::Target> out;
  const auto text = [](const yaml::Node* node, std::string_view key) {
    const yaml::Node* value = node ? node->find(key) : nullptr;
    return value && value->is_string() ? std::string(value->string()) : std::string();
  };
  for (const yaml::Document& document : yaml::read(file, beside, {}, ignored)) {
    tree::Target target;
    target.kind = text(document.root, "kind");
    target.name = text(document.root->find("metadata"), "name");
    if (!target.kind.empty() && !target.name.empty()) out.push_back(std::move(target));
  }
  return out;
}

// The files that each kustomization builds from.
class Reach {
 public:
  explicit Reach(const kube::Survey& survey) {
    for (const kube::SurveyedFile& file : survey.files) files_[file.path] = &file;
    for (const tree::Kustomization& k : survey.kustomizations)
      directories_[k.directory.empty() ? "." : k.directory] = &k;
  }

  std::set<const kube::SurveyedFile*> files_of(const tree::Kustomization& k) const {
    std::set<const kube::SurveyedFile*> out;
    std::set<const tree::Kustomization*> seen;
    add(k, out, seen);
    return out;
  }
  const tree::Kustomization* at(const std::string& path) const {
    const auto found = directories_.find(path);
    return found == directories_.end() ? nullptr : found->second;
  }

 private:
  void add(const tree::Kustomization& k, std::set<const kube::SurveyedFile*>& out,
           std::set<const tree::Kustomization*>& seen) const {
    if (!seen.insert(&k).second) return;
    for (const auto* list : {&k.resources, &k.components})
      for (const std::string& path : *list) {
        if (const auto file = files_.find(path); file != files_.end()) out.insert(file->second);
        if (const tree::Kustomization* below = at(path)) add(*below, out, seen);
      }
  }

  std::map<std::string, const kube::SurveyedFile*> files_;
  std::map<std::string, const tree::Kustomization*> directories_;
};

std::string ns_of(const kube::SurveyedFile& file, const kube::ObjectName& object) {
  return object.ns.empty() ? file.ns : object.ns;
}
bool routes(const kube::ObjectName& object) {
  return kube::concerns_routing(kube::group_of(object.api_version), object.kind);
}

}  // namespace

Unfinished::Unfinished(const kube::Survey& survey, const kube::Bundle& bundle, const diag::Sources& sources)
    : sources_(sources) {
  if (survey.kustomizations.empty()) return;
  collect_changed(survey, sources);
  collect_repeated(survey);
  if (!unfinished_.empty()) collect_edges(bundle);
}

void Unfinished::collect_changed(const kube::Survey& survey, const diag::Sources& sources) {
  const Reach reach(survey);
  for (const tree::Kustomization& k : survey.kustomizations) {
    std::vector<std::pair<tree::Target, bool>> targets;
    const auto take = [&](const tree::Kustomization& from) {
      for (const tree::Patch& patch : from.patches) {
        if (patch.has_target) targets.emplace_back(patch.target, false);
        if (!patch.has_target)
          for (tree::Target& one : named_by(patch, sources)) targets.emplace_back(std::move(one), false);
      }
      for (const tree::Target& target : from.replaced) targets.emplace_back(target, true);
    };
    take(k);
    for (const std::string& path : k.components)
      if (const tree::Kustomization* component = reach.at(path)) take(*component);
    const auto files = reach.files_of(k);
    std::set<std::string>& paths = built_.emplace_back();
    for (const kube::SurveyedFile* file : files) paths.insert(file->path);
    for (const auto& [target, replaced] : targets) {
      const Wanted kind(target.kind), name(target.name);
      for (const kube::SurveyedFile* file : files)
        for (const kube::ObjectName& object : file->objects) {
          if (!routes(object) || !kind.takes(object.kind) || !name.takes(object.name)) continue;
          const Key key = key_of(object.kind, ns_of(*file, object), object.name);
          Why& why = unfinished_.try_emplace(key, Why{key + " is changed by " + k.path, replaced}).first->second;
          why.replaced = why.replaced || replaced;
        }
    }
  }
}

void Unfinished::collect_repeated(const kube::Survey& survey) {
  std::map<Key, std::set<const kube::SurveyedFile*>> defined;
  for (const kube::SurveyedFile& file : survey.files)
    if (file.walked)
      for (const kube::ObjectName& object : file.objects)
        if (routes(object)) defined[key_of(object.kind, ns_of(file, object), object.name)].insert(&file);
  for (const auto& [key, files] : defined)
    if (files.size() > 1)
      unfinished_.try_emplace(key,
                              Why{key + " is defined in several files of the tree, of which a cluster has one", false});
}

void Unfinished::collect_edges(const kube::Bundle& bundle) {
  each_route(bundle, [&](const auto& route, std::string_view kind) {
    std::vector<Key>& to = refers_[key_of(kind, route.metadata.ns, route.metadata.name)];
    for (const auto& parent : route.spec.parent_refs)
      to.push_back(key_of(parent.kind.value_or("Gateway"),
                          parent.ns ? std::string(*parent.ns) : std::string(route.metadata.ns), parent.name));
    for (const auto& rule : route.spec.rules)
      for (const auto& ref : rule.backend_refs)
        to.push_back(key_of(ref.kind.value_or("Service"),
                            ref.ns ? std::string(*ref.ns) : std::string(route.metadata.ns), ref.name));
  });
  for (const kube::Ingress& ingress : bundle.ingresses) {
    std::vector<Key>& to = refers_[key_of("Ingress", ingress.metadata.ns, ingress.metadata.name)];
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths)
          if (path.backend.service) to.push_back(key_of("Service", ingress.metadata.ns, path.backend.service->name));
  }
}

const Unfinished::Why* Unfinished::why(const diag::Diagnostic& finding) const {
  const Key key = key_of(finding.object.kind, finding.object.ns, finding.object.name);
  const auto own = unfinished_.find(key);
  if (finding.layer == "schema" || finding.layer == "cel")
    return own != unfinished_.end() && own->second.replaced ? &own->second : nullptr;
  if (finding.layer != "reference" && finding.layer != "conflict") return nullptr;
  if (own != unfinished_.end()) return &own->second;
  const auto refers = refers_.find(key);
  if (refers == refers_.end()) return nullptr;
  for (const Key& to : refers->second)
    if (const auto found = unfinished_.find(to); found != unfinished_.end()) return &found->second;
  return nullptr;
}

// Are the two objects that clash built, but by no kustomization together? Then they may be of two clusters.
bool Unfinished::apart(const diag::Diagnostic& finding) const {
  if (finding.layer != "conflict" || finding.related.empty() || !finding.span.known()) return false;
  const diag::Span other = finding.related.front().span;
  if (!other.known() || other.file == finding.span.file) return false;
  const std::string here(sources_.name(finding.span.file)), there(sources_.name(other.file));
  bool one = false, two = false;
  for (const std::set<std::string>& files : built_) {
    if (files.contains(here) && files.contains(there)) return false;
    one = one || files.contains(here);
    two = two || files.contains(there);
  }
  return one && two;
}

void Unfinished::soften(std::vector<diag::Diagnostic>& findings) const {
  static const Why two_builds{"no kustomization of the tree builds both, so they may be of two clusters", false};
  for (diag::Diagnostic& finding : findings) {
    if (finding.severity != diag::Severity::error || finding.object.kind == "Kustomization") continue;
    const Why* because = apart(finding) ? &two_builds : why(finding);
    if (!because) continue;
    finding.severity = diag::Severity::warning;
    finding.help += (finding.help.empty() ? "" : "; ") + because->text + ": -k DIR tells what is built";
  }
}

void soften_channel(std::vector<diag::Diagnostic>& findings, ApiVersion version) {
  const Catalogue& experimental = builtin(version, Channel::experimental);
  for (diag::Diagnostic& finding : findings) {
    if (finding.severity != diag::Severity::error) continue;
    bool other = finding.code == "GW007" || finding.code == "GW008";
    if (finding.code == "GW005") {
      const std::string_view whole = finding.object.api_version;
      const KindInfo* kind =
          experimental.find(kube::group_of(whole), whole.substr(whole.find('/') + 1), finding.object.kind);
      other = kind && kind->served;
    }
    if (!other) continue;
    finding.severity = diag::Severity::warning;
    if (finding.code == "GW005")
      finding.help += (finding.help.empty() ? "" : "; ") +
                      std::string("the experimental channel serves it: --channel experimental");
  }
}

}  // namespace gw::validate
