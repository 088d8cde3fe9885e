// `gwctl validate`: what the API server would refuse, and what it cannot see, for people and for CI.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>

#include "cli/changed_lines.h"
#include "cli/command.h"
#include "cli/tree.h"
#include "diag/baseline.h"
#include "diag/formats.h"
#include "diag/ignore.h"
#include "diag/render.h"
#include "diag/suggest.h"
#include "kube/load.h"
#include "validate/codes.h"
#include "validate/validate.h"
#include "yaml/config.h"
#include "yaml/read.h"

namespace gw::cli {
namespace {

constexpr std::string_view layer_names[] = {"yaml", "schema", "cel", "reference", "conflict", "lint"};

struct Args {
  Inputs inputs;
  std::string format = "text", channel = "standard", api_version = "v1.6", fail_on = "error", baseline,
              baseline_mode = "check";
  std::string profile, new_from_rev;
  std::vector<std::string> crds, layers, select, ignore;
  bool complete = false;
};

// The set as read, before any rule looked at it.
struct Manifests {
  diag::Sources sources;
  diag::Sink sink;
  std::vector<diag::FileId> files;
  std::vector<yaml::Document> documents;
  std::vector<kube::RawObject> raw;
};

bool has_layer(const Args& args, std::string_view layer) {
  return args.layers.empty() || std::find(args.layers.begin(), args.layers.end(), layer) != args.layers.end();
}

Status read_manifests(const std::vector<std::string>& paths, const kube::LoadOptions& load, Manifests& out) {
  auto files = kube::read_inputs(paths, load, out.sources);
  if (!files) return files.error();
  for (const diag::FileId file : *files) {
    auto more = yaml::read(file, out.sources, load.limits, out.sink);
    std::move(more.begin(), more.end(), std::back_inserter(out.documents));
  }
  out.files = std::move(*files);
  return Unit{};
}

// What -n and -l leave out of the typed set is left out of the raw one.
void keep_chosen(const kube::LoadOptions& load, const kube::Bundle& bundle, std::vector<kube::RawObject>& raw) {
  if (load.ns.empty() && load.selector.empty()) return;
  std::set<const yaml::Node*> chosen;
  kube::each_kind(bundle, [&chosen](const auto& objects) {
    for (const auto& object : objects) chosen.insert(object.node);
  });
  std::erase_if(raw, [&chosen](const kube::RawObject& object) { return !chosen.contains(object.node); });
}

// Decoding repeats what the schema says better; only what concerns the whole set is kept.
kube::Bundle decode(Manifests& manifests, const kube::LoadOptions& load) {
  diag::Sink all;
  kube::Bundle bundle = kube::decode(manifests.raw, load, manifests.sources, all);
  for (diag::Diagnostic& finding : all.take()) {
    if (finding.code != "GW010") continue;
    finding.layer = "lint";
    manifests.sink.report(std::move(finding));
  }
  return bundle;
}

bool named(const std::vector<std::string>& names, std::string_view code) {
  return std::any_of(names.begin(), names.end(), [code](const std::string& name) { return code.starts_with(name); });
}

void choose(const Args& args, std::vector<diag::Diagnostic>& findings) {
  std::erase_if(findings, [&args](const diag::Diagnostic& finding) {
    if (!has_layer(args, finding.layer)) return true;
    if (!args.select.empty() && !named(args.select, finding.code)) return true;
    return named(args.ignore, finding.code);
  });
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) return Error{"cannot read " + path, "write it first with --baseline-mode write"};
  return text;
}

Status write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.fail()) return Error{"cannot write " + path, {}};
  return Unit{};
}

Status apply_baseline(const Args& args, const diag::Sources& sources, std::vector<diag::Diagnostic>& findings) {
  if (args.baseline.empty()) return Unit{};
  if (args.baseline_mode == "write") {
    const Status written = write_text(args.baseline, diag::Baseline::write(findings, sources));
    if (written) findings.clear();
    return written;
  }
  auto text = read_text(args.baseline);
  if (!text) return text.error();
  auto baseline = diag::Baseline::parse(*text);
  if (!baseline) return baseline.error();
  baseline->apply(findings, sources);
  if (args.baseline_mode == "prune") return write_text(args.baseline, baseline->prune());
  const auto stale = baseline->stale();
  if (!stale.empty()) {
    std::cerr << "gwctl: " << stale.size() << " entries of " << args.baseline
              << " are not found any more; --baseline-mode prune removes them\n";
  }
  return Unit{};
}

int exit_code(const Args& args, const std::vector<diag::Diagnostic>& findings) {
  if (args.fail_on == "never") return exit_ok;
  const diag::Severity bar = args.fail_on == "info"      ? diag::Severity::info
                             : args.fail_on == "warning" ? diag::Severity::warning
                                                         : diag::Severity::error;
  const bool failed = std::any_of(findings.begin(), findings.end(), [bar](const auto& f) { return f.severity >= bar; });
  return failed ? exit_findings : exit_ok;
}

