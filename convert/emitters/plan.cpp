#include "convert/emitters/plan.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "convert/emitters/grpc.h"
#include "convert/movers.h"

namespace gw::convert {
namespace {

constexpr std::size_t max_hostnames = 16, max_rules = 16, max_listeners = 64;
constexpr std::string_view shared_namespace = "gateway-system";
constexpr std::string_view shared_name = "gateway";

bool same(const Rule& a, const Rule& b) {
  return a.path == b.path && a.kind == b.kind && a.conditions == b.conditions && a.action == b.action &&
         std::equal(a.backends.begin(), a.backends.end(), b.backends.begin(), b.backends.end(),
                    [](const Backend& x, const Backend& y) {
                      return x.ns == y.ns && x.name == y.name && x.port == y.port && x.weight == y.weight &&
                             x.wire == y.wire && kind_of(x) == kind_of(y);
                    });
}
bool same(const std::vector<const Rule*>& a, const std::vector<const Rule*>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Rule* x, const Rule* y) { return same(*x, *y); });
}

std::size_t hash(const Part& part) {
  std::size_t h = std::hash<const void*>{}(part.owner) * 31 + static_cast<std::size_t>(part.scheme);
  for (const Rule* rule : part.rules) {
    h = h * 1099511628211ull + std::hash<std::string_view>{}(rule->path);
    for (const Backend& b : rule->backends) h = h * 31 + std::hash<std::string_view>{}(b.name);
  }
  return h;
}

bool covers(std::string_view pattern, std::string_view host) {
  return pattern.empty() || pattern == host ||
         (pattern.starts_with("*.") && host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1)));
}

// Does a listener take the requests of this host? One that a more specific listener of its port covers does not: a
// route on both would be an error to some gateways. A wildcard host also lives on the listeners below it.
bool listens_for(const kube::Listener& listener, const kube::Gateway& gateway, std::string_view host) {
  const std::string_view name = listener.hostname ? std::string_view(*listener.hostname) : std::string_view();
  if (name != host && covers(host, name)) return true;
  if (!covers(name, host)) return false;
  const auto rank = [](std::string_view n) { return std::pair(!n.empty() && !n.starts_with("*."), n.size()); };
  return std::none_of(gateway.spec.listeners.begin(), gateway.spec.listeners.end(), [&](const kube::Listener& other) {
    const std::string_view theirs = other.hostname ? std::string_view(*other.hostname) : std::string_view();
    return other.port == listener.port && other.protocol == listener.protocol && rank(theirs) > rank(name) &&
           covers(theirs, host);
  });
}

std::string_view suffix(Scheme scheme) {
  return scheme == Scheme::http ? "--http" : "";
}

class Planner {
 public:
  Planner(const Ir& ir, const Input& input, const Target& target, Ledger& ledger, NameBook& names)
      : ir_(ir), options_(input.options), bundle_(input.bundle), target_(target), ledger_(ledger), names_(names) {}

