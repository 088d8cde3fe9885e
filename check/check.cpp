#include "check/check.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "check/parts.h"
#include "convert/own_hosts.h"
#include "convert/provider.h"
#include "convert/split.h"
#include "kube/index.h"
#include "kube/ingress_class.h"
#include "kube/load.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/profile.h"
#include "vendors/ingress_controllers.h"
#include "verify/boundaries_gateway.h"
#include "verify/curl.h"
#include "verify/dangers.h"
#include "verify/report.h"

namespace gw::check {
namespace {

using verify::Danger;

constexpr int rounds = 4;  // what is left out may let another rule answer

bool is_modelled(const convert::Served& served) {
  return verify::has_model(served.provider) &&
         (!served.ingresses.empty() || std::any_of(served.own.begin(), served.own.end(), [&](const auto* object) {
           return vendors::ingress_controller(verify::model_of_kind(*object)) ==
                  vendors::ingress_controller(served.provider);
         }));
}

std::string profile_of(const std::string& target) {
  const auto& names = route::profile_names();
  return std::find(names.begin(), names.end(), target) != names.end() ? target : "gwctl";
}

// A class that the input does not define is taken to be the controller's own: convert was told, or guessed, so.
class Classes {
 public:
  explicit Classes(const kube::Bundle& bundle) : bundle_(bundle) {}

  void settle(kube::Ingress& ingress, std::string_view provider, std::vector<kube::IngressClass>& more) {
    const std::string name(kube::class_of(ingress));
    if (defines(name)) return;
    const convert::Provider* of = convert::provider(provider);
    if (!of || of->controllers.empty()) return;
    std::string_view controller = of->controllers.front();
    // Some controllers go by the name of the class alone.
    std::string own = of->classes.empty() ? std::string() : std::string(of->classes.front());
    if (own.empty() || defines(own)) own = "gwctl-check-" + std::string(provider);
    const std::string& made = *names_.insert(std::move(own)).first;
    ingress.spec.ingress_class_name = kube::Text(made);
    std::erase_if(ingress.metadata.annotations, [](const auto& row) { return row.first == kube::class_annotation; });
    if (std::any_of(more.begin(), more.end(), [&](const auto& known) { return known.metadata.name == made; })) return;
    kube::IngressClass& added = more.emplace_back();
    added.api_version = "networking.k8s.io/v1";
    added.kind = "IngressClass";
    added.metadata.name = made;
    added.spec.controller =
        std::string(controller.ends_with('/') ? controller.substr(0, controller.size() - 1) : controller);
  }

 private:
  bool defines(const std::string& name) const {
    return std::any_of(bundle_.ingress_classes.begin(), bundle_.ingress_classes.end(),
                       [&](const kube::IngressClass& known) { return known.metadata.name == name; });
  }

  const kube::Bundle& bundle_;
  std::set<std::string> names_;
};

// Objects of the cluster that both sides see are lent to the new one, and given back.
class Lent {
 public:
  Lent(kube::Bundle& from, kube::Bundle& to) : from_(from), to_(to), namespaces_(to.namespaces.empty()) { swap(); }
  ~Lent() { swap(); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  void swap() {
    std::swap(from_.services, to_.services);
    std::swap(from_.endpoint_slices, to_.endpoint_slices);
    std::swap(from_.secrets, to_.secrets);
    std::swap(from_.config_maps, to_.config_maps);
    if (namespaces_) std::swap(from_.namespaces, to_.namespaces);
  }

  kube::Bundle& from_;
  kube::Bundle& to_;
  bool namespaces_;
};

std::string_view words(Danger::Kind kind) {
  switch (kind) {
    case Danger::Kind::guarded:
      return "guards";
    case Danger::Kind::hidden:
      return "does not serve";
    case Danger::Kind::redirected:
      return "redirects";
    case Danger::Kind::other_backend:
      return "serves from another backend";
  }
  return "";
}

class Checker {
 public:
  Checker(kube::Bundle& bundle, convert::Options& options, const diag::Sources& sources)
      : bundle_(bundle), options_(options), sources_(sources), parts_(bundle) {}

