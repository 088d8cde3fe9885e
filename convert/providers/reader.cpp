#include "convert/providers/reader.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/ingress_reader.h"
#include "convert/providers/offers.h"
#include "convert/providers/order.h"
#include "convert/providers/own.h"
#include "convert/regex.h"
#include "language/paths.h"

namespace gw::convert {
namespace {

using diag::Severity;

}  // namespace

void IngressReader::run() {
  std::vector<const kube::Ingress*> ingresses =
      d_.order ? d_.order(input_.ingresses) : by_age(input_.ingresses, Ties::ascending);
  if (!d_.config_map.names.names.empty()) defaults_ = guards_by_default(input_, d_.config_map, d_.rows, ir_, ledger_);
  for (const kube::Ingress* ingress : ingresses) read_annotations(*ingress);
  for (const bool joining : {false, true})
    for (const kube::Ingress* ingress : ingresses)
      if (const Wishes& w = *wishes_.at(ingress); w.dropped.empty() && (d_.joins && d_.joins(w)) == joining)
        joining ? join(*ingress, w) : claim(*ingress, w);
  for (const kube::Ingress* ingress : ingresses) default_backend(*ingress);
  add_aliases();
  if (d_.fall_through) inherit();
  if (d_.fall_through || d_.https_everywhere) share_certificates();
  for (auto& [name, host] : hosts_) finish(host);
  redirect_hosts(ingresses);
  notes();
}

void IngressReader::read_annotations(const kube::Ingress& ingress) {
  Wishes& w = kept_.emplace_back(read_wishes(ingress, own_.prefixes, d_.rows, input_, ir_, ledger_, defaults_));
  Asking asking{input_, ir_, ledger_, w};
  if (d_.prepare) d_.prepare(asking, ingress);
  w.shared = std::make_shared<Action>(w.plain);
  wishes_[&ingress] = &w;
  if (w.dropped.empty()) return;
  if (ingress.spec.default_backend) ledger_.place(&*ingress.spec.default_backend);
  place_all(ingress);
  ledger_.note({"GW606",
                Severity::warning,
                "the controller ignores this Ingress: " + w.dropped + "; nothing of it is converted",
                {},
                &ingress,
                nullptr});
  drop_annotations(ingress, w);
}

// What the Ingress asked for beside the annotation that drops it: what would have been refused stays refused.
void IngressReader::drop_annotations(const kube::Ingress& ingress, const Wishes& w) {
  static constexpr std::string_view why = "the controller ignores the whole Ingress";
  for (const auto* intents : {&w.plain.intents, &w.host_intents})
    for (const Intent& intent : *intents)
      if (intent.otherwise == Outcome::refused)
        for (const Claim claim : intent.claims) ledger_.settle(claim, Outcome::refused, why, "GW606", intent.loss);
  for (std::uint32_t i = 0; i < ingress.metadata.annotations.size(); ++i)
    if (ledger_.taken(ingress, i))
      if (const Claim claim = ledger_.take(ingress, i); !ledger_.entry(claim).settled)
        ledger_.settle(claim, Outcome::ignored, why, "GW606");
}

void IngressReader::place_all(const kube::Ingress& ingress) {
  for (const kube::IngressRule& rule : ingress.spec.rules)
    if (rule.http)
      for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
}

const Wishes* IngressReader::service_wishes(const Offer& offer) {
  if (d_.service_rows.empty() || !offer.backend || !offer.backend->service) return nullptr;
  if (d_.service_annotations_stay && same_proxy(input_, d_.provider)) return nullptr;
  const kube::Service* service = input_.index.service({offer.ingress->metadata.ns, offer.backend->service->name});
  if (!service) return nullptr;
  const auto [at, fresh] = service_wishes_.try_emplace(service, nullptr);
  if (fresh) {
    Wishes& w = kept_.emplace_back(read_wishes(*service, own_.prefixes, d_.service_rows, input_, ir_, ledger_));
    if (!w.given.empty() || !w.plain.intents.empty() || !w.dropped.empty()) at->second = &w;
  }
  return at->second;
}

Host& IngressReader::host(std::string_view name, const kube::Ingress& ingress, const Wishes& w) {
  Host& h = hosts_[name];
  if (!h.owner) {
    h.owner = &ingress;
    h.wishes = &w;
    h.server.owner = &ingress;
    h.server.host = name;
    h.server.intents = w.host_intents;
  }
  return h;
}

// TLS goes to the backend of the host's first path as it comes; what http asks for stays out.
void IngressReader::pass_through(const kube::Ingress& ingress, const kube::IngressRule& rule, std::string_view name) {
  if (!rule.http || rule.http->paths.empty()) return;
  for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
  const kube::HttpIngressPath& first = rule.http->paths.front();
  Stream stream;
  stream.kind = Stream::Kind::passthrough;
  stream.owner = &ingress;
  stream.at = first.node;
  stream.host = name;
  if (const auto backend = make_backend(ingress, first.backend, input_, ledger_)) stream.backends.push_back(*backend);
  ir_.streams.push_back(std::move(stream));
  if (rule.http->paths.size() > 1)
    ledger_.note({"GW605",
                  Severity::warning,
                  "with ssl-passthrough only the first path's backend counts",
                  {},
                  &ingress,
                  rule.node});
}

void IngressReader::claim(const kube::Ingress& ingress, const Wishes& w) {
  for (const kube::IngressRule& rule : ingress.spec.rules) {
    const std::string_view name = normal_host(rule.host, ir_);
    if (w.passthrough && !name.empty()) {
      pass_through(ingress, rule, name);
      continue;
    }
    if (const kube::Object* other = d_.rival ? d_.rival(input_, name, ingress) : nullptr) {
      lost_host(ingress, rule, *other);
      continue;
    }
    if (const auto at = hosts_.find(name); d_.one_owner && at != hosts_.end() && at->second.owner != &ingress) {
      lost_host(ingress, rule, *at->second.owner);
      continue;
    }
    Host& h = host(name, ingress, w);
    add_paths(h, ingress, rule, w, tls_of(ingress, w, h.server));
  }
}

// Paths on the host of another Ingress, under its TLS and settings.
void IngressReader::join(const kube::Ingress& ingress, const Wishes& w) {
  for (const kube::IngressRule& rule : ingress.spec.rules) {
    const auto at = hosts_.find(normal_host(rule.host, ir_));
    const bool open = at != hosts_.end() && at->second.wishes && takes_joins(*at->second.wishes);
    if (!open) {
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
      ledger_.note(
          {"GW643",
           Severity::warning,
           "no valid master Ingress defines host '" + rule.host + "': the controller does not serve these paths",
           {},
           &ingress,
           rule.node});
      continue;
    }
    const std::size_t before = at->second.offers.size();
    add_paths(at->second, ingress, rule, w, at->second.server.tls);
    for (std::size_t i = before; i < at->second.offers.size(); ++i) inherit_guards(at->second, at->second.offers[i]);
  }
}

// What guards the owner of a host guards the paths that others add to it; of a kind that they demand themselves,
// theirs goes first.
void IngressReader::inherit_guards(const Host& h, Offer& offer) {
  std::vector<Intent> more;
  for (const Intent& intent : h.wishes->plain.intents) {
    const auto same = [&](const Intent& own) { return own.demand.index() == intent.demand.index(); };
    const bool foreign = std::holds_alternative<Foreign>(intent.demand);
    const auto& own = offer.wishes->plain.intents;
    if (security(intent.loss) && (foreign || std::none_of(own.begin(), own.end(), same))) more.push_back(intent);
  }
  if (more.empty()) return;
  auto special = offer.special ? std::make_shared<Special>(*offer.special) : std::make_shared<Special>();
  special->intents.insert(special->intents.end(), more.begin(), more.end());
  offer.special = std::move(special);
}

void IngressReader::add_paths(Host& h, const kube::Ingress& ingress, const kube::IngressRule& rule, const Wishes& w,
                              bool tls) {
  if (!rule.http) return;
  ++groups_;
  for (const kube::HttpIngressPath& path : rule.http->paths) {
    ledger_.place(&path);
    Offer offer;
    offer.ingress = &ingress;
    offer.wishes = &w;
    offer.at = path.node;
    offer.backend = &path.backend;
    offer.host = h.server.host;
    offer.text = path.path.empty() ? std::string_view("/") : std::string_view(path.path);
    offer.type = path.path_type;
    offer.tls = tls;
    offer.group = groups_;
    if (d_.missing_drops && gone(offer)) continue;
    offer.service = service_wishes(offer);
    if (offer.service && !offer.service->dropped.empty()) {
      ledger_.note({"GW644",
                    Severity::warning,
                    "path '" + std::string(offer.text) +
                        "' is left out: the controller drops it for its Service's annotation " + offer.service->dropped,
                    {},
                    &ingress,
                    path.node});
      continue;
    }
    if (offer.service && offer.service->rewrite.kind != RewriteWish::Kind::none)
      offer.own_rewrite = offer.service->rewrite;
    if (!add(h, std::move(offer)) && d_.bad_regex_ends_rule) return leave_rest(ingress, rule, path);
  }
}

void IngressReader::leave_rest(const kube::Ingress& ingress, const kube::IngressRule& rule,
                               const kube::HttpIngressPath& bad) {
  for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
  if (&bad == &rule.http->paths.back()) return;
  ledger_.note({"GW644",
                Severity::warning,
                "the paths behind '" + std::string(bad.path) + "' are left out: " + std::string(d_.provider) +
                    " reads no further in this rule",
                {},
                &ingress,
                rule.node});
}

// False: its expression cannot be read.
bool IngressReader::add(Host& h, Offer offer) {
  offer.reach = offer.type == "Exact" ? Reach::exact : offer.type == "Prefix" ? d_.prefix : d_.implementation;
  offer.place = places_++;
  Asking asking{input_, ir_, ledger_, const_cast<Wishes&>(*offer.wishes)};
  if (d_.match && !d_.match(offer, asking)) return true;
  if (offer.reach == Reach::regex)
    if (const auto why = unreadable(offer)) {
      ledger_.note(
          {"GW616",
           Severity::error,
           "path '" + std::string(offer.text) + "' has " + *why + ", which gateways cannot read: it is left out",
           {},
           offer.ingress,
           offer.at,
           {},
           Loss::other});
      return false;
    }
  h.offers.push_back(std::move(offer));
  return true;
}

// An expression that RE2 cannot read is written without what it lacks; why not, where that cannot be.
std::optional<std::string> IngressReader::unreadable(Offer& offer) {
  auto why = not_re2(offer.text);
  if (!why || d_.re2) return why;
  const auto other = language::re2_for({offer.text, false, true, false});
  if (!other) return why;
  offer.text = ir_.keep(*other);
  return std::nullopt;
}

// A Service or port that is not there: the controller has no such path, a shorter one may serve.
bool IngressReader::gone(const Offer& offer) {
  if (!offer.backend->service || !input_.bundle.services_known()) return false;
  const auto& wanted = *offer.backend->service;
  const kube::Service* service = input_.index.service({offer.ingress->metadata.ns, wanted.name});
  const auto has = [&](const kube::ServicePort& p) {
    return wanted.port.name.empty() ? p.port == wanted.port.number : p.name == wanted.port.name;
  };
  if (service && std::any_of(service->spec.ports.begin(), service->spec.ports.end(), has)) return false;
  // Services of charts and operators stand in no file: only a cluster knows that one is missing.
  if (!service && !from_cluster(input_, *offer.ingress)) {
    ledger_.note({"GW624",
                  Severity::warning,
                  "Service " + offer.ingress->metadata.ns + "/" + wanted.name + " of path '" + std::string(offer.text) +
                      "' is not among the input; the route is kept. Where it does not exist, " +
                      std::string(d_.provider) + " serves a shorter path or nothing",
                  {},
                  offer.ingress,
                  offer.backend->node});
    return false;
  }
  ledger_.note({"GW624",
                Severity::warning,
                "path '" + std::string(offer.text) + "' is left out: Service " + offer.ingress->metadata.ns + "/" +
                    wanted.name + (service ? " has no such port" : " does not exist") + ", and " +
                    std::string(d_.provider) + " then serves a shorter path or nothing",
                {},
                offer.ingress,
                offer.backend->node});
  return true;
}

void IngressReader::lost_host(const kube::Ingress& ingress, const kube::IngressRule& rule, const kube::Object& owner) {
  if (rule.http)
    for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
  ledger_.note({"GW611",
                Severity::warning,
                "host '" + rule.host + "' belongs to " + owner.object_id().display() +
                    ", which is older; these rules are never used",
                {},
                &ingress,
                rule.node});
  if (ingress.metadata.creation_timestamp == owner.metadata.creation_timestamp)
    ledger_.note({"GW640",
                  Severity::warning,
                  "both Ingresses of host '" + rule.host +
                      "' were made in the same second: the larger UID has it, which the files do not show",
                  {},
                  &ingress,
                  rule.node});
}

bool IngressReader::tls_of(const kube::Ingress& ingress, const Wishes& w, Server& s) {
  auto tls = tls_for(ingress, s.host);
  if (tls && d_.tls != TlsMatch::loose && !tls->named) tls.reset();
  if (tls && d_.tls == TlsMatch::exact && !contains(tls->entry->hosts, s.host)) tls.reset();
  if (tls && (tls->named || !tls->entry->secret_name.empty())) add_certificate(s, ingress, *tls, ir_, ledger_);
  if (d_.redirect == TlsScope::whole_ingress)
    return std::any_of(ingress.spec.tls.begin(), ingress.spec.tls.end(),
                       [](const kube::IngressTls& t) { return !t.hosts.empty(); });
  return add_cloud_certificates(s, ingress, w.cloud_certificates, ir_) || (tls && tls->named);
}

void IngressReader::default_backend(const kube::Ingress& ingress) {
  const Wishes& w = *wishes_.at(&ingress);
  if (!ingress.spec.default_backend || !w.dropped.empty()) return;
  ledger_.place(&*ingress.spec.default_backend);
  if (d_.default_backend == DefaultBackend::never)
    return ledger_.note({"GW605",
                         Severity::warning,
                         "the controller ignores the default backend",
                         {},
                         &ingress,
                         ingress.spec.default_backend->node});
  const bool beside_rules = d_.default_backend == DefaultBackend::without_rules && !ingress.spec.rules.empty();
  if (beside_rules || takes_joins(w)) {
    ledger_.note({"GW605",
                  Severity::warning,
                  beside_rules ? "the default backend has no effect beside rules"
                               : "the default backend of a master has no effect",
                  {},
                  &ingress,
                  ingress.spec.default_backend->node});
    return;
  }
  Offer offer;
  offer.ingress = &ingress;
  offer.wishes = &w;
  offer.at = ingress.spec.default_backend->node;
  offer.backend = &*ingress.spec.default_backend;
  offer.text = "/";
  offer.type = "Prefix";
  offer.fallback = true;
  if (d_.missing_drops && gone(offer)) return;
  inherited_.insert(offer.at);
  if (d_.default_backend == DefaultBackend::own_hosts) {
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (const auto at = hosts_.find(normal_host(rule.host, ir_));
          at != hosts_.end() && at->second.owner == &ingress) {
        offer.host = at->first;
        offer.tls = at->second.server.tls;
        add(at->second, offer);
      }
    return;
  }
  Host& others = host({}, ingress, w);
  if (d_.default_backend == DefaultBackend::other_hosts) {
    add(others, offer);
    return;
  }
  for (auto& [name, h] : hosts_) add(h, offer);
}

void IngressReader::add_aliases() {
  std::vector<std::pair<std::string_view, std::string_view>> wanted;  // alias, host
  for (const auto& [name, h] : hosts_)
    for (const std::string& alias : h.wishes->aliases) wanted.emplace_back(normal_host(ir_.keep(alias), ir_), name);
  for (const auto& [alias, name] : wanted) {
    const Host& of = hosts_.at(name);
    Host& h = host(alias, *of.owner, *of.wishes);
    if (h.server.certificates.empty()) h.server.certificates = of.server.certificates, h.server.tls = of.server.tls;
    for (const Offer& offer : of.offers)
      if (offer.ingress == of.owner) h.offers.push_back(offer);
  }
}

bool IngressReader::within(std::string_view host, std::string_view wildcard) const {
  if (wildcard.empty()) return !host.empty();
  if (!wildcard.starts_with("*.") || wildcard == host) return false;
  return d_.deep_wildcards ? host.ends_with(wildcard.substr(1)) : covers(wildcard, host);
}

void IngressReader::inherit() {
  const bool strict = d_.strict && d_.strict(input_);
  std::map<std::string_view, std::vector<Offer>> more;
  for (const auto& [name, h] : hosts_)
    for (const auto& [wide, w] : hosts_) {
      if (!within(name, wide) || (strict && !name.starts_with("*."))) continue;
      for (const Offer& offer : w.offers)
        if (!offer.fallback) more[name].push_back(offer);
    }
  for (auto& [name, offers] : more)
    for (Offer& offer : offers) {
      borrowed_.insert({name, offer.at});
      hosts_.at(name).offers.push_back(std::move(offer));
    }
}

// A host without TLS of its own answers https under the certificate of its wildcard.
void IngressReader::share_certificates() {
  for (auto& [name, h] : hosts_)
    for (const auto& [wide, w] : hosts_)
      if (!h.server.tls && w.server.tls && wide.starts_with("*.") && within(name, wide)) {
        h.server.tls = true;
        h.server.certificates = w.server.certificates;
      }
}

bool longest_first(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    return std::tuple(o.fallback, o.reach != Reach::exact, ~o.text.size(), o.place);
  };
  return key(a) < key(b);
}

void read_ingresses(const Dialect& dialect, const Input& input, Ir& ir, Ledger& ledger) {
  IngressReader(dialect, input, ir, ledger).run();
}

bool by_reach_and_length(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    const int kind = o.reach == Reach::exact ? 0 : o.reach == Reach::regex ? 1 : 2;
    return std::tuple(o.fallback, kind, ~o.text.size(), o.place);
  };
  return key(a) < key(b);
}

}  // namespace gw::convert
