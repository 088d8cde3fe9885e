#include "route/own/own.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "diag/ascii.h"
#include "route/answers.h"
#include "route/cors.h"
#include "route/own/demand.h"
#include "route/profiles/objects.h"
#include "route/target.h"

namespace gw::route {
namespace {

using nlohmann::json;
using own::Demand;
using own::Owned;
using own::Target;

std::uint64_t key_of(const diag::Span& span) {
  return static_cast<std::uint64_t>(span.file) << 32U | span.begin;
}

std::string group_of(const kube::OtherObject& object) {
  return std::string(object.api_version.substr(0, object.api_version.find('/')));
}

std::vector<Target> targets_of(const kube::OtherObject& object, const json& spec) {
  std::vector<Target> out;
  const auto add = [&](const json& target) {
    std::string ns = text(at(target, {"namespace"}));
    if (ns.empty()) ns = std::string(object.metadata.ns);
    out.push_back({text(at(target, {"kind"})), {ns, text(at(target, {"name"}))}, text(at(target, {"sectionName"}))});
  };
  if (const json& one = at(spec, {"targetRef"}); one.is_object()) add(one);
  if (const json& many = at(spec, {"targetRefs"}); many.is_array())
    for (const json& target : many) add(target);
  return out;
}

// A policy of Istio without targetRefs governs the workloads that its labels choose, or all of its namespace.
void istio_targets(const kube::OtherObject& object, const json& spec, std::vector<Target>& out) {
  if (!out.empty()) return;
  const std::string ns(object.metadata.ns);
  const json& labels = at(spec, {"selector", "matchLabels"});
  const std::string home = ns == "istio-system" ? "*" : ns;
  if (!labels.is_object() || labels.empty())
    out.push_back({"Gateway", {home, "*"}, {}});
  else if (const std::string name = text(at(labels, {"gateway.networking.k8s.io/gateway-name"})); !name.empty())
    out.push_back({"Gateway", {home, name}, {}});
}

// "x", "x*", "*x" and "*", as Istio writes hosts and paths.
bool pattern_fits(std::string_view pattern, std::string_view text) {
  if (pattern == "*") return true;
  if (pattern.starts_with('*')) return text.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == text;
}
bool any_fits(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                         [&](const auto& pattern) { return pattern_fits(pattern, text); });
}

// Where on a Gateway a demand holds.
struct Place {
  const Demand* demand = nullptr;
  int level = 0;      // Gateway, listener, route, rule: the nearest one of a kind counts
  bool once = false;  // the nearest one replaces the others
  std::string_view kind;
  // Of a listener: who it is for.
  kube::Port port = 0;
  std::string hostname;
  bool https = false, on_listener = false;

  bool always() const {
    return !on_listener && demand->hosts.empty() && demand->paths.empty() && demand->methods.empty() &&
           !demand->https_only;
  }
  bool holds(const Request& request) const {
    const std::string host = diag::lower(split_host(request.host).host);
    const bool tls = request.scheme == Scheme::https;
    if (on_listener && (https != tls || (request.port != 0 && request.port != port))) return false;
    if (on_listener && !hostname.empty()) {
      const std::string name = diag::lower(request.sni.value_or(host));
      if (hostname != name && !(hostname.starts_with("*.") && name.ends_with(hostname.substr(1)))) return false;
    }
    if (demand->https_only && !tls) return false;
    const std::string_view path = split_target(request.target).path;
    return any_fits(demand->hosts, host) && any_fits(demand->paths, path) && any_fits(demand->methods, request.method);
  }
};

struct Guarded {
  std::vector<Effect> own;                 // of the rule's own filters
  std::shared_ptr<const Effects> effects;  // where no demand depends on the request
  std::vector<Place> places;
};

std::shared_ptr<const Effects> effects_of(const Guarded& rule, const Request* request) {
  auto out = std::make_shared<Effects>();
  for (const Effect::Kind kind : effect_kinds) out->know(kind);
  for (const Effect& effect : rule.own) out->add(effect.kind, effect.what, effect.object);
  for (const Place& place : rule.places)
    if (!request || place.holds(*request))
      for (const Effect& effect : place.demand->effects) out->add(effect.kind, effect.what, effect.object);
  return out;
}

std::string step(const own::PathStep& step, const std::string& path) {
  using Kind = own::PathStep::Kind;
  std::string out = path;
  switch (step.kind) {
    case Kind::strip:
      if (out.starts_with(step.text)) out.erase(0, step.text.size());
      return out.starts_with('/') ? out : "/" + out;
    case Kind::add:
      return step.text + out;
    case Kind::replace:
      return step.text;
    case Kind::expression:
      if (step.regex) RE2::GlobalReplace(&out, *step.regex, step.text);
      return out;
  }
  return out;
}

}  // namespace

