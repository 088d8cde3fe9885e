// `gwctl convert`: Ingress in, Gateway API out, with an account of everything that was lost or changed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "check/check.h"
#include "cli/command.h"
#include "cli/controller_flags.h"
#include "cli/convert_output.h"
#include "cli/held.h"
#include "cli/in_place.h"
#include "cli/neighbour_check.h"
#include "convert/convert.h"
#include "convert/names.h"
#include "convert/report.h"
#include "convert/split.h"
#include "diag/render.h"
#include "kube/kinds.h"
#include "kube/load.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  convert::Options options;
  std::string channel = "standard", api_version = "v1.6", format = "yaml", output_dir, split = "none",
              layout = "shared", parent, report, paths = "readable", comments = "all", in_place;
  std::vector<std::string> accept, entry_points, classes, only, config_maps, keep;
  bool no_check = false, write = false;
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

// Which part of the input is meant, and how the old controller runs.
Status read_choice(Args& args) {
  convert::Options& options = args.options;
  if (const Status status = check_controller_flags(options.controller_flags, options.from); !status) return status;
  options.classes.insert(args.classes.begin(), args.classes.end());
  for (const std::string& text : args.only) {
    const auto id = convert::parse_id("--only", text);
    if (!id) return id.error();
    options.only.insert(*id);
  }
  for (const std::string& text : args.config_maps) {
    const auto id = convert::parse_id("--configmap", text);
    if (!id) return id.error();
    options.config_maps.insert(*id);
  }
  return Unit{};
}

Status read_options(Args& args) {
  if (const Status status = read_choice(args); !status) return status;
  args.options.experimental = args.channel == "experimental";
  args.options.api_minor = static_cast<std::uint8_t>(args.api_version.back() - '0');
  args.options.layout = layouts().at(args.layout);
  args.options.exact_paths = args.paths == "exact";
  if (!args.keep.empty()) args.options.keep_metadata = args.keep;
  args.inputs.placeholders = diag::Severity::error;  // nothing of them is converted
  if (!args.parent.empty()) {
    auto parent = convert::parse_parent(args.parent);
    if (!parent) return parent.error();
    args.options.parent = *parent;
  }
  for (const std::string& word : args.entry_points) {
    const std::size_t equals = word.find('=');
    const std::string_view digits = equals == std::string::npos ? "" : std::string_view(word).substr(equals + 1);
    int port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (equals == 0 || error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65'535)
      return Error{"--entry-point '" + word + "' is not a name and port", "write NAME=PORT, such as websecure=443"};
    args.options.entry_points[word.substr(0, equals)] = port;
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
      return Error{"--accept-loss '" + word + "' is not a kind of loss", known};
    }
    args.options.accepted.insert(loss);
  }
  return Unit{};
}

// What nobody wrote a namespace for is written without one: whoever installs it chooses. Where some objects of the same
// namespace name it, all do.
bool leaves_namespace_open(const kube::Bundle& bundle, const std::string& ns) {
  bool open = false, named = false;
  kube::each_kind(bundle, [&](const auto& objects) {
    for (const kube::Object& object : objects)
      if (object.metadata.ns == ns) (object.metadata.ns_open ? open : named) = true;
  });
  return open && !named;
}

// How the objects are written: with or without their comments, and whose namespace stays open.
struct Finish {
  bool comments = true;
  std::string open_namespace;  // empty: none

  void operator()(kube::Bundle& piece) const {
    kube::each_kind(piece, [&](auto& objects) {
      for (kube::Object& object : objects) {
        if (!comments) object.comments.clear();
        if (!open_namespace.empty() && object.metadata.ns == open_namespace) object.metadata.ns = kube::String();
      }
    });
  }
};

// Pieces go to standard output as they come; nothing of a large cluster waits in memory.
class Printer {
 public:
  // held: nothing is printed before finish().
  Printer(yaml::Style style, bool held) : style_(style), hold_(held) {}

  void operator()(kube::Bundle&& piece) {
    if (style_ == yaml::Style::json) return convert::append(all_, std::move(piece));
    bool first = true;
    kube::write(piece, style_, [&](std::string_view text) {
      if (first && wrote_ && !text.starts_with("---")) print("---\n");
      first = false;
      print(text);
    });
    wrote_ = wrote_ || !first;
  }
  void restart() {
    all_ = {};
    held_.forget();
    wrote_ = false;
  }
  // False where held output was lost.
  bool finish() {
    if (style_ == yaml::Style::json) kube::write(all_, style_, [this](std::string_view text) { print(text); });
    return held_.release(stdout);
  }

 private:
  void print(std::string_view text) {
    if (hold_)
      held_.add(text);
    else
      std::fwrite(text.data(), 1, text.size(), stdout);
  }

  yaml::Style style_;
  bool hold_;
  Held held_;
  kube::Bundle all_;
  bool wrote_ = false;
};

// "; not read are: 2 Route, 1 Service": the kinds of an input without anything to convert.
std::string unread(const kube::Bundle& bundle) {
  std::map<std::string, std::size_t> kinds;
  kube::each_kind(bundle, [&](const auto& objects) {
    for (const auto& object : objects) ++kinds[object.kind];
  });
  std::string out;
  for (const auto& [kind, n] : kinds)
    out += (out.empty() ? "; there are: " : ", ") + std::to_string(n) + " " + diag::printable(kind);
  return out;
}

// Where nothing differs there is nothing to say.
bool worth_telling(const check::Summary& checked) {
  return !checked.asked || checked.left_out != 0 ||
         std::any_of(checked.differences.begin(), checked.differences.end(), [](std::size_t n) { return n != 0; });
}

