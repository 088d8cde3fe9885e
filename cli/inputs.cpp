// What the commands share: the flags that name inputs, reading them, and saying what was found.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string_view>
#include <tuple>

#include "cli/command.h"
#include "cli/kustomize.h"
#include "cli/tree.h"
#include "cluster/read.h"
#include "diag/render.h"
#include "kube/placeholder.h"

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
  app.add_flag("-R,--recursive", inputs.load.recursive,
               "Go into the directories of a directory, but for hidden ones and what .gitignore names")
      ->group(group);
  app.add_option("-k,--kustomize", inputs.kustomize,
                 "What kustomize, or kubectl, builds of this directory, or of every kustomization below it")
      ->option_text("DIR")
      ->allow_extra_args(false)
      ->group(group);
  const auto set = [&inputs](const std::vector<std::string>& all) {
    for (const std::string& one : all) {
      const std::size_t equals = one.find('=');
      if (equals == one.npos || equals == 0) throw CLI::ValidationError("--set " + one, "write NAME=VALUE");
      inputs.load.set.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    }
  };
  app.add_option_function<std::vector<std::string>>("--set", set,
                                                    "Fill in a placeholder: ${NAME}, $(NAME) or {{ .Values.NAME }}")
      ->allow_extra_args(false)
      ->option_text("NAME=VALUE")
      ->group(group);
  app.add_flag("--verbose", inputs.verbose, "List what was passed over in directories")->group(group);
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
  if (names_files(inputs))
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

bool names_files(const Inputs& inputs) {
  return !inputs.paths.empty() || !inputs.kustomize.empty();
}

namespace {

// The kustomizations below a directory that nobody builds on; the directory itself where it is one.
Result<std::vector<std::string>> built_roots(const std::string& directory, const kube::LoadOptions& options) {
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::path(directory) / name, ignored)) return std::vector{directory};
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored))
    return std::vector{directory};  // kustomize says what is wrong
  diag::Sources beside;
  const auto walked = tree::walk(directory, true, options.limits.file_bytes, beside);
  if (!walked) return walked.error();
  std::vector<std::string> found = tree::roots(walked->kustomizations);
  if (found.empty()) return std::vector{directory};  // kustomize says what is wrong
  return found;
}

}  // namespace

Result<kube::Survey> survey_files(const Inputs& inputs, diag::Sources& sources, diag::Sink& sink) {
  auto found = kube::survey(inputs.paths, inputs.load, sources);
  if (!found) return found;
  for (const std::string& directory : inputs.kustomize) {
    const auto all = built_roots(directory, inputs.load);
    if (!all) return all.error();
    for (const std::string& root : *all) {
      auto built = kustomize(root);
      if (!built && all->size() == 1) return built.error();
      if (!built) {
        diag::Diagnostic d;
        d.code = "GW022";
        d.layer = "yaml";
        d.message = built.error().message;
        d.help = built.error().help;
        sink.report(std::move(d));
        continue;
      }
      const std::string name = "kustomize " + root;
      found->files.push_back({sources.add(name, kube::fill_in(std::move(*built), inputs.load.set)), name});
    }
  }
  return found;
}

void tell_passed_over(const Inputs& inputs, const kube::Survey& survey) {
  const std::string line = kube::passed_over(survey);
  if (line.empty()) return;
  std::cerr << "gwctl: " << line << (inputs.verbose ? ":" : "; --verbose lists them") << '\n';
  if (!inputs.verbose) return;
  for (const tree::PassedOver& one : survey.passed)
    std::cerr << "  " << diag::printable(one.path) << ": " << tree::name(one.why) << '\n';
}

int load(const Inputs& inputs, Loaded& loaded) {
  kube::LoadOptions options = inputs.load;
  if (wants_cluster(inputs)) {
    auto raw = read_cluster(inputs, options, loaded.sources, loaded.sink);
    if (!raw) return fail(raw.error());
    loaded.bundle = kube::decode(std::move(*raw), options, loaded.sources, loaded.sink);
    return exit_ok;
  }
  if (!names_files(inputs))
    return fail({"no input", "name a file, a directory, - for standard input, or a cluster with --kubeconfig"});
  if (inputs.all_namespaces) options.ns.clear();
  auto found = survey_files(inputs, loaded.sources, loaded.sink);
  if (!found) return fail(found.error());
  loaded.bundle = kube::load(*found, options, loaded.sources, loaded.sink, inputs.placeholders);
  tell_passed_over(inputs, *found);
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

namespace {

// One cause: what is said alike of several places.
std::vector<std::vector<const diag::Diagnostic*>> causes(const std::vector<diag::Diagnostic>& findings) {
  std::map<std::tuple<std::string, diag::Severity, std::string, std::string>, std::size_t> known;
  std::vector<std::vector<const diag::Diagnostic*>> out;
  for (const diag::Diagnostic& finding : findings) {
    const auto [at, fresh] =
        known.try_emplace({finding.code, finding.severity, finding.message, finding.help}, out.size());
    if (fresh) out.emplace_back();
    out[at->second].push_back(&finding);
  }
  return out;
}

}  // namespace

int print_grouped(std::vector<diag::Diagnostic> findings, const diag::Sources& sources) {
  constexpr std::size_t shown = 4;
  std::size_t counts[3] = {}, places = 0;
  const bool colour = colour_wanted();
  for (const auto& cause : causes(findings)) {
    const diag::Diagnostic& first = *cause.front();
    ++counts[static_cast<std::size_t>(first.severity)];
    places += cause.size();
    std::cerr << diag::render_text(first, sources, colour);
    if (cause.size() == 1) continue;
    std::cerr << "  = also:";
    for (std::size_t i = 1; i < std::min(cause.size(), shown + 1); ++i) {
      const diag::Span span = cause[i]->span;
      const std::string place =
          span.known() ? sources.name(span.file) + ":" + std::to_string(sources.position(span.file, span.begin).line)
                       : cause[i]->object.display();
      std::cerr << (i == 1 ? " " : ", ") << diag::printable(place);
    }
    if (cause.size() > shown + 1) std::cerr << " and " << cause.size() - shown - 1 << " more";
    std::cerr << '\n';
  }
  if (findings.empty()) return exit_ok;
  const auto [infos, warnings, errors] = counts;
  std::cerr << counted(errors, "error") << ", " << counted(warnings, "warning");
  if (infos != 0) std::cerr << ", " << counted(infos, "note");
  if (places != errors + warnings + infos) std::cerr << " at " << places << " places";
  std::cerr << '\n';
  return errors != 0 ? exit_findings : exit_ok;
}

int fail(const Error& error) {
  std::cerr << "gwctl: " << error.message << '\n';
  if (!error.help.empty()) std::cerr << "  = help: " << error.help << '\n';
  return exit_usage;
}

}  // namespace gw::cli
