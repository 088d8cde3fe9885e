#include "audit/check.h"

#include <algorithm>
#include <set>

#include "audit/components.h"
#include "diag/credentials.h"
#include "diag/excerpt.h"
#include "kube/index.h"
#include "kube/rewritten.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/own/own.h"
#include "validate/validate.h"
#include "verify/boundaries_gateway.h"
#include "verify/curl.h"
#include "verify/report.h"

namespace gw::audit {
namespace {

std::string impact_name(const verify::Counterexample& found) {
  return std::string(verify::name(found.impact));
}

HostLine line_of(const verify::HostReport& host, const std::string& controller, const diag::Sources& sources) {
  HostLine line;
  line.host = host.host;
  line.controller = controller;
  line.verdict = verify::name(host.verdict);
  line.assumptions = host.assumptions;
  const verify::Counterexample* gravest = nullptr;
  for (const verify::Counterexample& found : host.counterexamples) {
    if (found.standing) continue;  // every move brings it
    ++(found.impact == verify::Impact::cosmetic ? line.cosmetic : line.differences);
    if (gravest == nullptr || found.impact < gravest->impact) gravest = &found;
  }
  if (gravest == nullptr) return line;
  line.impact = impact_name(*gravest);
  line.request = verify::display(gravest->request);
  line.curl = verify::curl_line(gravest->request);
  line.old_answer = verify::summary(gravest->old_answer);
  line.new_answer = verify::summary(gravest->new_answer);
  line.old_at = verify::place(gravest->old_answer, sources);
  return line;
}

void validate_output(const kube::Bundle& converted, Report& report) {
  diag::Sources sources;
  diag::Sink sink;
  validate::Options options;
  options.profile = "";
  validate::check(converted, "converted.yaml", options, sources, sink);
  std::set<std::string> seen;
  for (const diag::Diagnostic& finding : sink.take()) {
    switch (finding.severity) {
      case diag::Severity::error:
        ++report.checked.errors;
        break;
      case diag::Severity::warning:
        ++report.checked.warnings;
        break;
      case diag::Severity::info:
        ++report.checked.infos;
        continue;
    }
    if (!seen.insert(finding.code).second) continue;
    report.checked.findings.push_back({finding.code, std::string(diag::name(finding.severity)), finding.message,
                                       finding.help, finding.object.display(), "", 0, ""});
  }
}

class Verifier {
 public:
  Verifier(const kube::Bundle& old, const diag::Sources& sources, const std::vector<std::string>& flags, Report& report)
      : old_(old), sources_(sources), flags_(flags), report_(report), index_(old) {}

  bool prepare(const kube::Bundle& converted) {
    report_.checked.profile = route::models(report_.target) ? report_.target : "gwctl";
    kube::Rewritten written("converted.yaml", fresh_sources_);
    written.add(converted);
    fresh_ = written.read(fresh_sink_);
    fresh_.services = old_.services;
    fresh_.endpoint_slices = old_.endpoint_slices;
    fresh_.secrets = old_.secrets;
    fresh_.config_maps = old_.config_maps;
    fresh_.namespaces = old_.namespaces;
    route::assume_gateways(fresh_);
    const route::OwnObjects own(fresh_, report_.checked.profile);
    const kube::Index index(fresh_);
    route::AttachOptions options;
    options.assume_secrets = true;
    model_ = own.around(route::make_model(report_.checked.profile, index, route::attach(index, options)));
    boundaries_ = verify::gateway_boundaries(fresh_);
    return model_ != nullptr;
  }

  // Hosts of other controllers are theirs to answer for; "*" is asked where one controller has everything.
  void run(const std::string& controller, bool alone) {
    std::set<std::string> own;
    for (const IngressLine& line : report_.ingresses)
      if (line.controller == controller) own.insert(line.hosts.begin(), line.hosts.end());
    verify::ControllerOptions options;
    options.assume_secrets = options.assume_class = true;
    options.flags = flags_;
    const auto old = verify::make_controller(controller, index_, options);
    if (!old) return;
    verify::Options asked;
    asked.measured = old->measured();
    verify::Boundaries boundaries = old->boundaries();
    boundaries.certificates = verify::certificate_hosts(index_);
    const verify::Report found = verify::verify({old.get(), std::move(boundaries)}, {model_.get(), boundaries_}, asked);
    for (const verify::HostReport& host : found.hosts) {
      if (!own.contains(host.host) && !(alone && host.host == "*")) continue;
      ++report_.checked.verdicts[std::string(verify::name(host.verdict))];
      report_.verified.push_back(line_of(host, controller, sources_));
    }
  }

