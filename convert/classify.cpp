#include "convert/classify.h"

#include <algorithm>

#include "convert/providers/own.h"
#include "convert/words.h"
#include "diag/ascii.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

using Ingresses = std::vector<const kube::Ingress*>;

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool controls(const Provider& provider, std::string_view controller) {
  return std::any_of(provider.controllers.begin(), provider.controllers.end(), [&](std::string_view known) {
    return controller == known || (known.ends_with('/') && controller.starts_with(known));
  });
}

// A prefix without '/' at its end is a whole name, which several controllers may share.
bool has_prefix(const Provider& provider, const kube::Ingress& ingress, bool whole_names) {
  for (const auto& [key, value] : ingress.metadata.annotations)
    for (const std::string_view prefix : provider.prefixes)
      if (key.starts_with(prefix) && (whole_names || prefix.ends_with('/'))) return true;
  return false;
}

// The controller whose annotations most of the Ingresses carry, of those that `fits` lets in; equal counts go to the
// earlier row.
template <class F>
const Provider* by_annotations(const Ingresses& ingresses, F&& fits) {
  for (const bool whole_names : {false, true}) {
    const Provider* best = nullptr;
    std::ptrdiff_t most = 0;
    for (const Provider& p : providers()) {
      if (!fits(p)) continue;
      const auto votes = std::count_if(ingresses.begin(), ingresses.end(),
                                       [&](const kube::Ingress* i) { return has_prefix(p, *i, whole_names); });
      if (votes > most) best = &p, most = votes;
    }
    if (best) return best;
  }
  return nullptr;
}

// Speaks a name that nobody knows of a class by convention, as "nginx-internal" does?
bool resembles(const Provider& provider, std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return contains(provider.classes, word); });
}

bool equal_fold(std::string_view a, std::string_view b) {
  return diag::lower(a) == diag::lower(b);
}

// The values of a flag, given once or several times, lists taken apart; nothing where it is not given.
std::vector<std::string> flag_values(const Options& options, std::initializer_list<std::string_view> names) {
  std::vector<std::string> out;
  for (std::string_view item : options.controller_flags) {
    while (item.starts_with('-')) item.remove_prefix(1);
    const std::size_t equals = item.find('=');
    for (const std::string_view name : names) {
      if (!equal_fold(item.substr(0, equals), name)) continue;
      std::string_view rest = equals == std::string_view::npos ? std::string_view("true") : item.substr(equals + 1);
      while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        if (comma != 0) out.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      }
    }
  }
  return out;
}
bool flag_on(const Options& options, std::initializer_list<std::string_view> names) {
  const auto values = flag_values(options, names);
  return !values.empty() && values.back() != "false";
}

// "team=edge", "tier!=test" or "team".
bool label_fits(const kube::StringMap& labels, std::string_view part) {
  const std::size_t equals = part.find('=');
  const bool unequal = equals != std::string_view::npos && equals > 0 && part[equals - 1] == '!';
  const std::string* value = kube::find(labels, part.substr(0, unequal ? equals - 1 : equals));
  if (equals == std::string_view::npos) return value != nullptr;
  return unequal != (value && *value == part.substr(part.rfind('=') + 1));
}

std::vector<std::string> class_flags(const Options& options) {
  return flag_values(
      options, {"ingress-class", "ingress.class", "ingress-class-name", "providers.kubernetesingress.ingressclass"});
}
bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Does the controller serve what names no class, as it is installed?
bool takes_classless(const Provider& provider, const Options& options, const kube::Index& index) {
  if (flag_on(options, {"watch-ingress-without-class", "empty-ingress-class", "process-classless-ingress-v1"}))
    return true;
  if (!class_flags(options).empty()) return false;
  if (provider.name == "contour") return !index.ingress_class("contour");
  return provider.name == "traefik" || provider.name == "gce" || provider.name == "ingress";
}

// The only IngressClass that is marked as default.
const kube::IngressClass* default_class(const kube::Index& index) {
  for (const kube::IngressClass& c : index.bundle().ingress_classes)
    if (const auto* flag = kube::find(c.metadata.annotations, "ingressclass.kubernetes.io/is-default-class"))
      if (*flag == "true") return &c;
  return nullptr;
}

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

}  // namespace

