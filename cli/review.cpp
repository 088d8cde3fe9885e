// `gwctl review`: what a change means for callers, for a comment on a pull request, and what the team forbids.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.h"
#include "cli/revisions.h"
#include "cli/states.h"
#include "diag/markup.h"
#include "diag/render.h"
#include "diag/suggest.h"
#include "neighbours/compare.h"
#include "verify/curl.h"
#include "verify/report.h"
#include "yaml/config.h"

namespace gw::cli {
namespace {

using Json = nlohmann::ordered_json;

// Sorts of changes, the gravest first, with the rule that may forbid each.
struct Sort {
  std::string_view key, title, rule;
};
constexpr std::array<Sort, 12> sorts{{
    {"open", "Becomes open: lets callers in that were refused or asked for credentials", "route-becomes-open"},
    {"host_left", "Hosts that leave", "host-leaves"},
    {"removed", "Served before, not served now", "route-leaves"},
    {"moved", "Moves to another backend", "backend-changes"},
    {"wildcard", "Wildcards that are new", "wildcard-host"},
    {"guarded", "Newly guarded: refuses callers, or asks them for credentials, that were let in", ""},
    {"redirected", "Redirected otherwise", ""},
    {"added", "Served now, not before", ""},
    {"host_new", "Hosts that are new", ""},
    {"other", "Answered otherwise", ""},
    {"records", "DNS records", "record-leaves"},
    {"certificates", "Certificates", "certificate-leaves"},
}};
constexpr std::string_view new_error = "new-error";

struct Change {
  std::string subject, before, after;
  bool leaves = false;  // a record or a Certificate that is gone
};

struct Review {
  std::map<std::string_view, std::vector<Change>> changes;  // by the key of their sort
  StateDiff diff;
  std::vector<std::string> broken;  // rules
};

struct Args {
  std::string base, head, profile, format = "markdown";
  std::vector<std::string> forbid;
};

std::vector<std::string_view> rule_names() {
  std::vector<std::string_view> out{new_error};
  for (const Sort& sort : sorts)
    if (!sort.rule.empty()) out.push_back(sort.rule);
  return out;
}

Status check_rules(const std::vector<std::string>& forbid) {
  const auto known = rule_names();
  for (const std::string& rule : forbid) {
    if (std::find(known.begin(), known.end(), rule) != known.end()) continue;
    const std::string_view near = diag::nearest(rule, known);
    std::string all;
    for (const std::string_view name : known) all += (all.empty() ? "" : ", ") + std::string(name);
    return Error{"there is no rule '" + diag::printable(rule) + "' for review",
                 near.empty() ? "rules: " + all : "did you mean '" + std::string(near) + "'?"};
  }
  return Unit{};
}

bool serves(const route::AnswerSet& answers) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                     [](const route::Answer& a) { return !a.backend.empty() || !a.backends.empty(); });
}
bool has_status(const route::AnswerSet& answers, int from, int to) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                     [&](const route::Answer& a) { return from <= a.status && a.status <= to; });
}
bool refuses(const route::AnswerSet& answers) {
  return has_status(answers, 401, 401) || has_status(answers, 403, 403) || has_status(answers, 407, 407) ||
         has_status(answers, 503, 503);
}

