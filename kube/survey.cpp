#include "kube/survey.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "kube/kinds.h"
#include "kube/placeholder.h"
#include "tree/file.h"

namespace gw::kube {
namespace {

using tree::Why;

// Does a text look like an object of the API, so that a fault in it is a fault of a manifest?
bool like_object(std::string_view text) {
  const auto key = [&](std::string_view word) {
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      const std::string_view after = text.substr(at + word.size(), 2);
      const bool starts = at == 0 || text[at - 1] == '\n' || text[at - 1] == '"' || text[at - 1] == '{';
      if (starts && (after.starts_with(":") || after.starts_with("\":"))) return true;
    }
    return false;
  };
  return key("apiVersion");
}

// <ISSUER_ANNOTATION>, for which an installer writes a line of its own.
bool has_bracketed_word(std::string_view text) {
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    const std::size_t end = std::min(text.find('>', at), text.size());
    const std::string_view word = text.substr(at + 1, end - at - 1);
    const bool capitals = std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
    });
    if (end != text.size() && word.size() > 2 && capitals) return true;
  }
  return false;
}

bool templated(std::string_view text) {
  if (has_bracketed_word(text)) return true;
  return text.find("{{") != text.npos || text.find("{%") != text.npos || text.find("<%") != text.npos;
}

bool has_text(const yaml::Node& node, std::string_view key) {
  const yaml::Node* value = node.find(key);
  return value && value->is_string() && !value->string().empty();
}

bool is_object(const yaml::Node& node) {
  if (has_text(node, "openapi") && node.find("openapi")->string().starts_with("3.")) return true;
  if (!has_text(node, "apiVersion") || !has_text(node, "kind")) return false;
  // A kubeconfig has both, too, and so have the documents of Talos, in a version without a group: no cluster takes
  // them.
  if (node.find("apiVersion")->string() == "v1alpha1") return false;
  return node.find("kind")->string() != "Config" || (!node.find("clusters") && !node.find("contexts"));
}

// SOPS leaves names readable and adds what it needs to decrypt the rest.
bool by_sops(const yaml::Node& node) {
  const yaml::Node* sops = node.find("sops");
  return sops && sops->is_map() && (sops->find("mac") || sops->find("lastmodified") || sops->find("version"));
}

// Kinds from which something else makes the objects of the cluster.
bool renders(std::string_view group, std::string_view kind) {
  return (group == "helm.toolkit.fluxcd.io" && kind == "HelmRelease") ||
         (group == "argoproj.io" && (kind == "Application" || kind == "ApplicationSet")) ||
         (group == "helm.cattle.io" && kind == "HelmChart") ||
         (group == "kustomize.toolkit.fluxcd.io" && kind == "Kustomization");
}

std::string text_at(const yaml::Node& node, std::string_view parent, std::string_view key) {
  const yaml::Node* upper = node.find(parent);
  const yaml::Node* value = upper ? upper->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

class Reading {
 public:
  Reading(SurveyedFile& file, const LoadOptions& options, UnfilledObjects unfilled, Survey& survey,
          diag::Sources& sources, diag::Sink& sink, const std::function<void(std::vector<RawObject>)>& take)
      : file_(file),
        options_(options),
        unfilled_(unfilled),
        survey_(survey),
        sources_(sources),
        sink_(sink),
        take_(take),
        text_(sources.text(file.file)) {
    placeholders_ = may_hold_placeholders(text_);
  }

  void read() {
    diag::Sink own;
    diag::Sink& sink = file_.walked ? own : sink_;
    yaml::read_parts(file_.file, sources_, options_.limits, sink,
                     [&](std::vector<yaml::Document> part) { hand_on(std::move(part), sink); });
    file_.count = objects_ + encrypted_;
    if (!file_.walked) return;
    const bool broken = own.failed();
    if (broken && (!like_object(text_) || templated(text_))) {
      own.take();
      const Why why = templated(text_) ? Why::templated : Why::no_object;
      if (objects_ == 0) survey_.passed.push_back({file_.path, why});
      return;
    }
    for (diag::Diagnostic& finding : own.take()) {
      // {{ }} inside a value that is YAML all the same is somebody else's text (an alert, an ExternalSecret).
      const bool others_text = finding.code == "GW011" && finding.severity == diag::Severity::info;
      if ((objects_ != 0 || broken) && !others_text) sink_.report(std::move(finding));
    }
    if (objects_ == 0 && !broken)
      survey_.passed.push_back({file_.path, encrypted_ != 0 ? Why::encrypted : Why::no_object});
  }

 private:
  void hand_on(std::vector<yaml::Document> part, diag::Sink& sink) {
    if (file_.walked) std::erase_if(part, [](const yaml::Document& document) { return !is_object(*document.root); });
    std::vector<RawObject> raw = objects(part, sink);
    std::erase_if(raw, [&](RawObject& object) { return left_out(object); });
    objects_ += raw.size();
    if (!raw.empty()) take_(std::move(raw));
  }

  bool left_out(RawObject& object) {
    const std::string_view group = group_of(object.api_version);
    object.ns = file_.ns;
    object.encrypted = by_sops(*object.node);
    if (!survey_.kustomizations.empty())
      file_.objects.push_back({std::string(object.api_version), std::string(object.kind),
                               text_at(*object.node, "metadata", "namespace"),
                               text_at(*object.node, "metadata", "name")});
    if (object.encrypted && object.kind != "Secret") return ++encrypted_, true;
    if (file_.walked && group == "kustomize.config.k8s.io") return true;
    if (renders(group, object.kind)) ++survey_.renders;
    if (!placeholders_ || !concerns_routing(group, object.kind)) return false;
    return note_placeholders(object) && unfilled_ == UnfilledObjects::drop;
  }

  bool note_placeholders(const RawObject& object) {
    constexpr std::size_t shown = 4;
    std::vector<Placeholder> all = placeholders(*object.node);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name == b.name; }),
              all.end());
    for (const Placeholder& one : all) {
      Unfilled& entry = survey_.placeholders[one.name];
      if (entry.objects++ < shown) entry.places.push_back(one.at->span());
    }
    return !all.empty();
  }

  SurveyedFile& file_;
  const LoadOptions& options_;
  const UnfilledObjects unfilled_;
  Survey& survey_;
  diag::Sources& sources_;
  diag::Sink& sink_;
  const std::function<void(std::vector<RawObject>)>& take_;
  const std::string_view text_;
  bool placeholders_ = false;
  std::size_t objects_ = 0, encrypted_ = 0;
};

