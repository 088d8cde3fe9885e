// What the commands share: the flags that name inputs, reading them, and saying what was found.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/command.h"
#include "cli/tree.h"
#include "cluster/read.h"
#include "diag/render.h"

namespace gw::cli {
namespace {

enum class ColourMode { automatic, always, never };
ColourMode colour_mode = ColourMode::automatic;  // set once by the parser, before any command runs

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// A line on the terminal that appears once reading takes long, and goes when it is done.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  ~Progress() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
  }
  void show(std::string_view kind, std::size_t done, std::size_t left) {
    if (std::chrono::steady_clock::now() - began_ < std::chrono::milliseconds(500)) return;
    std::cerr << "\r\033[Kreading " << kind << ": " << done;
    if (left != 0) std::cerr << " of " << done + left;
    std::cerr << std::flush;
    shown_ = true;
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

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
  add_file_inputs(app, inputs);
  const char* group = "Cluster instead of files (only get and list are sent)";
  app.add_option("--kubeconfig", inputs.kubeconfig, "Read the cluster of this kubeconfig")
      ->option_text("FILE")
      ->group(group);
  app.add_option("--context", inputs.context, "Context of the kubeconfig; default: the current one")
      ->option_text("NAME")
      ->group(group);
  app.add_flag("--from-cluster", inputs.from_cluster,
               "Read the cluster of $KUBECONFIG, ~/.kube/config or the Pod's service account")
      ->group(group);
}

void add_format(CLI::App& app, std::string& format, std::vector<std::string> known) {
  std::string help = "Output format: ";
  for (const std::string& name : known) help += (&name == &known.front() ? "" : ", ") + name;
  app.add_option("-o,--output,--format", format, help + "; default: " + format)
      ->option_text("FORMAT")
      ->check(CLI::IsMember(std::move(known)));
}

void add_file_inputs(CLI::App& app, Inputs& inputs) {
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
  app.add_option("--max-file-size", inputs.load.limits.file_bytes, "Refuse larger files; default: 64Mi")
      ->option_text("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->group(group);
}

bool wants_cluster(const Inputs& inputs) {
  return inputs.from_cluster || !inputs.kubeconfig.empty() || !inputs.context.empty();
}

Result<std::vector<kube::RawObject>> read_cluster(const Inputs& inputs, kube::LoadOptions& options,
                                                  diag::Sources& sources, diag::Sink& sink) {
  if (!inputs.paths.empty())
    return Error{"files and a cluster were given", "name files, or a cluster with --kubeconfig, not both"};
  auto access = cluster::find_access(inputs.kubeconfig, inputs.context);
  if (!access) return access.error();
  cluster::ReadOptions read;
  if (inputs.all_namespaces) {
    options.ns.clear();
    read.fallback = access->ns;
  } else if (options.ns.empty()) {
    options.ns = access->ns;
    std::cerr << "gwctl: reading namespace " << diag::printable(options.ns)
              << " (the context's); -n chooses another, -A reads all\n";
  }
  read.ns = options.ns;
  read.selector = options.selector;
  Progress progress;
  if (isatty(STDERR_FILENO) == 1)
    read.progress = [&](std::string_view kind, std::size_t done, std::size_t left) { progress.show(kind, done, left); };
  cluster::Client client(std::move(*access));
  return cluster::read(client, read, sources, sink);
}

int load(const Inputs& inputs, Loaded& loaded) {
  kube::LoadOptions options = inputs.load;
  if (wants_cluster(inputs)) {
    auto raw = read_cluster(inputs, options, loaded.sources, loaded.sink);
    if (!raw) return fail(raw.error());
    loaded.bundle = kube::decode(std::move(*raw), options, loaded.sources, loaded.sink);
    return exit_ok;
  }
  if (inputs.paths.empty())
    return fail({"no input", "name a file, a directory, - for standard input, or a cluster with --kubeconfig"});
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