struct OwnObjects::Impl {
  std::vector<std::unique_ptr<Owned>> owned;
  std::unordered_map<std::uint64_t, Guarded> rules;

  AnswerSet answer(const Request& request, AnswerSet plain_answers) const;

 private:
  void guard(const Guarded& rule, const Request& request, Answer passed, AnswerSet& out) const;
};

namespace {

class Around final : public Model {
 public:
  Around(std::unique_ptr<Model> inner, std::shared_ptr<const OwnObjects::Impl> own)
      : inner_(std::move(inner)), own_(std::move(own)) {}
  AnswerSet answer(const Request& request) const override { return own_->answer(request, inner_->answer(request)); }
  std::string refused() const override { return inner_->refused(); }

 private:
  std::unique_ptr<Model> inner_;
  std::shared_ptr<const OwnObjects::Impl> own_;
};

// ---- filters of routes as effects

void add_modifier(Effect::Kind kind, const kube::HeaderModifier& modifier, const std::string& where,
                  std::vector<Effect>& out) {
  const auto add = [&](const char* how, std::string_view name, std::string_view value) {
    std::string what = where + how + " " + diag::lower(name);
    if (how != std::string_view("remove")) what += ": " + std::string(value);
    out.push_back({kind, std::move(what), {}});
  };
  for (const auto& header : modifier.set) add("set", header.name, header.value);
  for (const auto& header : modifier.add) add("add", header.name, header.value);
  for (const auto& name : modifier.remove) add("remove", name, {});
}

void add_mirror(const kube::RequestMirror& mirror, std::string_view ns, std::vector<Effect>& out) {
  const kube::BackendObjectReference& ref = mirror.backend_ref;
  double percent = 100;
  if (mirror.percent) percent = *mirror.percent;
  if (mirror.fraction)
    percent = 100.0 * mirror.fraction->numerator / std::max(1, mirror.fraction->denominator.value_or(100));
  std::string share = std::to_string(percent);
  share.erase(share.find_last_not_of('0') + 1);
  if (share.ends_with('.')) share.pop_back();
  out.push_back({Effect::Kind::mirror,
                 "to " + ref.ns.value_or(std::string(ns)) + "/" + std::string(ref.name) + ":" +
                     std::to_string(ref.port.value_or(0)) + (share == "100" ? "" : ", " + share + " %"),
                 {}});
}

void add_filters(const std::vector<kube::RouteFilter>& filters, std::string_view ns, const std::string& where,
                 std::vector<Effect>& out) {
  for (const kube::RouteFilter& filter : filters) {
    if (filter.request_header_modifier)
      add_modifier(Effect::Kind::request_header, *filter.request_header_modifier, where, out);
    if (filter.response_header_modifier)
      add_modifier(Effect::Kind::response_header, *filter.response_header_modifier, where, out);
    if (filter.request_mirror) add_mirror(*filter.request_mirror, ns, out);
    if (filter.cors) {
      const kube::Cors& cors = *filter.cors;
      own::cors_effects(out, {}, kube::strings(cors.allow_origins), kube::strings(cors.allow_methods),
                        kube::strings(cors.allow_headers), kube::strings(cors.expose_headers),
                        cors.allow_credentials.value_or(false), cors.max_age.value_or(5));
    }
  }
}

// ---- services that are asked

// Of a filter of type ExternalAuth in `ns`.
Demand demand_of(const kube::ExternalAuth& auth, std::string_view ns, std::string object, const kube::Bundle& bundle) {
  const kube::BackendObjectReference& ref = auth.backend_ref;
  json named = {{"name", std::string(ref.name)}, {"namespace", ref.ns.value_or(std::string(ns))}};
  if (ref.port) named["port"] = *ref.port;
  Demand out;
  out.object = std::move(object);
  out.external = true;
  out.guard("external auth by " +
            own::address_of_backend(bundle, named, ns, auth.http ? std::string_view(auth.http->path) : ""));
  return out;
}

// ---- taking objects out of the set and hanging them on rules

class Taker {
 public:
  Taker(kube::Bundle& bundle, OwnObjects::Impl& out) : bundle_(bundle), out_(out) {}

