// The engine: who reads which Ingress, what nobody took, and what becomes a finding.
#include "convert/convert.h"

#include <algorithm>
#include <map>

#include "convert/account.h"
#include "convert/acme.h"
#include "convert/arrange.h"
#include "convert/classify.h"
#include "convert/emit.h"
#include "convert/guard.h"
#include "convert/metadata.h"
#include "convert/movers.h"
#include "convert/policies.h"
#include "convert/providers/wishes.h"
#include "convert/refusal.h"
#include "convert/settle.h"
#include "convert/split.h"
#include "diag/suggest.h"
#include "kube/ingress_class.h"
#include "kube/load.h"
#include "kube/past_annotations.h"

namespace gw::convert {
namespace {

using diag::Severity;

constexpr std::string_view layer = "convert";

// The node of an annotation's value, for the caret.
const yaml::Node* annotation_node(const kube::Object& object, const std::string& key) {
  if (!object.metadata.node) return nullptr;
  const yaml::Node* annotations = object.metadata.node->find("annotations");
  return annotations ? annotations->find(key) : nullptr;
}

class Engine {
 public:
  Engine(const kube::Bundle& bundle, const Options& options, const diag::Sources& sources, diag::Sink& sink)
      : bundle_(bundle), options_(options), sources_(sources), sink_(sink), index_(bundle) {}

  Result<Outcomes> run(const Provider* wanted, const Target& target, const Consumer& consumer) {
    target_ = target.name;
    Outcomes out;
    out.written_for = std::string(target.name) + " (" + std::string(profile(target.name).report) + ")";
    Ledger& ledger = out.ledger;
    const Classification classes(index_, options_, wanted);
    assign(classes, ledger);
    const std::size_t routing = assign_resources(wanted, ledger);
    out.ingresses = bundle_.ingresses.size() + routing;
    for (const auto& [p, own] : resources_) out.beside += own.size();
    out.beside -= routing;
    Ir ir;
    ir.prefixes_first = target.prefixes_first;
    if (const Status status = name_deployments(classes.deployments(), ir, out); !status) return status.error();
    for (std::size_t i = 0; i < deployments_.size(); ++i) read(i, target, ir, ledger);
    move_annotations(objects(), ir, ledger);
    if (options_.spare_acme) spare_acme(ir);
    choose_only(ir);
    spread_guards(ir);
    refuse(ir, options_.refused, ledger);
    arrange(ir, target, options_, ledger);
    settle(ir, target, options_, ledger);
    const Guarded guarded = guarded_places(ir);
    report_untaken(ledger);
    report_unplaced(ledger);
    if (options_.specs_read) options_.specs_read();
    const Input all{bundle_, index_, sources_, options_, ingresses(), {}};
    out.routes = emit(ir, all, target, ledger, consumer);
    out.guarded = kept_guards(guarded, ledger);
    account_resources(target, ledger);
    report_entries(ledger);
    report_notes(ledger);
    out.lost = lost_;
    return out;
  }

 private:
  void assign(const Classification& classes, Ledger& ledger) {
    for (const kube::Ingress& ingress : bundle_.ingresses) {
      const Owner& owner = classes.owner(ingress);
      if (ingress.api_version != "networking.k8s.io/v1")
        ledger.note({"GW636",
                     Severity::warning,
                     ingress.object_id().display() + " is written in " + ingress.api_version +
                         ", which Kubernetes no longer serves; it is read as networking.k8s.io/v1",
                     {},
                     &ingress,
                     nullptr,
                     "write apiVersion: networking.k8s.io/v1"});
      if (!owner.note.empty())
        ledger.note({"GW610",
                     Severity::info,
                     ingress.object_id().display() + (owner.note.starts_with("its ") ? ": " : " ") + owner.note,
                     {},
                     &ingress,
                     nullptr});
      if (owner.provider) {
        provider_of_[&ingress] = owner.provider;
      } else {
        ledger.note({"GW610",
                     owner.chosen_out ? Severity::info : Severity::warning,
                     ingress.object_id().display() + " is left out: " + owner.why_not,
                     {},
                     &ingress,
                     ingress.spec.node ? ingress.spec.node->find("ingressClassName") : nullptr});
      }
    }
  }

