#include "audit/first_steps.h"

#include <algorithm>

#include "audit/plan.h"
#include "audit/tables.h"

namespace gw::audit {
namespace {

constexpr std::int64_t soon = 30;  // days

std::string many(std::size_t n, const char* one, const char* more) {
  return std::to_string(n) + " " + (n == 1 ? one : more);
}

void add_unclaimed(const Report& report, std::vector<Step>& steps) {
  const auto n = std::count_if(report.ingresses.begin(), report.ingresses.end(),
                               [](const IngressLine& line) { return line.controller.empty(); });
  if (n > 0)
    steps.push_back({many(static_cast<std::size_t>(n), "Ingress has", "Ingresses have") +
                         " no known controller and would be left out",
                     "Name the controller with --from, or add the IngressClass to the input.", "", "Ingresses"});
}

void add_losses(const Report& report, std::vector<Step>& steps) {
  std::size_t lost = 0, guards = 0;
  for (const IngressLine& line : report.ingresses) {
    lost += line.fate == Fate::lost;
    guards += line.security_losses != 0;
  }
  if (lost == 0) return;
  Step step{many(lost, "Ingress loses", "Ingresses lose") + " something with " + report.target, "", "", "Findings"};
  if (guards != 0)
    step.text += ", " + (guards == lost ? std::string("each of them a guard: its routes are left out")
                                        : std::to_string(guards) + " of them a guard: their routes are left out");
  const auto best = std::min_element(report.targets.begin(), report.targets.end(),
                                     [](const TargetLine& a, const TargetLine& b) { return a.lost < b.lost; });
  if (best != report.targets.end() && best->lost < lost) {
    step.detail =
        best->name + (best->lost == 0 ? " loses nothing." : " loses less: " + std::to_string(best->lost) + ".");
    step.command = "gwctl audit --to " + shell_word(best->name) + " ...";
  } else {
    step.detail = "No target loses less. Change these Ingresses, or accept the loss by name with --accept-loss.";
  }
  steps.push_back(std::move(step));
}

void add_checks(const Report& report, std::vector<Step>& steps) {
  if (report.checked.errors != 0)
    steps.push_back({"The converted objects have " + many(report.checked.errors, "error", "errors"),
                     "The API server would refuse them, or they would not work.", "",
                     "Converted objects checked (validate)"});
  const HostLine* first = nullptr;
  std::size_t differing = 0;
  for (const HostLine& line : report.verified) {
    if (line.differences == 0) continue;
    ++differing;
    if (first == nullptr) first = &line;
  }
  if (first != nullptr)
    steps.push_back({many(differing, "host answers", "hosts answer") + " some requests differently",
                     "For example " + first->request + ": " + first->old_answer + " before, " + first->new_answer +
                         " after. Change the rule, or accept the difference by name.",
                     "", "Answers compared (verify)"});
}

void add_certificates(const Report& report, std::vector<Step>& steps) {
  std::size_t ending = 0, missing = 0;
  for (const CertificateLine& line : report.certificates) {
    ending += !line.not_after.empty() && line.days_left < soon;
    missing += line.not_after.empty();
  }
  if (ending != 0)
    steps.push_back({many(ending, "certificate ends", "certificates end") + " within 30 days, or ended already",
                     "Renew before the move, so that the two are not mixed up.", "",
                     "Certificates, the first to expire first"});
  if (missing != 0)
    steps.push_back({many(missing, "certificate was", "certificates were") + " not checked",
                     "The Secrets are not in the input. Read the cluster, or add them, to see dates and names.", "",
                     "Certificates, the first to expire first"});
}

void add_approximations(const Report& report, std::vector<Step>& steps) {
  const auto n = std::count_if(report.ingresses.begin(), report.ingresses.end(),
                               [](const IngressLine& line) { return line.fate == Fate::approximated; });
  if (n > 0)
    steps.push_back({many(static_cast<std::size_t>(n), "Ingress is", "Ingresses are") + " approximated",
                     "Each warning says what differs: read each kind once.", "", "Findings"});
}

}  // namespace

std::vector<Step> first_steps(const Report& report) {
  std::vector<Step> steps;
  add_unclaimed(report, steps);
  add_losses(report, steps);
  add_checks(report, steps);
  add_certificates(report, steps);
  add_approximations(report, steps);
  steps.push_back({steps.empty() ? "Nothing stands in the way" : "Then plan the move",
                   "The plan has the commands of each stage and how to undo them.",
                   "gwctl plan --to " + shell_word(report.target) + " --output-dir migration ...", "Stages"});
  return steps;
}

}  // namespace gw::audit