  void objects(const own::Family& family) {
    // All are read before one is taken away: they refer to each other.
    std::map<std::size_t, json> left;  // of the objects that were understood: what the model is to see of their specs
    for (std::size_t i = 0; i < bundle_.others.size(); ++i) {
      const kube::OtherObject& object = bundle_.others[i];
      if (group_of(object) != family.group) continue;
      const json whole = spec_of(object);
      if (whole.contains("targetSelectors")) continue;
      json spec = whole;
      std::optional<Demand> demand = family.read(object, spec, bundle_);
      if (!demand) continue;
      auto owned = std::make_unique<Owned>(Owned{group_of(object), std::string(object.kind), object.id(),
                                                 targets_of(object, whole), std::move(*demand)});
      if (family.profile == "istio") istio_targets(object, whole, owned->targets);
      out_.owned.push_back(std::move(owned));
      left.emplace(i, std::move(spec));
    }
    std::vector<kube::OtherObject> rest;
    for (std::size_t i = 0; i < bundle_.others.size(); ++i) {
      const auto found = left.find(i);
      if (found == left.end())
        rest.push_back(std::move(bundle_.others[i]));
      else if (says_more(found->second))
        rest.push_back(with_spec(bundle_.others[i], found->second));
    }
    bundle_.others = std::move(rest);
  }

  // Gateway.spec.tls.frontend, which is nobody's own.
  void frontends() {
    for (const kube::Gateway& gateway : bundle_.gateways) {
      if (!gateway.spec.tls || !gateway.spec.tls->frontend) continue;
      for (const kube::Listener& listener : gateway.spec.listeners) {
        if (listener.protocol != "HTTPS") continue;
        const kube::GatewayFrontendTls& frontend = *gateway.spec.tls->frontend;
        const auto row = std::find_if(frontend.per_port.begin(), frontend.per_port.end(),
                                      [&](const kube::FrontendPortTls& each) { return each.port == listener.port; });
        const auto& validation =
            row == frontend.per_port.end() ? frontend.default_config.validation : row->tls.validation;
        if (!validation) continue;
        auto owned = std::make_unique<Owned>(Owned{"", "frontend", gateway.id(), {}, {}});
        owned->demand.object = "Gateway " + gateway.id().display();
        owned->demand.https_only = true;
        owned->demand.guard(validation->mode.value_or("") == "AllowInsecureFallback" ? "client certificate, optional"
                                                                                     : "client certificate");
        owned->targets.push_back({"Gateway", gateway.id(), std::string(listener.name)});
        out_.owned.push_back(std::move(owned));
      }
    }
  }

  // Gateway.spec.listeners.filters of type ExternalAuth.
  void listener_filters() {
    for (const kube::Gateway& gateway : bundle_.gateways)
      for (const kube::Listener& listener : gateway.spec.listeners) {
        if (!listener.filters) continue;
        for (const kube::RouteFilter& filter : listener.filters->requests) {
          if (!filter.external_auth) continue;
          auto owned = std::make_unique<Owned>(Owned{
              "",
              "listener filter",
              gateway.id(),
              {{"Gateway", gateway.id(), std::string(listener.name)}},
              demand_of(*filter.external_auth, gateway.metadata.ns, "Gateway " + gateway.id().display(), bundle_)});
          out_.owned.push_back(std::move(owned));
        }
      }
    asks_ = true;
  }