  // A Gateway a class: where there are several, each is named after its own.
  Status name_deployments(std::vector<Deployment> all, Ir& ir, Outcomes& out) {
    deployments_ = std::move(all);
    std::vector<std::string> routing;
    for (const Deployment& d : deployments_) {
      std::string name = d.name.empty() ? std::string(d.provider->name) : d.name;
      // One class may have load balancers of both kinds.
      const bool both = std::any_of(deployments_.begin(), deployments_.end(), [&](const Deployment& other) {
        return other.provider == d.provider && other.name == d.name && other.internal != d.internal;
      });
      if (both && d.internal) name += "-internal";
      std::vector<const kube::OtherObject*> own;
      std::copy_if(d.own.begin(), d.own.end(), std::back_inserter(own),
                   [](const auto* object) { return owner_of_kind(*object).second->routes; });
      if (!d.ingresses.empty() || !own.empty()) routing.push_back(name);
      ir.deployments.push_back({std::move(name), d.internal, {}});
      out.served.push_back({std::string(d.provider->name), d.name, d.ingresses, std::move(own)});
    }
    if (routing.size() < 2) return Unit{};
    if (options_.parent) {
      std::string names;
      for (const std::string& name : routing) names += (names.empty() ? "" : ", ") + name;
      return Error{"--parent names one Gateway, and the input has routes of several classes: " + names,
                   "choose the class that this Gateway serves with --class, and convert the others apart"};
    }
    std::set<std::string> used;
    for (DeploymentName& d : ir.deployments) {
      d.gateway = d.name;
      for (int n = 2; !used.insert(d.gateway).second; ++n) d.gateway = d.name + "-" + std::to_string(n);
    }
    return Unit{};
  }

  // Each deployment is read as if it stood alone: hosts of one never meet those of another.
  void read(std::size_t i, const Target& target, Ir& ir, Ledger& ledger) {
    const Deployment& d = deployments_[i];
    std::vector<Server> servers = std::exchange(ir.servers, {});
    std::vector<Stream> streams = std::exchange(ir.streams, {});
    const std::size_t guards = ir.guards.size();
    const bool first = std::none_of(deployments_.begin(), deployments_.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Deployment& o) { return o.provider == d.provider; });
    d.provider->read({bundle_, index_, sources_, options_, d.ingresses, d.own, d.classes, first}, ir, ledger);
    guard_what_is_uncertain(d, ir, ledger);
    const auto number = static_cast<std::uint16_t>(i);
    for (std::size_t n = guards; n < ir.guards.size(); ++n) ir.guards[n].deployment = number;
    policies_.merge(find_policies(d, number, bundle_, target, ir));
    const auto append = [&](auto& before, auto& now) {
      for (auto& one : now) {
        one.deployment = number;
        before.push_back(std::move(one));
      }
      now = std::move(before);
    };
    append(servers, ir.servers);
    append(streams, ir.streams);
  }