  Result<convert::Outcomes> run(diag::Sink& sink, const Output& output, Summary& summary) {
    int round = 0;
    for (bool first = true;; first = false) {
      diag::Sink findings;
      last_ = round + 1 == rounds;
      kept_ = {};
      parts_.restart();
      if (!first) output.restart();
      auto outcomes = convert::convert(bundle_, options_, sources_, findings, [&](kube::Bundle&& piece) {
        convert::append(kept_, parts_.keep(piece));
        output.take(std::move(piece));
      });
      if (!outcomes) return outcomes;
      const Step step = ask(*outcomes, summary);
      if (step == Step::keep_more) continue;  // at most once a round: then all that is asked about was kept
      if (step == Step::leave_out && !last_) {
        ++round;
        continue;
      }
      for (diag::Diagnostic& finding : findings.take()) sink.report(std::move(finding));
      report_kept(*outcomes, sink);
      summary.left_out = options_.refused.size();
      return outcomes;
    }
  }

 private:
  // What has to be done before the conversion is done again; `done` where it stands.
  enum class Step { done, keep_more, leave_out };

  Step ask(const convert::Outcomes& outcomes, Summary& summary) {
    summary = {};
    remaining_.clear();
    std::set<std::string> providers;
    for (const convert::Served& served : outcomes.served)
      if (is_modelled(served)) providers.insert(served.provider);
    if (providers.empty()) {
      summary.why_not = "there is no model of the controller that these objects were written for";
      return Step::done;
    }
    const Parts::Chosen chosen = parts_.choose();
    if (!chosen.complete) return Step::keep_more;
    summary.asked = true;
    const bool alone = providers.size() == 1 && outcomes.served.size() == 1;
    const std::map<PartId, std::string> owners = owners_of(outcomes);
    own_owners_ = owners_of_own(outcomes);
    counts_.clear();
    for (const auto& [part, count] : chosen.parts) counts_[part] = count;
    bool changed = false;
    Classes classes(bundle_);
    std::vector<kube::IngressClass> more;
    std::vector<kube::Ingress> asked = selected(chosen, outcomes, classes, more);
    kube::Bundle fresh = std::move(kept_);
    for (const std::string& provider : providers) {
      const verify::Dangers dangers = compare(provider, owners, alone, asked, more, fresh, outcomes);
      summary.controllers.push_back(provider);
      summary.hosts += dangers.hosts;
      for (std::size_t i = 0; i < 3; ++i) summary.differences[i] += dangers.differences[i];
      for (const Danger& danger : dangers.found) changed = judge(danger, outcomes) || changed;
    }
    return changed ? Step::leave_out : Step::done;
  }

  std::map<PartId, std::string> owners_of(const convert::Outcomes& outcomes) const {
    std::map<PartId, std::string> out;
    std::map<PartId, const convert::Served*> deployments;
    for (const convert::Served& served : outcomes.served)
      for (const kube::Ingress* ingress : served.ingresses)
        for (const kube::IngressRule& rule : ingress->spec.rules)
          if (const PartId* part = parts_.part_of(lower_host(rule.host))) {
            const auto [at, fresh] = deployments.try_emplace(*part, &served);
            if (fresh) out[*part] = served.provider;
            if (at->second != &served) out[*part].clear();  // of two deployments: nobody can be asked alone
          }
    return out;
  }

  // Hosts of routes of the controllers' own kinds, with the controller whose model answers for them; empty: none, or
  // several.
  static std::map<std::string, std::string, std::less<>> owners_of_own(const convert::Outcomes& outcomes) {
    std::map<std::string, std::string, std::less<>> out;
    for (const convert::Served& served : outcomes.served)
      for (const kube::OtherObject* object : served.own) {
        const bool modelled =
            vendors::ingress_controller(verify::model_of_kind(*object)) == vendors::ingress_controller(served.provider);
        for (const std::string& host : convert::own_hosts(*object)) {
          const auto [at, fresh] = out.try_emplace(lower_host(host), modelled ? served.provider : std::string());
          if (!fresh && at->second != served.provider) at->second.clear();
        }
      }
    return out;
  }

