#include "audit/audit.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "convert/classify.h"
#include "kube/index.h"
#include "pki/certificate.h"
#include "yaml/scalar.h"

namespace gw::audit {
namespace {

std::string place_of(const diag::Span& span, const diag::Sources& sources) {
  if (!span.known()) return {};
  return sources.name(span.file) + ":" + std::to_string(sources.position(span.file, span.begin).line);
}

// One conversion and what it told.
struct Trial {
  convert::Outcomes outcomes;
  std::vector<diag::Diagnostic> findings;
};

Result<Trial> convert_for(const kube::Bundle& bundle, const diag::Sources& sources, std::string_view target) {
  convert::Options options;
  options.to = target;
  diag::Sink sink;
  auto outcomes = convert::convert(bundle, options, sources, sink, [](kube::Bundle&&) {});
  if (!outcomes) return outcomes.error();
  return Trial{std::move(*outcomes), sink.take()};
}

bool is_loss(convert::Outcome outcome) {
  return outcome == convert::Outcome::refused || outcome == convert::Outcome::unknown;
}

class Auditor {
 public:
  Auditor(const kube::Bundle& bundle, const diag::Sources& sources)
      : bundle_(bundle), sources_(sources), index_(bundle) {}

  void add_ingresses() {
    for (const kube::Ingress& ingress : bundle_.ingresses) {
      IngressLine line;
      line.id = ingress.id();
      line.class_name = convert::class_of(ingress);
      const convert::Owner owner = convert::owner_of(ingress, index_, nullptr);
      if (owner.provider != nullptr) line.controller = owner.provider->name;
      if (ingress.node != nullptr) line.place = place_of(ingress.node->span(), sources_);
      for (const kube::IngressRule& rule : ingress.spec.rules)
        line.hosts.push_back(rule.host.empty() ? "*" : rule.host);
      std::sort(line.hosts.begin(), line.hosts.end());
      line.hosts.erase(std::unique(line.hosts.begin(), line.hosts.end()), line.hosts.end());
      report_.ingresses.push_back(std::move(line));
    }
    auto& lines = report_.ingresses;
    std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::set<std::string> hosts;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      lines_[lines[i].id] = i;
      ++report_.controllers[lines[i].controller.empty() ? "none known" : lines[i].controller];
      ++report_.classes[lines[i].class_name.empty() ? "no class" : lines[i].class_name];
      hosts.insert(lines[i].hosts.begin(), lines[i].hosts.end());
    }
    report_.hosts = hosts.size();
    report_.services = bundle_.services.size();
  }

  void add_trial(const Trial& trial) {
    for (const convert::Entry& entry : trial.outcomes.ledger.entries()) {
      if (entry.object == nullptr) continue;
      ++report_.annotations[entry.key()][static_cast<std::size_t>(entry.outcome)];
      if (entry.object->kind != "Ingress") continue;
      const auto line = lines_.find(entry.object->id());
      if (line != lines_.end()) report_.ingresses[line->second].annotations[entry.key()] = entry.outcome;
    }
    for (const diag::Diagnostic& finding : trial.findings) {
      report_.findings.push_back({finding.code, std::string(diag::name(finding.severity)), finding.message,
                                  finding.help, finding.object.display(), place_of(finding.span, sources_)});
      const auto line = lines_.find({finding.object.ns, finding.object.name});
      if (finding.object.kind != "Ingress" || line == lines_.end()) continue;
      if (finding.severity == diag::Severity::error) ++report_.ingresses[line->second].errors;
      if (finding.severity == diag::Severity::warning) ++report_.ingresses[line->second].warnings;
    }
  }

