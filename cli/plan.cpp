// `gwctl plan`: the migration in stages, each with its commands, what to look at, and how to undo it; printed, or
// written as numbered folders.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "audit/plan.h"
#include "cli/command.h"
#include "cli/convert_output.h"
#include "convert/classify.h"
#include "convert/convert.h"
#include "convert/names.h"
#include "diag/render.h"

namespace gw::cli {
namespace {
namespace fs = std::filesystem;

struct Args {
  Inputs inputs;
  std::string target = "standard", directory, format = "markdown";
};

std::string heading(const kube::Bundle& bundle, const std::string& target) {
  std::set<std::string> namespaces;
  for (const kube::Ingress& ingress : bundle.ingresses) namespaces.insert(ingress.metadata.ns);
  const auto counted = [](std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  std::size_t others = 0;
  for (const kube::OtherObject& object : bundle.others)
    if (const auto [provider, kind] = convert::owner_of_kind(object); provider != nullptr && kind->routes) {
      ++others;
      namespaces.insert(object.metadata.ns);
    }
  const std::string own =
      others == 0 ? "" : " and " + counted(others, "route of another kind", "routes of other kinds");
  return "# Migration of " + counted(bundle.ingresses.size(), "Ingress", "Ingresses") + own + " in " +
         counted(namespaces.size(), "namespace", "namespaces") + " to " + target + "\n";
}

std::string script(const std::vector<std::string>& lines, const std::string& title) {
  std::string out = "#!/bin/sh\n# " + title + "\nset -eu\n";
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// Placeholders of the reader's: a script with them must not run as it is.
bool complete(const std::vector<std::string>& lines) {
  return std::none_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("OLD-") != std::string::npos || line.find("NEW-") != std::string::npos ||
           line.find("CLUSTER --location") != std::string::npos;
  });
}

Status write_script(const fs::path& path, const std::vector<std::string>& lines, const std::string& title) {
  std::vector<std::string> all;
  if (!complete(lines)) {
    all.emplace_back("echo 'fill in the words in capitals first, then remove this line' >&2; exit 2");
  }
  all.insert(all.end(), lines.begin(), lines.end());
  return write_file(path.string(), script(all, title), 0755);
}

// DIR/README.md, DIR/NN-slug/{README.md,run.sh,undo.sh}; the converted manifests lie in the folder of their stage.
Status write_folders(const std::vector<audit::Stage>& stages, const std::string& all, const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Error{"cannot make " + directory.string() + ": " + error.message(), ""};
  if (const Status status = write_file((directory / "README.md").string(), all); !status) return status;
  std::size_t number = 0;
  for (const audit::Stage& stage : stages) {
    ++number;
    const fs::path folder = directory / ((number < 10 ? "0" : "") + std::to_string(number) + "-" + stage.slug);
    fs::create_directories(folder, error);
    if (error) return Error{"cannot make " + folder.string() + ": " + error.message(), ""};
    if (const Status status = write_file((folder / "README.md").string(), audit::render_markdown(stage, number));
        !status)
      return status;
    if (!stage.commands.empty())
      if (const Status status = write_script(folder / "run.sh", stage.commands, stage.title); !status) return status;
    if (!stage.undo.empty())
      if (const Status status = write_script(folder / "undo.sh", stage.undo, "Undo: " + stage.title); !status)
        return status;
  }
  return Unit{};
}

std::string to_json(const std::vector<audit::Stage>& stages) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const audit::Stage& stage : stages)
    out.push_back({{"stage", stage.slug},
                   {"title", stage.title},
                   {"commands", stage.commands},
                   {"notes", stage.notes},
                   {"goOn", stage.go_on},
                   {"undo", stage.undo}});
  return nlohmann::ordered_json{{"stages", std::move(out)}}.dump(2) + "\n";
}

// The words that make another command read what this one read.
void name_inputs(const Inputs& inputs, audit::PlanOptions& options) {
  std::vector<std::string> words;
  const auto flag = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.push_back(name + audit::shell_word(value));
  };
  if (inputs.load.recursive) words.emplace_back("-R");
  if (inputs.from_cluster) words.emplace_back("--from-cluster");
  flag("--kubeconfig ", inputs.kubeconfig);
  flag("--context ", inputs.context);
  if (inputs.all_namespaces)
    words.emplace_back("-A");
  else
    flag("-n ", inputs.load.ns);
  flag("-l ", inputs.load.selector);
  if (inputs.load.limits.file_bytes != yaml::Limits().file_bytes)
    flag("--max-file-size ", std::to_string(inputs.load.limits.file_bytes));
  for (const std::string& directory : inputs.kustomize) flag("-k ", directory);
  for (const auto& [name, value] : inputs.load.set) flag("--set ", name + "=" + value);
  for (const std::string& path : inputs.paths) {
    options.saved_input = options.saved_input || path == "-";
    words.push_back(audit::shell_word(path == "-" ? std::string(audit::saved_name) : path));
  }
  for (const std::string& word : words) options.inputs += (options.inputs.empty() ? "" : " ") + word;
  options.cluster = wants_cluster(inputs);
}

int run_plan(const Args& args) {
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  convert::leave_out_unnameable(loaded.bundle, loaded.sink);
  const std::vector<std::string_view> targets = convert::target_names();
  if (std::find(targets.begin(), targets.end(), args.target) == targets.end()) {
    std::string known;
    for (std::string_view target : targets) known += (known.empty() ? "" : ", ") + std::string(target);
    return fail({"unknown target '" + diag::printable(args.target) + "'", "known are: " + known});
  }
  audit::PlanOptions options;
  options.target = args.target;
  name_inputs(args.inputs, options);
  if (!args.directory.empty()) options.directory = args.directory + "/03-apply/manifests";

  const std::vector<audit::Stage> stages = audit::plan(loaded.bundle, options);
  std::string all = heading(loaded.bundle, args.target);
  for (std::size_t i = 0; i < stages.size(); ++i) all += "\n" + audit::render_markdown(stages[i], i + 1);
  if (args.directory.empty()) {
    std::cout << (args.format == "json" ? to_json(stages) : all);
    return print_findings(loaded.sink.take(), loaded.sources);
  }
  if (const Status status = write_folders(stages, all, args.directory); !status) return fail(status.error());
  convert::Options to;
  to.to = args.target;
  kube::Bundle made;
  const auto outcomes = convert::convert(loaded.bundle, to, loaded.sources, loaded.sink, made);
  if (!outcomes) return fail(outcomes.error());
  if (const Status status = write_split(std::move(made), options.directory, "kind", yaml::Style::yaml); !status)
    return fail(status.error());
  std::cerr << "gwctl: " << diag::printable(args.directory) << "/README.md is the plan; one folder a stage\n";
  const int code = print_findings(loaded.sink.take(), loaded.sources);
  return outcomes->lost ? exit_findings : code;
}

}  // namespace

void add_plan(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("plan", "Print the migration in stages, with commands and how to undo each");
  command->footer(
      "Examples:\n"
      "  gwctl plan shop.yaml\n"
      "  gwctl plan -R manifests/ --to envoy-gateway > PLAN.md\n"
      "  gwctl plan -R manifests/ --to traefik --output-dir migration");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--to", args->target, "The target, as convert takes it")->option_text("TARGET");
  command->add_option("--output-dir", args->directory, "Write numbered folders: plan, scripts, converted manifests")
      ->option_text("DIR");
  add_format(*command, args->format, {"markdown", "json"});
  command->callback([&run, args] { run = [args] { return run_plan(*args); }; });
}

}  // namespace gw::cli