void tell_summary(const diag::ReportInfo& info, const std::vector<diag::Diagnostic>& findings) {
  std::size_t counts[3] = {};
  for (const diag::Diagnostic& finding : findings) ++counts[static_cast<std::size_t>(finding.severity)];
  const auto [infos, warnings, errors] = counts;
  std::cerr << info.objects << (info.objects == 1 ? " object in " : " objects in ") << info.files
            << (info.files == 1 ? " file: " : " files: ");
  if (findings.empty()) {
    std::cerr << "no findings\n";
    return;
  }
  std::cerr << errors << (errors == 1 ? " error, " : " errors, ") << warnings
            << (warnings == 1 ? " warning, " : " warnings, ") << infos << (infos == 1 ? " note\n" : " notes\n");
}

diag::ReportInfo report_info(const Manifests& manifests, const validate::ErrorTypes& types) {
  diag::ReportInfo info;
  info.tool_version = version();
  info.files = manifests.files.size();
  info.objects = manifests.raw.size();
  info.rule = [](std::string_view code) {
    const auto row = validate::find_code(code);
    return row ? diag::RuleInfo{std::string(row->title), std::string(row->explanation)} : diag::RuleInfo{};
  };
  info.type = [&types](const diag::Diagnostic& finding) { return std::string(types.find(finding)); };
  return info;
}

validate::Options options_of(const Args& args) {
  validate::Options options;
  options.channel = args.channel == "experimental" ? validate::Channel::experimental : validate::Channel::standard;
  options.api_version = args.api_version == "v1.7" ? validate::ApiVersion::v1_7 : validate::ApiVersion::v1_6;
  options.cel = has_layer(args, "cel");
  options.complete = args.complete;
  options.profile = args.profile;
  return options;
}

// What `.gwctl.yaml` says counts where no flag was given.
class Configured {
 public:
  Configured(const CLI::App& command, const yaml::Config& config) : command_(command), config_(config) {}

  void one(const char* flag, std::string_view key, std::string& out) const {
    const auto value = config_.one(key);
    if (value && command_.count(flag) == 0) out = *value;
  }
  void path(const char* flag, std::string_view key, std::string& out) const {
    const auto value = config_.one(key);
    if (value && command_.count(flag) == 0) out = (std::filesystem::path(config_.directory) / *value).string();
  }
  void list(const char* flag, std::string_view key, std::vector<std::string>& out) const {
    auto values = config_.list(key);
    if (!values.empty() && command_.count(flag) == 0) out = std::move(values);
  }

 private:
  const CLI::App& command_;
  const yaml::Config& config_;
};

Status configure(const CLI::App& command, Args& args) {
  std::error_code ignored;
  auto found = yaml::find_config(std::filesystem::current_path(ignored).string());
  if (!found) return found.error();
  if (!*found) return Unit{};
  const Configured from(command, **found);
  from.one("--channel", "channel", args.channel);
  from.one("--api-version", "apiVersion", args.api_version);
  from.one("--fail-on", "failOn", args.fail_on);
  from.one("--format", "format", args.format);
  from.one("--profile", "profile", args.profile);
  from.path("--baseline", "baseline", args.baseline);
  from.list("--select", "select", args.select);
  from.list("--ignore", "ignore", args.ignore);
  from.list("--layers", "layers", args.layers);
  std::string crds;
  from.path("--crds", "crds", crds);
  if (!crds.empty()) args.crds = {crds};
  return Unit{};
}

// Values from the configuration file have not been through the flags' own checks.
Status check_words(const Args& args) {
  auto known = [](std::string_view word, std::string_view what,
                  std::initializer_list<std::string_view> words) -> Status {
    if (std::find(words.begin(), words.end(), word) != words.end()) return Unit{};
    return Error{"unknown " + std::string(what) + " '" + diag::printable(word) + "'", {}};
  };
  for (const Status& status : {known(args.channel, "channel", {"standard", "experimental"}),
                               known(args.api_version, "release", {"v1.6", "v1.7"}),
                               known(args.fail_on, "severity", {"error", "warning", "info", "never"})}) {
    if (!status) return status;
  }
  const auto formats = diag::report_formats();
  if (std::find(formats.begin(), formats.end(), args.format) == formats.end()) {
    return Error{"unknown format '" + diag::printable(args.format) + "'", {}};
  }
  return Unit{};
}