// The networks that the answers' allow lists let in.
std::set<std::string> allowed(const route::AnswerSet& answers) {
  constexpr std::string_view word = "allow ";
  std::set<std::string> out;
  for (const route::Answer& answer : answers.any_of) {
    if (!answer.effects) continue;
    for (const route::Effect& effect : answer.effects->list) {
      if (effect.kind != route::Effect::Kind::guard || !effect.what.starts_with(word)) continue;
      std::string_view rest = std::string_view(effect.what).substr(word.size());
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        out.emplace(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
  }
  return out;
}

// Does the new side let in nobody whom the old one did not?
bool narrower(const route::AnswerSet& before, const route::AnswerSet& after) {
  const std::set<std::string> old_ones = allowed(before), new_ones = allowed(after);
  return !new_ones.empty() && std::includes(old_ones.begin(), old_ones.end(), new_ones.begin(), new_ones.end());
}

std::string_view sort_of(const verify::Counterexample& found) {
  const route::AnswerSet &before = found.old_answer, &after = found.new_answer;
  const bool served = serves(before), serves_now = serves(after);
  if (serves_now && (refuses(before) || (served && found.impact == verify::Impact::security && !refuses(after))))
    return "open";
  if (served && refuses(after)) return "guarded";
  // Refused on both sides, but not the same clients.
  if (found.difference == verify::Difference::guard)
    return found.impact == verify::Impact::security && !narrower(before, after) ? "open" : "guarded";
  if (has_status(before, 300, 399) || has_status(after, 300, 399)) return "redirected";
  if (served && !serves_now) return "removed";
  if (!served && serves_now) return "added";
  return served && found.difference == verify::Difference::backend ? "moved" : "other";
}

// An answer in one line, with the guards that are told of it.
std::string told(const route::AnswerSet& answers) {
  std::string out = verify::summary(answers);
  std::set<std::string> guards;
  for (const route::Answer& answer : answers.any_of)
    if (answer.effects)
      for (const route::Effect& effect : answer.effects->list)
        if (effect.kind == route::Effect::Kind::guard) guards.insert(route::shown(effect));
  for (const std::string& guard : guards) out += ", " + guard;
  return out;
}

// "*" where something asks for every host; a controller's own page for strangers is nobody's.
std::set<std::string> hosts_of(const State& state) {
  const auto catches_all = [](const kube::Ingress& ingress) {
    return ingress.spec.default_backend.has_value() ||
           std::any_of(ingress.spec.rules.begin(), ingress.spec.rules.end(),
                       [](const kube::IngressRule& rule) { return rule.host.empty(); });
  };
  const bool gateway = !state.bundle.http_routes.empty() || !state.bundle.gateways.empty();
  const bool any = gateway || std::any_of(state.bundle.ingresses.begin(), state.bundle.ingresses.end(), catches_all);
  std::set<std::string> out;
  for (const verify::HostBoundaries& row : state.boundaries.hosts)
    if (!row.host.empty() || any) out.insert(row.host.empty() ? "*" : row.host);
  return out;
}

// One line for each way in which a rule of a host is answered otherwise.
void add_behaviour(const State& old, const State& now, Review& out) {
  const std::set<std::string> before = hosts_of(old), after = hosts_of(now);
  for (const std::string& host : before)
    if (!after.contains(host)) out.changes["host_left"].push_back({host, {}, {}, true});
  for (const std::string& host : after)
    if (!before.contains(host)) out.changes[host.starts_with('*') ? "wildcard" : "host_new"].push_back({host, {}, {}});
  std::set<std::tuple<std::string_view, std::string, std::string, std::string>> seen;
  for (const verify::HostReport& host : out.diff.behaviour.hosts) {
    if (host.host == "*" && !before.contains("*") && !after.contains("*")) continue;  // strangers
    for (const verify::Counterexample& found : host.counterexamples) {
      if (found.standing || !found.cause.empty()) continue;
      const std::string_view sort = sort_of(found);
      // The host is told as a whole.
      if ((sort == "removed" && !after.contains(host.host)) || (sort == "added" && !before.contains(host.host)))
        continue;
      Change change{verify::display(found.request), told(found.old_answer), told(found.new_answer)};
      if (change.before == change.after)
        change.after += " (another " + std::string(verify::name(found.difference)) + ")";
      if (seen.insert({sort, host.host, change.before, change.after}).second)
        out.changes[sort].push_back(std::move(change));
    }
  }
}

// The Secrets whose certificates a host shows, by host.
std::map<std::string, std::string> secrets_of(const State& state) {
  std::map<std::string, std::set<std::string>> all;
  for (const kube::Ingress& ingress : state.bundle.ingresses)
    for (const kube::IngressTls& tls : ingress.spec.tls)
      for (const auto& host : tls.hosts)
        if (!tls.secret_name.empty())
          all[std::string(host)].insert(ingress.metadata.ns + "/" + std::string(tls.secret_name));
  for (const kube::Gateway& gateway : state.bundle.gateways)
    for (const kube::Listener& listener : gateway.spec.listeners)
      if (listener.tls)
        for (const auto& ref : listener.tls->certificate_refs)
          all[listener.hostname ? std::string(*listener.hostname) : "*"].insert(
              (ref.ns ? std::string(*ref.ns) : std::string(gateway.metadata.ns)) + "/" + std::string(ref.name));
  std::map<std::string, std::string> out;
  for (const auto& [host, names] : all)
    for (const std::string& name : names) out[host] += (out[host].empty() ? "Secret " : ", ") + name;
  return out;
}

void add_secrets(const State& old, const State& now, Review& out) {
  const auto before = secrets_of(old), after = secrets_of(now);
  for (const auto& [host, secrets] : before) {
    const auto at = after.find(host);
    if (at == after.end() || at->second != secrets)
      out.changes["certificates"].push_back({host, secrets, at == after.end() ? "" : at->second, at == after.end()});
  }
  for (const auto& [host, secrets] : after)
    if (!before.contains(host)) out.changes["certificates"].push_back({host, {}, secrets});
}

void add_neighbours(const State& old, const State& now, Review& out) {
  const auto found = neighbours::compare(neighbours::wanted(old.bundle), neighbours::wanted(now.bundle));
  for (const neighbours::Difference& d : found)
    out.changes[d.record ? "records" : "certificates"].push_back({d.subject, d.before,
                                                                  d.change == neighbours::Change::lost ? "" : d.after,
                                                                  d.change == neighbours::Change::lost});
}

bool has_new_error(const Review& review) {
  return std::any_of(review.diff.introduced.begin(), review.diff.introduced.end(),
                     [](const auto& finding) { return finding.severity == diag::Severity::error; });
}

void judge(const std::vector<std::string>& forbid, Review& out) {
  for (const std::string& rule : forbid) {
    bool broken = rule == new_error && has_new_error(out);
    for (const Sort& sort : sorts) {
      if (sort.rule != rule) continue;
      const auto& changes = out.changes[sort.key];
      const bool only_gone = sort.key == "records" || sort.key == "certificates";
      broken = broken || std::any_of(changes.begin(), changes.end(),
                                     [&](const Change& change) { return !only_gone || change.leaves; });
    }
    if (broken) out.broken.push_back(rule);
  }
}

std::string counted(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string headline(const Review& review) {
  if (!review.broken.empty()) {
    std::string rules;
    for (const std::string& rule : review.broken) rules += (rules.empty() ? "" : ", ") + rule;
    return "Forbidden by the rules of this repository: " + rules;
  }
  std::size_t all = 0;
  for (const auto& [key, changes] : review.changes) all += changes.size();
  if (all == 0 && review.diff.introduced.empty()) return "Nothing changes for callers";
  return counted(all, "change") + " for callers, " + counted(review.diff.introduced.size(), "new finding");
}

constexpr std::size_t most_rows = 10;  // of a sort, in a comment

std::string to_markdown(const Review& review, const State& now) {
  const auto cell = [](const std::string& text) {
    return text.empty() ? std::string("–") : diag::escape_markdown(diag::printable(text));
  };
  std::string out = "## " + headline(review) + "\n";
  for (const Sort& sort : sorts) {
    const auto at = review.changes.find(sort.key);
    if (at == review.changes.end() || at->second.empty()) continue;
    out += "\n### " + std::string(sort.title) + " (" + std::to_string(at->second.size()) + ")\n\n";
    const bool names = sort.key.starts_with("host") || sort.key == "wildcard";
    if (!names) out += "| | before | after |\n|---|---|---|\n";
    for (std::size_t i = 0; i < std::min(most_rows, at->second.size()); ++i) {
      const Change& change = at->second[i];
      out += names ? "- " + cell(change.subject) + "\n"
                   : "| " + cell(change.subject) + " | " + cell(change.before) + " | " + cell(change.after) + " |\n";
    }
    if (at->second.size() > most_rows) out += "\n… and " + std::to_string(at->second.size() - most_rows) + " more\n";
  }
  if (!review.diff.introduced.empty()) {
    out += "\n### New findings (" + std::to_string(review.diff.introduced.size()) + ")\n\n";
    for (std::size_t i = 0; i < std::min(most_rows, review.diff.introduced.size()); ++i)
      out += "- " + cell(diag::render_concise(review.diff.introduced[i], now.sources)) + "\n";
  }
  if (!review.diff.compared && (!review.diff.added.empty() || !review.diff.removed.empty()))
    out += "\nOne side routes nothing that gwctl has a model of: answers were not compared.\n";
  return out;
}

std::string to_text(const Review& review, const State& now) {
  std::string out = headline(review) + "\n";
  for (const Sort& sort : sorts) {
    const auto at = review.changes.find(sort.key);
    if (at == review.changes.end() || at->second.empty()) continue;
    out += "\n" + std::string(sort.title) + "\n";
    for (const Change& change : at->second) {
      out += "  " + diag::printable(change.subject);
      if (!change.before.empty() || !change.after.empty())
        out += ": " + (change.before.empty() ? "–" : diag::printable(change.before)) + " -> " +
               (change.after.empty() ? "–" : diag::printable(change.after));
      out += "\n";
    }
  }
  if (!review.diff.introduced.empty()) out += "\nNew findings\n";
  for (const diag::Diagnostic& finding : review.diff.introduced)
    out += "  " + diag::render_concise(finding, now.sources) + "\n";
  return out;
}

std::string to_json(const Review& review, const State& now) {
  Json changes = Json::object(), findings = Json::array();
  for (const Sort& sort : sorts) {
    Json rows = Json::array();
    if (const auto at = review.changes.find(sort.key); at != review.changes.end())
      for (const Change& change : at->second)
        rows.push_back({{"subject", change.subject}, {"before", change.before}, {"after", change.after}});
    changes[std::string(sort.key)] = std::move(rows);
  }
  for (const diag::Diagnostic& finding : review.diff.introduced)
    findings.push_back(Json::parse(diag::render_json(finding, now.sources)));
  const Json out = {{"changes", std::move(changes)},
                    {"findings", std::move(findings)},
                    {"compared", review.diff.compared},
                    {"forbidden", review.broken}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status configure(const CLI::App& command, Args& args) {
  std::error_code ignored;
  auto found = yaml::find_config(std::filesystem::current_path(ignored).string());
  if (!found) return found.error();
  if (*found && command.count("--forbid") == 0) args.forbid = (*found)->list("forbid");
  if (*found && command.count("--profile") == 0)
    if (const auto profile = (*found)->one("profile")) args.profile = *profile;
  return check_rules(args.forbid);
}

int run_review(const CLI::App& command, Args args) {
  if (const Status configured = configure(command, args); !configured) return fail(configured.error());
  Revision base, head;
  if (const Status opened = base.open(args.base); !opened) return fail(opened.error());
  if (const Status opened = head.open(args.head); !opened) return fail(opened.error());
  kube::LoadOptions load;
  load.recursive = true;
  State old, now;
  if (const Status read = read_state({base.path()}, load, args.profile, old); !read) return fail(read.error());
  if (const Status read = read_state({head.path()}, load, args.profile, now); !read) return fail(read.error());
  Review review;
  verify::Options options;
  review.diff = compare_states(old, now, options);
  add_behaviour(old, now, review);
  add_neighbours(old, now, review);
  add_secrets(old, now, review);
  judge(args.forbid, review);
  const std::string text = args.format == "json"   ? to_json(review, now)
                           : args.format == "text" ? to_text(review, now)
                                                   : to_markdown(review, now);
  std::cout << base.shown(head.shown(text));
  return review.broken.empty() ? exit_ok : exit_findings;
}

}  // namespace

void add_review(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("review", "Tell what a change means for callers, as a comment for a pull request");
  command->footer(
      "Examples:\n"
      "  gwctl review origin/main HEAD\n"
      "  gwctl review origin/main .                 # what is not committed yet, too\n"
      "  gwctl review before/ after/ --forbid route-becomes-open,host-leaves\n\n"
      "Rules: new-error, route-becomes-open, host-leaves, route-leaves, backend-changes, wildcard-host,\n"
      "record-leaves, certificate-leaves; in .gwctl.yaml under `forbid`.");
  auto args = std::make_shared<Args>();
  command->add_option("base", args->base, "The state before: a git revision, a directory or a file")
      ->option_text("BASE")
      ->required();
  command->add_option("head", args->head, "The state after")->option_text("HEAD")->required();
  command->add_option("--forbid", args->forbid, "Exit 1 where one of these rules is broken")
      ->option_text("RULE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--profile", args->profile, "Implementation that answers for Gateways; default: by its objects")
      ->option_text("NAME");
  add_format(*command, args->format, {"markdown", "text", "json"});
  command->callback([&run, args, command] { run = [args, command] { return run_review(*command, *args); }; });
}

}  // namespace gw::cli
