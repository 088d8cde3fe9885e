// The controllers that are modelled: how each is made. What gives one away in manifests is in vendors/.
#include "verify/controllers/controller.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "kube/ingress_class.h"
#include "kube/kinds.h"
#include "vendors/ingress_controllers.h"
#include "verify/controllers/ingress_nginx.h"
#include "verify/controllers/models.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

std::unique_ptr<Controller> make_ingress_nginx(const kube::Index& index, const ControllerOptions& options) {
  return ingress_nginx::model(ingress_nginx::configuration(index, ingress_nginx::settings(index, options)));
}

struct Row {
  std::string_view name;  // as --as takes it
  std::unique_ptr<Controller> (*make)(const kube::Index&, const ControllerOptions&);
};

constexpr Row rows[] = {
    {"ingress-nginx", make_ingress_nginx},
    {"traefik", make_traefik},
    {"f5-nginx", make_f5_nginx},
    {"haproxytech", make_haproxytech},
    {"haproxy-ingress", make_haproxy_ingress},
    {"kong", make_kong},
    {"gce", make_gce},
    {"alb", make_alb},
    {"contour", make_contour},
    {"istio", make_istio},
    {"cilium", make_cilium},
};

const vendors::IngressController& facts(const Row& row) {
  const vendors::IngressController* found = vendors::ingress_controller(row.name);
  assert(found);
  return *found;
}

const Row* row_of(std::string_view name) {
  const vendors::IngressController* wanted = vendors::ingress_controller(name);
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return &facts(r) == wanted; });
  return row == std::end(rows) ? nullptr : row;
}

bool controls(const Row& row, std::string_view controller) {
  const vendors::Words known = facts(row).controllers;
  return std::any_of(known.begin(), known.end(), [&](std::string_view each) { return controller.starts_with(each); });
}

// The name with most votes; equal counts go to the earlier row.
std::string winner(const std::map<std::string_view, std::size_t>& votes) {
  std::string_view best;
  std::size_t most = 0;
  for (const Row& row : rows)
    if (auto it = votes.find(row.name); it != votes.end() && it->second > most) {
      best = row.name;
      most = it->second;
    }
  return std::string(best);
}

// Which namespaces a controller's command line leaves to it.
struct Watched {
  bool limited = false;
  std::set<std::string> names;
};

// "team=edge,tier!=test" or "team": every part must hold.
bool labels_fit(const kube::StringMap& labels, const std::string& selector) {
  for (const std::string& part : split_trimmed(selector, ',')) {
    const auto equals = part.find('=');
    const bool unequal = equals != std::string::npos && equals > 0 && part[equals - 1] == '!';
    std::string key(trim(part.substr(0, unequal ? equals - 1 : equals)));
    const std::string* value = kube::find(labels, key);
    if (equals == std::string::npos ? !value : unequal == (value && *value == trim(part.substr(part.rfind('=') + 1))))
      return false;
  }
  return true;
}

Watched watched_namespaces(const kube::Index& index, const std::vector<std::string>& flags) {
  Watched out;
  for (std::string_view name : {"watch-namespace", "namespace-whitelist", "providers.kubernetesingress.namespaces",
                                "providers.kubernetesIngress.namespaces"})
    if (const auto list = flag(flags, name); list && !list->empty()) {
      out.limited = true;
      for (std::string& ns : split_trimmed(*list, ',')) out.names.insert(std::move(ns));
    }
  for (std::string_view name : {"watch-namespace-selector", "watch-namespace-label"})
    if (const auto selector = flag(flags, name); selector && !selector->empty()) {
      out.limited = true;
      for (const kube::Namespace& ns : index.bundle().namespaces)
        if (labels_fit(ns.metadata.labels, *selector)) out.names.insert(std::string(ns.metadata.name));
    }
  return out;
}

// The values of a flag that is given once or several times, lists taken apart.
std::vector<std::string> values_of(const std::vector<std::string>& flags,
                                   std::initializer_list<std::string_view> names) {
  std::vector<std::string> out;
  for (const std::string& written : flags)
    for (const std::string_view name : names)
      if (const auto value = flag({written}, name))
        for (std::string& item : split_trimmed(*value, ',')) out.push_back(std::move(item));
  return out;
}

