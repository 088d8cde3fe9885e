// `gwctl diff`: what changes between two states of a set of manifests.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/states.h"
#include "diag/credentials.h"
#include "diag/markup.h"
#include "diag/render.h"
#include "verify/known.h"
#include "verify/report.h"

namespace gw::cli {
namespace {

struct Args {
  std::string old_path, new_path, profile = "gwctl", format = "text", known;
  kube::LoadOptions load;
  std::size_t shown = 5;
};

using Json = nlohmann::ordered_json;

std::string counted(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string line_of(const diag::Span& span, const diag::Sources& sources) {
  if (!span.known()) return {};
  return sources.name(span.file) + ":" + std::to_string(sources.position(span.file, span.begin).line);
}

bool changes_behaviour(const StateDiff& diff) {
  return diff.compared &&
         (diff.behaviour.verdict == verify::Verdict::differs || diff.behaviour.verdict == verify::Verdict::unmodelled);
}

// Counterexamples without an agreed reason.
std::size_t open_differences(const verify::HostReport& host) {
  return static_cast<std::size_t>(std::count_if(host.counterexamples.begin(), host.counterexamples.end(),
                                                [](const auto& found) { return found.known.empty(); }));
}

std::string summary(const StateDiff& diff, const State& old, const State& now) {
  std::string out =
      counted(diff.added.size(), "object") + " added, " + std::to_string(diff.removed.size()) + " removed, " +
      std::to_string(diff.changed.size()) + " changed; " + counted(diff.routes.size(), "route") +
      " changed; issues: " + std::to_string(diff.introduced.size()) + " introduced, " +
      std::to_string(diff.fixed.size()) + " fixed, " + std::to_string(diff.unchanged) + " unchanged; behaviour: ";
  if (!diff.compared) return out + "not compared, one side routes nothing";
  const auto differing = static_cast<std::size_t>(
      std::count_if(diff.behaviour.hosts.begin(), diff.behaviour.hosts.end(),
                    [](const verify::HostReport& host) { return host.verdict == verify::Verdict::differs; }));
  out += std::string(verify::name(diff.behaviour.verdict));
  if (differing != 0) out += ", " + counted(differing, "host") + " of " + std::to_string(diff.behaviour.hosts.size());
  if (old.model_name != now.model_name) out += " (" + old.model_name + " against " + now.model_name + ")";
  return out;
}

// Hosts that answer alike are only counted.
verify::Report differing_hosts(const verify::Report& report) {
  verify::Report out = report;
  std::erase_if(out.hosts, [](const verify::HostReport& host) {
    return host.verdict != verify::Verdict::differs && host.verdict != verify::Verdict::unmodelled &&
           open_differences(host) == 0;
  });
  return out;
}

std::string to_text(const StateDiff& diff, const State& old, const State& now, const verify::Rendering& rendering) {
  std::string out;
  const auto line = [&](char mark, const std::string& text) {
    out += std::string(1, mark) + " " + diag::printable(text) + "\n";
  };
  if (!diff.added.empty() || !diff.removed.empty() || !diff.changed.empty()) out += "Objects\n";
  for (const std::string& id : diff.removed) line('-', id);
  for (const std::string& id : diff.added) line('+', id);
  for (const ObjectChange& object : diff.changed) {
    line('~', object.object);
    for (const kube::FieldChange& field : object.fields) {
      const std::string at =
          line_of(field.now.empty() ? field.old_at : field.now_at, field.now.empty() ? old.sources : now.sources);
      out += "    " + diag::printable(field.path) + ": " +
             (field.old.empty() ? "(absent)" : diag::printable(field.old)) + " -> " +
             (field.now.empty() ? "(absent)" : diag::printable(field.now)) + "  [" + at + "]\n";
    }
  }
  if (!diff.routes.empty()) out += "\nRoutes\n";
  for (const StateDiff::RouteChange& route : diff.routes) {
    if (route.old.empty())
      line('+', route.match + " -> " + route.now);
    else if (route.now.empty())
      line('-', route.match + " -> " + route.old);
    else
      line('~', route.match + ": " + route.old + " -> " + route.now);
  }
  if (diff.compared && changes_behaviour(diff))
    out += "\nBehaviour\n" + verify::to_text(differing_hosts(diff.behaviour), rendering);
  const auto issues = [&](const char* title, const std::vector<diag::Diagnostic>& findings,
                          const diag::Sources& sources) {
    if (findings.empty()) return;
    out += std::string("\n") + title + "\n";
    for (const diag::Diagnostic& finding : findings) out += "  " + diag::render_concise(finding, sources) + "\n";
  };
  issues("Issues introduced", diff.introduced, now.sources);
  issues("Issues fixed", diff.fixed, old.sources);
  return out + (out.empty() ? "" : "\n") + summary(diff, old, now) + "\n";
}

std::string escaped(const std::string& raw) {
  return diag::escape_markdown(diag::printable(raw));
}

std::string to_markdown(const StateDiff& diff, const State& old, const State& now, const verify::Rendering& rendering) {
  std::string out = "# What changes\n\n" + escaped(summary(diff, old, now)) + "\n";
  if (!diff.added.empty() || !diff.removed.empty() || !diff.changed.empty())
    out += "\n## Objects\n\n| object | field | old | new |\n|---|---|---|---|\n";
  for (const std::string& id : diff.removed) out += "| " + escaped(id) + " | | there | removed |\n";
  for (const std::string& id : diff.added) out += "| " + escaped(id) + " | | | added |\n";
  for (const ObjectChange& object : diff.changed)
    for (const kube::FieldChange& field : object.fields)
      out += "| " + escaped(object.object) + " | " + escaped(field.path) + " | " + escaped(field.old) + " | " +
             escaped(field.now) + " |\n";
  if (!diff.routes.empty()) out += "\n## Routes\n\n| match | old | new |\n|---|---|---|\n";
  for (const StateDiff::RouteChange& route : diff.routes)
    out += "| " + escaped(route.match) + " | " + escaped(route.old) + " | " + escaped(route.now) + " |\n";
  const auto issues = [&](const char* title, const std::vector<diag::Diagnostic>& findings,
                          const diag::Sources& sources) {
    if (findings.empty()) return;
    out += std::string("\n## ") + title + "\n\n";
    for (const diag::Diagnostic& finding : findings)
      out += "- " + escaped(diag::render_concise(finding, sources)) + "\n";
  };
  issues("Issues introduced", diff.introduced, now.sources);
  issues("Issues fixed", diff.fixed, old.sources);
  if (changes_behaviour(diff)) out += "\n" + verify::to_markdown(differing_hosts(diff.behaviour), rendering);
  return out;
}

Json findings_json(const std::vector<diag::Diagnostic>& findings, const diag::Sources& sources) {
  Json out = Json::array();
  for (const diag::Diagnostic& finding : findings) out.push_back(Json::parse(diag::render_json(finding, sources)));
  return out;
}

std::string to_json(const StateDiff& diff, const State& old, const State& now, const verify::Rendering& rendering) {
  Json changed = Json::array(), routes = Json::array();
  for (const ObjectChange& object : diff.changed) {
    Json fields = Json::array();
    for (const kube::FieldChange& field : object.fields)
      fields.push_back({{"path", field.path},
                        {"old", field.old},
                        {"new", field.now},
                        {"old_at", line_of(field.old_at, old.sources)},
                        {"new_at", line_of(field.now_at, now.sources)}});
    changed.push_back({{"object", object.object}, {"fields", std::move(fields)}});
  }
  for (const StateDiff::RouteChange& route : diff.routes)
    routes.push_back({{"match", route.match}, {"old", route.old}, {"new", route.now}});
  const Json out = {{"objects", {{"added", diff.added}, {"removed", diff.removed}, {"changed", std::move(changed)}}},
                    {"routes", std::move(routes)},
                    {"behaviour", diff.compared ? Json::parse(verify::to_json(diff.behaviour, rendering)) : Json()},
                    {"issues",
                     {{"introduced", findings_json(diff.introduced, now.sources)},
                      {"fixed", findings_json(diff.fixed, old.sources)},
                      {"unchanged", diff.unchanged}}}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int run_diff(const Args& args) {
  if (args.old_path == "-" && args.new_path == "-") return fail({"only one side can be standard input", ""});
  State old, now;
  if (const Status status = read_state({args.old_path}, args.load, args.profile, old); !status)
    return fail(status.error());
  if (const Status status = read_state({args.new_path}, args.load, args.profile, now); !status)
    return fail(status.error());

  Loaded agreed;
  std::vector<verify::Accepted> known;
  if (!args.known.empty()) {
    const auto files = kube::read_inputs({args.known}, {}, agreed.sources);
    if (!files) return fail(files.error());
    for (const diag::FileId file : *files)
      for (const yaml::Document& document : yaml::read(file, agreed.sources, {}, agreed.sink)) {
        auto entries = verify::read_known(document, agreed.sink);
        std::move(entries.begin(), entries.end(), std::back_inserter(known));
      }
    if (print_findings(agreed.sink.take(), agreed.sources) != exit_ok) return exit_usage;
  }
  verify::Options options;
  options.strict = true;  // nobody moves here: every difference is one of the two states
  options.known = [&](std::string_view host, const verify::Counterexample& found) {
    return verify::accepted_reason(known, host, found);
  };
  StateDiff diff = compare_states(old, now, options);
  for (ObjectChange& object : diff.changed)
    for (kube::FieldChange& field : object.fields)
      for (std::string* value : {&field.old, &field.now}) *value = diag::hide_credentials(std::move(*value));
  verify::Rendering rendering{old.sources, now.sources, old.model_name, now.model_name, "127.0.0.1", args.shown};
  rendering.next = false;
  if (args.format == "json")
    std::cout << to_json(diff, old, now, rendering);
  else if (args.format == "markdown")
    std::cout << to_markdown(diff, old, now, rendering);
  else
    std::cout << to_text(diff, old, now, rendering);
  const bool errors = std::any_of(diff.introduced.begin(), diff.introduced.end(), [](const diag::Diagnostic& finding) {
    return finding.severity == diag::Severity::error;
  });
  return errors || changes_behaviour(diff) ? exit_findings : exit_ok;
}

}  // namespace

void add_diff(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "diff", "Tell what changes between two states; 1 for answers that were not agreed upon and new errors");
  command->footer(
      "Examples:\n"
      "  gwctl diff before/ after/\n"
      "  git show HEAD:gateway.yaml | gwctl diff - gateway.yaml\n"
      "  gwctl diff live.yaml new.yaml --known accepted.yaml -o markdown");
  auto args = std::make_shared<Args>();
  command->add_option("old", args->old_path, "The state before: file, directory or -")->option_text("OLD")->required();
  command->add_option("new", args->new_path, "The state after")->option_text("NEW")->required();
  command->add_flag("-R,--recursive", args->load.recursive, "Go into the directories of a directory");
  command->add_option("-n,--namespace", args->load.ns, "Only this namespace")->option_text("NS");
  command->add_option("-l,--selector", args->load.selector, "Only objects with these labels, as kubectl writes them")
      ->option_text("SELECTOR");
  command->add_option("--profile", args->profile, "Implementation that answers for Gateways")
      ->option_text("NAME")
      ->capture_default_str();
  command->add_option("--known", args->known, "Differences that were agreed upon, with reasons, as verify reads them")
      ->option_text("FILE");
  command->add_option("--show", args->shown, "Differences shown a host")->option_text("N");
  add_format(*command, args->format, {"text", "json", "markdown"});
  command->callback([&run, args] { run = [args] { return run_diff(*args); }; });
}

}  // namespace gw::cli