  // Several controllers use this name of a class, and no IngressClass tells which one serves it: a guard of another one
  // may be what guards today.
  void guard_what_is_uncertain(const Deployment& d, Ir& ir, Ledger& ledger) {
    if (!d.classes.empty() || options_.from != "auto") return;
    const auto named = [&](const Provider& p) {
      return std::find(p.classes.begin(), p.classes.end(), d.name) != p.classes.end();
    };
    for (const kube::Ingress* ingress : d.ingresses)
      for (const Provider& other : providers()) {
        if (&other == d.provider || !named(other)) continue;
        const kube::StringMap& annotations = ingress->metadata.annotations;
        for (std::uint32_t k = 0; k < annotations.size(); ++k)
          for (const std::string_view prefix : other.prefixes) {
            if (!prefix.ends_with('/') || !annotations[k].first.starts_with(prefix) || ledger.taken(*ingress, k) ||
                !guards(std::string_view(annotations[k].first).substr(prefix.size())))
              continue;
            Guard guard;
            guard.owner = ingress;
            guard.intent.demand = Foreign{annotations[k].second};
            guard.intent.claims = {ledger.take(*ingress, k)};
            guard.intent.loss = Loss::auth;
            guard.intent.without = ir.keep(
                "it belongs to " + std::string(other.name) + ", whose class may be '" + d.name +
                "', too; say with --from, or with the IngressClass among the input, which controller serves it");
            ir.guards.push_back(std::move(guard));
          }
      }
  }

  bool chosen(const kube::Object& object) const { return options_.only.empty() || options_.only.contains(object.id()); }
  // Only now: who has a host, and what guards it, was decided by all that was read.
  void choose_only(Ir& ir) const {
    if (options_.only.empty()) return;
    for (Server& server : ir.servers) {
      std::erase_if(server.rules, [&](const Rule& rule) { return rule.owner && !chosen(*rule.owner); });
      if (server.rules.empty()) continue;
      server.owner = server.rules.front().owner;
    }
    std::erase_if(ir.servers, [](const Server& server) { return server.rules.empty(); });
    std::erase_if(ir.streams, [&](const Stream& stream) { return !chosen(*stream.owner); });
    std::erase_if(ir.backend_tls, [&](const BackendTls& tls) { return tls.owner && !chosen(*tls.owner); });
  }
  // Is this finding about something that the user chose? Settings of a controller concern everything.
  bool concerns(const kube::Object& object) const {
    return chosen(object) || object.kind == "ConfigMap" || object.kind == "IngressClass";
  }

  std::vector<const kube::Ingress*> ingresses() const {
    std::vector<const kube::Ingress*> all;
    for (const kube::Ingress& ingress : bundle_.ingresses)
      if (provider_of_.contains(&ingress)) all.push_back(&ingress);
    return all;
  }

  // Resources of the controllers' own kinds; returns how many of them route. Of a provider without routes none counts.
  std::size_t assign_resources(const Provider* wanted, Ledger& ledger) {
    std::size_t routes = 0;
    for (const kube::OtherObject& object : bundle_.others) {
      const auto [p, kind] = owner_of_kind(object);
      if (!p) continue;
      if (wanted && p != wanted) {
        if (kind->routes)
          ledger.note({"GW610",
                       Severity::warning,
                       object.object_id().display() + " is left out: its kind is that of " + std::string(p->name),
                       {},
                       &object,
                       nullptr});
        continue;
      }
      if (kind->routes) ++routes;
      resources_[p].push_back(&object);
    }
    for (auto& [p, own] : resources_)
      std::sort(own.begin(), own.end(), [](const kube::OtherObject* a, const kube::OtherObject* b) {
        return std::tie(a->kind, a->metadata.ns, a->metadata.name) <
               std::tie(b->kind, b->metadata.ns, b->metadata.name);
      });
    return routes;
  }

  // What was read: Ingresses and resources of the controllers' own kinds.
  std::vector<const kube::Object*> objects() const {
    std::vector<const kube::Object*> all;
    for (const kube::Ingress* ingress : ingresses()) all.push_back(ingress);
    for (const Provider& p : providers())
      if (const auto own = resources_.find(&p); own != resources_.end())
        all.insert(all.end(), own->second.begin(), own->second.end());
    return all;
  }

