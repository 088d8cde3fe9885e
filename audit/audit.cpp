#include "audit/audit.h"

#include <algorithm>
#include <ctime>
#include <future>
#include <set>
#include <utility>

#include "audit/check.h"
#include "audit/components.h"
#include "audit/groups.h"
#include "audit/plan.h"
#include "check/parts.h"
#include "convert/classify.h"
#include "convert/own_hosts.h"
#include "convert/providers/nginx/check.h"
#include "diag/excerpt.h"
#include "kube/index.h"
#include "pki/certificate.h"
#include "yaml/scalar.h"

namespace gw::audit {
namespace {

constexpr std::size_t pairs_shown = 40;

// One conversion and what it told.
struct Trial {
  convert::Outcomes outcomes;
  std::vector<diag::Diagnostic> findings;
};

using Flags = std::vector<std::string>;  // of the old controller's command line

Result<Trial> convert_for(const kube::Bundle& bundle, const diag::Sources& sources, const Flags& flags,
                          std::string_view target) {
  convert::Options options;
  options.controller_flags = flags;
  options.to = target;
  diag::Sink sink;
  auto outcomes = convert::convert(bundle, options, sources, sink, [](kube::Bundle&&) {});
  if (!outcomes) return outcomes.error();
  return Trial{std::move(*outcomes), sink.take()};
}

bool is_loss(convert::Outcome outcome) {
  return outcome == convert::Outcome::refused || outcome == convert::Outcome::unknown;
}

// What a target makes of the annotations.
struct TargetTrial {
  TargetLine line;
  std::map<std::string, convert::Outcome> features;  // the gravest outcome of a key
};

// How many Ingresses of the set each Ingress of a trial stands for; those that are not named stand for themselves.
using Weights = std::map<kube::NamespacedName, std::size_t>;

void summarise(const convert::Outcomes& outcomes, const Weights& weights, TargetTrial& out) {
  std::set<const kube::Object*> lost;
  const auto weight = [&](const kube::Object& object) {
    const auto found = object.kind == "Ingress" ? weights.find(object.id()) : weights.end();
    return found == weights.end() ? 1 : found->second;
  };
  for (const convert::Entry& entry : outcomes.ledger.entries()) {
    if (entry.object == nullptr) continue;
    out.line.annotations[static_cast<std::size_t>(entry.outcome)] += weight(*entry.object);
    convert::Outcome& worst = out.features.try_emplace(entry.key(), entry.outcome).first->second;
    worst = std::max(worst, entry.outcome);
    if (is_loss(entry.outcome)) lost.insert(entry.object);
  }
  for (const kube::Object* object : lost) out.line.lost += weight(*object);
}

// The trials, two at a time: each keeps its own ledger until it is summed up.
void try_targets(const kube::Bundle& part, const diag::Sources& sources, const Flags& flags, const Weights& weights,
                 std::vector<TargetTrial>& trials) {
  const auto one = [&](TargetTrial& trial) {
    if (const auto made = convert_for(part, sources, flags, trial.line.name)) summarise(made->outcomes, weights, trial);
  };
  for (std::size_t i = 0; i < trials.size(); i += 2) {
    std::future<void> second;
    if (i + 1 < trials.size()) second = std::async(std::launch::async, one, std::ref(trials[i + 1]));
    one(trials[i]);
    if (second.valid()) second.get();
  }
}

// Every target besides the first of `trials`, which is there. They are only compared: of Ingresses that are told apart
// by nothing but names, one is converted and counts for all.
void add_other_targets(const kube::Bundle& bundle, const diag::Sources& sources, const Flags& flags, bool every,
                       std::vector<TargetTrial>& trials) {
  std::vector<TargetTrial> others;
  for (const std::string_view target : convert::target_names())
    if (target != trials.front().line.name) others.emplace_back().line.name = target;
  const check::Parts parts(bundle);
  std::set<kube::NamespacedName> chosen;
  Weights weights;
  for (const auto& [part, count] : parts.of_each_shape())
    for (const std::uint32_t number : parts.ingresses(part)) {
      const kube::NamespacedName id = bundle.ingresses[number].id();
      chosen.insert(id);
      weights[id] = count;
    }
  if (every || chosen.size() == bundle.ingresses.size())
    try_targets(bundle, sources, flags, {}, others);
  else
    try_targets(part_of(bundle, chosen), sources, flags, weights, others);
  std::move(others.begin(), others.end(), std::back_inserter(trials));
}

std::string date_of(std::int64_t seconds) {
  const std::time_t at = seconds;
  std::tm utc{};
  gmtime_r(&at, &utc);
  char date[16];
  std::strftime(date, sizeof date, "%Y-%m-%d", &utc);
  return date;
}

// The names in every annotation server-alias, whosever it is.
std::vector<std::string> aliases_of(const kube::Ingress& ingress) {
  std::vector<std::string> out;
  for (const auto& [key, value] : ingress.metadata.annotations)
    if (key.ends_with("/server-alias"))
      for (std::string& name : convert::nginx::split(value)) out.push_back(std::move(name));
  return out;
}

convert::Options with(const Flags& flags) {
  convert::Options options;
  options.controller_flags = flags;
  return options;
}

class Auditor {
 public:
  Auditor(const kube::Bundle& bundle, const diag::Sources& sources, const Flags& flags)
      : bundle_(bundle),
        sources_(sources),
        index_(bundle),
        everything_(with(flags)),
        classes_(index_, everything_, nullptr) {}