  // Call it when every object is there.
  void index() {
    for (const auto& owned : out_.owned) {
      by_name_.emplace(owned->group + "/" + owned->kind + " " + owned->id.display(), owned.get());
      for (const Target& target : owned->targets)
        if (target.kind == "Gateway")
          gateways_.push_back({owned.get(), &target});
        else
          aims_.emplace(target.kind + " " + target.id.display(), Aim{owned.get(), &target});
    }
  }

  template <class Route>
  void routes(const char* kind, std::vector<Route>& routes) {
    for (Route& route : routes)
      for (auto& rule : route.spec.rules) {
        Guarded guarded;
        std::vector<Place> places;
        on_route(kind, route, rule, places);
        std::erase_if(rule.filters, [&](const kube::RouteFilter& filter) {
          return filter.extension_ref && by_reference(*filter.extension_ref, route.metadata.ns, places);
        });
        if (asks_) rule_filters(kind, route, rule, places);
        add_filters(rule.filters, route.metadata.ns, {}, guarded.own);
        for (const kube::BackendRef& ref : rule.backend_refs)
          add_filters(ref.filters, route.metadata.ns,
                      rule.backend_refs.size() > 1 ? "backend " + std::string(ref.name) + ": " : "", guarded.own);
        guarded.places = nearest(std::move(places));
        if (std::all_of(guarded.places.begin(), guarded.places.end(), [](const Place& p) { return p.always(); }))
          guarded.effects = shared(effects_of(guarded, nullptr));
        if (guarded.effects) std::vector<Effect>().swap(guarded.own);
        const yaml::Node* node = rule.node ? rule.node : route.node;
        if (node) out_.rules.emplace(key_of(node->span()), std::move(guarded));
      }
  }

 private:
  // Filters of type ExternalAuth: the rule's own, and those of its backends.
  template <class Route, class Rule>
  void rule_filters(std::string_view kind, const Route& route, const Rule& rule, std::vector<Place>& out) {
    const auto add = [&](const kube::RouteFilter& filter, bool for_all) {
      if (!filter.external_auth) return;
      auto owned = std::make_unique<Owned>(Owned{"",
                                                 "filter",
                                                 route.id(),
                                                 {},
                                                 demand_of(*filter.external_auth, route.metadata.ns,
                                                           std::string(kind) + " " + route.id().display(), bundle_)});
      if (!for_all) owned->demand.unmodelled = "one of several backends asks an authorization service";
      out.push_back({&owned->demand, 5, false, owned->kind, 0, {}, false, false});
      out_.owned.push_back(std::move(owned));
    };
    for (const kube::RouteFilter& filter : rule.filters) add(filter, true);
    for (const kube::BackendRef& ref : rule.backend_refs)
      for (const kube::RouteFilter& filter : ref.filters) add(filter, rule.backend_refs.size() == 1);
  }

  static bool says_more(const json& spec) {
    for (const auto& [key, value] : spec.items())
      if (key != "targetRef" && key != "targetRefs") return true;
    return false;
  }

  static kube::OtherObject with_spec(const kube::OtherObject& object, const json& spec) {
    json whole = body_of(object);
    whole["spec"] = spec;
    kube::OtherObject out = object;
    out.node = nullptr;
    out.body = whole.dump(-1, ' ', false, json::error_handler_t::replace);
    return out;
  }

  // Most rules do the same as others, or nothing.
  std::shared_ptr<const Effects> shared(std::shared_ptr<const Effects> effects) {
    return effects_.try_emplace(effects->list, effects).first->second;
  }

  static bool names(const Target& target, const kube::NamespacedName& id) {
    return (target.id.ns == "*" || target.id.ns == id.ns) && (target.id.name == "*" || target.id.name == id.name);
  }

  const kube::Listener* listener(const kube::NamespacedName& gateway, const std::string& section) const {
    for (const kube::Gateway& each : bundle_.gateways)
      if (each.id() == gateway)
        for (const kube::Listener& found : each.spec.listeners)
          if (std::string_view(found.name) == section) return &found;
    return nullptr;
  }

