// `gwctl validate`: what the API server would refuse, and what it cannot see, for people and for CI.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/changed_lines.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/repair.h"
#include "cli/tree.h"
#include "cluster/read.h"
#include "diag/baseline.h"
#include "diag/formats.h"
#include "diag/ignore.h"
#include "diag/render.h"
#include "diag/suggest.h"
#include "route/profile.h"
#include "validate/codes.h"
#include "validate/look.h"
#include "yaml/config.h"
#include "yaml/read.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string format = "text", channel, api_version = "v1.6", fail_on = "error", baseline, baseline_mode = "check";
  std::string profile, new_from_rev;
  std::vector<std::string> crds, old;
  validate::Selection selection;
  bool complete = false, fix = false, diff = false;
};

// The set as read, before any rule looked at it.
struct Manifests {
  diag::Sources sources;
  diag::Sink sink;
  kube::Survey survey;
  std::size_t files = 0;
};

// `--crds cluster` asks the cluster that --kubeconfig and --context choose; anything else is a path.
constexpr std::string_view cluster_crds = "cluster";

bool asks_for_definitions(const Args& args) {
  return std::find(args.crds.begin(), args.crds.end(), cluster_crds) != args.crds.end();
}

// With manifests in files a cluster may still be named, for its definitions.
bool reads_cluster(const Args& args) {
  return wants_cluster(args.inputs) && !(names_files(args.inputs) && asks_for_definitions(args));
}

using Take = std::function<void(std::vector<kube::RawObject> part)>;

Status read_manifests(const Args& args, const kube::LoadOptions& load, Manifests& out, const Take& take) {
  auto found = survey_files(args.inputs, out.sources, out.sink);
  if (!found) return found.error();
  out.survey = std::move(*found);
  for (kube::SurveyedFile& file : out.survey.files) {
    kube::read(file, load, kube::UnfilledObjects::keep, out.survey, out.sources, out.sink, take);
    if (!file.walked || file.count != 0) ++out.files;
  }
  return Unit{};
}

// Hands the objects on, a part at a time: their trees take more room than all that is kept of them.
Status read_input(const Args& args, kube::LoadOptions& load, Manifests& manifests, const Take& take) {
  if (reads_cluster(args)) {
    auto raw = read_cluster(args.inputs, load, manifests.sources, manifests.sink);
    if (!raw) return raw.error();
    manifests.files = raw->size();
    take(std::move(*raw));
    return Unit{};
  }
  if (args.inputs.all_namespaces) load.ns.clear();
  return read_manifests(args, load, manifests, take);
}

// What -n and -l leave out of the typed set is left out of the raw one.
void keep_chosen(const kube::LoadOptions& load, Manifests& manifests, std::vector<kube::RawObject>& raw) {
  if (load.ns.empty() && load.selector.empty()) return;
  diag::Sink ignored;
  const kube::Bundle bundle = kube::decode(raw, load, manifests.sources, ignored);
  std::set<const yaml::Node*> chosen;
  kube::each_kind(bundle, [&chosen](const auto& objects) {
    for (const auto& object : objects) chosen.insert(object.node);
  });
  std::erase_if(raw, [&chosen](const kube::RawObject& object) { return !chosen.contains(object.node); });
}

void choose(const Args& args, std::vector<diag::Diagnostic>& findings) {
  if (reads_cluster(args))
    std::erase_if(findings, [](const diag::Diagnostic& f) { return f.code == "GW016"; });  // it was the server
  args.selection.choose(findings);
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) return Error{"cannot read " + path, "write it first with --baseline-mode write"};
  return text;
}

