// `gwctl verify`: the old controller's answers against the new gateway's. Here, and only here, convert and verify meet:
// without --against the old manifests are converted first, and what is compared is the text that convert would print.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <set>

#include "cli/command.h"
#include "cli/controller_flags.h"
#include "cli/live.h"
#include "cli/memory.h"
#include "cli/sides.h"
#include "convert/convert.h"
#include "diag/render.h"
#include "kube/load.h"
#include "kube/rewritten.h"
#include "route/assume.h"
#include "verify/causes.h"
#include "verify/equivalence.h"
#include "verify/known.h"
#include "verify/replay.h"
#include "verify/report.h"
#include "verify/streams.h"
#include "yaml/read.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::vector<std::string> against;
  std::string as = "auto", profile, format = "text", known, address = "127.0.0.1", to, access_log, log_host;
  std::vector<std::string> accept_loss, accept, flags;
  std::size_t counterexamples = 5;
  bool strict = false;
  LiveArgs live;
};

Result<Prepared> old_side(kube::Bundle& bundle, const Args& args) {
  const bool routes = bundle.ingresses.empty() && (!bundle.http_routes.empty() || !bundle.grpc_routes.empty());
  if (args.as == "gateway" || (args.as == "auto" && routes && !args.against.empty()))
    return gateway_side(bundle, implementation(args.profile, args.to, bundle));
  return controller_side(bundle, args.as, args.flags);
}

// What the cluster holds beside routes is the same on both sides.
void share_cluster(const kube::Bundle& from, kube::Bundle& to) {
  const auto add_missing = [](const auto& source, auto& target) {
    if (target.empty()) target = source;
  };
  if (!to.services_known()) {
    to.services = from.services;
    to.endpoint_slices = from.endpoint_slices;
  }
  add_missing(from.secrets, to.secrets);
  add_missing(from.config_maps, to.config_maps);
  add_missing(from.namespaces, to.namespaces);
}

// Converts and writes: places in the report are lines of what `gwctl convert` prints.
Status convert_old(const Loaded& old, const Args& args, kube::Rewritten& out) {
  convert::Options options;
  if (args.as != "auto") options.from = args.as;
  options.controller_flags = args.flags;
  const std::vector<std::string_view> targets = convert::target_names();
  options.to = !args.to.empty()                                                           ? args.to
               : std::find(targets.begin(), targets.end(), args.profile) != targets.end() ? args.profile
                                                                                          : "standard";
  for (const std::string& word : args.accept_loss) {
    for (const std::string_view known : convert::loss_names())
      if (word == "all" || word == known) options.accepted.insert(convert::loss_of(known));
  }
  diag::Sink findings;
  const auto outcome =
      convert::convert(old.bundle, options, old.sources, findings, [&](kube::Bundle&& piece) { out.add(piece); });
  if (!outcome) return outcome.error();
  const std::size_t errors = findings.count(diag::Severity::error), warnings = findings.count(diag::Severity::warning);
  if (errors + warnings != 0)
    std::cerr << "gwctl: the conversion reported " << errors << " errors and " << warnings
              << " warnings; `gwctl convert` shows them\n";
  return Unit{};
}

// What of the old side the new one may need once the old model is made.
kube::Bundle cluster_of(kube::Bundle&& old) {
  kube::Bundle out;
  out.services = std::move(old.services);
  out.endpoint_slices = std::move(old.endpoint_slices);
  out.secrets = std::move(old.secrets);
  out.config_maps = std::move(old.config_maps);
  out.namespaces = std::move(old.namespaces);
  return out;
}

Status read_known_file(const std::string& path, Loaded& known, std::vector<verify::Accepted>& out) {
  const auto files = kube::read_inputs({path}, {}, known.sources);
  if (!files) return files.error();
  for (diag::FileId file : *files)
    for (const yaml::Document& document : yaml::read(file, known.sources, {}, known.sink)) {
      std::vector<verify::Accepted> entries = verify::read_known(document, known.sink);
      std::move(entries.begin(), entries.end(), std::back_inserter(out));
    }
  return Unit{};
}

Status check_accepted(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (verify::cause(name)) continue;
    std::string known = "known are:";
    for (const verify::Cause& each : verify::causes()) known += " " + std::string(each.name);
    return Error{"--accept '" + name + "' is not a cause of a difference", known};
  }
  return Unit{};
}