  // Every annotation that no feature took is told here: no second list of names.
  void report_untaken(Ledger& ledger) {
    for (const kube::Ingress& ingress : bundle_.ingresses) {
      const auto owner = provider_of_.find(&ingress);
      report_untaken(ingress, owner == provider_of_.end() ? nullptr : owner->second, ledger);
    }
    for (const Provider& p : providers())
      if (const auto own = resources_.find(&p); own != resources_.end())
        for (const kube::OtherObject* object : own->second) report_untaken(*object, &p, ledger);
  }
  void report_untaken(const kube::Object& object, const Provider* owner, Ledger& ledger) const {
    const kube::StringMap& annotations = object.metadata.annotations;
    for (std::uint32_t i = 0; i < annotations.size(); ++i) {
      if (ledger.taken(object, i)) continue;
      const Claim claim = ledger.take(object, i);
      if (owner)
        settle_untaken(*owner, annotations[i].first, claim, ledger);
      else
        ledger.settle(claim, Outcome::ignored, "its Ingress is left out", "");
    }
  }

  void settle_untaken(const Provider& own, const std::string& key, Claim claim, Ledger& ledger) const {
    if (key == kube::class_annotation)
      return ledger.settle(claim, Outcome::converted, "the Gateway's class takes its place");
    for (const std::string_view prefix : own.prefixes)
      if (key.starts_with(prefix)) {
        return settle_unknown(own, key, claim, ledger);
      }
    for (const Provider& other : providers())
      for (const std::string_view prefix : other.prefixes)
        if (key.starts_with(prefix))
          return ledger.settle(
              claim, Outcome::ignored,
              "belongs to " + std::string(other.name) + "; " + std::string(own.name) + " does not read it", "GW605");
    if (keeps_annotation(options_, key)) return ledger.settle(claim, Outcome::converted, "kept on the routes");
    ledger.settle(claim, Outcome::ignored, "does not concern routing");
  }

  // Without effect today, as far as that is sure: then it is told, and no loss.
  static void settle_unknown(const Provider& own, const std::string& key, Claim claim, Ledger& ledger) {
    if (const std::string past = kube::past_annotation(key); !past.empty())
      return ledger.settle(claim, Outcome::ignored, past, "GW605");
    std::string detail = "'" + key + "' is not an annotation of " + std::string(own.name);
    const std::vector<std::string_view> known = own.known ? own.known() : std::vector<std::string_view>{};
    const std::string_view near = diag::nearest(key, known);
    if (near == key)
      return ledger.settle(claim, Outcome::unknown,
                           "'" + key + "' is read on an Ingress; on this kind it is not converted", "GW604",
                           Loss::unknown);
    const bool misspelt = !near.empty() && diag::edit_distance(key, near, 2) <= 2;
    const bool sure = misspelt || own.knows_all;
    detail += sure ? ": it has no effect today" : " that gwctl knows";
    if (sure && guards(key)) detail += " and guards nothing";
    if (!near.empty()) detail += "; did you mean '" + std::string(near) + "'?";
    ledger.settle(claim, Outcome::unknown, detail, "GW604", sure ? Loss::none : Loss::unknown);
  }

  // What nobody read of the controllers' own resources, and which of their kinds nobody reads.
  void account_resources(const Target& target, Ledger& ledger) {
    for (const Provider& p : providers()) {
      if (const auto own = resources_.find(&p); own != resources_.end() && p.accounts)
        account_fields(own->second, ledger);
      if (std::any_of(deployments_.begin(), deployments_.end(), [&](const Deployment& d) { return d.provider == &p; }))
        account_others(p, bundle_, target.name, policies_, ledger);
    }
  }