bool nobody_names_a_class(const kube::Bundle& bundle) {
  return bundle.ingress_classes.empty() &&
         std::all_of(bundle.ingresses.begin(), bundle.ingresses.end(),
                     [](const auto& ingress) { return kube::class_of(ingress).empty(); });
}

// Routes of the controllers' own kinds tell where no Ingress does.
std::map<std::string_view, std::size_t> own_kinds(const kube::Bundle& bundle) {
  std::map<std::string_view, std::size_t> votes;
  for (const kube::OtherObject& object : bundle.others)
    if (const std::string_view name = model_of_kind(object); !name.empty()) ++votes[name];
  return votes;
}

}  // namespace

std::unique_ptr<Controller> make_controller(std::string_view controller, const kube::Index& index,
                                            const ControllerOptions& options) {
  const Row* row = row_of(controller);
  if (!row) return nullptr;
  const Watched watched = watched_namespaces(index, options.flags);
  const bool assume = options.assume_class && row->name != "gce" && nobody_names_a_class(index.bundle());
  if (!watched.limited && !assume) return row->make(index, options);
  const auto classes = values_of(options.flags, {"ingress-class", "ingress.class", "ingress-class-name",
                                                 "providers.kubernetesingress.ingressclass"});
  const std::string name = classes.empty() ? std::string(facts(*row).classes.front()) : classes.front();
  kube::Bundle seen = index.bundle();
  if (watched.limited)
    std::erase_if(seen.ingresses, [&](const kube::Ingress& ingress) {
      return !watched.names.contains(std::string(ingress.metadata.ns));
    });
  if (assume)
    for (kube::Ingress& ingress : seen.ingresses) ingress.spec.ingress_class_name = kube::Text(name);
  return row->make(kube::Index(seen), options);
}

// Of the kinds that route HTTP, the models know these.
std::string_view model_of_kind(const kube::OtherObject& object) {
  static constexpr std::string_view modelled[] = {"IngressRoute", "VirtualServer", "HTTPProxy", "VirtualService"};
  if (std::find(std::begin(modelled), std::end(modelled), object.kind) == std::end(modelled)) return {};
  for (const Row& row : rows)
    for (const vendors::OwnKind& own : facts(row).kinds)
      if (own.routes && object.kind == own.kind && kube::group_of(object.api_version) == own.group) return row.name;
  return {};
}

std::uint16_t plain_port(route::Scheme scheme, const Boundaries& old_side, const Boundaries& new_side) {
  const bool by_number = std::any_of(new_side.ports.begin(), new_side.ports.end(), [&](const auto& one) {
    return one.first == scheme && std::find(old_side.ports.begin(), old_side.ports.end(), one) != old_side.ports.end();
  });
  return !by_number ? 0 : scheme == route::Scheme::https ? 443 : 80;
}

bool has_model(std::string_view controller) {
  return row_of(controller) != nullptr;
}

const std::vector<std::string_view>& controller_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    for (const Row& row : rows) out.push_back(row.name);
    return out;
  }();
  return names;
}

// An IngressClass decides; of equal class names ("nginx", "haproxy") the annotations tell; a class alone is the last
// hint.
std::string detect(const kube::Index& index) {
  std::map<std::string_view, std::size_t> by_object, by_annotation, by_class;
  for (const kube::Ingress& ingress : index.bundle().ingresses) {
    const std::string_view name = kube::class_of(ingress);
    const kube::IngressClass* known = name.empty() ? nullptr : index.ingress_class(name);
    for (const Row& row : rows) {
      if (known && controls(row, known->spec.controller)) ++by_object[row.name];
      if (!name.empty() && name.find(facts(row).classes.front()) != std::string::npos) ++by_class[row.name];
      if (facts(row).prefixes.empty()) continue;
      for (const auto& [key, value] : ingress.metadata.annotations)
        by_annotation[row.name] += key.starts_with(facts(row).prefixes.front());
    }
  }
  for (const kube::IngressClass& known : index.bundle().ingress_classes)
    for (const Row& row : rows)
      if (by_object.empty() && !index.bundle().ingresses.empty() && controls(row, known.spec.controller))
        ++by_object[row.name];
  auto by_kind = own_kinds(index.bundle());
  for (const auto* votes : {&by_object, &by_annotation, &by_class, &by_kind})
    if (std::string name = winner(*votes); !name.empty()) return name;
  return {};
}

}  // namespace gw::verify