  std::vector<kube::Ingress> selected(const Parts::Chosen& chosen, const convert::Outcomes& outcomes, Classes& classes,
                                      std::vector<kube::IngressClass>& more) const {
    std::map<const kube::Ingress*, const std::string*> provider;
    for (const convert::Served& served : outcomes.served)
      for (const kube::Ingress* ingress : served.ingresses) provider[ingress] = &served.provider;
    std::set<std::uint32_t> numbers;  // in input order: it may decide between equals
    for (const auto& [part, count] : chosen.parts)
      numbers.insert(parts_.ingresses(part).begin(), parts_.ingresses(part).end());
    std::vector<kube::Ingress> out;
    for (const std::uint32_t number : numbers) {
      kube::Ingress& copy = out.emplace_back(bundle_.ingresses[number]);
      if (const auto at = provider.find(&bundle_.ingresses[number]); at != provider.end())
        classes.settle(copy, *at->second, more);
    }
    return out;
  }

  verify::Dangers compare(const std::string& provider, const std::map<PartId, std::string>& owners, bool alone,
                          std::vector<kube::Ingress>& asked, std::vector<kube::IngressClass>& more, kube::Bundle& fresh,
                          const convert::Outcomes& outcomes) {
    verify::ControllerOptions controller;
    controller.assume_secrets = bundle_.secrets.empty() && !bundle_.services_known();
    controller.flags = options_.controller_flags;
    for (const auto& [name, port] : options_.entry_points)
      controller.flags.push_back("--entryPoints." + name + ".address=:" + std::to_string(port));
    // Exchanged as a whole: findings point at the objects that are there.
    std::vector<kube::IngressClass> classes = bundle_.ingress_classes;
    classes.insert(classes.end(), more.begin(), more.end());
    std::swap(bundle_.ingress_classes, classes);
    std::swap(bundle_.ingresses, asked);
    std::unique_ptr<verify::Controller> old;
    {
      const kube::Index index(bundle_);
      old = verify::make_controller(provider, index, controller);
    }
    std::swap(bundle_.ingresses, asked);
    std::swap(bundle_.ingress_classes, classes);
    const Lent lent(bundle_, fresh);
    route::assume_gateways(fresh);
    const kube::Index index(fresh);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    const std::string profile = profile_of(options_.to);
    const std::unique_ptr<route::Model> now = route::make_model(profile, index, route::attach(index, attach));
    verify::DangerOptions questions;
    questions.wanted = [&](std::string_view host, std::string_view row) {
      const PartId* part = row == host ? parts_.part_of(host) : nullptr;
      if (const auto own = own_owners_.find(host); own != own_owners_.end() && (!part || own->second != provider))
        return !part && own->second == provider;
      if (!part) return alone;
      const auto owner = owners.find(*part);
      return counts_.contains(*part) && owner != owners.end() && owner->second == provider;
    };
    questions.weight = [&](std::string_view host) {
      const PartId* part = parts_.part_of(host);
      return part ? counts_.at(*part) : 1;
    };
    questions.guarded = [&](const route::RuleRef& rule) {
      return outcomes.guarded.contains(convert::key_of(rule.span));
    };
    return verify::find_dangers({old.get(), old->boundaries()}, {now.get(), verify::gateway_boundaries(fresh, profile)},
                                questions);
  }

