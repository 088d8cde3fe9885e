// The manifests of a folder as the editor shows them: open documents over the files of the disk, looked at as
// `gwctl validate -R` does, with the folder's .gwctl.yaml.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "validate/look.h"

namespace gw::lsp {

struct Settings {
  validate::Selection selection;
  std::string channel = "standard", api_version = "v1.6", profile, to = "standard", from = "auto";
};
validate::Options options_of(const Settings& settings);

// One look. Findings that comments silence are gone; all of it lives as long as the View.
struct View {
  diag::Sources sources;
  diag::Sink sink;
  kube::Survey survey;
  validate::Looked looked;
  std::map<std::string, diag::FileId> files;  // by path
};

class Workspace {
 public:
  // An empty root: only what is open counts.
  explicit Workspace(std::string root = {});

  // What the protocol says of a document; a change of one that is not open opens it.
  void set(const std::string& path, std::string text);
  void close(const std::string& path);
  // Of an open document, else of the file; nothing where there is none.
  std::optional<std::string> text(const std::string& path) const;
  const std::map<std::string, std::string>& open() const { return open_; }
  const std::string& root() const { return root_; }

  // What initializationOptions say; .gwctl.yaml wins, as it holds for the whole team.
  void prefer(Settings settings);
  const Settings& settings() const { return settings_; }
  // Something outside changed: files, or .gwctl.yaml.
  void refresh() { view_.reset(); }

  // The set as it is now; made anew after a change. `why_not` is what .gwctl.yaml has wrong, if anything.
  View& look();
  const std::string& why_not() const { return why_not_; }

 private:
  void read_settings();
  void feed(View& view, const kube::LoadOptions& load, const validate::Take& take) const;

  std::string root_, why_not_;
  Settings preferred_, settings_;
  std::map<std::string, std::string> open_;  // by path
  std::unique_ptr<View> view_;
};

}  // namespace gw::lsp
