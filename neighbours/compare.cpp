#include "neighbours/compare.h"

#include <algorithm>
#include <tuple>

#include "kube/load.h"

namespace gw::neighbours {
namespace {

template <class Range>
std::string joined(const Range& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string subject(const RecordKey& key) {
  return key.name + " " + key.type + (key.set_identifier.empty() ? "" : " (" + key.set_identifier + ")");
}
std::string subject(const kube::NamespacedName& secret) {
  return secret.display();
}

std::string text(const Record& record) {
  std::string out = joined(record.targets);
  if (!record.ttl.empty()) out += " ttl " + record.ttl;
  for (const auto& [key, value] : record.properties) out += " " + key + "=" + value;
  return out;
}
std::string text(const Certificate& certificate) {
  std::string out = joined(certificate.names) + " by " + certificate.issuer;
  for (const auto& [key, value] : certificate.settings) out += ", " + key + ": " + value;
  return out;
}
template <class Form>
std::string all_forms(const Asked<Form>& asked) {
  std::string out;
  for (const Form& form : asked.forms) out += (out.empty() ? "" : " or ") + text(form);
  return out;
}

std::string what_differs(const Record& a, const Record& b) {
  std::vector<std::string> parts;
  if (a.targets != b.targets) parts.push_back("target " + joined(a.targets) + " becomes " + joined(b.targets));
  if (a.ttl != b.ttl)
    parts.push_back("ttl " + (a.ttl.empty() ? "(default)" : a.ttl) + " becomes " +
                    (b.ttl.empty() ? "(default)" : b.ttl));
  if (a.properties != b.properties) parts.emplace_back("provider-specific properties differ");
  return joined(parts);
}

std::vector<std::string> missing(const std::set<std::string>& from, const std::set<std::string>& in) {
  std::vector<std::string> out;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(out));
  return out;
}

std::string what_differs(const Certificate& a, const Certificate& b) {
  std::vector<std::string> parts;
  if (const auto gone = missing(a.names, b.names); !gone.empty()) parts.push_back("loses the names " + joined(gone));
  if (const auto come = missing(b.names, a.names); !come.empty()) parts.push_back("gets the names " + joined(come));
  if (a.issuer != b.issuer) parts.push_back("issuer " + a.issuer + " becomes " + b.issuer);
  if (a.settings != b.settings) {
    std::set<std::string> keys;
    for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)})
      for (const auto& [key, value] : one->settings)
        if (const auto found = other->settings.find(key); found == other->settings.end() || found->second != value)
          keys.insert(key);
    parts.push_back("settings differ: " + joined(keys));
  }
  if (a.labels != b.labels) parts.emplace_back("labels differ, which filters may use");
  if (a.unreachable != b.unreachable) parts.push_back(b.unreachable.empty() ? "challenges" : b.unreachable);
  return joined(parts);
}
template <class Form>
std::string what_differs(const Asked<Form>& a, const Asked<Form>& b) {
  if (a.forms.size() == 1 && b.forms.size() == 1) return what_differs(*a.forms.begin(), *b.forms.begin());
  return "several objects ask for it in different ways, and one of them wins: " + all_forms(a) + " becomes " +
         all_forms(b);
}

template <class Key, class Form>
void compare(const std::map<Key, Asked<Form>>& before, const std::map<Key, Asked<Form>>& after, bool record,
             std::vector<Difference>& out) {
  for (const auto& [key, asked] : before) {
    const auto found = after.find(key);
    if (found == after.end())
      out.push_back({Change::lost, record, subject(key), all_forms(asked), {}, {}, asked.by});
    else if (found->second.forms != asked.forms)
      out.push_back({Change::changed, record, subject(key), all_forms(asked), all_forms(found->second),
                     what_differs(asked, found->second), asked.by});
  }
  for (const auto& [key, asked] : after)
    if (!before.contains(key)) out.push_back({Change::added, record, subject(key), {}, all_forms(asked), {}, asked.by});
}

std::string sentence(const Difference& d, const std::string& subjects, bool many) {
  const std::string things =
      d.record ? (many ? "the DNS records " : "the DNS record ") : (many ? "the Certificates " : "the Certificate ");
  const std::string who = d.record ? "external-dns" : "cert-manager";
  const char* verb = many ? " are " : " is ";
  switch (d.change) {
    case Change::lost:
      return things + subjects + verb + "lost: nothing in the output asks " + who + " for " + (many ? "them" : "it");
    case Change::added:
      return things + subjects + verb + "new: the output asks " + who + " for " + (many ? "them" : "it") +
             ", the input does not";
    case Change::changed:
      return things + subjects + (many ? " change: " : " changes: ") + d.what;
  }
  return {};
}

}  // namespace

std::string_view name(Change change) {
  switch (change) {
    case Change::lost:
      return "lost";
    case Change::added:
      return "added";
    case Change::changed:
      return "changed";
  }
  return {};
}

std::string text(const Asked<Record>& asked) {
  return all_forms(asked);
}
std::string text(const Asked<Certificate>& asked) {
  return all_forms(asked);
}

std::vector<Difference> compare(const Wanted& before, const Wanted& after) {
  std::vector<Difference> out;
  compare(before.records, after.records, true, out);
  compare(before.certificates, after.certificates, false, out);
  std::stable_sort(out.begin(), out.end(), [](const Difference& a, const Difference& b) {
    return std::tuple(a.change != Change::lost, !a.record, a.subject) <
           std::tuple(b.change != Change::lost, !b.record, b.subject);
  });
  return out;
}

bool grave(const Difference& d) {
  if (d.change == Change::lost) return true;
  const auto says = [&](std::string_view words) { return d.what.find(words) != d.what.npos; };
  return !d.record && d.change == Change::changed && (says("the names ") || says("issuer "));
}

std::vector<diag::Diagnostic> findings(const std::vector<Difference>& differences, diag::Severity severity) {
  struct Group {
    const Difference* first;
    std::vector<std::string> subjects;
  };
  std::map<std::tuple<Change, bool, std::string, bool>, Group> groups;
  for (const Difference& d : differences) {
    Group& group = groups[{d.change, !d.record, d.what, !grave(d)}];
    if (group.subjects.empty()) group.first = &d;
    group.subjects.push_back(d.subject);
  }
  std::vector<diag::Diagnostic> out;
  for (const auto& [key, group] : groups) {
    const Difference& d = *group.first;
    const std::string message = sentence(d, joined(group.subjects), group.subjects.size() > 1);
    const diag::Severity how = grave(d) ? severity : diag::Severity::warning;
    const char* code = d.record ? "GW680" : "GW681";
    if (d.by && d.change != Change::added) {
      out.push_back(kube::finding(*d.by, nullptr, code, how, "convert", message, {}));
      continue;
    }
    diag::Diagnostic finding;
    finding.code = code;
    finding.severity = how;
    finding.layer = "convert";
    finding.message = message;
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace gw::neighbours