  // Decides what becomes of the route: left out, or told. True when it has to be left out and was not so far.
  bool judge(const Danger& danger, const convert::Outcomes& outcomes) {
    const diag::Span at = danger.rule().span;
    const kube::Object* owner = at.known() ? object_at(danger, at) : nullptr;
    if (owner && expected(danger, *owner, outcomes)) return false;
    const bool to_https =
        danger.request.scheme == route::Scheme::http && danger.old_answer.any_of.front().location.starts_with("https:");
    if (to_https && options_.spare_acme && danger.request.target.starts_with("/.well-known/acme-challenge"))
      return false;
    // Whether a Gateway that exists redirects is its owner's business.
    const bool elsewhere = danger.kind == Danger::Kind::redirected && (!to_https || options_.parent);
    if (!owner || !danger.cause.empty() || elsewhere || last_) {
      remaining_.push_back({danger, owner});
      return false;
    }
    bool changed = false;
    for (const auto& [place, host] : places_like(danger, *owner, at)) {
      convert::Refusal refusal{place, host, message(danger), verify::display(request_to(danger, host))};
      const bool known = std::any_of(options_.refused.begin(), options_.refused.end(), [&](const auto& each) {
        return each.at == refusal.at && each.host == refusal.host;
      });
      if (known) continue;
      options_.refused.push_back(std::move(refusal));
      changed = true;
    }
    if (!changed) remaining_.push_back({danger, owner});
    return changed;
  }

  static std::string message(const Danger& danger) {
    return "the old controller " + std::string(words(danger.kind)) + " this: " + verify::summary(danger.old_answer) +
           "; the new route would answer " + verify::summary(danger.new_answer) + ", and is left out";
  }

  static route::Request request_to(const Danger& danger, const std::string& host) {
    route::Request out = danger.request;
    if (danger.host != danger.request.host || host.empty()) return out;
    out.host = host;
    if (out.sni) out.sni = host;
    return out;
  }

  const kube::Object* object_at(const Danger& danger, diag::Span at) const {
    const auto holds = [&](const kube::Object& object) {
      return object.node && object.node->span().file == at.file && object.node->span().begin <= at.begin &&
             at.end <= object.node->span().end;
    };
    if (const PartId* part = parts_.part_of(danger.host))
      for (const std::uint32_t number : parts_.ingresses(*part))
        if (holds(bundle_.ingresses[number])) return &bundle_.ingresses[number];
    const auto found = std::find_if(bundle_.ingresses.begin(), bundle_.ingresses.end(), holds);
    if (found != bundle_.ingresses.end()) return &*found;
    const auto own = std::find_if(bundle_.others.begin(), bundle_.others.end(), holds);
    return own == bundle_.others.end() ? nullptr : &*own;
  }

  // What a user agreed to lose is no surprise.
  static bool has_snippet(const kube::Object& owner) {
    const auto& annotations = owner.metadata.annotations;
    return std::any_of(annotations.begin(), annotations.end(),
                       [](const auto& row) { return row.first.ends_with("-snippet"); });
  }

  bool expected(const Danger& danger, const kube::Object& owner, const convert::Outcomes& outcomes) const {
    const auto agreed = [&](convert::Loss loss) {
      if (loss == convert::Loss::none || !options_.accepts(loss)) return false;
      switch (danger.kind) {
        case Danger::Kind::guarded:
        case Danger::Kind::hidden:
          return convert::security(loss) || loss == convert::Loss::unknown || loss == convert::Loss::other;
        case Danger::Kind::redirected:
          return convert::security(loss) || loss == convert::Loss::redirect || loss == convert::Loss::unknown;
        case Danger::Kind::other_backend:
          return loss == convert::Loss::backend || loss == convert::Loss::rewrite || loss == convert::Loss::unknown;
      }
      return false;
    };
    // Whether snippets are allowed is the controller's setting, which the files need not show: that an Ingress with one
    // is dropped is not what the conversion goes by. The snippet's own fate is told where it stands.
    if (danger.kind == Danger::Kind::hidden && has_snippet(owner)) return true;
    const auto& entries = outcomes.ledger.entries();
    const auto& notes = outcomes.ledger.notes();
    return std::any_of(
               entries.begin(), entries.end(),
               [&](const convert::Entry& entry) {
                 return entry.object == &owner && agreed(entry.loss) &&
                        (entry.outcome == convert::Outcome::refused || entry.outcome == convert::Outcome::unknown);
               }) ||
           std::any_of(notes.begin(), notes.end(), [&](const convert::Note& note) {
             return (note.object == &owner || !note.object) && agreed(note.loss);
           });
  }

