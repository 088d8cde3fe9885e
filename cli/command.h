// One command a file: it adds itself to the command tree and says what to run. CLI11 stays inside cli/*.cpp.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "diag/result.h"
#include "kube/survey.h"

namespace CLI {
class App;
}

namespace gw::cli {

// Exit codes; docs/command-line.md.
inline constexpr int exit_ok = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_usage = 2;

// What every command that reads manifests takes: paths, -f, -R, -k, --set, -n, -A, -l, --kubeconfig, --context,
// --from-cluster, --max-file-size, --verbose.
struct Inputs {
  std::vector<std::string> paths, kustomize;
  kube::LoadOptions load;
  std::string kubeconfig, context;
  bool from_cluster = false, all_namespaces = false, verbose = false;
  diag::Severity placeholders = diag::Severity::warning;  // of objects that are left out because of them
};
// Adds the flags of Inputs to a command, with those of a cluster.
void add_inputs(CLI::App& app, Inputs& inputs);
void add_file_inputs(CLI::App& app, Inputs& inputs);  // without those of a cluster
// Does any flag name a cluster to read?
bool wants_cluster(const Inputs& inputs);
// -o, --output and --format: one flag under three names, the same in every command. `format` holds the default.
void add_format(CLI::App& app, std::string& format, std::vector<std::string> known);
bool names_files(const Inputs& inputs);  // paths or -k
// The files of paths and -k. What cannot be built is reported (GW022).
Result<kube::Survey> survey_files(const Inputs& inputs, diag::Sources& sources, diag::Sink& sink);
// One line on standard error about what was passed over in directories; --verbose lists it.
void tell_passed_over(const Inputs& inputs, const kube::Survey& survey);

// What a command works on. Sources live as long as the input.
struct Loaded {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
};
// Reads files or the cluster. An I/O error is told on standard error and gives exit_usage.
int load(const Inputs& inputs, Loaded& loaded);
// The cluster's objects, of one namespace (-n, else the context's) or of all (-A); progress goes to a terminal.
// `options.ns` becomes the namespace that was read.
Result<std::vector<kube::RawObject>> read_cluster(const Inputs& inputs, kube::LoadOptions& options,
                                                  diag::Sources& sources, diag::Sink& sink);

// Colours by --color, NO_COLOR, TERM and isatty(stderr).
bool colour_wanted();
// Prints findings as text on standard error; returns the exit code they ask for (1 with any error).
int print_findings(std::vector<diag::Diagnostic> findings, const diag::Sources& sources);
// The same, a cause once with the places where it stands.
int print_grouped(std::vector<diag::Diagnostic> findings, const diag::Sources& sources);
int fail(const Error& error);  // "gwctl: message", help; exit_usage

// A command adds its subcommand and, when chosen, sets `run`.
using Run = std::function<int()>;
using AddCommand = void (*)(CLI::App& app, Run& run);

// One for each command, in the order in which the help lists them.
void add_convert(CLI::App& app, Run& run);
void add_validate(CLI::App& app, Run& run);
void add_trace(CLI::App& app, Run& run);
void add_test(CLI::App& app, Run& run);
void add_verify(CLI::App& app, Run& run);
void add_serve(CLI::App& app, Run& run);
void add_shadow(CLI::App& app, Run& run);
void add_fmt(CLI::App& app, Run& run);
void add_audit(CLI::App& app, Run& run);
void add_plan(CLI::App& app, Run& run);
void add_graph(CLI::App& app, Run& run);
void add_routes(CLI::App& app, Run& run);
void add_neighbours(CLI::App& app, Run& run);
void add_lsp(CLI::App& app, Run& run);
void add_explain(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_diff(CLI::App& app, Run& run);
void add_review(CLI::App& app, Run& run);
void add_version(CLI::App& app, Run& run);
void add_completion(CLI::App& app, Run& run);

// The whole program; tests call it in-process. Output goes to the given streams.
int run(int argc, const char* const* argv);

}  // namespace gw::cli