  void add_ingresses() {
    for (const kube::Ingress& ingress : bundle_.ingresses) {
      IngressLine line;
      line.id = ingress.id();
      line.class_name = convert::class_of(ingress);
      line.owner = owner_of(ingress.metadata, index_.ns(ingress.metadata.ns));
      const convert::Owner& owner = classes_.owner(ingress);
      if (owner.provider != nullptr) line.controller = owner.provider->name;
      if (ingress.node != nullptr) line.place = place_of(ingress.node->span(), sources_);
      for (const kube::IngressRule& rule : ingress.spec.rules)
        line.hosts.push_back(rule.host.empty() ? "*" : rule.host);
      if (line.hosts.empty()) line.hosts.emplace_back("*");
      std::sort(line.hosts.begin(), line.hosts.end());
      line.hosts.erase(std::unique(line.hosts.begin(), line.hosts.end()), line.hosts.end());
      line.aliases = aliases_of(ingress);
      report_.ingresses.push_back(std::move(line));
    }
    for (const kube::OtherObject& object : bundle_.others) add_own(object);
    auto& lines = report_.ingresses;
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return std::tie(a.id, a.kind) < std::tie(b.id, b.kind); });
    std::set<std::string> hosts;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      lines_[{lines[i].kind, lines[i].id}] = i;
      ++report_.controllers[lines[i].controller.empty() ? "none known" : lines[i].controller];
      ++report_.classes[lines[i].class_name.empty() ? "no class" : lines[i].class_name];
      hosts.insert(lines[i].hosts.begin(), lines[i].hosts.end());
    }
    report_.hosts = hosts.size();
    report_.services = bundle_.services.size();
  }

  // A route of a kind that a controller brought along: it counts as an Ingress does.
  void add_own(const kube::OtherObject& object) {
    const auto [provider, kind] = convert::owner_of_kind(object);
    if (provider == nullptr || !kind->routes) return;
    IngressLine line;
    line.id = object.id();
    line.kind = object.kind;
    line.owner = owner_of(object.metadata, index_.ns(object.metadata.ns));
    line.controller = provider->name;
    if (object.node != nullptr) line.place = place_of(object.node->span(), sources_);
    line.hosts = convert::own_hosts(object);
    report_.ingresses.push_back(std::move(line));
  }

  void add_trial(const Trial& trial) {
    for (const convert::Entry& entry : trial.outcomes.ledger.entries()) {
      if (entry.object == nullptr) continue;
      ++report_.annotations[entry.key()][static_cast<std::size_t>(entry.outcome)];
      const auto at = lines_.find({entry.object->kind, entry.object->id()});
      if (at == lines_.end()) continue;
      IngressLine& line = report_.ingresses[at->second];
      line.annotations[entry.key()] = entry.outcome;
      line.approximations += entry.outcome == convert::Outcome::approximated;
      if (!is_loss(entry.outcome)) continue;
      ++(convert::security(entry.loss) ? line.security_losses : line.losses);
    }
    for (const diag::Diagnostic& finding : trial.findings) add_finding(finding);
    judge();
  }

  // What an Ingress loses: an annotation, or an error says so; nobody's Ingress is lost whole. Called again after
  // verify.
  void judge() {
    std::array<std::size_t, 3> fates{};
    for (IngressLine& line : report_.ingresses) {
      const std::size_t lost = line.losses + line.security_losses;
      const bool error = lost == 0 && line.errors != 0;
      line.fate = lost != 0 || error || line.controller.empty()                    ? Fate::lost
                  : line.approximations != 0 || line.warnings != 0 || line.differs ? Fate::approximated
                                                                                   : Fate::clean;
      line.effort = 1 + line.approximations + 3 * line.losses + 5 * line.security_losses + (error ? 3 : 0) +
                    (line.differs ? 2 : 0);
      ++fates[static_cast<std::size_t>(line.fate)];
    }
    const std::size_t all = report_.ingresses.size();
    report_.score = all == 0 ? 100 : (fates[0] * 100 + fates[1] * 50) / all;
    report_.arithmetic = std::to_string(fates[0]) + " clean x 100 + " + std::to_string(fates[1]) +
                         " approximated x 50 + " + std::to_string(fates[2]) + " with a loss x 0, over " +
                         counted_kinds(report_.ingresses);
  }

  void group() {
    report_.namespaces = groups(report_.ingresses, [](const IngressLine& line) { return line.id.ns; });
    report_.owners = groups(report_.ingresses, [](const IngressLine& line) {
      return line.owner.empty() ? std::string("(none named)") : line.owner;
    });
  }

  void add_certificates(std::int64_t now) {
    std::map<kube::NamespacedName, std::set<std::string>> names;
    for (const kube::Ingress& ingress : bundle_.ingresses)
      for (const kube::IngressTls& tls : ingress.spec.tls)
        if (!tls.secret_name.empty())
          names[{ingress.metadata.ns, tls.secret_name}].insert(tls.hosts.begin(), tls.hosts.end());
    for (const auto& [name, hosts] : names) {
      CertificateLine line = certificate(name, hosts, now);
      line.secret = name;
      line.hosts.assign(hosts.begin(), hosts.end());
      report_.certificates.push_back(std::move(line));
    }
    std::stable_sort(report_.certificates.begin(), report_.certificates.end(),
                     [](const CertificateLine& a, const CertificateLine& b) {
                       return std::pair(a.not_after.empty(), a.not_after) < std::pair(b.not_after.empty(), b.not_after);
                     });
    report_.date = date_of(now);
  }

  void add_target(const TargetTrial& trial) {
    for (const auto& [key, outcome] : trial.features) report_.features[key][trial.line.name] = outcome;
    report_.targets.push_back(trial.line);
  }

  void sort_targets() {
    std::stable_sort(report_.targets.begin(), report_.targets.end(), [](const TargetLine& a, const TargetLine& b) {
      const auto key = [](const TargetLine& line) {
        const auto at = [&](convert::Outcome outcome) { return line.annotations[static_cast<std::size_t>(outcome)]; };
        return std::tuple(line.lost, at(convert::Outcome::refused) + at(convert::Outcome::unknown),
                          at(convert::Outcome::approximated));
      };
      return key(a) < key(b);
    });
  }

  Report& report() { return report_; }

 private:
  void add_finding(const diag::Diagnostic& finding) {
    Finding told{finding.code,
                 std::string(diag::name(finding.severity)),
                 finding.message,
                 finding.help,
                 finding.object.display(),
                 place_of(finding.span, sources_),
                 0,
                 ""};
    if (finding.span.known()) {
      const diag::Excerpt shown = diag::excerpt(sources_, finding.span);
      told.line = shown.number;
      told.excerpt = shown.line;
    }
    report_.findings.push_back(std::move(told));
    const auto line = lines_.find({finding.object.kind, {finding.object.ns, finding.object.name}});
    if (line == lines_.end()) return;
    if (finding.severity == diag::Severity::error) ++report_.ingresses[line->second].errors;
    if (finding.severity == diag::Severity::warning) ++report_.ingresses[line->second].warnings;
  }

  CertificateLine certificate(const kube::NamespacedName& name, const std::set<std::string>& hosts,
                              std::int64_t now) const {
    CertificateLine line;
    const kube::Secret* secret = index_.secret(name);
    if (secret == nullptr) return line.problem = "not in the input", line;
    const std::string* encoded = kube::find(secret->data, "tls.crt");
    const std::string* plain = kube::find(secret->string_data, "tls.crt");
    std::optional<std::string> pem;
    if (plain != nullptr)
      pem = *plain;
    else if (encoded != nullptr)
      pem = yaml::decode_base64(*encoded);
    if (!pem) return line.problem = "has no tls.crt that can be read", line;
    const auto info = pki::parse_certificate(*pem);
    if (!info) return line.problem = info.error().message, line;
    line.not_after = date_of(info->not_after);
    line.days_left = (info->not_after - now) / 86400;
    if (info->not_after < now) line.problem = "expired";
    if (info->not_before > now) line.problem = "not valid before " + date_of(info->not_before);
    for (const std::string& host : hosts)
      if (!pki::covers(*info, host)) line.problem += (line.problem.empty() ? "" : "; ") + ("does not cover " + host);
    return line;
  }

  const kube::Bundle& bundle_;
  const diag::Sources& sources_;
  kube::Index index_;
  const convert::Options everything_;
  const convert::Classification classes_;
  Report report_;
  std::map<std::pair<std::string, kube::NamespacedName>, std::size_t> lines_;  // by kind and name
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

