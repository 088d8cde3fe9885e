#include "audit/tables.h"

#include <algorithm>

namespace gw::audit {
namespace {

std::string fates_text(const std::array<std::size_t, 3>& fates) {
  std::vector<std::string> words;
  for (const Fate fate : {Fate::clean, Fate::approximated, Fate::lost})
    if (const std::size_t n = fates[static_cast<std::size_t>(fate)]; n != 0)
      words.push_back(std::to_string(n) + " " + std::string(name(fate)));
  return joined(words);
}

Table target_table(const Report& report) {
  Table out{"Targets, the one that loses least first", "", {"target", "Ingresses with a loss", "annotations"}, {}};
  for (const TargetLine& line : report.targets)
    out.rows.push_back({line.name, std::to_string(line.lost), outcomes_text(line.annotations)});
  return out;
}

Table feature_table(const Report& report) {
  Table out{"Features by target", letters, {"annotation"}, {}};
  for (const TargetLine& target : report.targets) out.head.push_back(target.name);
  for (const auto& [key, by_target] : report.features) {
    std::vector<std::string> row = {key};
    for (const TargetLine& target : report.targets) {
      const auto at = by_target.find(target.name);
      row.push_back(at == by_target.end() ? "" : letter(at->second));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

Table group_table(const char* title, const char* what, const std::vector<GroupLine>& lines) {
  Table out{title,
            std::string(effort_arithmetic) + "\n" + risk_arithmetic,
            {what, "Ingresses", "fate", "risk", "effort"},
            {}};
  for (const GroupLine& line : lines)
    out.rows.push_back(
        {line.name, std::to_string(line.ingresses), fates_text(line.fates), line.risk, std::to_string(line.effort)});
  std::stable_sort(out.rows.begin(), out.rows.end(),
                   [](const auto& a, const auto& b) { return std::stoul(a[4]) > std::stoul(b[4]); });
  return out;
}

// What the table before it said.
Table without_note(Table table) {
  table.note.clear();
  return table;
}

Table annotation_table(const Report& report) {
  Table out{"Annotations in use", "", {"annotation", "outcome"}, {}};
  for (const auto& [key, counts] : report.annotations) out.rows.push_back({key, outcomes_text(counts)});
  return out;
}

Table ingress_table(const Report& report) {
  Table out{"Ingresses", "", {"Ingress", "class", "controller", "owner", "hosts", "fate", "effort", "at"}, {}};
  std::vector<const IngressLine*> lines;
  for (const IngressLine& line : report.ingresses) lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->effort > b->effort; });
  for (const IngressLine* line : lines)
    out.rows.push_back({shown(*line), line->class_name.empty() ? "-" : line->class_name,
                        line->controller.empty() ? "none known" : line->controller,
                        line->owner.empty() ? "-" : line->owner, joined(line->hosts), std::string(name(line->fate)),
                        std::to_string(line->effort), line->place});
  return out;
}

Table certificate_table(const Report& report) {
  Table out{"Certificates, the first to expire first", "", {"Secret", "valid until", "days left", "hosts", "note"}, {}};
  for (const CertificateLine& line : report.certificates)
    out.rows.push_back({line.secret.display(), line.not_after.empty() ? "-" : line.not_after,
                        line.not_after.empty() ? "-" : std::to_string(line.days_left), joined(line.hosts),
                        line.problem});
  return out;
}

std::string checked_text(const Checked& checked) {
  std::string out = "asked " + std::to_string(checked.hosts) + " of " + std::to_string(checked.all_hosts) +
                    " hosts, against the model " + checked.profile;
  if (checked.hosts < checked.all_hosts) out += "; of Ingresses of one shape some stand for all";
  return out;
}

Table host_table(const Report& report) {
  Table out{"Answers compared (verify)",
            checked_text(report.checked),
            {"host", "verdict", "differences", "for example", "before", "after", "at"},
            {}};
  for (const HostLine& line : report.verified)
    out.rows.push_back({line.host, line.verdict,
                        std::to_string(line.differences) +
                            (line.cosmetic == 0 ? "" : " + " + std::to_string(line.cosmetic) + " cosmetic"),
                        line.request, line.old_answer, line.new_answer, line.old_at});
  return out;
}

Table validate_table(const Report& report) {
  Table out{"Converted objects checked (validate)",
            std::to_string(report.checked.errors) + " errors, " + std::to_string(report.checked.warnings) +
                " warnings, " + std::to_string(report.checked.infos) + " notes; of each code the first",
            {"severity", "code", "object", "finding"},
            {}};
  for (const Finding& finding : report.checked.findings)
    out.rows.push_back({finding.severity, finding.code, finding.object, finding.message});
  return out;
}

}  // namespace

std::size_t count(const Counts& counts, convert::Outcome outcome) {
  return counts[static_cast<std::size_t>(outcome)];
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string outcomes_text(const Counts& counts) {
  std::vector<std::string> words;
  for (const convert::Outcome outcome : grave_first)
    if (count(counts, outcome) != 0)
      words.push_back(std::to_string(count(counts, outcome)) + " " + std::string(convert::name(outcome)));
  return joined(words);
}

std::string letter(convert::Outcome outcome) {
  switch (outcome) {
    case convert::Outcome::ignored:
      return "-";
    case convert::Outcome::converted:
      return "c";
    case convert::Outcome::policy:
      return "p";
    case convert::Outcome::approximated:
      return "a";
    case convert::Outcome::unknown:
      return "?";
    case convert::Outcome::refused:
      return "R";
  }
  return "";
}

std::string headline(const Report& report) {
  return "Readiness " + std::to_string(report.score) + " of 100 for " + report.target + ": " + report.arithmetic;
}

std::string inventory(const Report& report) {
  const auto counted = [](std::size_t n, const std::string& one, const std::string& many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  std::vector<std::string> words = {counted_kinds(report.ingresses), counted(report.hosts, "host", "hosts"),
                                    counted(report.services, "Service", "Services"),
                                    counted(report.certificates.size(), "certificate", "certificates")};
  for (const auto& [controller, n] : report.controllers)
    words.push_back("controller " + controller + ": " + std::to_string(n));
  for (const auto& [class_name, n] : report.classes)
    words.push_back((class_name == "no class" ? class_name : "class " + class_name) + ": " + std::to_string(n));
  return joined(words);
}

std::vector<Table> tables(const Report& report, std::size_t most) {
  std::vector<Table> out;
  for (Table table :
       {target_table(report), feature_table(report), group_table("Namespaces", "namespace", report.namespaces),
        without_note(group_table("Owners", "owner", report.owners)), annotation_table(report),
        certificate_table(report), host_table(report), validate_table(report), ingress_table(report)}) {
    if (table.rows.empty()) continue;
    if (most != 0 && table.rows.size() > most) {
      table.note += (table.note.empty() ? "" : "\n") + std::to_string(table.rows.size() - most) +
                    " more are left out here; -o json has all";
      table.rows.resize(most);
    }
    out.push_back(std::move(table));
  }
  return out;
}

std::vector<FindingGroup> grouped(const std::vector<Finding>& findings) {
  std::map<std::pair<int, std::string>, FindingGroup> found;
  for (const Finding& finding : findings) {
    const int rank = finding.severity == "error" ? 0 : finding.severity == "warning" ? 1 : 2;
    FindingGroup& group = found[{rank, finding.code}];
    group.code = finding.code;
    group.severity = finding.severity;
    group.findings.push_back(&finding);
  }
  std::vector<FindingGroup> out;
  for (auto& [key, group] : found) out.push_back(std::move(group));
  return out;
}

}  // namespace gw::audit
