// The engine: who reads which Ingress, what nobody took, and what becomes a finding.
#include "convert/convert.h"

#include <algorithm>
#include <map>

#include "convert/account.h"
#include "convert/acme.h"
#include "convert/classify.h"
#include "convert/emit.h"
#include "convert/movers.h"
#include "convert/settle.h"
#include "convert/split.h"
#include "diag/suggest.h"
#include "kube/load.h"

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

  Outcomes run(const Provider* wanted, const Target& target, const Consumer& consumer) {
    Outcomes out;
    Ledger& ledger = out.ledger;
    assign(wanted, ledger);
    const std::size_t routing = assign_resources(wanted, ledger);
    out.ingresses = bundle_.ingresses.size() + routing;
    for (const auto& [p, own] : resources_) out.beside += own.size();
    out.beside -= routing;
    Ir ir;
    for (const Provider& p : providers())
      if (owned_.contains(&p) || resources_.contains(&p) ||
          (p.beside && (!wanted || wanted == &p) && p.beside(bundle_)))
        p.read({bundle_, index_, sources_, options_, owned_[&p], resources_[&p]}, ir, ledger);
    move_annotations(objects(), ir, ledger);
    if (options_.spare_acme) spare_acme(ir);
    settle(ir, target, options_, ledger);
    report_untaken(ledger);
    report_unplaced(ledger);
    if (options_.specs_read) options_.specs_read();
    const Input all{bundle_, index_, sources_, options_, ingresses(), {}};
    out.routes = emit(ir, all, target, ledger, consumer);
    account_resources(target, ledger);
    report_entries(ledger);
    report_notes(ledger);
    out.lost = lost_;
    return out;
  }

 private:
  void assign(const Provider* wanted, Ledger& ledger) {
    for (const kube::Ingress& ingress : bundle_.ingresses) {
      const Owner owner = owner_of(ingress, index_, wanted);
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
        ledger.note({"GW610", Severity::info, ingress.object_id().display() + " " + owner.note, {}, &ingress, nullptr});
      if (owner.provider) {
        owned_[owner.provider].push_back(&ingress);
        provider_of_[&ingress] = owner.provider;
      } else {
        ledger.note({"GW610",
                     Severity::warning,
                     ingress.object_id().display() + " is left out: " + owner.why_not,
                     {},
                     &ingress,
                     ingress.spec.node ? ingress.spec.node->find("ingressClassName") : nullptr});
      }
    }
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
  static void report_untaken(const kube::Object& object, const Provider* owner, Ledger& ledger) {
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

  static void settle_untaken(const Provider& own, const std::string& key, Claim claim, Ledger& ledger) {
    if (key == "kubernetes.io/ingress.class")
      return ledger.settle(claim, Outcome::converted, "the Gateway's class takes its place");
    for (const std::string_view prefix : own.prefixes)
      if (key.starts_with(prefix)) {
        std::string detail = "'" + key + "' is no annotation of " + std::string(own.name) + " that gwctl knows";
        std::vector<std::string_view> known = own.known ? own.known() : std::vector<std::string_view>{};
        if (const std::string_view near = diag::nearest(key, known); !near.empty())
          detail += "; did you mean '" + std::string(near) + "'?";
        return ledger.settle(claim, Outcome::unknown, detail, "GW604", Loss::unknown);
      }
    for (const Provider& other : providers())
      for (const std::string_view prefix : other.prefixes)
        if (key.starts_with(prefix))
          return ledger.settle(
              claim, Outcome::ignored,
              "belongs to " + std::string(other.name) + "; " + std::string(own.name) + " does not read it", "GW605");
    ledger.settle(claim, Outcome::ignored, "does not concern routing");
  }

  // What nobody read of the controllers' own resources, and which of their kinds nobody reads.
  void account_resources(const Target& target, Ledger& ledger) {
    for (const Provider& p : providers()) {
      if (const auto own = resources_.find(&p); own != resources_.end() && p.accounts)
        account_fields(own->second, ledger);
      if (!owned_[&p].empty() || !resources_[&p].empty()) account_others(p, bundle_, target.name, ledger);
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
      if (!entry.settled) ledger.settle(claim, Outcome::refused, "nothing in the output says it", "GW601", Loss::other);
      const bool grave = entry.outcome == Outcome::refused || entry.outcome == Outcome::unknown;
      const bool accepted = grave && options_.accepts(entry.loss);
      if (grave && !accepted) lost_ = true;
      if (entry.code.empty()) continue;
      const Severity severity = grave && !accepted ? Severity::error : Severity::warning;
      std::string help;
      if (grave && !accepted) help = "if you can do without it: --accept-loss=" + std::string(name(entry.loss));
      sink_.report(kube::finding(*entry.object, annotation_node(*entry.object, entry.key()), entry.code, severity,
                                 std::string(layer), short_key(entry.key()) + ": " + entry.detail, std::move(help)));
    }
  }
  static std::string short_key(const std::string& key) {
    const std::size_t slash = key.find('/');
    return slash == std::string::npos ? key : key.substr(slash + 1);
  }

  // Notes of severity info are for the report: they hold for every conversion of a kind.
  void report_notes(const Ledger& ledger) {
    for (const Note& note : ledger.notes()) {
      if (note.severity == Severity::info) continue;
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
        sink_.report(kube::finding(*note.object, note.at, note.code, severity, std::string(layer), note.message,
                                   std::move(help)));
      } else {
        diag::Diagnostic d;
        d.code = note.code;
        d.severity = severity;
        d.layer = layer;
        d.message = note.message;
        d.help = std::move(help);
        sink_.report(std::move(d));
      }
    }
  }

  const kube::Bundle& bundle_;
  const Options& options_;
  const diag::Sources& sources_;
  diag::Sink& sink_;
  const kube::Index index_;
  std::map<const Provider*, std::vector<const kube::Ingress*>> owned_;
  std::map<const Provider*, std::vector<const kube::OtherObject*>> resources_;
  std::map<const kube::Ingress*, const Provider*> provider_of_;  // addresses in input order
  bool lost_ = false;
};

Error unknown_word(std::string_view flag, std::string_view word, const std::vector<std::string_view>& known) {
  std::string help = "known are:";
  for (const std::string_view k : known) help += " " + std::string(k);
  return {std::string(flag) + " '" + std::string(word) + "' is not known", std::move(help)};
}

}  // namespace

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