  // What an Ingress loses: an annotation, or an error says so; nobody's Ingress is lost whole.
  void settle() {
    std::map<std::string, NamespaceLine> namespaces;
    std::array<std::size_t, 3> fates{};
    for (IngressLine& line : report_.ingresses) {
      bool approximated = line.warnings != 0, lost = line.errors != 0 || line.controller.empty();
      for (const auto& [key, outcome] : line.annotations) {
        lost = lost || is_loss(outcome);
        approximated = approximated || outcome == convert::Outcome::approximated;
      }
      line.fate = lost ? Fate::lost : approximated ? Fate::approximated : Fate::clean;
      ++fates[static_cast<std::size_t>(line.fate)];
      NamespaceLine& ns = namespaces[line.id.ns];
      ns.ns = line.id.ns;
      ++ns.ingresses;
      ++ns.fates[static_cast<std::size_t>(line.fate)];
    }
    for (auto& [name, line] : namespaces) {
      const std::size_t lost = line.fates[static_cast<std::size_t>(Fate::lost)];
      line.risk = lost != 0 ? "high" : line.fates[static_cast<std::size_t>(Fate::approximated)] != 0 ? "medium" : "low";
      report_.namespaces.push_back(std::move(line));
    }
    const std::size_t all = report_.ingresses.size();
    report_.score = all == 0 ? 100 : (fates[0] * 100 + fates[1] * 50) / all;
    report_.arithmetic = std::to_string(fates[0]) + " clean x 100 + " + std::to_string(fates[1]) +
                         " approximated x 50 + " + std::to_string(fates[2]) + " with a loss x 0, over " +
                         std::to_string(all) + " Ingresses";
  }

  void add_certificates(std::int64_t now) {
    std::set<kube::NamespacedName> names;
    for (const kube::Ingress& ingress : bundle_.ingresses)
      for (const kube::IngressTls& tls : ingress.spec.tls)
        if (!tls.secret_name.empty()) names.insert({ingress.metadata.ns, tls.secret_name});
    for (const kube::NamespacedName& name : names) report_.certificates.push_back(certificate(name, now));
  }

  void add_target(std::string_view name, const Trial& trial) {
    TargetLine line{std::string(name), {}, 0};
    std::set<const kube::Object*> lost;
    for (const convert::Entry& entry : trial.outcomes.ledger.entries()) {
      if (entry.object == nullptr) continue;
      ++line.annotations[static_cast<std::size_t>(entry.outcome)];
      if (is_loss(entry.outcome)) lost.insert(entry.object);
    }
    line.lost = lost.size();
    report_.targets.push_back(std::move(line));
  }

  Report take() {
    std::stable_sort(report_.targets.begin(), report_.targets.end(), [](const TargetLine& a, const TargetLine& b) {
      const auto key = [](const TargetLine& line) {
        return std::pair(line.lost, line.annotations[static_cast<std::size_t>(convert::Outcome::approximated)]);
      };
      return key(a) < key(b);
    });
    return std::move(report_);
  }

  Report& report() { return report_; }

 private:
  CertificateLine certificate(const kube::NamespacedName& name, std::int64_t now) const {
    const kube::Secret* secret = index_.secret(name);
    if (secret == nullptr) return {name, "", "not in the input"};
    const std::string* encoded = kube::find(secret->data, "tls.crt");
    const std::string* plain = kube::find(secret->string_data, "tls.crt");
    std::optional<std::string> pem;
    if (plain != nullptr)
      pem = *plain;
    else if (encoded != nullptr)
      pem = yaml::decode_base64(*encoded);
    if (!pem) return {name, "", "has no tls.crt that can be read"};
    const auto info = pki::parse_certificate(*pem);
    if (!info) return {name, "", info.error().message};
    const std::time_t end = info->not_after;
    std::tm utc{};
    gmtime_r(&end, &utc);
    char date[16];
    std::strftime(date, sizeof date, "%Y-%m-%d", &utc);
    return {name, date, info->not_after < now ? "expired" : ""};
  }

  const kube::Bundle& bundle_;
  const diag::Sources& sources_;
  kube::Index index_;
  Report report_;
  std::map<kube::NamespacedName, std::size_t> lines_;
};

}  // namespace

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::clean:
      return "clean";
    case Fate::approximated:
      return "approximated";
    case Fate::lost:
      return "loss";
  }
  return "";
}

Result<Report> make(const kube::Bundle& bundle, const diag::Sources& sources, const std::string& target,
                    std::int64_t now) {
  Auditor auditor(bundle, sources);
  auditor.add_ingresses();
  auto chosen = convert_for(bundle, sources, target);
  if (!chosen) return chosen.error();
  auditor.add_trial(*chosen);
  auditor.settle();
  auditor.add_certificates(now);
  for (std::string_view other : convert::target_names()) {
    if (other == target) {
      auditor.add_target(other, *chosen);
      continue;
    }
    if (auto trial = convert_for(bundle, sources, other)) auditor.add_target(other, *trial);
  }
  auditor.report().target = target;
  return auditor.take();
}

}  // namespace gw::audit
