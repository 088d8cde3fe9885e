// `gwctl audit`: what a migration would meet, before it begins.
#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <memory>

#include "audit/audit.h"
#include "cli/command.h"
#include "cli/controller_flags.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  audit::Options options;
  std::string format = "text";
};

struct Format {
  std::string_view name;
  std::string (*render)(const audit::Report&);
};
constexpr Format formats[] = {
    {"text", audit::render_text},
    {"json", audit::render_json},
    {"html", audit::render_html},
    {"markdown", audit::render_markdown},
};

int print_audit(Args& args) {
  if (const Status status = check_controller_flags(args.options.controller_flags, {}); !status)
    return fail(status.error());
  args.options.now = std::time(nullptr);
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  const auto report = audit::make(loaded.bundle, loaded.sources, args.options);
  if (!report) return fail(report.error());
  for (const Format& format : formats)
    if (format.name == args.format) std::cout << format.render(*report);
  const int read = print_findings(loaded.sink.take(), loaded.sources);
  for (const audit::IngressLine& line : report->ingresses)
    if (line.fate == audit::Fate::lost) return exit_findings;
  return read;
}

}  // namespace

void add_audit(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("audit", "Report what a migration would meet: losses, targets, certificates, readiness");
  command->footer(
      "Examples:\n"
      "  gwctl audit -R manifests/\n"
      "  gwctl audit shop.yaml --to envoy-gateway -o html > audit.html");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--to", args->options.target, "The target whose losses are shown in detail")
      ->option_text("TARGET");
  add_format(*command, args->format, {"text", "json", "html", "markdown"});
  command
      ->add_option("--verify-hosts", args->options.verify_hosts,
                   "Hosts whose answers are compared, one of each shape first; default: 200, 0: none")
      ->option_text("N");
  add_controller_flags(*command, args->options.controller_flags);
  command->callback([&run, args] { run = [args] { return print_audit(*args); }; });
}

}  // namespace gw::cli