Status add_directory(const std::string& path, const LoadOptions& options, diag::Sources& sources, Survey& out) {
  const std::size_t limit = options.limits.file_bytes;
  auto walked = tree::walk(path, options.recursive, limit, sources);
  if (!walked) return walked.error();
  if (walked->files.empty() && walked->passed.empty())
    return tree::cannot_read(path, "it holds no .yaml, .yml or .json file",
                             options.recursive ? "" : "add -R to look into its subdirectories");
  for (tree::File& file : walked->files) {
    auto text = tree::read_file(file.path, limit);
    if (!text) return text.error();
    const diag::FileId id = sources.add(file.path, fill_in(std::move(*text), options.set));
    out.files.push_back({id, std::move(file.path), true, std::move(file.ns)});
  }
  std::move(walked->passed.begin(), walked->passed.end(), std::back_inserter(out.passed));
  std::move(walked->kustomizations.begin(), walked->kustomizations.end(), std::back_inserter(out.kustomizations));
  return Unit{};
}

}  // namespace

Result<Survey> survey(const std::vector<std::string>& paths, const LoadOptions& options, diag::Sources& sources) {
  if (const Status status = check_selector(options); !status) return status.error();
  Survey out;
  const std::size_t limit = options.limits.file_bytes;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path != "-" && std::filesystem::is_directory(path, error)) {
      if (const Status status = add_directory(path, options, sources, out); !status) return status.error();
      continue;
    }
    auto text =
        path == "-" ? tree::read_descriptor(STDIN_FILENO, "standard input", limit, 0) : tree::read_file(path, limit);
    if (!text) return text.error();
    const std::string name = path == "-" ? "<stdin>" : path;
    out.files.push_back({sources.add(name, fill_in(std::move(*text), options.set)), name});
  }
  return out;
}

bool Survey::partial() const {
  const auto makes_objects = [](const tree::PassedOver& one) {
    return one.why == Why::chart || one.why == Why::templated || one.why == Why::encrypted;
  };
  return renders != 0 || !placeholders.empty() || std::any_of(passed.begin(), passed.end(), makes_objects) ||
         std::any_of(kustomizations.begin(), kustomizations.end(), [](const auto& k) { return k.outside; });
}

void read(SurveyedFile& file, const LoadOptions& options, UnfilledObjects unfilled, Survey& survey,
          diag::Sources& sources, diag::Sink& sink, const std::function<void(std::vector<RawObject> part)>& take) {
  Reading(file, options, unfilled, survey, sources, sink, take).read();
}

void report_placeholders(const Survey& survey, diag::Severity severity, bool left_out, diag::Sink& sink) {
  for (const auto& [name, unfilled] : survey.placeholders) {
    diag::Diagnostic d;
    d.code = "GW021";
    d.severity = severity;
    d.layer = "lint";
    const bool one = unfilled.objects == 1;
    d.message = (one ? "an object is" : std::to_string(unfilled.objects) + " objects are") +
                std::string(" written with the placeholder '") + name + "', which nobody has filled in" +
                (left_out ? std::string(one ? ": it is" : ": they are") + " left out" : "");
    d.help =
        "fill it in with --set " + name + "=VALUE, or give what is built: -k DIR, or helm template ... | gwctl ... -";
    d.span = unfilled.places.front();
    for (std::size_t i = 1; i < unfilled.places.size(); ++i) d.related.push_back({unfilled.places[i], "and here"});
    sink.report(std::move(d));
  }
}

std::string passed_over(const Survey& survey) {
  std::array<std::size_t, tree::whys> counts{};
  for (const tree::PassedOver& one : survey.passed) ++counts[static_cast<std::size_t>(one.why)];
  std::string out;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto why = static_cast<Why>(i);
    out += (out.empty() ? "passed over " : ", ") + tree::counted(why, counts[i]);
    if (why == Why::chart) out += " (helm template CHART | gwctl ... -)";
    if (why == Why::kustomization) out += " (-k DIR builds them)";
  }
  return out;
}

Bundle load(Survey& survey, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink,
            diag::Severity placeholders) {
  Decoder decoder(options, sources, sink);
  for (SurveyedFile& file : survey.files)
    read(file, options, UnfilledObjects::drop, survey, sources, sink,
         [&](std::vector<RawObject> part) { decoder.add(std::move(part)); });
  report_placeholders(survey, placeholders, true, sink);
  return decoder.finish();
}

Result<Bundle> load(const std::vector<std::string>& paths, const LoadOptions& options, diag::Sources& sources,
                    diag::Sink& sink) {
  auto found = survey(paths, options, sources);
  if (!found) return found.error();
  return load(*found, options, sources, sink);
}

}  // namespace gw::kube