std::string counted(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Status apply_baseline(const Args& args, const diag::Sources& sources, std::vector<diag::Diagnostic>& findings) {
  if (args.baseline.empty()) return Unit{};
  if (args.baseline_mode == "write") {
    const Status written = write_file(args.baseline, diag::Baseline::write(findings, sources));
    if (!written) return written;
    std::cerr << "gwctl: " << args.baseline << " holds " << counted(findings.size(), "finding") << " now\n";
    findings.clear();
    return Unit{};
  }
  auto text = read_text(args.baseline);
  if (!text) return text.error();
  auto baseline = diag::Baseline::parse(*text);
  if (!baseline) return baseline.error();
  baseline->apply(findings, sources);
  if (args.baseline_mode == "prune") return write_file(args.baseline, baseline->prune());
  const auto stale = baseline->stale();
  if (!stale.empty()) {
    std::cerr << "gwctl: " << stale.size() << (stale.size() == 1 ? " entry of " : " entries of ") << args.baseline
              << (stale.size() == 1 ? " is" : " are") << " not found any more; --baseline-mode prune removes "
              << (stale.size() == 1 ? "it" : "them") << "\n";
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

// A repair as text, for reports; nothing when the file does not allow it.
std::vector<diag::TextEdit> text_edits(const diag::Diagnostic& finding, const validate::Fixes& fixes,
                                       const diag::Sources& sources) {
  std::vector<diag::TextEdit> out;
  const auto* edits = fixes.find(finding);
  if (!edits || sources.redacted(finding.span)) return out;
  for (const validate::Edit& edit : *edits) {
    validate::Replacement one = validate::resolve(edit, sources.text(finding.span.file));
    if (one.begin == one.end && one.text.empty()) return {};
    out.push_back({{finding.span.file, one.begin, one.end}, std::move(one.text)});
  }
  return out;
}

validate::Options options_of(const Args& args) {
  validate::Options options;
  options.channel_said = !args.channel.empty();
  options.channel = args.channel == "experimental" ? validate::Channel::experimental : validate::Channel::standard;
  options.api_version = args.api_version == "v1.7" ? validate::ApiVersion::v1_7 : validate::ApiVersion::v1_6;
  options.cel = args.selection.has_layer("cel");
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
  Status path(const char* flag, std::string_view key, std::string& out) const {
    if (command_.count(flag) != 0) return Unit{};
    const auto found = config_.path_at(key);
    if (!found) return found.error();
    if (*found) out = **found;
    return Unit{};
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
  if (const Status named = from.path("--baseline", "baseline", args.baseline); !named) return named;
  from.list("--select", "select", args.selection.select);
  from.list("--ignore", "ignore", args.selection.ignore);
  from.list("--enable", "enable", args.selection.enable);
  from.list("--layers", "layers", args.selection.layers);
  std::string crds;
  if (const Status named = from.path("--crds", "crds", crds); !named) return named;
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
  for (const Status& status : {known(args.channel, "channel", {"", "standard", "experimental"}),
                               known(args.api_version, "release", {"v1.6", "v1.7"}),
                               known(args.fail_on, "severity", {"error", "warning", "info", "never"})}) {
    if (!status) return status;
  }
  const auto& profiles = route::profile_names();
  if (!args.profile.empty() && std::find(profiles.begin(), profiles.end(), args.profile) == profiles.end()) {
    std::vector<std::string_view> names(profiles.begin(), profiles.end());
    const std::string_view near = diag::nearest(args.profile, names);
    return Error{"unknown profile '" + diag::printable(args.profile) + "'",
                 near.empty() ? "" : "did you mean '" + std::string(near) + "'?"};
  }
  const auto formats = diag::report_formats();
  if (std::find(formats.begin(), formats.end(), args.format) == formats.end()) {
    return Error{"unknown format '" + diag::printable(args.format) + "'", {}};
  }
  return Unit{};
}

// Reads what a flag names beside the input: definitions, the objects of before.
Status read_beside(const std::vector<std::string>& paths, diag::Sources& sources, diag::Sink& sink,
                   std::vector<yaml::Document>& out) {
  kube::LoadOptions whole;
  whole.recursive = true;
  whole.limits.depth = 1000;  // schemas nest deeper than manifests
  auto files = kube::read_inputs(paths, whole, sources);
  if (!files) return files.error();
  for (const diag::FileId file : *files) {
    auto more = yaml::read(file, sources, whole.limits, sink);
    std::move(more.begin(), more.end(), std::back_inserter(out));
  }
  return Unit{};
}

Status read_definitions(const Args& args, Manifests& manifests, std::vector<yaml::Document>& out) {
  std::vector<std::string> paths = args.crds;
  std::erase(paths, cluster_crds);
  if (!paths.empty())
    if (Status read = read_beside(paths, manifests.sources, manifests.sink, out); !read) return read;
  if (!asks_for_definitions(args)) return Unit{};
  auto access = cluster::find_access(args.inputs.kubeconfig, args.inputs.context);
  if (!access) return access.error();
  cluster::Client client(std::move(*access));
  auto found = cluster::read_definitions(client, manifests.sources, manifests.sink);
  if (!found) return found.error();
  std::move(found->begin(), found->end(), std::back_inserter(out));
  return Unit{};
}

// One look at the input: everything found, before and after choosing.
struct Checked {
  Manifests manifests;
  validate::Looked looked;
  std::vector<diag::Diagnostic> findings;
};

Status find_all(const Args& args, Checked& out) {
  Manifests& manifests = out.manifests;
  validate::Options options = options_of(args);
  std::vector<yaml::Document> definitions, before;
  std::unique_ptr<validate::Catalogue> crds;
  if (!args.crds.empty()) {
    if (Status read = read_definitions(args, manifests, definitions); !read) return read;
    crds = validate::from_crds(definitions, manifests.sink);
    for (const validate::KindInfo& kind : crds->kinds()) {
      if (kind.served) crds->with_schema(kind, manifests.sink);  // faults are told even where no object is of the kind
    }
    options.crds = crds.get();
  }
  std::optional<validate::OldObjects> old;
  if (!args.old.empty()) {
    diag::Sink ignored;  // what was accepted once is not judged again
    if (Status read = read_beside(args.old, manifests.sources, ignored, before); !read) return read;
    old.emplace(kube::objects(before, ignored));
    options.old = &*old;
  }
  kube::LoadOptions load = args.inputs.load;
  const auto feed = [&](const validate::Take& take) {
    return read_input(args, load, manifests, [&](std::vector<kube::RawObject> raw) {
      keep_chosen(load, manifests, raw);
      take(std::move(raw));
    });
  };
  const Status looked = validate::look({manifests.sources, manifests.sink, manifests.survey, load}, feed, options,
                                       args.selection, out.looked);
  if (!looked) return looked;
  out.findings = std::move(out.looked.findings);
  tell_passed_over(args.inputs, manifests.survey);
  return Unit{};
}

// What flags, comments in the manifests, git and the baseline leave of the findings.
Status keep_wanted(const Args& args, Checked& out) {
  const diag::Sources& sources = out.manifests.sources;
  choose(args, out.findings);
  diag::apply_ignores(out.findings, sources,
                      args.selection.layers.empty() && args.selection.select.empty() && args.selection.ignore.empty());
  if (!args.new_from_rev.empty()) {
    auto changed = changed_lines(args.new_from_rev);
    if (!changed) return changed.error();
    std::erase_if(out.findings, [&](const diag::Diagnostic& f) { return !changed->touches(f, sources); });
  }
  diag::sort_by_file_name(out.findings, sources);
  return apply_baseline(args, sources, out.findings);
}

Status look(const Args& args, Checked& out) {
  if (Status found = find_all(args, out); !found) return found;
  return keep_wanted(args, out);
}

diag::ReportInfo report_info(const Checked& checked) {
  const Manifests& manifests = checked.manifests;
  const validate::ErrorTypes& types = checked.looked.types;
  const validate::Fixes& fixes = checked.looked.fixes;
  diag::ReportInfo info;
  info.tool_version = version();
  info.files = manifests.files;
  info.objects = checked.looked.objects;
  info.rule = [](std::string_view code) {
    const auto row = validate::find_code(code);
    return row ? diag::RuleInfo{std::string(row->title), std::string(row->explanation)} : diag::RuleInfo{};
  };
  info.type = [&types](const diag::Diagnostic& finding) { return std::string(types.find(finding)); };
  info.fix = [&fixes, &manifests](const diag::Diagnostic& finding) {
    return text_edits(finding, fixes, manifests.sources);
  };
  return info;
}

int report(const Args& args, const Checked& checked) {
  const diag::ReportInfo info = report_info(checked);
  std::cout << diag::render_report(args.format, checked.findings, checked.manifests.sources, info);
  if (args.format == "concise" || (args.format == "text" && checked.findings.empty())) {
    tell_summary(info, checked.findings);
  }
  return exit_code(args, checked.findings);
}

// Repairs, then looks again: what is left is reported at the places where it is now. A repair may bring to light what
// another can mend (a kind that was misspelt), hence the rounds.
int repair(const Args& args, std::unique_ptr<Checked> checked) {
  constexpr int rounds = 4;
  std::size_t repaired = 0;
  for (int round = 0; round < rounds; ++round) {
    const Repairs repairs(checked->findings, checked->looked.fixes, checked->manifests.sources);
    if (args.diff) {
      std::cout << repairs.diff();
      std::cerr << "gwctl: " << counted(repairs.findings(), "finding") << " in " << counted(repairs.files(), "file")
                << " would be repaired, " << checked->findings.size() - repairs.findings() << " would be left\n";
      return exit_code(args, checked->findings);
    }
    if (repairs.findings() == 0) break;
    if (Status written = repairs.write(); !written) return fail(written.error());
    repaired += repairs.findings();
    checked = std::make_unique<Checked>();
    if (Status looked = look(args, *checked); !looked) return fail(looked.error());
  }
  if (repaired != 0) std::cerr << "gwctl: repaired " << counted(repaired, "finding") << "\n";
  return report(args, *checked);
}

int run_validate(const CLI::App& command, Args args) {
  if (Status configured = configure(command, args); !configured) return fail(configured.error());
  if (Status words = check_words(args); !words) return fail(words.error());
  if (!names_files(args.inputs) && !wants_cluster(args.inputs))
    return fail({"no input", "name a file, a directory, - for standard input, or a cluster with --kubeconfig"});
  auto checked = std::make_unique<Checked>();
  if (Status looked = look(args, *checked); !looked) return fail(looked.error());
  return args.fix ? repair(args, std::move(checked)) : report(args, *checked);
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
  add_format(*command, args->format, std::move(formats));
  command->add_option("--layers", args->selection.layers, "Only these: yaml, schema, cel, reference, conflict, lint")
      ->option_text("LAYER,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(validate::layer_names()));
  command->add_option("--channel", args->channel, "Gateway API's channel: standard or experimental")
      ->option_text("CHANNEL")
      ->check(CLI::IsMember({"standard", "experimental"}));
  command->add_option("--api-version", args->api_version, "Gateway API's release: v1.6 or v1.7")
      ->option_text("RELEASE")
      ->check(CLI::IsMember({"v1.6", "v1.7"}));
  command
      ->add_option("--crds", args->crds,
                   "Definitions of further kinds, or of these in another version; the word 'cluster' asks the cluster")
      ->option_text("PATH|cluster")
      ->allow_extra_args(false);
  command
      ->add_option("--old", args->old, "The objects as they are now: changes that the API does not allow are reported")
      ->option_text("PATH")
      ->allow_extra_args(false);
  command->add_flag("--complete", args->complete, "The set is everything: what is not in it does not exist");
  command->add_option("--profile", args->profile, "Implementation whose limits are reported")->option_text("NAME");
  command->add_option("--fail-on", args->fail_on, "Exit 1 from this severity on: error, warning, info or never")
      ->option_text("SEVERITY")
      ->check(CLI::IsMember({"error", "warning", "info", "never"}));
  command->add_option("--select", args->selection.select, "Only codes that begin so, like GW2 or IN301")
      ->option_text("CODE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--ignore", args->selection.ignore, "Not the codes that begin so")
      ->option_text("CODE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--enable", args->selection.enable, "Also these rules, which are off unless named, like GW430")
      ->option_text("CODE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--baseline", args->baseline, "Baseline file: known findings are suppressed")
      ->option_text("FILE");
  command->add_option("--baseline-mode", args->baseline_mode, "check it, write it, or prune what is gone")
      ->option_text("MODE")
      ->check(CLI::IsMember({"check", "write", "prune"}));
  command->add_option("--new-from-rev", args->new_from_rev, "Only findings on lines changed since this git revision")
      ->option_text("REV");
  auto* fix = command->add_flag("--fix", args->fix, "Write the safe repairs into the files, then look again");
  command->add_flag("--diff", args->diff, "With --fix: show what would be written, and write nothing")->needs(fix);
  command->callback([args, command, &run] { run = [args, command] { return run_validate(*command, *args); }; });
}

}  // namespace gw::cli