  // Every path and default backend must have found a rule or a finding.
  void report_unplaced(Ledger& ledger) {
    std::vector<const void*> all = ledger.take_placed();
    std::sort(all.begin(), all.end());
    const auto placed = [&](const void* field) { return std::binary_search(all.begin(), all.end(), field); };
    for (const auto& [ingress, p] : provider_of_) {
      const kube::IngressSpec& spec = ingress->spec;
      if (spec.default_backend && !placed(&*spec.default_backend))
        unplaced(*ingress, spec.default_backend->node, "its default backend");
      for (const kube::IngressRule& rule : spec.rules)
        if (rule.http)
          for (const kube::HttpIngressPath& path : rule.http->paths)
            if (!placed(&path)) unplaced(*ingress, path.node, "path '" + path.path + "'");
    }
  }
  void unplaced(const kube::Ingress& ingress, const yaml::Node* at, const std::string& what) {
    sink_.report(kube::finding(ingress, at, "GW612", Severity::error, std::string(layer), what + " was not converted"));
    lost_ = true;
  }

  void report_entries(Ledger& ledger) {
    for (Claim claim = 1; claim < ledger.entries().size(); ++claim) {
      Entry& entry = ledger.entry(claim);
      if (!concerns(*entry.object)) continue;
      if (!entry.settled) ledger.settle(claim, Outcome::refused, "nothing in the output says it", "GW601", Loss::other);
      const bool grave =
          entry.outcome == Outcome::refused || (entry.outcome == Outcome::unknown && entry.loss != Loss::none);
      const bool accepted = grave && options_.accepts(entry.loss);
      if (grave && !accepted) lost_ = true;
      if (entry.code.empty()) continue;
      const Severity severity = grave && !accepted ? Severity::error : Severity::warning;
      std::string help;
      if (grave && !accepted) help = "if you can do without it: --accept-loss=" + std::string(name(entry.loss));
      sink_.report(kube::finding(
          *entry.object, annotation_node(*entry.object, entry.key()), entry.code, severity, std::string(layer),
          short_key(entry.key()) + ": " + without_advice(entry.detail, target_), std::move(help)));
    }
  }
  static std::string short_key(const std::string& key) {
    const std::size_t slash = key.find('/');
    return slash == std::string::npos ? key : key.substr(slash + 1);
  }

  // Notes of severity info are for the report: they hold for every conversion of a kind. But a class that was guessed
  // is said.
  void report_notes(const Ledger& ledger) {
    for (const Note& note : ledger.notes()) {
      const bool said = note.code == "GW610" && note.object && note.object->kind == "Ingress" &&
                        provider_of_.contains(static_cast<const kube::Ingress*>(note.object));
      if ((note.severity == Severity::info && !said) || (note.object && !concerns(*note.object))) continue;
      std::string help = note.help;
      if (help.empty() && !note.request.empty()) help = "a request that shows it: " + note.request;
      if (note.severity == Severity::error && note.loss != Loss::none && !options_.accepts(note.loss)) {
        help += std::string(help.empty() ? "" : "; ") +
                "to go on without it: --accept-loss=" + std::string(name(note.loss));
      }
      const bool accepted = note.loss != Loss::none && options_.accepts(note.loss);
      const Severity severity = accepted ? Severity::warning : note.severity;
      if (severity == Severity::error) lost_ = true;
      if (note.object) {
        sink_.report(kube::finding(*note.object, note.at, note.code, severity, std::string(layer),
                                   without_advice(note.message, target_), std::move(help)));
      } else {
        diag::Diagnostic d;
        d.code = note.code;
        d.severity = severity;
        d.layer = layer;
        d.message = without_advice(note.message, target_);
        d.help = std::move(help);
        sink_.report(std::move(d));
      }
    }
  }