std::pair<const Provider*, const OwnKind*> owner_of_kind(const kube::OtherObject& object) {
  const std::string_view group = kube::group_of(object.api_version);
  for (const Provider& p : providers())
    for (const OwnKind& kind : p.kinds)
      if (kind.group == group && kind.kind == object.kind) return {&p, &kind};
  return {nullptr, nullptr};
}

// haproxytech's controller reads spec.ingressClassName alone.
std::string_view class_read(const kube::Ingress& ingress, const Provider* by) {
  return by && by->field_class_only && !ingress.spec.ingress_class_name ? std::string_view{} : class_of(ingress);
}

std::string class_of(const kube::OtherObject& object) {
  if (const std::string* annotation = kube::find(object.metadata.annotations, kube::class_annotation))
    return *annotation;
  const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
  return spec && spec->is_map() ? text_of(spec->find("ingressClassName")) : std::string();
}

Classification::Classification(const kube::Index& index, const Options& options, const Provider* wanted)
    : index_(index), options_(options), wanted_(wanted) {
  std::map<std::string_view, Ingresses> by_class;
  Ingresses none;
  any_class_ = !index.bundle().ingress_classes.empty();
  for (const kube::Ingress& ingress : index.bundle().ingresses) {
    const std::string_view name = class_read(ingress, wanted);
    any_class_ = any_class_ || !name.empty();
    if (own_class_.empty() && wanted && contains(wanted->classes, name)) own_class_ = name;
    if (!options.classes.empty() && !options.classes.contains(std::string(name)) && !name.empty()) {
      owners_[&ingress] = {nullptr, "its class " + quoted(name) + " is not one that --class chooses", {}, true};
    } else if (!watched(ingress)) {
      owners_[&ingress] = {nullptr, "its namespace is not one that the controller watches", {}};
    } else {
      (name.empty() ? none : by_class[name]).push_back(&ingress);
    }
  }
  for (const auto& [name, ingresses] : by_class) {
    const Owner owner = decide(name, ingresses);
    if (owner.provider) chosen_[name] = owner.provider;
    for (const kube::Ingress* ingress : ingresses) {
      owners_[ingress] = owner;
      class_[ingress] = name;
    }
  }
  decide_classless(none);
}

bool Classification::watched(const kube::Ingress& ingress) const {
  const auto only = flag_values(options_, {"watch-namespace", "watch-namespaces", "namespace-whitelist",
                                           "providers.kubernetesingress.namespaces"});
  const auto labels = flag_values(options_, {"watch-namespace-selector", "watch-namespace-label"});
  if (only.empty() && labels.empty()) return true;
  if (has(only, ingress.metadata.ns)) return true;
  const kube::Namespace* ns = index_.ns(std::string(ingress.metadata.ns));
  return !labels.empty() && ns && std::all_of(labels.begin(), labels.end(), [&](const std::string& part) {
    return label_fits(ns->metadata.labels, part);
  });
}

const Provider* Classification::by_controller(std::string_view controller) const {
  if (has(flag_values(options_, {"controller-class"}), controller)) return provider("ingress-nginx");
  for (const Provider& p : providers())
    if (controls(p, controller)) return &p;
  return nullptr;
}

// With flags, only what the controller serves under them.
Owner Classification::served(std::string_view name, const kube::IngressClass* object, Owner owner) const {
  if (!owner.provider) return owner;
  const auto controllers = flag_values(options_, {"controller-class"});
  const auto classes = class_flags(options_);
  const bool by_name = flag_on(options_, {"ingress-class-by-name"}) && has(classes, name);
  const bool by_string = owner.provider->name == "ingress-nginx" && object != nullptr && !by_name;
  if (by_string && !controllers.empty() && !has(controllers, object->spec.controller))
    return {nullptr,
            "the controller of its class " + quoted(name) + " is " + quoted(object->spec.controller) + ", and not " +
                quoted(controllers.front()) + " as --controller-class says",
            {}};
  if (!by_string && !classes.empty() && !has(classes, name))
    return {nullptr,
            "its class " + quoted(name) + " is not " + quoted(classes.front()) + ", which the controller's flag names",
            {}};
  return owner;
}

