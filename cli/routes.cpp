// `gwctl routes`: which match a request meets first, host by host.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/gateways.h"
#include "graph/policies.h"
#include "graph/route_map.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string format = "text";
};

int print_routes(const Args& args) {
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  Routing routing;
  if (const int code = make_routing(loaded, routing); code != exit_ok) return code;
  const std::vector<graph::ListenerMap> map = graph::route_map(routing.attachments, *routing.table);
  std::cout << (args.format == "json" ? graph::render_json(map, loaded.sources)
                                      : graph::render_text(map, loaded.sources));
  if (args.format == "text")
    std::cout << graph::printable_lines(
        graph::policy_lines(graph::PolicyTree(*routing.index, routing.attachments), routing.attachments));
  return print_findings(loaded.sink.take(), loaded.sources);
}

}  // namespace

void add_routes(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("routes", "Print every match of every host in the order in which requests meet them");
  command->footer(
      "Examples:\n"
      "  gwctl routes gateway.yaml\n"
      "  gwctl convert shop.yaml | gwctl routes -\n"
      "  gwctl routes shop.yaml -o json");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  add_format(*command, args->format, {"text", "json"});
  command->callback([&run, args] { run = [args] { return print_routes(*args); }; });
}

}  // namespace gw::cli
