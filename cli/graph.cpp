// `gwctl graph`: the topology drawn.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/gateways.h"
#include "graph/topology.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string format = "text";
  std::string fold = "auto";
};

struct Format {
  std::string_view name;
  std::string (*render)(const graph::Graph&);
};
constexpr Format formats[] = {
    {"text", graph::render_text}, {"mermaid", graph::render_mermaid}, {"dot", graph::render_dot},
    {"svg", graph::render_svg},   {"html", graph::render_html},
};
constexpr std::size_t foldable = 400;  // nodes that a picture still shows

int print_graph(const Args& args) {
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  Routing routing;
  if (const int code = make_routing(loaded, routing); code != exit_ok) return code;
  graph::Graph graph = graph::topology(*routing.index, routing.attachments, *routing.table);
  const bool picture = args.format != "text";
  if (args.fold == "always" || (args.fold == "auto" && picture && graph.nodes.size() > foldable)) {
    graph = graph::folded(graph);
    if (args.fold == "auto") std::cerr << "gwctl: a large set, folded by namespace; --fold never draws every node\n";
  }
  for (const Format& format : formats)
    if (format.name == args.format) std::cout << format.render(graph);
  return print_findings(loaded.sink.take(), loaded.sources);
}

}  // namespace

void add_graph(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("graph", "Draw Gateways, listeners, routes, rules and Services");
  command->footer(
      "Examples:\n"
      "  gwctl graph gateway.yaml\n"
      "  gwctl graph gateway.yaml -o svg > gateway.svg\n"
      "  gwctl convert shop.yaml | gwctl graph - -o mermaid");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  add_format(*command, args->format, {"text", "mermaid", "dot", "svg", "html"});
  command->add_option("--fold", args->fold, "One node a namespace for routes, rules and Services: auto, always, never")
      ->option_text("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->callback([&run, args] { run = [args] { return print_graph(*args); }; });
}

}  // namespace gw::cli
