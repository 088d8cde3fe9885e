// The report for machines: everything, nothing folded.
#include <nlohmann/json.hpp>

#include "audit/audit.h"
#include "audit/tables.h"

namespace gw::audit {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const Counts& counts) {
  Json out = Json::object();
  for (const convert::Outcome outcome : grave_first) out[std::string(convert::name(outcome))] = count(counts, outcome);
  return out;
}

Json outcomes_json(const std::map<std::string, convert::Outcome>& outcomes) {
  Json out = Json::object();
  for (const auto& [key, outcome] : outcomes) out[key] = convert::name(outcome);
  return out;
}

Json ingresses_json(const Report& report) {
  Json out = Json::array();
  for (const IngressLine& line : report.ingresses)
    out.push_back({{"kind", line.kind},
                   {"namespace", line.id.ns},
                   {"name", line.id.name},
                   {"class", line.class_name},
                   {"controller", line.controller},
                   {"owner", line.owner},
                   {"hosts", line.hosts},
                   {"fate", name(line.fate)},
                   {"errors", line.errors},
                   {"warnings", line.warnings},
                   {"differs", line.differs},
                   {"effort", line.effort},
                   {"annotations", outcomes_json(line.annotations)},
                   {"at", line.place}});
  return out;
}

Json groups_json(const char* what, const std::vector<GroupLine>& lines) {
  Json out = Json::array();
  for (const GroupLine& line : lines)
    out.push_back({{what, line.name},
                   {"ingresses", line.ingresses},
                   {"clean", line.fates[0]},
                   {"approximated", line.fates[1]},
                   {"loss", line.fates[2]},
                   {"securityLosses", line.security_losses},
                   {"differing", line.differing},
                   {"risk", line.risk},
                   {"effort", line.effort}});
  return out;
}

Json findings_json(const std::vector<Finding>& findings) {
  Json out = Json::array();
  for (const Finding& finding : findings)
    out.push_back({{"code", finding.code},
                   {"severity", finding.severity},
                   {"message", finding.message},
                   {"help", finding.help},
                   {"object", finding.object},
                   {"at", finding.place}});
  return out;
}

Json certificates_json(const Report& report) {
  Json out = Json::array();
  for (const CertificateLine& line : report.certificates) {
    Json one = {{"namespace", line.secret.ns},
                {"name", line.secret.name},
                {"hosts", line.hosts},
                {"notAfter", line.not_after},
                {"problem", line.problem}};
    if (!line.not_after.empty()) one["daysLeft"] = line.days_left;
    out.push_back(std::move(one));
  }
  return out;
}

Json verify_json(const Report& report) {
  Json hosts = Json::array();
  for (const HostLine& line : report.verified) {
    Json one = {{"host", line.host},         {"controller", line.controller},
                {"verdict", line.verdict},   {"differences", line.differences},
                {"cosmetic", line.cosmetic}, {"assumptions", line.assumptions}};
    if (!line.request.empty())
      one["example"] = {{"impact", line.impact},  {"request", line.request}, {"curl", line.curl},
                        {"old", line.old_answer}, {"new", line.new_answer},  {"old_at", line.old_at}};
    hosts.push_back(std::move(one));
  }
  return {{"asked", report.checked.hosts},
          {"of", report.checked.all_hosts},
          {"profile", report.checked.profile},
          {"verdicts", report.checked.verdicts},
          {"hosts", std::move(hosts)}};
}

}  // namespace

std::string render_json(const Report& report) {
  Json targets = Json::array(), annotations = Json::object(), features = Json::object();
  for (const TargetLine& line : report.targets)
    targets.push_back(
        {{"target", line.name}, {"ingressesWithLoss", line.lost}, {"annotations", counts_json(line.annotations)}});
  for (const auto& [key, counts] : report.annotations) annotations[key] = counts_json(counts);
  for (const auto& [key, by_target] : report.features) features[key] = outcomes_json(by_target);
  const Json out = {{"target", report.target},
                    {"readiness", {{"score", report.score}, {"arithmetic", report.arithmetic}}},
                    {"arithmetic", {{"effort", effort_arithmetic}, {"risk", risk_arithmetic}}},
                    {"controllers", report.controllers},
                    {"classes", report.classes},
                    {"hosts", report.hosts},
                    {"services", report.services},
                    {"ingresses", ingresses_json(report)},
                    {"namespaces", groups_json("namespace", report.namespaces)},
                    {"owners", groups_json("owner", report.owners)},
                    {"annotations", std::move(annotations)},
                    {"features", std::move(features)},
                    {"certificates", certificates_json(report)},
                    {"targets", std::move(targets)},
                    {"verify", verify_json(report)},
                    {"validate",
                     {{"errors", report.checked.errors},
                      {"warnings", report.checked.warnings},
                      {"infos", report.checked.infos},
                      {"findings", findings_json(report.checked.findings)}}},
                    {"findings", findings_json(report.findings)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gw::audit
