// The migration in stages: commands, what to look at before going on, and how to undo each. Nothing is run.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"
#include "kube/bundle.h"

namespace gw::audit {

// How a target's controller comes into a cluster and leaves it; every target of convert has one.
struct Install {
  std::string_view target;
  std::string_view install, ready, undo;  // shell lines
  std::string_view note;
  bool brings_crds = false;  // the provider manages the Gateway API CRDs
};
// How a target is installed; null for a target that has no row.
const Install* install_of(std::string_view target);

struct Stage {
  std::string slug, title;  // "install", "Install the CRDs and the controller, beside the old one"
  std::vector<std::string> commands, notes, undo;
  std::string go_on;  // when to go on
};

inline constexpr std::string_view saved_name = "ingresses.yaml";

struct PlanOptions {
  std::string target = "standard";
  std::string inputs;                   // the words of the command line that name them, quoted
  std::string directory = "migration";  // of the converted manifests
  bool cluster = false;                 // the inputs are a cluster's flags
  bool saved_input = false;             // standard input, which the reader saves as `saved_name`
};

// The stages in the order in which they are gone through; `bundle` is the old side.
std::vector<Stage> plan(const kube::Bundle& bundle, const PlanOptions& options);

// A word of a shell line.
std::string shell_word(const std::string& word);

// One stage, or all with a heading, as Markdown.
std::string render_markdown(const Stage& stage, std::size_t number);

}  // namespace gw::audit