// One line on a terminal that is overwritten; nothing where nobody looks.
std::function<void(std::size_t, std::size_t)> progress_bar() {
  if (isatty(STDERR_FILENO) != 1) return {};
  return [](std::size_t done, std::size_t all) {
    if (done % 64 != 0 && done != all) return;
    std::fprintf(stderr, "\r%zu of %zu host names%s", done, all, done == all ? "\r\033[K" : "");
  };
}

void print(const verify::Report& report, const verify::Rendering& rendering, const std::string& format) {
  if (format == "json") return verify::write_json(report, rendering, std::cout);
  std::cout << (format == "html"       ? verify::to_html(report, rendering)
                : format == "markdown" ? verify::to_markdown(report, rendering)
                                       : verify::to_text(report, rendering));
}

std::function<void(std::uint64_t, std::uint64_t)> byte_progress() {
  if (isatty(STDERR_FILENO) != 1) return {};
  return [](std::uint64_t done, std::uint64_t all) {
    if (all == 0)
      std::fprintf(stderr, "\r%llu MB", static_cast<unsigned long long>(done >> 20));
    else
      std::fprintf(stderr, "\r%3llu%%%s", static_cast<unsigned long long>(done * 100 / all),
                   done == all ? "\r\033[K" : "");
  };
}

int run_replay(const Args& args, const verify::Side& before, const verify::Side& after,
               const verify::Rendering& rendering) {
  verify::ReplayOptions options;
  options.host = args.log_host;
  options.progress = byte_progress();
  const Result<verify::ReplayReport> report = verify::replay(args.access_log, before, after, options);
  if (!report) return fail(report.error());
  std::cout << (args.format == "json" ? verify::to_json(*report, rendering) : verify::to_text(*report, rendering));
  return report->differing + report->unmodelled == 0 ? exit_ok : exit_findings;
}

// Class and witness requests, in the order in which verify asks them.
int run_live_gateways(const Args& args, const verify::Side& before, const verify::Side& after) {
  std::vector<route::Request> requests;
  std::set<std::string> known;
  verify::Options options;
  options.asked = [&](const route::Request& request, verify::Aspect) {
    if (known.insert(verify::request_json(request)).second) requests.push_back(request);
  };
  verify::verify(before, after, options);
  LiveArgs live = args.live;
  live.format = args.format;
  return run_live(requests, live);
}

int run_verify(const Args& args) {
  keep_free_memory();  // answers come and go by the million
  if (args.live.old_urls.empty() != args.live.new_urls.empty())
    return fail({"--live-old and --live-new go together", "name both gateways"});
  if (args.live.rate <= 0) return fail({"--rate must be above 0", "write requests a second, for example --rate 20"});
  if (const Status status = check_controller_flags(args.flags, args.as); !status) return fail(status.error());
  Loaded old, fresh, known_file;
  if (const int code = load(args.inputs, old); code != exit_ok) return code;
  kube::Rewritten converted("converted.yaml", fresh.sources);
  if (args.against.empty()) {
    if (const Status status = convert_old(old, args, converted); !status) return fail(status.error());
  } else {
    Inputs inputs;
    inputs.paths = args.against;
    inputs.load = args.inputs.load;
    if (const int code = load(inputs, fresh); code != exit_ok) return code;
  }
  std::vector<verify::Accepted> known;
  if (!args.known.empty()) {
    if (const Status status = read_known_file(args.known, known_file, known); !status) return fail(status.error());
    if (print_findings(known_file.sink.take(), known_file.sources) != exit_ok) return exit_usage;
  }
  if (const Status status = check_accepted(args.accept); !status) return fail(status.error());
  // One side's model is made before the other's objects are read: a large cluster never stands in memory twice.
  Result<Prepared> before = old_side(old.bundle, args);
  if (before) old.bundle = cluster_of(std::move(old.bundle));
  if (args.against.empty()) fresh.bundle = converted.read(fresh.sink);
  if (print_findings(old.sink.take(), old.sources) + print_findings(fresh.sink.take(), fresh.sources) != 0)
    std::cerr << "gwctl: objects with errors are left out of the comparison\n";
  if (!before) return fail(before.error());
  share_cluster(old.bundle, fresh.bundle);
  route::assume_gateways(fresh.bundle);
  Result<Prepared> after = gateway_side(fresh.bundle, implementation(args.profile, args.to, fresh.bundle));
  if (!after) return fail(after.error());

  // The models hold what they need, and places are lines.
  old.bundle = {};
  fresh.bundle = {};
  old.sources.forget_texts();
  fresh.sources.forget_texts();
  const verify::Rendering rendering{old.sources, fresh.sources, before->name,
                                    after->name, args.address,  args.counterexamples};
  if (!args.live.old_urls.empty()) return run_live_gateways(args, before->side, after->side);
  if (!args.access_log.empty()) return run_replay(args, before->side, after->side, rendering);

  verify::Options options;
  options.measured = before->measured;
  options.strict = args.strict || before->gateway;  // nobody moves off a controller between two gateways
  options.counterexamples = std::max(options.counterexamples, args.counterexamples);
  options.examples_only = args.format == "text";
  options.progress = progress_bar();
  options.known_by_cause = known.empty();
  options.known = [&](std::string_view host, const verify::Counterexample& found) {
    if (std::any_of(args.accept.begin(), args.accept.end(),
                    [&](const std::string& word) { return verify::agrees_to(word, found.cause); }))
      return std::string(verify::cause(found.cause)->title);
    return verify::accepted_reason(known, host, found);
  };
  verify::Report report = verify::verify(before->side, after->side, options);
  verify::compare_streams(before->streams, after->streams, before->gateway, options, report);
  before->model.reset();
  after->model.reset();
  print(report, rendering, args.format);
  for (const verify::Accepted& entry : known)
    if (entry.used == 0)
      std::cerr << "gwctl: " << known_file.sources.name(entry.span.file) << ":"
                << known_file.sources.position(entry.span.file, entry.span.begin).line
                << ": this accepted difference does not occur\n";
  const bool good = report.verdict != verify::Verdict::differs && report.verdict != verify::Verdict::unmodelled;
  return good ? exit_ok : exit_findings;
}

}  // namespace