  template <class Route, class Rule>
  void on_route(std::string_view kind, const Route& route, const Rule& rule, std::vector<Place>& out) const {
    const auto place_of = [](const Aim& aim, int level) {
      return Place{
          &aim.owned->demand, level, aim.owned->group != "security.istio.io", aim.owned->kind, 0, {}, false, false};
    };
    const auto look_up = [&](std::string_view target, const kube::NamespacedName& id, auto&& use) {
      const auto [from, to] = aims_.equal_range(std::string(target) + " " + id.display());
      for (auto aim = from; aim != to; ++aim) use(aim->second);
    };
    look_up(kind, route.id(), [&](const Aim& aim) {
      const std::string& section = aim.target->section;
      if (section.empty() || section == name_of(rule)) out.push_back(place_of(aim, section.empty() ? 2 : 3));
    });
    for (const auto& ref : rule.backend_refs)
      look_up("Service", {ref.ns.value_or(std::string(route.metadata.ns)), std::string(ref.name)},
              [&](const Aim& aim) { out.push_back(place_of(aim, 4)); });
    for (const Aim& aim : gateways_) {
      Place place = place_of(aim, 0);
      if (hangs_on(route, *aim.target, place) && host_possible(route, aim.owned->demand))
        out.push_back(std::move(place));
    }
  }

  static std::string name_of(const kube::HttpRouteRule& rule) { return rule.name.value_or(""); }
  static std::string name_of(const kube::GrpcRouteRule& rule) { return rule.name.value_or(""); }

  template <class Route>
  bool hangs_on(const Route& route, const Target& target, Place& place) const {
    for (const kube::ParentReference& parent : route.spec.parent_refs) {
      const kube::NamespacedName id{parent.ns.value_or(std::string(route.metadata.ns)), std::string(parent.name)};
      if (!names(target, id)) continue;
      if (target.section.empty()) return true;
      const std::string section = parent.section_name.value_or("");
      if (!section.empty() && section != target.section) continue;
      const kube::Listener* found = listener(id, target.section);
      if (!found) continue;
      place.level = 1;
      place.on_listener = true;
      place.port = found->port;
      place.https = found->protocol == "HTTPS";
      place.hostname = diag::lower(found->hostname.value_or(""));
      return true;
    }
    return false;
  }

  template <class Route>
  static bool host_possible(const Route& route, const Demand& demand) {
    if (demand.hosts.empty() || route.spec.hostnames.empty()) return true;
    return std::any_of(route.spec.hostnames.begin(), route.spec.hostnames.end(), [&](const kube::String& name) {
      return name.starts_with('*') || any_fits(demand.hosts, diag::lower(name));
    });
  }

  bool by_reference(const kube::ObjectReference& ref, std::string_view ns, std::vector<Place>& out) const {
    const auto owned = by_name_.find(ref.group.value_or("") + "/" + ref.kind.value_or("") + " " +
                                     kube::NamespacedName{std::string(ns), ref.name}.display());
    if (owned == by_name_.end()) return false;
    out.push_back({&owned->second->demand, 5, false, owned->second->kind, 0, {}, false, false});
    return true;
  }

  static std::vector<Place> nearest(std::vector<Place> places) {
    std::vector<Place> out;
    for (const Place& place : places) {
      const bool hidden =
          place.once && std::any_of(places.begin(), places.end(), [&](const Place& other) {
            return other.once && other.kind == place.kind && other.level > place.level && other.always();
          });
      if (!hidden) out.push_back(place);
    }
    return out;
  }

  struct Aim {
    const Owned* owned = nullptr;
    const Target* target = nullptr;
  };
  kube::Bundle& bundle_;
  OwnObjects::Impl& out_;
  bool asks_ = false;                               // the profile carries filters of type ExternalAuth out
  std::unordered_multimap<std::string, Aim> aims_;  // by kind and name
  std::vector<Aim> gateways_;                       // at Gateways, which names may leave open
  std::unordered_map<std::string, const Owned*> by_name_;
  std::map<std::vector<Effect>, std::shared_ptr<const Effects>> effects_;
};

}  // namespace

