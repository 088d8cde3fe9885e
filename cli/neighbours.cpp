// `gwctl neighbours`: the DNS records and Certificates that two sets of manifests ask for, and what would change.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/neighbour_check.h"
#include "convert/convert.h"
#include "kube/rewritten.h"
#include "neighbours/report.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::vector<std::string> against;
  std::string to = "standard", format = "text";
  bool no_listener_sets = false;
};

// What the old side becomes, as `gwctl convert` writes it.
Status convert_old(const Loaded& old, const Args& args, Loaded& fresh) {
  convert::Options options;
  options.to = args.to;
  for (const std::string_view loss : convert::loss_names()) options.accepted.insert(convert::loss_of(loss));
  diag::Sink findings;
  kube::Rewritten converted("converted.yaml", fresh.sources);
  const auto outcome =
      convert::convert(old.bundle, options, old.sources, findings, [&](kube::Bundle&& piece) { converted.add(piece); });
  if (!outcome) return outcome.error();
  fresh.bundle = converted.read(fresh.sink);
  return Unit{};
}

int run_neighbours(Args& args) {
  // Two paths are OLD and NEW; with more, --against says which are new.
  if (args.against.empty() && args.inputs.paths.size() == 2 && !wants_cluster(args.inputs)) {
    args.against.push_back(args.inputs.paths.back());
    args.inputs.paths.pop_back();
  }
  Loaded old, fresh;
  if (const int code = load(args.inputs, old); code != exit_ok) return code;
  if (args.against.empty()) {
    if (const Status status = convert_old(old, args, fresh); !status) return fail(status.error());
  } else {
    Inputs inputs;
    inputs.paths = args.against;
    inputs.load = args.inputs.load;
    if (const int code = load(inputs, fresh); code != exit_ok) return code;
  }
  const int problems = print_findings(old.sink.take(), old.sources) + print_findings(fresh.sink.take(), fresh.sources);
  if (problems != 0) std::cerr << "gwctl: objects with errors are left out of the comparison\n";
  if (fresh.bundle.namespaces.empty()) fresh.bundle.namespaces = old.bundle.namespaces;

  neighbours::Options options;
  options.listener_sets = !args.no_listener_sets;
  neighbours::Comparison comparison{
      neighbours::wanted(old.bundle, options), neighbours::wanted(fresh.bundle, options), {}};
  comparison.differences = neighbours::compare(comparison.before, comparison.after);
  std::cout << (args.format == "json"       ? neighbours::to_json(comparison)
                : args.format == "html"     ? neighbours::to_html(comparison)
                : args.format == "markdown" ? neighbours::to_markdown(comparison)
                                            : neighbours::to_text(comparison));
  return std::any_of(comparison.differences.begin(), comparison.differences.end(), neighbours::grave) ? exit_findings
                                                                                                      : exit_ok;
}

}  // namespace

void add_neighbours(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("neighbours", "Compare the DNS records and Certificates that old and new ask for");
  command->footer(
      "Examples:\n"
      "  gwctl neighbours shop.yaml                 # against what `gwctl convert` makes of it\n"
      "  gwctl neighbours shop.yaml gateway.yaml\n"
      "  gwctl neighbours -R ingress/ --against gateway.yaml -o html > neighbours.html");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--against", args->against, "The new side; default: the input, converted")
      ->option_text("PATH")
      ->allow_extra_args(false);
  command->add_option("--to", args->to, "Target of the conversion; default: standard")->option_text("NAME");
  command->add_flag("--no-listener-sets", args->no_listener_sets,
                    "As both programs are set up by default: ListenerSets are not read");
  add_format(*command, args->format, {"text", "json", "html", "markdown"});
  command->callback([&run, args] { run = [args] { return run_neighbours(*args); }; });
}

}  // namespace gw::cli
