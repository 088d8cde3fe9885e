// `gwctl convert`: Ingress in, Gateway API out, with an account of everything that was lost or changed.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/convert_output.h"
#include "cli/neighbour_check.h"
#include "convert/convert.h"
#include "convert/report.h"
#include "convert/split.h"
#include "kube/load.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  convert::Options options;
  std::string channel = "standard", api_version = "v1.6", format = "yaml", output_dir, split = "none",
              layout = "shared", parent, report;
  std::vector<std::string> accept;
};

const std::map<std::string, yaml::Style>& styles() {
  static const std::map<std::string, yaml::Style> map{
      {"yaml", yaml::Style::yaml}, {"json", yaml::Style::json}, {"kyaml", yaml::Style::kyaml}};
  return map;
}

const std::map<std::string, convert::Layout>& layouts() {
  static const std::map<std::string, convert::Layout> map{{"shared", convert::Layout::shared},
                                                          {"namespace", convert::Layout::per_namespace},
                                                          {"ingress", convert::Layout::per_ingress}};
  return map;
}

Status read_options(Args& args) {
  args.options.experimental = args.channel == "experimental";
  args.options.api_minor = static_cast<std::uint8_t>(args.api_version.back() - '0');
  args.options.layout = layouts().at(args.layout);
  if (!args.parent.empty()) {
    auto parent = convert::parse_parent(args.parent);
    if (!parent) return parent.error();
    args.options.parent = *parent;
  }
  for (const std::string& word : args.accept) {
    if (word == "all") {
      for (const std::string_view name : convert::loss_names()) args.options.accepted.insert(convert::loss_of(name));
      continue;
    }
    const convert::Loss loss = convert::loss_of(word);
    if (loss == convert::Loss::none) {
      std::string known = "known are: all";
      for (const std::string_view name : convert::loss_names()) known += ", " + std::string(name);
      return Error{"--accept-loss '" + word + "' is no kind of loss", known};
    }
    args.options.accepted.insert(loss);
  }
  return Unit{};
}

// Pieces go to standard output as they come; nothing of a large cluster waits in memory.
class Printer {
 public:
  explicit Printer(yaml::Style style) : style_(style) {}

  void operator()(kube::Bundle&& piece) {
    if (style_ == yaml::Style::json) return convert::append(all_, std::move(piece));
    bool first = true;
    kube::write(piece, style_, [&](std::string_view text) {
      if (first && wrote_ && !text.starts_with("---")) std::fputs("---\n", stdout);
      first = false;
      print(text);
    });
    wrote_ = wrote_ || !first;
  }
  void finish() {
    if (style_ == yaml::Style::json) kube::write(all_, style_, print);
  }

 private:
  static void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

  yaml::Style style_;
  kube::Bundle all_;
  bool wrote_ = false;
};

int run_convert(Args& args) {
  if (const Status status = read_options(args); !status) return fail(status.error());
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  const yaml::Style style = styles().at(args.format);

  Printer printer(style);
  kube::Bundle all;
  const bool to_files = !args.output_dir.empty();
  args.options.specs_read = [&] {
    for (kube::Ingress& ingress : loaded.bundle.ingresses) ingress.spec = {};
  };
  NeighbourCheck neighbours(loaded.bundle);
  auto outcomes = convert::convert(loaded.bundle, args.options, loaded.sources, loaded.sink, [&](kube::Bundle&& piece) {
    neighbours.add(piece);
    to_files ? convert::append(all, std::move(piece)) : printer(std::move(piece));
  });
  if (!outcomes) return fail(outcomes.error());
  if (!to_files) printer.finish();
  if (to_files)
    if (const Status status = write_split(std::move(all), args.output_dir, args.split, style); !status)
      return fail(status.error());

  for (const convert::Note& note : outcomes->ledger.notes())
    if (note.code == "GW610" && note.severity == diag::Severity::warning && note.object)
      neighbours.leave_out(*note.object);
  for (diag::Diagnostic& finding : neighbours.findings()) loaded.sink.report(std::move(finding));
  std::vector<diag::Diagnostic> findings = loaded.sink.take();
  if (!args.report.empty())
    if (const Status status =
            write_file(args.report, convert::report(*outcomes, findings, loaded.sources, args.report));
        !status)
      return fail(status.error());
  const int code = print_findings(std::move(findings), loaded.sources);
  if (outcomes->ingresses == 0 && outcomes->routes == 0)
    std::cerr << (outcomes->beside == 0
                      ? "gwctl: no Ingress among the input\n"
                      : "gwctl: nothing among the input makes a route: what was read is referred to by "
                        "Ingresses or routes that are not there\n");
  return outcomes->lost ? exit_findings : code;
}

}  // namespace

void add_convert(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("convert", "Convert Ingress to Gateway API");
  command->footer(
      "Examples:\n"
      "  gwctl convert shop.yaml\n"
      "  gwctl convert -R manifests/ --to envoy-gateway --report loss.html\n"
      "  kubectl get ingress -A -o yaml | gwctl convert - --output-dir out --split role");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--from", args->options.from, "Controller the Ingresses were written for")
      ->option_text("NAME")
      ->capture_default_str();
  command->add_option("--to", args->options.to, "Gateway to write for")->option_text("NAME")->capture_default_str();
  command->add_option("--gateway-class", args->options.gateway_class, "An existing GatewayClass")->option_text("NAME");
  command->add_option("--gateway-namespace", args->options.gateway_namespace, "Namespace of the shared Gateway")
      ->option_text("NS");
  command->add_option("--channel", args->channel, "Gateway API channel")
      ->option_text("CHANNEL")
      ->check(CLI::IsMember({"standard", "experimental"}));
  command->add_option("--api-version", args->api_version, "Release of Gateway API in the cluster")
      ->option_text("VERSION")
      ->check(CLI::IsMember({"v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7"}));
  command->add_flag("--snippets", args->options.snippets,
                    "SnippetsFilters where nginx-gateway-fabric has no other object");
  add_format(*command, args->format, {"yaml", "json", "kyaml"});
  command->add_option("--output-dir", args->output_dir, "Write files into this directory")->option_text("DIR");
  command->add_option("--split", args->split, "Files by kind, namespace or role")
      ->option_text("HOW")
      ->check(CLI::IsMember({"none", "kind", "namespace", "role"}));
  command->add_option("--layout", args->layout, "One Gateway: shared, a namespace, an ingress")
      ->option_text("HOW")
      ->check(CLI::IsMember({"shared", "namespace", "ingress"}));
  command->add_option("--parent", args->parent, "Hang routes on an existing Gateway")->option_text("NS/NAME[/SECTION]");
  command->add_flag("--listener-sets", args->options.listener_sets,
                    "TLS listeners in ListenerSets beside their Secrets");
  command->add_flag("--spare-acme", args->options.spare_acme, "Do not redirect /.well-known/acme-challenge/ to https");
  command->add_option("--accept-loss", args->accept, "Kinds of loss to go on with")
      ->option_text("KIND,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--report", args->report, "Write the account of every annotation and field")
      ->option_text("FILE.json|.html|.md");
  command->callback([&run, args] { run = [args] { return run_convert(*args); }; });
}

}  // namespace gw::cli