Owner Classification::of_wanted(std::string_view name, const kube::IngressClass* object) const {
  const bool any = wanted_->controllers.empty() && wanted_->classes.empty();  // one that is read as the API says
  if (any) return {wanted_, {}, {}};
  if (object) {
    const Provider* p = by_controller(object->spec.controller);
    if (p == wanted_) return {wanted_, {}, {}};
    if (p) return {nullptr, "its class " + quoted(name) + " belongs to " + std::string(p->name), {}};
    if (wanted_->controllers.empty() && contains(wanted_->classes, name)) return {wanted_, {}, {}};
    return {nullptr,
            "the controller of its class " + quoted(name) + " is " + quoted(object->spec.controller) +
                ", which is not " + std::string(wanted_->name) +
                (wanted_->name == "ingress-nginx"
                     ? "; if it is, write --controller-flag=--controller-class=" + std::string(object->spec.controller)
                     : ""),
            {}};
  }
  if (contains(wanted_->classes, name) || has(class_flags(options_), name)) return {wanted_, {}, {}};
  if (!index_.bundle().ingress_classes.empty())
    return {nullptr, "the input has no IngressClass " + quoted(name) + ", so the controller does not take it", {}};
  for (const Provider& p : providers())
    if (contains(p.classes, name))
      return {nullptr, "its class " + quoted(name) + " is that of " + std::string(p.name), {}};
  if (!own_class_.empty())
    return {nullptr,
            "the input has no IngressClass " + quoted(name) + ", and other Ingresses name " + quoted(own_class_) +
                ", the class of " + std::string(wanted_->name),
            {}};
  return {wanted_, {}, "has class " + quoted(name) + ", of which no IngressClass is given; taken because of --from"};
}

Owner Classification::decide(std::string_view name, const Ingresses& ingresses) const {
  const kube::IngressClass* object = index_.ingress_class(name);
  if (wanted_) return served(name, object, of_wanted(name, object));
  if (object)
    if (const Provider* p = by_controller(object->spec.controller)) return served(name, object, {p, {}, {}});
  // Several controllers use one name by convention ("nginx"): the annotations decide, then the order of the table.
  const auto of_name = [&](const Provider& p) { return contains(p.classes, name); };
  const auto alike = [&](const Provider& p) {
    return resembles(p, name) || (object && resembles(p, object->spec.controller));
  };
  const auto first = [](auto&& fits) -> const Provider* {
    const auto all = providers();
    const auto found = std::find_if(all.begin(), all.end(), fits);
    return found == all.end() ? nullptr : &*found;
  };
  if (const Provider* p = by_annotations(ingresses, of_name)) return served(name, object, {p, {}, {}});
  if (const Provider* p = first(of_name)) return served(name, object, {p, {}, {}});
  const std::string unknown = object ? "its class " + quoted(name) + " has a controller that is not known"
                                     : "its class " + quoted(name) + " is not known";
  if (const Provider* p = by_annotations(ingresses, [](const Provider&) { return true; }))
    return served(name, object, {p, {}, unknown + "; taken by the annotations of its class"});
  if (has(class_flags(options_), name)) return {provider("ingress-nginx"), {}, unknown + "; taken by its flag"};
  if (const Provider* p = first(alike)) return served(name, object, {p, {}, unknown + "; taken by its name"});
  return served(name, object, {provider("ingress"), {}, unknown + "; read as the Ingress API says"});
}