int run_validate(const CLI::App& command, Args args) {
  if (Status configured = configure(command, args); !configured) return fail(configured.error());
  if (Status words = check_words(args); !words) return fail(words.error());
  if (args.inputs.paths.empty()) return fail({"no input", "name a file, a directory, or - for standard input"});
  kube::LoadOptions load = args.inputs.load;
  if (args.inputs.all_namespaces) load.ns.clear();
  Manifests manifests;
  if (Status read = read_manifests(args.inputs.paths, load, manifests); !read) return fail(read.error());
  manifests.raw = kube::objects(manifests.documents, manifests.sink);
  const kube::Bundle bundle = decode(manifests, load);
  keep_chosen(load, bundle, manifests.raw);

  validate::Options options = options_of(args);
  std::vector<yaml::Document> definitions;
  std::unique_ptr<validate::Catalogue> crds;
  if (!args.crds.empty()) {
    kube::LoadOptions whole;
    whole.recursive = true;
    whole.limits.depth = 1000;  // schemas nest deeper than manifests
    auto files = kube::read_inputs(args.crds, whole, manifests.sources);
    if (!files) return fail(files.error());
    for (const diag::FileId file : *files) {
      auto more = yaml::read(file, manifests.sources, whole.limits, manifests.sink);
      std::move(more.begin(), more.end(), std::back_inserter(definitions));
    }
    crds = validate::from_crds(definitions, manifests.sink);
    for (const validate::KindInfo& kind : crds->kinds()) {
      if (kind.served) crds->with_schema(kind, manifests.sink);  // faults are told even where no object is of the kind
    }
    options.crds = crds.get();
  }

  validate::ErrorTypes types;
  if (has_layer(args, "schema") || has_layer(args, "cel") || has_layer(args, "lint")) {
    validate::check_objects(manifests.raw, options, manifests.sink, &types);
  }
  if (has_layer(args, "reference") || has_layer(args, "conflict") || has_layer(args, "lint")) {
    validate::check_rules(bundle, manifests.raw, manifests.sources, options, manifests.sink);
  }
  std::vector<diag::Diagnostic> findings = manifests.sink.take();
  choose(args, findings);
  diag::apply_ignores(findings, manifests.sources, args.layers.empty() && args.select.empty() && args.ignore.empty());
  if (!args.new_from_rev.empty()) {
    auto changed = changed_lines(args.new_from_rev);
    if (!changed) return fail(changed.error());
    std::erase_if(findings, [&](const diag::Diagnostic& f) { return !changed->touches(f, manifests.sources); });
  }
  diag::sort_by_file_name(findings, manifests.sources);
  if (Status applied = apply_baseline(args, manifests.sources, findings); !applied) return fail(applied.error());
  const diag::ReportInfo info = report_info(manifests, types);
  std::cout << diag::render_report(args.format, findings, manifests.sources, info);
  if (args.format == "concise" || (args.format == "text" && findings.empty())) tell_summary(info, findings);
  return exit_code(args, findings);
}

}  // namespace

void add_validate(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("validate", "Tell what the API server would refuse, and what it cannot see");
  command->footer(
      "Examples:\n"
      "  gwctl validate gateway.yaml\n"
      "  gwctl validate -R manifests/ --format sarif > gwctl.sarif\n"
      "  helm template shop | gwctl validate - --fail-on warning\n"
      "  gwctl validate policies.yaml --crds envoy-gateway-crds/");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  std::vector<std::string> formats;
  for (const std::string_view format : diag::report_formats()) formats.emplace_back(format);
  command->add_option("--format", args->format, "How findings are told; text unless given")
      ->option_text("FORMAT")
      ->check(CLI::IsMember(formats));
  command->add_option("--layers", args->layers, "Only these: yaml, schema, cel, reference, conflict, lint")
      ->option_text("LAYER,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(layer_names), std::end(layer_names))));
  command->add_option("--channel", args->channel, "Gateway API's channel: standard or experimental")
      ->option_text("CHANNEL")
      ->check(CLI::IsMember({"standard", "experimental"}));
  command->add_option("--api-version", args->api_version, "Gateway API's release: v1.6 or v1.7")
      ->option_text("RELEASE")
      ->check(CLI::IsMember({"v1.6", "v1.7"}));
  command->add_option("--crds", args->crds, "Definitions of further kinds, or of these in another version")
      ->option_text("PATH")
      ->allow_extra_args(false);
  command->add_flag("--complete", args->complete, "The set is everything: what is not in it does not exist");
  command->add_option("--profile", args->profile, "An implementation whose limits are told")->option_text("NAME");
  command->add_option("--fail-on", args->fail_on, "Exit 1 from this severity on: error, warning, info or never")
      ->option_text("SEVERITY")
      ->check(CLI::IsMember({"error", "warning", "info", "never"}));
  command->add_option("--select", args->select, "Only codes that begin so, like GW2 or IN301")
      ->option_text("CODE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--ignore", args->ignore, "Not the codes that begin so")
      ->option_text("CODE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--baseline", args->baseline, "A file of known findings, which are told no more")
      ->option_text("FILE");
  command->add_option("--baseline-mode", args->baseline_mode, "check it, write it, or prune what is gone")
      ->option_text("MODE")
      ->check(CLI::IsMember({"check", "write", "prune"}));
  command->add_option("--new-from-rev", args->new_from_rev, "Only findings on lines changed since this git revision")
      ->option_text("REV");
  command->callback([args, command, &run] { run = [args, command] { return run_validate(*command, *args); }; });
}

}  // namespace gw::cli