 private:
  const kube::Bundle& old_;
  const diag::Sources& sources_;
  const std::vector<std::string>& flags_;  // of the controller
  Report& report_;
  kube::Index index_;
  diag::Sources fresh_sources_;
  diag::Sink fresh_sink_;
  kube::Bundle fresh_;
  std::unique_ptr<route::Model> model_;
  verify::Boundaries boundaries_;
};

void mark_ingresses(const std::set<kube::NamespacedName>& chosen, Report& report) {
  std::set<std::string> differing;
  for (const HostLine& host : report.verified)
    if (host.differences != 0) differing.insert(host.host);
  for (IngressLine& line : report.ingresses)
    if (line.kind == "Ingress" && chosen.contains(line.id))
      line.differs = std::any_of(line.hosts.begin(), line.hosts.end(),
                                 [&](const std::string& host) { return differing.contains(host); });
}

}  // namespace

std::string place_of(const diag::Span& span, const diag::Sources& sources) {
  if (!span.known()) return {};
  return sources.name(span.file) + ":" + std::to_string(sources.position(span.file, span.begin).line);
}

void check(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options, Report& report) {
  if (options.verify_hosts == 0 || report.ingresses.empty()) return;
  report.checked.all_hosts = report.hosts;
  std::set<kube::NamespacedName> chosen;
  std::set<std::string> controllers;
  for (const std::size_t i : Components(report.ingresses).choose(options.verify_hosts, report.checked.hosts)) {
    if (report.ingresses[i].controller.empty() || report.ingresses[i].kind != "Ingress") continue;
    chosen.insert(report.ingresses[i].id);
    controllers.insert(report.ingresses[i].controller);
  }
  if (chosen.empty()) return;
  const kube::Bundle part = part_of(bundle, chosen);
  convert::Options to;
  to.to = options.target;
  to.controller_flags = options.controller_flags;
  kube::Bundle converted;
  diag::Sink sink;
  if (!convert::convert(part, to, sources, sink, converted)) return;
  validate_output(converted, report);
  Verifier verifier(part, sources, options.controller_flags, report);
  if (!verifier.prepare(converted)) return;
  for (const std::string& controller : controllers) verifier.run(controller, controllers.size() == 1);
  report.checked.done = true;
  std::stable_sort(report.verified.begin(), report.verified.end(), [](const HostLine& a, const HostLine& b) {
    return std::pair(b.differences != 0, b.cosmetic != 0) < std::pair(a.differences != 0, a.cosmetic != 0);
  });
  mark_ingresses(chosen, report);
}

std::vector<BeforeAfter> before_after(const kube::Bundle& bundle, const diag::Sources& sources,
                                      const std::vector<std::string>& flags, const Report& report, std::size_t most) {
  std::vector<const IngressLine*> lines;
  for (const IngressLine& line : report.ingresses)
    if (!line.controller.empty() && line.kind == "Ingress") lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->fate > b->fate; });
  if (lines.size() > most) lines.resize(most);
  std::set<kube::NamespacedName> chosen;
  for (const IngressLine* line : lines) chosen.insert(line->id);
  const kube::Bundle part = part_of(bundle, chosen);
  convert::Options to;
  to.to = report.target;
  to.controller_flags = flags;
  kube::Bundle converted;
  diag::Sink sink;
  if (!convert::convert(part, to, sources, sink, converted)) return {};

  std::map<std::string, std::string> after;  // by "from Ingress ns/name"
  kube::each_kind(converted, [&](auto& objects) {
    for (auto& object : objects) {
      std::string text;
      kube::Bundle one;
      using Kind = std::decay_t<decltype(object)>;
      kube::each_kind(one, [&](auto& list) {
        if constexpr (std::is_same_v<typename std::decay_t<decltype(list)>::value_type, Kind>) list.push_back(object);
      });
      kube::write(one, yaml::Style::yaml, text);
      for (const std::string& comment : object.comments) {
        const auto from = comment.find("Ingress ");
        if (from == std::string::npos) continue;
        std::string& all = after[comment.substr(from, comment.find(',') - from)];
        all += (all.empty() ? "" : "---\n") + text;
      }
    }
  });

  std::vector<BeforeAfter> out;
  for (const IngressLine* line : lines) {
    const auto ingress = std::find_if(part.ingresses.begin(), part.ingresses.end(),
                                      [&](const kube::Ingress& one) { return one.id() == line->id; });
    if (ingress == part.ingresses.end() || ingress->node == nullptr) continue;
    const diag::Span span = ingress->node->span();
    std::string before;
    const auto last = sources.position(span.file, span.end).line;
    std::size_t written = 0;
    for (auto at = sources.position(span.file, span.begin).line; at <= last && written < 200; ++at, ++written) {
      const std::string text = sources.line(span.file, at);
      if (text == "---") break;
      before += text + "\n";
    }
    out.push_back({"Ingress " + line->id.display(), line->place, before,
                   diag::hide_credentials(after["Ingress " + line->id.display()])});
  }
  return out;
}

}  // namespace gw::audit