  // The same path of every part that is configured alike, with the host's name there.
  std::vector<std::pair<diag::Span, std::string>> places_like(const Danger& danger, const kube::Object& owner,
                                                              diag::Span at) const {
    const std::string row = danger.host == "*" ? "" : danger.host;
    const PartId* part = parts_.part_of(danger.host);
    if (!part || counts_.at(*part) == 1) return {{at, row}};
    std::size_t ingress = 0;
    const std::size_t host = parts_.number_of(*part, danger.host);
    while (&bundle_.ingresses[parts_.ingresses(*part)[ingress]] != &owner) ++ingress;
    const std::vector<diag::Span> own = spans(bundle_.ingresses[parts_.ingresses(*part)[ingress]]);
    const auto which = std::find(own.begin(), own.end(), at);
    if (which == own.end()) return {{at, row}};
    std::vector<std::pair<diag::Span, std::string>> out;
    for (const PartId other : parts_.like(*part)) {
      const kube::Ingress& twin = bundle_.ingresses[parts_.ingresses(other)[ingress]];
      out.emplace_back(spans(twin)[static_cast<std::size_t>(which - own.begin())], parts_.hosts(other)[host]);
    }
    return out;
  }

  // The places that rules are made from, in order.
  static std::vector<diag::Span> spans(const kube::Ingress& ingress) {
    std::vector<diag::Span> out;
    const auto add = [&](const yaml::Node* node) { out.push_back(node ? node->span() : diag::Span{}); };
    if (ingress.spec.default_backend) add(ingress.spec.default_backend->node);
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      add(rule.node);
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) add(path.node);
    }
    add(ingress.node);
    return out;
  }

  // What reaches a backend all the same, for a reason that every move brings.
  void report_kept(convert::Outcomes& outcomes, diag::Sink& sink) const {
    std::set<std::tuple<std::string, std::string, const kube::Object*>> told;
    for (const auto& [danger, owner] : remaining_) {
      if (!owner || !told.insert({std::string(danger.cause), std::string(words(danger.kind)), owner}).second) continue;
      const bool grave = danger.cause.empty() && danger.kind != Danger::Kind::redirected;
      if (grave) outcomes.lost = true;
      diag::Diagnostic finding =
          kube::finding(*owner, nullptr, "GW671", grave ? diag::Severity::error : diag::Severity::warning, "convert",
                        "the old controller " + std::string(words(danger.kind)) +
                            " some requests that the new route serves: " + verify::summary(danger.old_answer) +
                            " before, " + verify::summary(danger.new_answer) + " now",
                        "a request that shows it: " + verify::display(danger.request));
      finding.span = danger.rule().span;
      sink.report(std::move(finding));
    }
  }

  struct Remaining {
    Danger danger;
    const kube::Object* owner;
  };

  kube::Bundle& bundle_;
  convert::Options& options_;
  const diag::Sources& sources_;
  Parts parts_;
  kube::Bundle kept_;
  std::map<PartId, std::size_t> counts_;
  std::map<std::string, std::string, std::less<>> own_owners_;
  std::vector<Remaining> remaining_;
  bool last_ = false;  // nothing more can be left out
};

}  // namespace

std::string to_text(const Summary& summary) {
  if (!summary.asked) return "not checked against the old controller: " + summary.why_not;
  const auto& [security, availability, cosmetic] = summary.differences;
  std::string names;
  for (const std::string& name : summary.controllers) names += (names.empty() ? "" : ", ") + name;
  return "checked against " + names + ": " + std::to_string(summary.hosts) + " host" + (summary.hosts == 1 ? "" : "s") +
         " asked; differences: " + std::to_string(security) + " security, " + std::to_string(availability) +
         " availability, " + std::to_string(cosmetic) + " cosmetic" +
         (summary.left_out == 0 ? "" : "; routes left out: " + std::to_string(summary.left_out));
}

Result<convert::Outcomes> convert_checked(kube::Bundle& bundle, convert::Options options, const diag::Sources& sources,
                                          diag::Sink& sink, const Output& output, Summary& summary) {
  options.specs_read = {};  // they are asked about
  return Checker(bundle, options, sources).run(sink, output, summary);
}

}  // namespace gw::check