AnswerSet OwnObjects::Impl::answer(const Request& request, AnswerSet plain_answers) const {
  AnswerSet out;
  for (Answer& answer : plain_answers.any_of) {
    const auto rule = answer.rule && answer.rule->span.known() ? rules.find(key_of(answer.rule->span)) : rules.end();
    if (rule == rules.end() || !answer.unmodelled.empty())
      out.any_of.push_back(std::move(answer));
    else
      guard(rule->second, request, std::move(answer), out);
  }
  return out;
}

void OwnObjects::Impl::guard(const Guarded& rule, const Request& request, Answer passed, AnswerSet& out) const {
  passed.effects = rule.effects ? rule.effects : effects_of(rule, &request);
  if (rule.places.empty()) return add_answer(out, std::move(passed));
  const auto add = [&](int status, std::string note) {
    Answer answer = plain(status);
    answer.rule = passed.rule;
    answer.effects = passed.effects;
    if (!note.empty()) answer.notes.push_back(std::move(note));
    add_answer(out, std::move(answer));
  };
  const Network client = client_address(request);
  const ViewOf view(request);
  bool pass = true, cors = false;
  for (const Place& place : rule.places)
    cors = cors || std::any_of(place.demand->effects.begin(), place.demand->effects.end(),
                               [](const Effect& effect) { return effect.kind == Effect::Kind::cors; });
  if (is_preflight(*view)) {
    if (cors) return add(200, {});
    if (passed.backend.empty() && passed.backends.empty() && passed.status < 300) return add_answer(out, passed);
  }
  for (const Place& place : rule.places) {
    const Demand& demand = *place.demand;
    if (!place.holds(request)) continue;
    if (!demand.unmodelled.empty()) {
      out.any_of.push_back(unmodelled(demand.unmodelled));
      return;
    }
    if (!demand.addresses.admits(client)) return add(403, demand.object);
    if (demand.limit_status != 0) add(demand.limit_status, std::string(rate_limit_note));
    if (demand.external || demand.basic || demand.token) add(401, demand.object);
    if (demand.external) add(403, demand.object);
    if (demand.basic)
      pass = pass && std::any_of(request.headers.begin(), request.headers.end(),
                                 [](const auto& header) { return equal_fold(header.first, "authorization"); });
    for (const own::PathStep& change : demand.path) {
      const SplitTarget split = split_target(passed.backend_target);
      if (!split.path.empty()) passed.backend_target = step(change, std::string(split.path)) + std::string(split.tail);
    }
  }
  if (pass) add_answer(out, std::move(passed));
}

OwnObjects::OwnObjects(kube::Bundle& bundle, std::string_view profile) {
  auto impl = std::make_shared<Impl>();
  Taker taker(bundle, *impl);
  for (const own::Family& family : own::families())
    if (family.profile == profile) taker.objects(family);
  taker.frontends();
  if (profile == "gwctl") taker.listener_filters();
  taker.index();
  taker.routes("HTTPRoute", bundle.http_routes);
  taker.routes("GRPCRoute", bundle.grpc_routes);
  impl_ = std::move(impl);
}

OwnObjects::~OwnObjects() = default;

std::unique_ptr<Model> OwnObjects::around(std::unique_ptr<Model> inner) const {
  if (!inner) return nullptr;
  return std::make_unique<Around>(std::move(inner), impl_);
}

std::string implementation_of(const kube::Bundle& bundle) {
  for (const kube::GatewayClass& each : bundle.gateway_classes)
    for (const own::Family& family : own::families())
      if (std::string_view(each.spec.controller_name).starts_with(family.controller))
        return std::string(family.profile);
  for (const kube::OtherObject& object : bundle.others)
    for (const own::Family& family : own::families())
      if (group_of(object) == family.group) return std::string(family.profile);
  return {};
}

bool models(std::string_view name) {
  const auto& profiles = profile_names();
  if (std::find(profiles.begin(), profiles.end(), name) != profiles.end()) return true;
  return std::any_of(own::families().begin(), own::families().end(),
                     [&](const own::Family& family) { return family.profile == name; });
}

}  // namespace gw::route