  Plan run() {
    choose_shared_namespace();
    for (const Server& server : ir_.servers)
      if (server.tls && !server.host.empty()) tls_hosts_.emplace(server.host);
    for (const Server& server : ir_.servers) split_by_owner(server);
    count_tls_listeners();
    part_issuers();
    gather_sets();
    for (const Part& part : plan_.parts)
      if (!part.to_https && part.scheme != Scheme::http) ++parts_of_[part.owner];
    for (Part& part : plan_.parts) attach(part);
    for (const Server& server : ir_.servers)
      if (server.tls && server.rules.empty() && !options_.parent && valid_hostname(server.host)) https_section(server);
    for (const Stream& stream : ir_.streams) plan_.streams.push_back(stream_section(stream));
    keep_internal();
    choose_grpc(plan_.parts);
    cut_into_sixteen_rules();
    std::sort(plan_.parts.begin(), plan_.parts.end(),
              [](const Part& a, const Part& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); });
    return std::move(plan_);
  }

 private:
  // Where everything lives in one namespace the Gateway joins it and needs no grant; else it gets a place of its own.
  void choose_shared_namespace() {
    shared_ = {options_.gateway_namespace,
               options_.gateway_name.empty() ? std::string(shared_name) : dns_name(options_.gateway_name, 63)};
    if (!shared_.ns.empty()) return;
    std::set<std::string_view> used;
    for (const Server& server : ir_.servers) {
      if (server.owner) used.insert(server.owner->metadata.ns);
      for (const Rule& rule : server.rules) used.insert(rule.owner->metadata.ns);
    }
    for (const Stream& stream : ir_.streams) used.insert(stream.owner->metadata.ns);
    shared_.ns = used.size() == 1 ? std::string(*used.begin()) : std::string(shared_namespace);
  }

  void unwritable(const Server& server) {
    const yaml::Node* at = server.rules.empty() ? nullptr : server.rules.front().at;
    ledger_.note({"GW617", diag::Severity::error,
                  "host '" + std::string(server.host) +
                      "' is no DNS name in lower case with at most one wildcard label "
                      "in front: Gateway API cannot write it, its routes are left out",
                  "GET http://" + std::string(server.host) + "/", server.owner, at, "serve it under another name",
                  Loss::other});
  }

  void split_by_owner(const Server& server) {
    if (!valid_hostname(server.host)) return unwritable(server);
    // Policies of a whole route keep the Ingresses apart, also where their rules are tried in one order.
    const bool together = server.ordered && !target_.policies_of_routes;
    std::vector<std::pair<const kube::Object*, std::vector<const Rule*>>> owners;  // as they come first
    std::unordered_map<const kube::Object*, std::size_t> at;
    for (const Rule& rule : server.rules) {
      const kube::Object* owner = together ? server.owner : rule.owner;
      const auto [place, fresh] = at.try_emplace(owner, owners.size());
      if (fresh) owners.emplace_back(owner, std::vector<const Rule*>());
      owners[place->second].second.push_back(&rule);
    }
    for (const auto& [owner, rules] : owners) {
      Part http, https;
      for (const Rule* rule : rules) {
        if (rule->scheme != Scheme::https) http.rules.push_back(rule);
        if (rule->scheme != Scheme::http && server.tls) https.rules.push_back(rule);
      }
      http.owner = https.owner = owner;
      http.scheme = Scheme::http;
      https.scheme = Scheme::https;
      if (!server.tls || same(http.rules, https.rules)) {
        http.scheme = Scheme::both;
        https.rules.clear();
      }
      for (Part* part : {&http, &https})
        if (!part->rules.empty()) merge(server, std::move(*part));
    }
  }

  // Hosts of one Ingress that are served alike share a route, named after the first of them in the Ingress.
  void merge(const Server& server, Part part) {
    part.ns = part.owner->metadata.ns;
    if (only_to_https(server, part)) return share_redirect(server, std::move(part));
    auto& candidates = by_content_[hash(part)];
    std::erase_if(candidates, [&](std::size_t i) { return plan_.parts[i].servers.size() >= max_hostnames; });
    if (!server.host.empty() && !target_.one_host_a_route)
      for (const std::size_t i : candidates) {
        Part& other = plan_.parts[i];
        const Server& first = *other.servers.front();
        if (other.owner == part.owner && other.scheme == part.scheme && other.servers.size() < max_hostnames &&
            !first.host.empty() && first.http_port == server.http_port && first.https_port == server.https_port &&
            first.ordered == server.ordered && first.tls == server.tls && same(other.rules, part.rules)) {
          other.servers.push_back(&server);
          return;
        }
      }
    part.servers.push_back(&server);
    candidates.push_back(plan_.parts.size());
    plan_.parts.push_back(std::move(part));
  }

  // Does the part do nothing but send to https, in a way that every such host of the Gateway can share?
  bool only_to_https(const Server& server, const Part& part) const {
    using enum Feature;
    const FeatureSet& features = profile(target_.name).features;
    for (const Feature f : {scheme_redirect, redirect_303, redirect_307, redirect_308})
      if (!features.has(f)) return false;  // what becomes of them is told an Ingress
    if (server.host.empty() || part.scheme != Scheme::http || target_.one_host_a_route || part.rules.size() > max_rules)
      return false;
    return std::all_of(part.rules.begin(), part.rules.end(), [](const Rule* rule) {
      const Action* a = rule->action.get();
      return a && a->redirect && a->redirect->scheme == "https" && !a->redirect->host && !a->redirect->path &&
             a->intents.empty() && a->request_headers.empty() && a->response_headers.empty() && a->mirrors.empty() &&
             !a->closed && !rule->conditions;
    });
  }

  void share_redirect(const Server& server, Part part) {
    const kube::NamespacedName gateway = gateway_of(server);
    if (!options_.parent) part.ns = gateway.ns;
    std::string key = gateway.display() + "\n" + part.ns;
    for (const Rule* rule : part.rules) {
      const Redirect& redirect = *rule->action->redirect;
      key += "\n" + std::string(rule->path) + "\1" + std::to_string(static_cast<int>(rule->kind)) + "\1" +
             std::to_string(redirect.status) + "\1" + std::to_string(redirect.port.value_or(0));
    }
    for (const auto& [name, value] : route_annotations(*part.owner)) key += "\n" + name + "\1" + value;
    auto& shared = redirects_[key];
    if (shared.empty() || plan_.parts[shared.back()].servers.size() >= max_hostnames) {
      part.to_https = true;
      part.redirects = key;
      part.servers.push_back(&server);
      shared.push_back(plan_.parts.size());
      plan_.parts.push_back(std::move(part));
      return;
    }
    Part& into = plan_.parts[shared.back()];
    into.servers.push_back(&server);
    if (into.owner != part.owner && std::find(into.also.begin(), into.also.end(), part.owner) == into.also.end())
      into.also.push_back(part.owner);
  }

  // Where a host stands in the Ingress; it may have rules of others too.
  static std::uint32_t place(const Server& server, const kube::Object* owner) {
    const auto own =
        std::find_if(server.rules.begin(), server.rules.end(), [&](const Rule& r) { return r.owner == owner; });
    const yaml::Node* at = own == server.rules.end() ? nullptr : own->at;
    return at ? at->span().begin : 0;
  }

  void name(Part& part) {
    if (part.servers.size() > 1)
      std::stable_sort(part.servers.begin(), part.servers.end(), [&](const Server* a, const Server* b) {
        return std::pair(place(*a, part.owner), a->host) < std::pair(place(*b, part.owner), b->host);
      });
    const std::string_view host = part.servers.front()->host;
    const std::string& owner = part.owner->metadata.name;
    // The Ingress's own name does where one route says all that it serves.
    const bool one = parts_of_[part.owner] == 1 && part.scheme != Scheme::http;
    const std::string own = options_.gateway_name.empty() ? "" : dns_name(options_.gateway_name, 63) + "-";
    std::string wanted = part.to_https ? own + "https-redirect"
                         : one         ? dns_name(owner, 240)
                                       : route_name(owner, host) + std::string(suffix(part.scheme));
    // Several redirects may have the same first host: with other paths, or annotated otherwise.
    const std::string key = part.to_https ? std::string(host) + "\n" + part.redirects
                                          : owner + "\n" + std::string(host) + std::string(suffix(part.scheme));
    part.name = names_.claim("HTTPRoute/" + part.ns, std::move(wanted), key);
  }

  void count_tls_listeners() {
    std::map<kube::NamespacedName, std::size_t> tls;
    for (const Server& server : ir_.servers)
      if (server.tls) ++tls[gateway_of(server)];
    for (const auto& [gateway, count] : tls)
      if ((target_.named_http ? 2 : 1) * count + 1 + ir_.streams.size() > max_listeners || options_.listener_sets)
        crowded_.insert(gateway);
  }

  // The Ingress whose Secret the host's listener shows.
  static const kube::Object& certified_by(const Server& server) {
    return server.certificates.empty() || !server.certificates[0].owner ? *server.owner : *server.certificates[0].owner;
  }

  // cert-manager makes certificates for every listener beside its annotations, in their namespace. Listeners of
  // Ingresses that ask otherwise than their neighbours, or whose Secrets live elsewhere, get a ListenerSet.
  void part_issuers() {
    if (options_.parent || ir_.gateway_annotations.empty()) return;
    std::map<const kube::Object*, std::set<std::pair<std::string, std::string>>> wants;
    for (const GatewayAnnotation& a : ir_.gateway_annotations)
      if (a.certificates) wants[a.owner].insert({a.key, a.value});
    std::map<kube::NamespacedName, std::set<std::set<std::pair<std::string, std::string>>>> asked;
    for (const Server& server : ir_.servers)
      if (server.tls) asked[gateway_of(server)].insert(wants[&certified_by(server)]);
    for (const Server& server : ir_.servers) {
      if (!server.tls || wants[&certified_by(server)].empty()) continue;
      const kube::NamespacedName gateway = gateway_of(server);
      if (asked[gateway].size() > 1 || gateway.ns != certified_by(server).metadata.ns)
        own_sets_.insert(&certified_by(server));
    }
    if (profile(target_.name).features.has(Feature::listener_set)) return;
    // A target that reads no ListenerSet gets a Gateway beside the Secrets: one a namespace, or where those of a
    // namespace ask otherwise, one an Ingress.
    std::map<std::string_view, std::set<std::set<std::pair<std::string, std::string>>>> in_namespace;
    for (const kube::Object* owner : own_sets_) in_namespace[owner->metadata.ns].insert(wants[owner]);
    for (const kube::Object* owner : own_sets_) {
      const bool alone = in_namespace[owner->metadata.ns].size() > 1;
      own_gateways_[owner] = {owner->metadata.ns,
                              alone ? dns_name(owner->metadata.name, 63) : std::string(shared_name)};
    }
    own_sets_.clear();
  }

  // ListenerSets are shared by the Ingresses of a namespace whose certificates are asked for alike; the first of them
  // by name names the set.
  void gather_sets() {
    std::map<const kube::Object*, std::set<std::pair<std::string, std::string>>> wants;
    for (const GatewayAnnotation& a : ir_.gateway_annotations)
      if (a.certificates) wants[a.owner].insert({a.key, a.value});
    using Key = std::tuple<kube::NamespacedName, std::string, std::set<std::pair<std::string, std::string>>>;
    std::map<Key, std::vector<const kube::Object*>> groups;
    for (const Server& server : ir_.servers)
      if (server.tls) {
        const kube::Object& owner = certified_by(server);
        groups[{gateway_of(server), owner.metadata.ns, wants[&owner]}].push_back(&owner);
      }
    for (auto& [key, owners] : groups) {
      const auto first = *std::min_element(owners.begin(), owners.end(), [](const auto* a, const auto* b) {
        return a->metadata.name < b->metadata.name;
      });
      for (const kube::Object* owner : owners) leader_[{std::get<0>(key), owner}] = first;
    }
  }

  kube::NamespacedName gateway_of(const Server& server) const {
    if (!own_gateways_.empty() && server.tls)
      if (const auto at = own_gateways_.find(&certified_by(server)); at != own_gateways_.end()) return at->second;
    return gateway_of(*server.owner, server.deployment);
  }
  kube::NamespacedName gateway_of(const kube::Object& owner, std::uint16_t deployment) const {
    if (options_.layout == Layout::per_ingress) return {owner.metadata.ns, dns_name(owner.metadata.name, 63)};
    const std::string_view of = deployment < ir_.deployments.size() ? ir_.deployments[deployment].gateway : "";
    const std::string name = of.empty() ? shared_.name : dns_name(shared_.name + "-" + std::string(of), 63);
    return {options_.layout == Layout::per_namespace ? std::string(owner.metadata.ns) : shared_.ns, name};
  }

  // An internal class becomes an internal Gateway where the target has a class for that; elsewhere somebody must see to
  // it.
  void keep_internal() {
    if (options_.parent) return;
    const auto note = [&](const kube::Object& owner, std::uint16_t deployment) {
      if (deployment >= ir_.deployments.size() || !ir_.deployments[deployment].internal) return;
      const DeploymentName& d = ir_.deployments[deployment];
      const kube::NamespacedName id = gateway_of(owner, deployment);
      if (!plan_.gateways.contains(id) || !plan_.internal.emplace(id, d.name).second) return;
      if (!target_.internal_class.empty() && options_.gateway_class.empty()) return;
      ledger_.note({"GW645",
                    diag::Severity::warning,
                    "Gateway " + id.display() + " replaces class '" + d.name +
                        "', which only the internal network reaches: its load balancer will be public unless you "
                        "say otherwise",
                    {},
                    &owner,
                    nullptr,
                    "write the annotation of your cloud for an internal load balancer into spec.infrastructure of the "
                    "Gateway, or choose a GatewayClass for it with --gateway-class"});
    };
    for (const Server& server : ir_.servers) note(*server.owner, server.deployment);
    for (const Stream& stream : ir_.streams) note(*stream.owner, stream.deployment);
  }

  void attach(Part& part) {
    name(part);
    if (options_.parent) return attach_to_parent(part);
    for (const Server* server : part.servers) {
      if (part.scheme != Scheme::https) add(part, http_section(*server));
      if (part.scheme != Scheme::http && server->tls) add(part, https_section(*server));
    }
  }
  void add(Part& part, Section section) {
    auto& owner = section.set ? plan_.listener_sets[section.owner] : plan_.gateways[section.owner];
    // Names that stay where they are: the set holds views, and parts are sorted later.
    owner[section.name].namespaces.insert(part.to_https ? std::string_view(plan_.gateways.find(section.owner)->first.ns)
                                                        : part.owner->metadata.ns.view());
    if (!section.set) {
      plan_.gateway_owners[section.owner].insert(part.owner);
      plan_.gateway_owners[section.owner].insert(part.also.begin(), part.also.end());
    }
    if (std::find(part.parents.begin(), part.parents.end(), section) == part.parents.end())
      part.parents.push_back(std::move(section));
  }

  Section http_section(const Server& server) {
    Section section{false, gateway_of(server), "http"};
    PlannedListener listener;
    if (target_.named_http && !server.host.empty() && beside_tls(server)) {
      section.name = dns_name("http." + host_slug(server.host));
      listener.hostname = server.host;
    }
    listener.port = server.http_port;
    if (listener.port != 80) section.name += "-" + std::to_string(listener.port);
    plan_.gateways[section.owner].try_emplace(section.name, std::move(listener));
    return section;
  }
  // Has a listener with TLS the host's own name, or one that covers it?
  bool beside_tls(const Server& server) const {
    const std::string_view host = server.host;
    if (tls_hosts_.contains(host)) return true;
    for (auto dot = host.find('.'); dot != host.npos; dot = host.find('.', dot + 1))
      if (const std::string wide = "*" + std::string(host.substr(dot)); tls_hosts_.contains(wide) && covers(wide, host))
        return true;
    return false;
  }

  Section https_section(const Server& server) {
    const kube::NamespacedName gateway = gateway_of(server);
    PlannedListener listener;
    listener.server = &server;
    listener.hostname = server.host;
    listener.port = server.https_port;
    listener.protocol = "HTTPS";
    listener.certificates = server.certificates;
    const std::string word = listener.port == 443 ? "https" : "https-" + std::to_string(listener.port);
    Section section{false, gateway, dns_name(server.host.empty() ? word : word + "." + host_slug(server.host))};
    if (crowded_.contains(gateway) || own_sets_.contains(&certified_by(server))) {
      section.set = true;
      section.owner = listener_set_of(server, gateway, section.name);
      plan_.listener_sets[section.owner].try_emplace(section.name, std::move(listener));
      plan_.gateways[gateway];  // the set's parent exists even without a listener of its own
      return section;
    }
    plan_.gateway_owners[gateway].insert(&certified_by(server));
    plan_.gateways[gateway].try_emplace(section.name, std::move(listener));
    return section;
  }

  // One ListenerSet a group of gather_sets, beside its Secrets; further ones where there are more than 64 hosts.
  kube::NamespacedName listener_set_of(const Server& server, const kube::NamespacedName& gateway,
                                       const std::string& section) {
    const kube::Object& owner = *leader_.at({gateway, &certified_by(server)});
    for (int n = 1;; ++n) {
      kube::NamespacedName id{owner.metadata.ns, dns_name(n == 1 ? std::string(owner.metadata.name)
                                                                 : owner.metadata.name + "-" + std::to_string(n))};
      const auto at = plan_.listener_sets.find(id);
      if (at != plan_.listener_sets.end() && at->second.size() >= max_listeners && !at->second.contains(section))
        continue;
      // Another Ingress of the namespace may have taken this name, as names are shortened.
      if (const auto taken = set_leaders_.try_emplace(id, &owner).first; taken->second != &owner) continue;
      auto& owners = plan_.set_owners[id];
      if (std::find(owners.begin(), owners.end(), &certified_by(server)) == owners.end())
        owners.push_back(&certified_by(server));
      plan_.set_parents[id] = gateway;
      return id;
    }
  }

  Section stream_section(const Stream& stream) {
    static constexpr std::string_view protocols[] = {"TLS", "TCP", "UDP"};
    static constexpr std::string_view words[] = {"tls.", "tcp-", "udp-"};
    const auto kind = static_cast<std::size_t>(stream.kind);
    if (options_.parent) return {false, {options_.parent->ns, options_.parent->name}, options_.parent->section};
    PlannedListener listener;
    listener.hostname = stream.host;
    listener.port = stream.port;
    listener.protocol = protocols[kind];
    listener.passthrough = stream.kind == Stream::Kind::passthrough;
    listener.namespaces.insert(stream.owner->metadata.ns);
    Section section{false, gateway_of(*stream.owner, stream.deployment),
                    dns_name(std::string(words[kind]) +
                             (listener.passthrough ? host_slug(stream.host) : std::to_string(stream.port)))};
    plan_.gateways[section.owner].try_emplace(section.name, std::move(listener));
    return section;
  }

  // An existing Gateway: its listeners are known only when it is among the input.
  void attach_to_parent(Part& part) {
    const Parent& parent = *options_.parent;
    const kube::NamespacedName id{parent.ns, parent.name};
    if (!parent.section.empty()) {
      part.parents.push_back({false, id, parent.section});
      if (part.scheme == Scheme::http) drop_redirects(part);
      return;
    }
    const auto known = std::find_if(bundle_.gateways.begin(), bundle_.gateways.end(),
                                    [&](const kube::Gateway& g) { return g.id() == id; });
    if (known == bundle_.gateways.end()) {
      part.parents.push_back({false, id, {}});
      if (part.scheme == Scheme::http) drop_redirects(part);
      if (part.scheme != Scheme::http) want_listeners(part);
      return;
    }
    for (const kube::Listener& l : known->spec.listeners) {
      const bool https = l.protocol == "HTTPS";
      const bool speaks = (l.protocol == "HTTP" && part.scheme != Scheme::https) ||
                          (https && part.scheme != Scheme::http && part.servers.front()->tls);
      if (speaks && std::any_of(part.servers.begin(), part.servers.end(),
                                [&](const Server* s) { return listens_for(l, *known, s->host); }))
        part.parents.push_back({false, id, l.name});
    }
    if (part.scheme != Scheme::http) want_uncovered(part, *known);
    if (part.parents.empty()) part.parents.push_back({false, id, {}});
  }
  void want_uncovered(const Part& part, const kube::Gateway& gateway) {
    const bool covered = std::all_of(part.servers.begin(), part.servers.end(), [&](const Server* s) {
      return !s->tls || std::any_of(gateway.spec.listeners.begin(), gateway.spec.listeners.end(), [&](const auto& l) {
        return l.protocol == "HTTPS" && (!l.hostname || l.hostname->empty() || *l.hostname == s->host ||
                                         (l.hostname->starts_with("*.") && s->host.ends_with(l.hostname->substr(1))));
      });
    });
    if (!covered) want_listeners(part);
  }
  // The listeners of a Gateway that is not ours, or not among the input, are somebody else's to write.
  void want_listeners(const Part& part) {
    for (const Server* server : part.servers)
      for (const Certificate& c : server->certificates)
        if (wanted_.insert(server->host).second)
          ledger_.note({"GW609",
                        diag::Severity::warning,
                        "Gateway " + options_.parent->ns + "/" + options_.parent->name +
                            " needs an HTTPS listener for host '" + std::string(server->host) + "' with Secret " +
                            std::string(c.ns) + "/" + std::string(c.name) + "; with --parent none is written",
                        {},
                        part.owner,
                        nullptr,
                        "add the listener, or leave --parent out"});
  }
  // A redirect to https on every listener of the Gateway would redirect https to itself.
  void drop_redirects(Part& part) {
    const bool redirects = std::any_of(part.rules.begin(), part.rules.end(), [](const Rule* r) {
      return r->action && r->action->redirect && r->action->redirect->scheme == "https";
    });
    if (!redirects) return part.rules.clear();  // its https part says the same
    ledger_.note({"GW651",
                  diag::Severity::warning,
                  "the redirect from http to https of " + part.owner->object_id().display() +
                      " is not written: cannot tell which listener of Gateway " + options_.parent->ns + "/" +
                      options_.parent->name + " serves HTTP",
                  {},
                  part.owner,
                  nullptr,
                  "give the Gateway among the input, or redirect in its own route"});
    part.rules.clear();
  }

  void cut_into_sixteen_rules() {
    std::erase_if(plan_.parts, [](const Part& part) { return part.rules.empty(); });
    const auto fits = [](const Part& part) { return part.rules.size() <= max_rules; };
    if (std::all_of(plan_.parts.begin(), plan_.parts.end(), fits)) return;
    std::vector<Part> cut;
    for (Part& part : plan_.parts) {
      if (fits(part)) {
        cut.push_back(std::move(part));
        continue;
      }
      // Ties between routes go to the lower name: later pieces sort after the first.
      const std::size_t pieces = (part.rules.size() + max_rules - 1) / max_rules;
      const std::size_t digits = std::max<std::size_t>(2, std::to_string(pieces).size());
      for (std::size_t i = 0; i < pieces; ++i) {
        Part piece = part;
        const auto from = part.rules.begin() + static_cast<std::ptrdiff_t>(i * max_rules);
        piece.rules.assign(from,
                           from + static_cast<std::ptrdiff_t>(std::min(max_rules, part.rules.size() - i * max_rules)));
        if (i != 0) {
          const std::string number = std::to_string(i + 1);
          piece.name += "--" + std::string(digits - std::min(digits, number.size()), '0') + number;
          piece.name = names_.claim("HTTPRoute/" + part.ns, piece.name, piece.name + "\npiece");
        }
        cut.push_back(std::move(piece));
      }
    }
    plan_.parts = std::move(cut);
  }

  const Ir& ir_;
  const Options& options_;
  const kube::Bundle& bundle_;
  const Target& target_;
  Ledger& ledger_;
  NameBook& names_;
  kube::NamespacedName shared_;
  std::set<kube::NamespacedName> crowded_;                            // Gateways with more listeners than one may have
  std::set<const kube::Object*> own_sets_;                            // Ingresses whose listeners stand in ListenerSets
  std::map<const kube::Object*, kube::NamespacedName> own_gateways_;  // of those whose listeners stand beside Secrets
  std::set<std::string_view> wanted_;                                 // hosts whose listener was asked for
  std::unordered_map<std::size_t, std::vector<std::size_t>> by_content_;
  std::set<std::string, std::less<>> tls_hosts_;
  std::map<std::string, std::vector<std::size_t>> redirects_;  // parts that only send to https, by what they say
  std::map<const kube::Object*, std::size_t> parts_of_;        // routes of an Ingress besides those
  std::map<std::pair<kube::NamespacedName, const kube::Object*>, const kube::Object*> leader_;
  std::map<kube::NamespacedName, const kube::Object*> set_leaders_;
  Plan plan_;
};

}  // namespace

bool valid_hostname(std::string_view host) {
  if (host.empty()) return true;
  if (host.starts_with("*.")) host.remove_prefix(2);
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c == '.') {
      if (label == 0 || host[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    if (!word && (c != '-' || label == 0)) return false;
    if (++label > 63) return false;
  }
  return label != 0 && host.back() != '-';
}

Plan make_plan(const Ir& ir, const Input& input, const Target& target, Ledger& ledger, NameBook& names) {
  return Planner(ir, input, target, ledger, names).run();
}

}  // namespace gw::convert