void add_verify(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("verify", "Prove that old and new answer alike, or show the request that differs");
  command->footer(
      "Examples:\n"
      "  gwctl verify shop.yaml\n"
      "  gwctl verify -R ingress/ --against gateway.yaml --profile envoy-gateway -o html > report.html\n"
      "  gwctl verify shop.yaml --accept redirect-slash,no-certificate\n"
      "  gwctl verify shop.yaml --known accepted.yaml\n"
      "  gwctl verify shop.yaml --access-log access.log\n"
      "  gwctl verify shop.yaml --live-old http://10.0.0.1 --live-new http://127.0.0.1:8080 --rate 10");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--against", args->against, "New manifests; without it the old ones are converted")
      ->option_text("PATH")
      ->allow_extra_args(false);
  command->add_option("--as", args->as, "Old controller; auto, or gateway to compare two gateways")
      ->option_text("NAME")
      ->capture_default_str();
  command
      ->add_option("--profile", args->profile,
                   "Implementation of the new gateway, spec-core for any; default: that of --to or of the objects")
      ->option_text("NAME");
  command->add_option("--to", args->to, "Target of the conversion; default: that of the profile")->option_text("NAME");
  command->add_option("--accept-loss", args->accept_loss, "For the conversion")
      ->option_text("KIND,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_controller_flags(*command, args->flags);
  add_format(*command, args->format, {"text", "json", "html", "markdown"});
  command->add_option("--accept", args->accept, "Causes of differences that are agreed to, by name")
      ->option_text("CAUSE,...")
      ->delimiter(',');
  command->add_flag("--strict", args->strict, "Standing causes, which every move brings, are differences, too");
  command->add_option("--known", args->known, "Differences that were agreed upon, with reasons")->option_text("FILE");
  command->add_option("--access-log", args->access_log, "Ask the requests of an access log instead of every class")
      ->option_text("FILE");
  command->add_option("--log-host", args->log_host, "Host for log lines without one")->option_text("NAME");
  command
      ->add_option("--live-old", args->live.old_urls, "Send the requests to a running gateway: its http or https URL")
      ->option_text("URL")
      ->allow_extra_args(false);
  command->add_option("--live-new", args->live.new_urls, "The gateway to compare it with")
      ->option_text("URL")
      ->allow_extra_args(false);
  command->add_option("--rate", args->live.rate, "Live requests a second, at most; default: 20")->option_text("N");
  command->add_option("--live-max", args->live.most, "Live requests in all, at most; default: 2000")->option_text("N");
  command->add_option("--compare-header", args->live.headers, "Header of live answers to compare, too")
      ->option_text("NAME")
      ->allow_extra_args(false);
  command->add_flag("--unsafe", args->live.unsafe, "Send live requests of methods other than GET, HEAD and OPTIONS");
  command->add_option("--address", args->address, "Address of the gateway in the curl lines")->option_text("IP");
  command->add_option("--show", args->counterexamples, "Differences shown; default: 5")->option_text("N");
  command->callback([&run, args] { run = [args] { return run_verify(*args); }; });
}

}  // namespace gw::cli
