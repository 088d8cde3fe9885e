#include "lsp/workspace.h"

#include <algorithm>
#include <set>

#include "diag/ignore.h"
#include "route/profile.h"
#include "tree/file.h"
#include "tree/walk.h"
#include "yaml/config.h"

namespace gw::lsp {

validate::Options options_of(const Settings& settings) {
  validate::Options out;
  out.channel = settings.channel == "experimental" ? validate::Channel::experimental : validate::Channel::standard;
  out.api_version = settings.api_version == "v1.7" ? validate::ApiVersion::v1_7 : validate::ApiVersion::v1_6;
  out.cel = settings.selection.has_layer("cel");
  const auto& known = route::profile_names();
  if (std::find(known.begin(), known.end(), settings.profile) != known.end()) out.profile = settings.profile;
  return out;
}

Workspace::Workspace(std::string root) : root_(std::move(root)) {
  while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

void Workspace::set(const std::string& path, std::string text) {
  open_[path] = std::move(text);
  view_.reset();
}

void Workspace::close(const std::string& path) {
  open_.erase(path);
  view_.reset();
}

std::optional<std::string> Workspace::text(const std::string& path) const {
  if (const auto at = open_.find(path); at != open_.end()) return at->second;
  auto read = tree::read_file(path, yaml::Limits{}.file_bytes);
  if (!read) return std::nullopt;
  return std::move(*read);
}

void Workspace::prefer(Settings settings) {
  preferred_ = std::move(settings);
  view_.reset();
}

void Workspace::read_settings() {
  settings_ = preferred_;
  why_not_.clear();
  if (root_.empty()) return;
  const auto found = yaml::find_config(root_);
  if (!found) why_not_ = found.error().message;
  if (!found || !*found) return;
  const yaml::Config& config = **found;
  const auto one = [&](std::string_view key, std::string& to) {
    if (const auto value = config.one(key)) to = *value;
  };
  one("channel", settings_.channel);
  one("apiVersion", settings_.api_version);
  one("profile", settings_.profile);
  one("to", settings_.to);
  one("from", settings_.from);
  const auto list = [&](std::string_view key, std::vector<std::string>& to) {
    if (auto values = config.list(key); !values.empty()) to = std::move(values);
  };
  list("select", settings_.selection.select);
  list("ignore", settings_.selection.ignore);
  list("enable", settings_.selection.enable);
  list("layers", settings_.selection.layers);
}

// The files of the folder, an open one with the editor's text, then what is open besides.
void Workspace::feed(View& view, const kube::LoadOptions& load, const validate::Take& take) const {
  const std::size_t limit = load.limits.file_bytes;
  const auto add = [&](const std::string& path, std::string text, std::string ns) {
    if (view.files.contains(path)) return;
    const diag::FileId id = view.sources.add(path, std::move(text));
    view.files.emplace(path, id);
    view.survey.files.push_back({id, path, true, std::move(ns)});
  };
  if (!root_.empty()) {
    if (auto walked = tree::walk(root_, true, limit, view.sources)) {
      for (tree::File& file : walked->files)
        if (auto text = this->text(file.path)) add(file.path, std::move(*text), std::move(file.ns));
      view.survey.passed = std::move(walked->passed);
      view.survey.kustomizations = std::move(walked->kustomizations);
    }
  }
  std::set<std::string> passed;  // a chart's template stays one while it is open
  for (const tree::PassedOver& one : view.survey.passed) passed.insert(one.path);
  for (const auto& [path, text] : open_)
    if (!passed.contains(path)) add(path, text, {});
  for (kube::SurveyedFile& file : view.survey.files)
    kube::read(file, load, kube::UnfilledObjects::keep, view.survey, view.sources, view.sink, take);
}

View& Workspace::look() {
  if (view_) return *view_;
  read_settings();
  view_ = std::make_unique<View>();
  View& view = *view_;
  const kube::LoadOptions load;
  const validate::Selection& selection = settings_.selection;
  const Status looked = validate::look(
      {view.sources, view.sink, view.survey, load},
      [&](const validate::Take& take) -> Status {
        feed(view, load, take);
        return Unit{};
      },
      options_of(settings_), selection, view.looked, true);
  if (!looked) why_not_ = looked.error().message;
  auto& findings = view.looked.findings;
  selection.choose(findings);
  diag::apply_ignores(findings, view.sources,
                      selection.layers.empty() && selection.select.empty() && selection.ignore.empty());
  diag::sort_by_file_name(findings, view.sources);
  return view;
}

}  // namespace gw::lsp