// What names no class is served under the default class, or by a controller that takes it; `joined` is the class whose
// deployment that is.
Owner Classification::classless(const Ingresses& ingresses, std::string& joined) const {
  const Provider* p = wanted_;
  if (const kube::IngressClass* c = default_class(index_)) {
    joined = c->metadata.name;
    if (const auto known = chosen_.find(joined); known != chosen_.end()) return {known->second, {}, {}};
    return decide(joined, ingresses);
  }
  if (!p) p = by_annotations(ingresses, [](const Provider&) { return true; });
  const auto serves = [&](const Provider* of) { return takes_classless(*of, options_, index_); };
  for (const auto& [name, of] : chosen_) {
    if (p ? of != p : !serves(of)) continue;
    joined = name;
    if (!p) return {of, {}, {}};
    break;
  }
  if (p && serves(p)) return {p, {}, {}};
  if (!any_class_) {
    if (!p) return {provider("ingress"), {}, {}};
    return {p,
            {},
            wanted_ ? "names no class; the controller takes it only as the default class"
                    : "names no class; taken by its annotations"};
  }
  return {nullptr,
          "it names no class, and no IngressClass of the input is the default one; if the controller takes it, write "
          "--controller-flag=--watch-ingress-without-class",
          {}};
}

void Classification::decide_classless(const Ingresses& ingresses) {
  if (ingresses.empty()) return;
  std::string joined;
  Owner owner = classless(ingresses, joined);
  if (!options_.classes.empty() && !options_.classes.contains(joined))
    owner = {nullptr, "it names no class, and --class chooses others", {}, true};
  for (const kube::Ingress* ingress : ingresses) {
    owners_[ingress] = owner;
    class_[ingress] = joined;
  }
}

std::vector<Deployment> Classification::deployments() const {
  std::vector<Deployment> out;
  const auto of = [&](const Provider* p, const std::string& name, std::optional<bool> said = {}) -> Deployment& {
    const kube::IngressClass* object = index_.ingress_class(name);
    const bool internal =
        said.value_or(speaks_of_internal(name) || (object && speaks_of_internal(object->spec.controller)));
    const auto at = std::find_if(out.begin(), out.end(), [&](const Deployment& d) {
      return d.provider == p && d.name == name && d.internal == internal;
    });
    if (at != out.end()) return *at;
    Deployment& d = out.emplace_back();
    d.provider = p;
    d.name = name;
    d.internal = internal;
    if (object) d.classes.push_back(object);
    return d;
  };
  for (const kube::Ingress& ingress : index_.bundle().ingresses)
    if (const Owner& owner = owners_.at(&ingress); owner.provider) {
      const auto own = owner.provider->internal;
      of(owner.provider, class_.at(&ingress), own ? own(ingress, index_) : std::nullopt).ingresses.push_back(&ingress);
    }
  // Resources of a class of their own; the others, and those that are referred to, belong to all of their controller's.
  for (const kube::OtherObject& object : index_.bundle().others) {
    const auto [p, kind] = owner_of_kind(object);
    if (!p || (wanted_ && p != wanted_) || !kind->routes) continue;
    const std::string name = class_of(object);
    if (!options_.classes.empty() && !options_.classes.contains(name) && !name.empty()) continue;
    const auto same = [&](const Deployment& d) { return d.provider == p && (name.empty() || d.name == name); };
    const auto at = std::find_if(out.begin(), out.end(), same);
    (at == out.end() ? of(p, name) : *at).own.push_back(&object);
  }
  for (const kube::OtherObject& object : index_.bundle().others) {
    const auto [p, kind] = owner_of_kind(object);
    if (!p || (wanted_ && p != wanted_) || kind->routes) continue;
    bool placed = false;
    for (Deployment& d : out)
      if (d.provider == p) d.own.push_back(&object), placed = true;
    if (!placed) of(p, {}).own.push_back(&object);
  }
  for (const Provider& p : providers())
    if (p.beside && (!wanted_ || wanted_ == &p) && p.beside(index_.bundle()) &&
        std::none_of(out.begin(), out.end(), [&](const Deployment& d) { return d.provider == &p; }))
      of(&p, {});
  std::sort(out.begin(), out.end(), [](const Deployment& a, const Deployment& b) {
    return std::tie(a.provider, a.name, a.internal) < std::tie(b.provider, b.name, b.internal);  // rows of one array
  });
  for (Deployment& d : out)
    std::sort(d.own.begin(), d.own.end(), [](const kube::OtherObject* a, const kube::OtherObject* b) {
      return std::tie(a->kind, a->metadata.ns, a->metadata.name) < std::tie(b->kind, b->metadata.ns, b->metadata.name);
    });
  return out;
}

}  // namespace gw::convert