int run_convert(Args& args) {
  if (const Status status = read_options(args); !status) return fail(status.error());
  if (!args.in_place.empty()) {
    if (names_files(args.inputs) || wants_cluster(args.inputs))
      return fail({"--in-place DIR and other input were given", "the directory is the input"});
    return run_in_place(args.in_place, args.write, args.options, args.inputs.load);
  }
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  convert::leave_out_unnameable(loaded.bundle, loaded.sink);
  const yaml::Style style = styles().at(args.format);

  Printer printer(style, !args.no_check);
  kube::Bundle all;
  const bool to_files = !args.output_dir.empty();
  Finish finish{args.comments != "none", {}};
  if (leaves_namespace_open(loaded.bundle, args.inputs.load.default_namespace))
    finish.open_namespace = args.inputs.load.default_namespace;
  NeighbourCheck neighbours(loaded.bundle);
  const auto take = [&](kube::Bundle&& piece) {
    neighbours.add(piece);
    finish(piece);
    to_files ? convert::append(all, std::move(piece)) : printer(std::move(piece));
  };
  check::Summary checked;
  checked.why_not = "--no-check";
  if (args.no_check)
    args.options.specs_read = [&] {
      for (kube::Ingress& ingress : loaded.bundle.ingresses) ingress.spec = {};
    };
  const check::Output output{take, [&] {
                               all = {};
                               printer.restart();
                               neighbours.restart();
                             }};
  auto outcomes =
      args.no_check ? convert::convert(loaded.bundle, args.options, loaded.sources, loaded.sink, take)
                    : check::convert_checked(loaded.bundle, args.options, loaded.sources, loaded.sink, output, checked);
  if (!outcomes) return fail(outcomes.error());
  if (!to_files && !printer.finish())
    return fail({"the output could not be kept until it was checked", "free room for temporary files, or --no-check"});
  if (to_files)
    if (const Status status = write_split(std::move(all), args.output_dir, args.split, style); !status)
      return fail(status.error());

  for (const convert::Note& note : outcomes->ledger.notes())
    if (note.code == "GW610" && note.severity == diag::Severity::warning && note.object)
      neighbours.leave_out(*note.object);
  for (diag::Diagnostic& finding : neighbours.findings({.refused = outcomes->lost,
                                   .own_kinds = outcomes->ingresses > loaded.bundle.ingresses.size(),
                                   .parent = args.options.parent.has_value()}))
    loaded.sink.report(std::move(finding));
  std::vector<diag::Diagnostic> findings = loaded.sink.take();
  if (!args.report.empty())
    if (const Status status =
            write_file(args.report, convert::report(*outcomes, findings, loaded.sources, args.report));
        !status)
      return fail(status.error());
  const int code = print_grouped(std::move(findings), loaded.sources);
  if (outcomes->ingresses != 0 && worth_telling(checked)) std::cerr << "gwctl: " << check::to_text(checked) << '\n';
  if (outcomes->ingresses != 0 || outcomes->routes != 0) return outcomes->lost ? exit_findings : code;
  std::cerr << (outcomes->beside == 0 ? "gwctl: no Ingress among the input" + unread(loaded.bundle) + "\n"
                                      : "gwctl: nothing among the input makes a route: what was read is referred to by "
                                        "Ingresses or routes that are not there\n");
  return exit_findings;
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
  command->add_option("--class", args->classes, "Convert this class alone; may be repeated")
      ->option_text("NAME")
      ->allow_extra_args(false);
  command->add_option("--only", args->only, "Write the routes of this object alone; may be repeated")
      ->option_text("NS/NAME")
      ->allow_extra_args(false);
  command->add_option("--configmap", args->config_maps, "The controller's ConfigMap among the input; may be repeated")
      ->option_text("NS/NAME")
      ->allow_extra_args(false);
  add_controller_flags(*command, args->options.controller_flags);
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
  command
      ->add_option("--paths", args->paths, "Path expressions: exact keeps one wherever plain paths differ in a request")
      ->option_text("HOW")
      ->check(CLI::IsMember({"exact", "readable"}));
  command->add_option("--parent", args->parent, "Attach routes to an existing Gateway")
      ->option_text("NS/NAME[/SECTION]");
  command->add_flag("--listener-sets", args->options.listener_sets,
                    "TLS listeners in ListenerSets beside their Secrets");
  command->add_flag("--spare-acme", args->options.spare_acme, "Do not redirect /.well-known/acme-challenge/ to https");
  command->add_option("--entry-point", args->entry_points, "The port of an entry point of Traefik")
      ->option_text("NAME=PORT")
      ->allow_extra_args(false);
  command->add_option("--accept-loss", args->accept, "Kinds of loss to go on with")
      ->option_text("KIND,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_flag("--no-check", args->no_check, "Do not ask the old controller's model before writing");
  auto* in_place = command
                       ->add_option("--in-place", args->in_place,
                                    "Put the routes beside the Ingresses of a kustomize tree; shows the changes")
                       ->option_text("DIR");
  command->add_flag("--write", args->write, "With --in-place: write the changes")->needs(in_place);
  command
      ->add_option("--keep-metadata", args->keep,
                   "What routes take over from their Ingress: labels, annotations, all, none, or names with *")
      ->option_text("WHAT,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--comments", args->comments, "Comments that say where an object comes from: all or none")
      ->option_text("WHICH")
      ->check(CLI::IsMember({"all", "none"}));
  command->add_option("--report", args->report, "Write the account of every annotation and field")
      ->option_text("FILE.json|.html|.md");
  command->callback([&run, args] { run = [args] { return run_convert(*args); }; });
}

}  // namespace gw::cli
