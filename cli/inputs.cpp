// What the commands share: the flags that name inputs, reading them, and saying what was found.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/command.h"
#include "cli/tree.h"
#include "diag/render.h"

namespace gw::cli {
namespace {

enum class ColourMode { automatic, always, never };
ColourMode colour_mode = ColourMode::automatic;  // set once by the parser, before any command runs

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

void add_global_flags(CLI::App& root) {
  root.add_option_function<std::string>(
          "--color",
          [](const std::string& value) {
            colour_mode = value == "always"  ? ColourMode::always
                          : value == "never" ? ColourMode::never
                                             : ColourMode::automatic;
          },
          "Colours on standard error: auto, always or never")
      ->option_text("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

bool colour_wanted() {
  if (colour_mode != ColourMode::automatic) return colour_mode == ColourMode::always;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool plain = (no_color != nullptr && *no_color != '\0') || term == nullptr || std::string_view(term) == "dumb";
  return !plain && isatty(STDERR_FILENO) == 1;
}

void add_inputs(CLI::App& app, Inputs& inputs) {
  const char* group = "Input";
  const auto append = [&inputs](const std::vector<std::string>& paths) {
    inputs.paths.insert(inputs.paths.end(), paths.begin(), paths.end());
  };
  app.add_option_function<std::vector<std::string>>("paths", append, "File, directory or - for standard input")
      ->option_text("PATH")
      ->group(group);
  app.add_option_function<std::vector<std::string>>("-f,--filename", append, "The same as a flag; may be repeated")
      ->allow_extra_args(false)
      ->option_text("PATH")
      ->group(group);
  app.add_flag("-R,--recursive", inputs.load.recursive, "Go into the directories of a directory")->group(group);
  app.add_option("-n,--namespace", inputs.load.ns, "Only this namespace")->option_text("NS")->group(group);
  app.add_flag("-A,--all-namespaces", inputs.all_namespaces, "Every namespace (the default for files)")->group(group);
  app.add_option("-l,--selector", inputs.load.selector, "Only objects with these labels, as kubectl writes them")
      ->option_text("SELECTOR")
      ->group(group);
  app.add_option("--max-file-size", inputs.load.limits.file_bytes, "Refuse larger files; 64Mi unless told")
      ->option_text("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->group(group);
}

int load(const Inputs& inputs, Loaded& loaded) {
  if (inputs.paths.empty()) return fail({"no input", "name a file, a directory, or - for standard input"});
  kube::LoadOptions options = inputs.load;
  if (inputs.all_namespaces) options.ns.clear();
  auto bundle = kube::load(inputs.paths, options, loaded.sources, loaded.sink);
  if (!bundle) return fail(bundle.error());
  loaded.bundle = std::move(*bundle);
  return exit_ok;
}

int print_findings(std::vector<diag::Diagnostic> findings, const diag::Sources& sources) {
  if (findings.empty()) return exit_ok;
  const bool colour = colour_wanted();
  std::size_t counts[3] = {};
  for (const diag::Diagnostic& finding : findings) {
    ++counts[static_cast<std::size_t>(finding.severity)];
    std::cerr << diag::render_text(finding, sources, colour);
  }
  const auto [infos, warnings, errors] = counts;
  std::cerr << counted(errors, "error") << ", " << counted(warnings, "warning");
  if (infos != 0) std::cerr << ", " << counted(infos, "note");
  std::cerr << '\n';
  return errors != 0 ? exit_findings : exit_ok;
}

int fail(const Error& error) {
  std::cerr << "gwctl: " << error.message << '\n';
  if (!error.help.empty()) std::cerr << "  = help: " << error.help << '\n';
  return exit_usage;
}

}  // namespace gw::cli