  std::string_view target_;
  const kube::Bundle& bundle_;
  const Options& options_;
  const diag::Sources& sources_;
  diag::Sink& sink_;
  const kube::Index index_;
  std::vector<Deployment> deployments_;
  std::set<const kube::Object*> policies_;  // that became guards
  std::map<const Provider*, std::vector<const kube::OtherObject*>> resources_;
  std::map<const kube::Ingress*, const Provider*> provider_of_;  // addresses in input order
  bool lost_ = false;
};

Error unknown_word(std::string_view flag, std::string_view word, const std::vector<std::string_view>& known) {
  std::string help = "known are:";
  for (const std::string_view k : known) help += " " + std::string(k);
  return {std::string(flag) + " '" + std::string(word) + "' is not known", std::move(help)};
}

// What --class, --only and --configmap name must be there.
Status check_choice(const kube::Bundle& bundle, const Options& options) {
  for (const std::string& name : options.classes) {
    const auto named = [&](const auto& object) { return class_of(object) == name; };
    if (std::none_of(bundle.ingresses.begin(), bundle.ingresses.end(), named) &&
        std::none_of(bundle.others.begin(), bundle.others.end(), named) &&
        std::none_of(bundle.ingress_classes.begin(), bundle.ingress_classes.end(),
                     [&](const kube::IngressClass& c) { return c.metadata.name == name; }))
      return Error{"--class '" + name + "' names no class of the input", "write a class that an Ingress names"};
  }
  for (const kube::NamespacedName& id : options.only) {
    const auto is = [&](const kube::Object& object) { return object.id() == id; };
    if (std::none_of(bundle.ingresses.begin(), bundle.ingresses.end(), is) &&
        std::none_of(bundle.others.begin(), bundle.others.end(), is))
      return Error{"--only '" + id.display() + "' names nothing of the input", "write NAMESPACE/NAME of an Ingress"};
  }
  for (const kube::NamespacedName& id : options.config_maps)
    if (std::none_of(bundle.config_maps.begin(), bundle.config_maps.end(),
                     [&](const kube::ConfigMap& map) { return map.id() == id; }))
      return Error{"--configmap '" + id.display() + "' is not among the input",
                   "give the file that has it, or read it from the cluster"};
  return Unit{};
}

}  // namespace

Result<kube::NamespacedName> parse_id(std::string_view flag, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string_view::npos)
    return Error{std::string(flag) + " '" + std::string(text) + "' is not of the form NAMESPACE/NAME",
                 "write, for example, " + std::string(flag) + " ingress-nginx/ingress-nginx-controller"};
  return kube::NamespacedName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Result<Parent> parse_parent(std::string_view text) {
  Parent parent;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0)
    return Error{"--parent '" + std::string(text) + "' names no namespace",
                 "write NAMESPACE/NAME or NAMESPACE/NAME/SECTION"};
  parent.ns = text.substr(0, slash);
  text.remove_prefix(slash + 1);
  const std::size_t second = text.find('/');
  parent.name = text.substr(0, second);
  if (second != std::string_view::npos) parent.section = text.substr(second + 1);
  if (parent.name.empty()) return Error{"--parent names no Gateway", "write NAMESPACE/NAME or NAMESPACE/NAME/SECTION"};
  return parent;
}

Result<Outcomes> convert(const kube::Bundle& bundle, const Options& options, const diag::Sources& sources,
                         diag::Sink& sink, const Consumer& consumer) {
  const Provider* wanted = options.from == "auto" ? nullptr : provider(options.from);
  if (!wanted && options.from != "auto") return unknown_word("--from", options.from, provider_names());
  const Target* to = target(options.to);
  if (!to) return unknown_word("--to", options.to, target_names());
  if (const Status status = check_choice(bundle, options); !status) return status.error();
  return Engine(bundle, options, sources, sink).run(wanted, *to, consumer);
}

Result<Outcomes> convert(const kube::Bundle& bundle, const Options& options, const diag::Sources& sources,
                         diag::Sink& sink, kube::Bundle& out) {
  return convert(bundle, options, sources, sink, [&](kube::Bundle&& piece) { append(out, std::move(piece)); });
}

std::vector<std::string_view> provider_names() {
  std::vector<std::string_view> names;
  for (const Provider& p : providers()) names.push_back(p.name);
  return names;
}

std::vector<std::string_view> target_names() {
  std::vector<std::string_view> names;
  for (const Target& t : targets()) names.push_back(t.name);
  return names;
}

}  // namespace gw::convert