std::string shown(const IngressLine& line) {
  return (line.kind == "Ingress" ? "" : line.kind + " ") + line.id.display();
}

std::string counted_kinds(const std::vector<IngressLine>& lines) {
  std::map<std::string, std::size_t> kinds;
  for (const IngressLine& line : lines) ++kinds[line.kind];
  if (kinds.empty()) return "0 Ingresses";
  std::string out;
  std::size_t said = 0;
  const auto say = [&](const std::string& kind, std::size_t n) {
    const bool hisses = kind.ends_with('s') || kind.ends_with('x');
    const std::string many =
        kind.ends_with('y') ? kind.substr(0, kind.size() - 1) + "ies" : kind + (hisses ? "es" : "s");
    out += (out.empty()                  ? ""
            : ++said + 1 == kinds.size() ? " and "
                                         : ", ") +
           std::to_string(n) + " " + (n == 1 ? kind : many);
  };
  if (const auto at = kinds.find("Ingress"); at != kinds.end()) say(at->first, at->second);
  for (const auto& [kind, n] : kinds)
    if (kind != "Ingress") say(kind, n);
  return out;
}

Result<Report> make(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options) {
  Auditor auditor(bundle, sources, options.controller_flags);
  auditor.add_ingresses();
  auditor.report().target = options.target;
  std::vector<TargetTrial> trials(1);
  trials.front().line.name = options.target;
  {
    const auto chosen = convert_for(bundle, sources, options.controller_flags, options.target);
    if (!chosen) return chosen.error();
    auditor.add_trial(*chosen);
    summarise(chosen->outcomes, {}, trials.front());
  }
  auditor.add_certificates(options.now);
  add_other_targets(bundle, sources, options.controller_flags, options.every, trials);
  for (const std::string_view target : convert::target_names())
    auditor.add_target(*std::find_if(trials.begin(), trials.end(),
                                     [&](const TargetTrial& trial) { return trial.line.name == target; }));
  auditor.sort_targets();
  check(bundle, sources, options, auditor.report());
  auditor.judge();
  auditor.group();
  auditor.report().pairs = before_after(bundle, sources, options.controller_flags, auditor.report(), pairs_shown);
  for (Stage& stage : plan(bundle, {.target = options.target, .inputs = {}}))
    auditor.report().stages.push_back({std::move(stage.title), std::move(stage.go_on)});
  return std::move(auditor.report());
}

}  // namespace gw::audit
