// HTTPProxies: a root owns a name, includes hand prefixes and headers down, one bad route takes its whole object away.
#include <algorithm>
#include <optional>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/contour.h"
#include "verify/controllers/nodes.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::contour {
namespace {

using envoy::Condition;
using envoy::Route;
using nodes::flag;
using nodes::list;
using nodes::number;
using nodes::text;

struct ProxyRoute : Route {
  bool https_only = false;  // plain http is redirected
};

// What conditions of includes and of the route add up to.
struct Match {
  Route::Kind kind = Route::Kind::prefix;
  std::string path;
  std::vector<Condition> conditions;
};

const yaml::Node* spec_of(const kube::OtherObject& proxy) {
  return proxy.node ? proxy.node->find("spec") : nullptr;
}
const yaml::Node* virtual_host(const kube::OtherObject& proxy) {
  return nodes::at(spec_of(proxy), "virtualhost");
}

bool one_path(std::span<const yaml::Node> conditions, bool prefixes_only) {
  int paths = 0;
  for (const yaml::Node& condition : conditions)
    for (std::string_view kind : {"prefix", "exact", "regex"}) {
      const std::string value = text(&condition, kind);
      if (value.empty()) continue;
      if (++paths > 1 || !value.starts_with('/') || (prefixes_only && kind != "prefix")) return false;
      if (kind == "regex" && envoy::full(value).state() != Pattern::State::ok) return false;
    }
  return true;
}

std::optional<Condition> condition_of(const yaml::Node& from, Condition::On on) {
  Condition out;
  out.on = on;
  out.name = text(&from, "name");
  out.ignore_case = flag(&from, "ignoreCase");
  out.missing_is_empty = flag(&from, "treatMissingAsEmpty");
  struct Row {
    std::string_view field;
    Condition::How how;
    bool negated;
  };
  constexpr Row rows[] = {
      {"contains", Condition::How::contains, false}, {"notcontains", Condition::How::contains, true},
      {"exact", Condition::How::exact, false},       {"notexact", Condition::How::exact, true},
      {"regex", Condition::How::regex, false},       {"prefix", Condition::How::prefix, false},
      {"suffix", Condition::How::suffix, false}};
  if (flag(&from, "present") || flag(&from, "notpresent")) {
    out.how = Condition::How::present;
    out.negated = !flag(&from, "present");
    return out;
  }
  for (const Row& row : rows) {
    out.value = text(&from, row.field);
    if (out.value.empty()) continue;
    out.how = row.how;
    out.negated = row.negated;
    if (row.how == Condition::How::regex) out.pattern = envoy::full(out.value);
    return out;
  }
  return std::nullopt;
}

// False: two conditions of one name that the controller does not take together, or a bad expression.
bool compatible(const std::vector<Condition>& conditions) {
  std::set<std::string> seen;
  for (const Condition& c : conditions) {
    if (c.how == Condition::How::regex && c.pattern.state() != Pattern::State::ok) return false;
    const bool header = c.on == Condition::On::header;
    const std::string name = (header ? "h " + lower(c.name) : "q " + c.name) + " ";
    const std::string kind = name + std::to_string(static_cast<int>(c.how));
    if (c.how == Condition::How::exact && !c.negated && !seen.insert(kind + " exact").second) return false;
    const std::string what = kind + " " + (c.how == Condition::How::present ? "" : c.value);
    if (seen.count(what + (c.negated ? " yes" : " no")) > 0) return false;
    seen.insert(what + (c.negated ? " no" : " yes"));
  }
  return true;
}

void join(Match& to, std::span<const yaml::Node> conditions) {
  for (const yaml::Node& condition : conditions) {
    if (const std::string value = text(&condition, "prefix"); !value.empty()) to.path += value;
    if (const std::string value = text(&condition, "exact"); !value.empty()) {
      to.kind = Route::Kind::exact;
      to.path += value;
    }
    if (const std::string value = text(&condition, "regex"); !value.empty()) {
      to.kind = Route::Kind::regex;
      to.path += value;
    }
    if (const yaml::Node* header = nodes::at(&condition, "header"))
      if (auto made = condition_of(*header, Condition::On::header)) to.conditions.push_back(std::move(*made));
    if (const yaml::Node* query = nodes::at(&condition, "queryParameter"))
      if (auto made = condition_of(*query, Condition::On::query)) to.conditions.push_back(std::move(*made));
  }
}

void set_match(Route& route, const Match& match) {
  route.kind = match.kind;
  route.conditions = match.conditions;
  route.path.clear();
  for (char c : match.path)
    if (c != '/' || !route.path.ends_with('/')) route.path += c;
  if (route.path.empty()) route.path = "/";
  if (route.path == "/") route.kind = Route::Kind::prefix;  // also where it was to be exact
  if (route.kind == Route::Kind::regex) route.expression = envoy::full(route.path);
}

bool valid_headers(const yaml::Node* policy, bool host_allowed) {
  std::set<std::string> names;
  for (const yaml::Node& one : list(policy, "set")) {
    const std::string name = lower(text(&one, "name"));
    if (!names.insert(name).second || (name == "host" && !host_allowed)) return false;
  }
  std::set<std::string> removed;
  for (const yaml::Node& one : list(policy, "remove"))
    if (one.is_string() && !removed.insert(lower(one.string())).second) return false;
  return true;
}

std::shared_ptr<const envoy::Cors> cors_of(const yaml::Node* policy) {
  if (!policy) return nullptr;
  auto out = std::make_shared<envoy::Cors>();
  for (const yaml::Node& origin : list(policy, "allowOrigin")) {
    if (!origin.is_string()) continue;
    envoy::Cors::Origin one;
    one.text = origin.string();
    // What is no origin is an expression.
    const auto scheme = one.text.find("://");
    const bool plain = one.text == "*" ||
                       (scheme != std::string::npos && only(std::string_view(one.text).substr(scheme + 3), ".-:[]_"));
    if (!plain) {
      one.how = Condition::How::regex;
      one.pattern = envoy::full(one.text);
    }
    out->origins.push_back(std::move(one));
  }
  return out;
}

std::string rate_limit(const yaml::Node* owner) {
  return nodes::at(owner, "rateLimitPolicy") ? "rate-limit=yes" : "";
}

class Proxies {
 public:
  Proxies(const kube::Index& index, const ControllerOptions& options, const Settings& settings)
      : index_(index), options_(options), settings_(settings) {
    for (const kube::OtherObject& object : index.bundle().others)
      if (object.kind == "HTTPProxy" && object.api_version.starts_with("projectcontour.io/") && !rejected(object))
        proxies_[object.id()] = &object;
  }

  void add(Hosts& hosts) {
    std::map<std::string, int> owners;
    for (const auto& [id, proxy] : proxies_)
      if (virtual_host(*proxy)) ++owners[lower(text(virtual_host(*proxy), "fqdn"))];
    for (const auto& [id, proxy] : proxies_)
      if (virtual_host(*proxy) && owners[lower(text(virtual_host(*proxy), "fqdn"))] == 1) add_root(*proxy, hosts);
  }

 private:
  struct Made {
    std::vector<ProxyRoute> routes;
    bool valid = true;
  };

  // What the API server refuses: the controller never sees it.
  static bool rejected(const kube::OtherObject& proxy) {
    const std::string age = text(nodes::at(virtual_host(proxy), "corsPolicy"), "maxAge");
    if (age.starts_with('-')) return true;
    for (const yaml::Node& route : list(spec_of(proxy), "routes"))
      for (const yaml::Node& service : list(&route, "services")) {
        const auto port = number(&service, "port", 0);
        if (port < 1 || port > 65535 || number(&service, "weight", 0) < 0) return true;
      }
    return false;
  }

  void add_root(const kube::OtherObject& proxy, Hosts& hosts) {
    const std::string host = lower(text(virtual_host(proxy), "fqdn"));
    const auto& roots = settings_.root_namespaces;
    if (!roots.empty() && std::find(roots.begin(), roots.end(), proxy.metadata.ns) == roots.end()) return;
    if (host.empty() || host.find('*', 1) != std::string::npos) return;
    const yaml::Node* tls = nodes::at(virtual_host(proxy), "tls");
    const bool passthrough = flag(tls, "passthrough");
    const std::string secret = text(tls, "secretName");
    if (tls) {
      if (passthrough == !secret.empty()) return;
      if (!passthrough && !has_secret(index_, options_, secret, proxy.metadata.ns)) return;
      if (flag(tls, "enableFallbackCertificate") && nodes::at(tls, "clientValidation")) return;
    }
    const bool tcp = nodes::at(spec_of(proxy), "tcpproxy") != nullptr;
    if (tcp && !tls) return;
    cors_ = cors_of(nodes::at(virtual_host(proxy), "corsPolicy"));
    enforce_ = tls != nullptr;
    addresses_ = address_rule(virtual_host(proxy));
    limited_ = rate_limit(virtual_host(proxy));
    unmodelled_.clear();
    for (const char* field : {"authorization", "jwtProviders"})
      if (nodes::at(virtual_host(proxy), field)) unmodelled_ = std::string("HTTPProxy ") + field;
    Made made = compute(proxy, Match{}, {});
    if (!made.valid) return;
    put(made.routes, hosts.http[host], true);
    if (!tls) return;
    Host& secure = hosts.https[host];
    secure.secret = true;
    if (nodes::at(tls, "clientValidation") && unmodelled_.empty())
      for (ProxyRoute& route : made.routes) route.attributes.emplace_back("client-certificate=yes");
    if (tcp || passthrough) secure.unmodelled = "a TCP proxy behind this server name";
    if (!tcp) put(made.routes, secure, false);
  }

  // Of equal routes the last stays.
  static void put(const std::vector<ProxyRoute>& routes, Host& host, bool http) {
    std::map<std::string, std::vector<Route>> made;
    for (ProxyRoute route : routes) {
      if (http && route.https_only) {
        route.redirect.emplace();
        route.redirect->scheme = "https";
        route.direct = 0;
        route.addresses = nullptr;
      }
      const std::string text = key(route);
      made[text] = {std::move(route)};
    }
    for (auto& [text, list] : made) host.routes[text] = std::move(list);
  }

  Made compute(const kube::OtherObject& proxy, const Match& above, std::vector<kube::NamespacedName> visited) {
    Made out;
    if (std::find(visited.begin(), visited.end(), proxy.id()) != visited.end()) return out;
    visited.push_back(proxy.id());
    std::set<std::string> seen;
    for (const yaml::Node& include : list(spec_of(proxy), "includes")) {
      const auto conditions = list(&include, "conditions");
      Match own;
      join(own, conditions);
      if (!one_path(conditions, true) || !compatible(own.conditions)) continue;
      ProxyRoute said;
      set_match(said, own);
      if (!seen.insert(key(said)).second) continue;
      std::string ns = text(&include, "namespace");
      if (ns.empty()) ns = proxy.metadata.ns;
      const auto child = proxies_.find({ns, text(&include, "name")});
      if (child == proxies_.end() || virtual_host(*child->second)) {
        said.direct = 502;
        said.origin = {"HTTPProxy " + proxy.id().display(), include.span()};
        if (!conditions.empty()) out.routes.push_back(std::move(said));
        continue;
      }
      Match below = above;
      join(below, conditions);
      Made made = compute(*child->second, below, visited);
      if (made.valid) out.routes.insert(out.routes.end(), made.routes.begin(), made.routes.end());
    }
    for (const yaml::Node& route : list(spec_of(proxy), "routes")) {
      auto made = read(proxy, route, above);
      if (!made) return {{}, false};
      out.routes.push_back(std::move(*made));
    }
    even_slashes(out.routes);
    return out;
  }

  // Nullopt: the whole object is invalid.
  std::optional<ProxyRoute> read(const kube::OtherObject& proxy, const yaml::Node& from, const Match& above) {
    const auto services = list(&from, "services");
    const yaml::Node* redirect = nodes::at(&from, "requestRedirectPolicy");
    const yaml::Node* direct = nodes::at(&from, "directResponsePolicy");
    if ((services.empty() ? 0 : 1) + (redirect ? 1 : 0) + (direct ? 1 : 0) != 1) return std::nullopt;
    const auto conditions = list(&from, "conditions");
    Match match = above;
    join(match, conditions);
    if (!one_path(conditions, false) || !compatible(match.conditions)) return std::nullopt;
    if (!valid_headers(nodes::at(&from, "requestHeadersPolicy"), true) ||
        !valid_headers(nodes::at(&from, "responseHeadersPolicy"), false))
      return std::nullopt;
    ProxyRoute route;
    route.origin = {"HTTPProxy " + proxy.id().display(), from.span()};
    set_match(route, match);
    if (redirect && !set_redirect(route, *redirect)) return std::nullopt;
    if (direct) route.direct = static_cast<int>(number(direct, "statusCode", 200));
    if (!set_rewrite(route, from) || !set_services(route, proxy, services)) return std::nullopt;
    for (const yaml::Node& one : list(nodes::at(&from, "requestHeadersPolicy"), "set"))
      if (lower(text(&one, "name")) == "host") set_host(route, text(&one, "value"));
    route.cors = cors_;
    route.upgrades = flag(&from, "enableWebsockets");
    route.addresses = addresses_;
    if (auto own = address_rule(&from)) route.addresses = std::move(own);
    for (const std::string& limit : {limited_, rate_limit(&from)})
      if (!limit.empty()) route.attributes.push_back(limit);
    route.unmodelled = unmodelled_;
    route.https_only = enforce_ && !(flag(&from, "permitInsecure") && settings_.permits_insecure);
    return route;
  }

  static void set_host(Route& route, const std::string& value) {
    if (value.find('%') == std::string::npos) route.rewrite.authority = value;
  }

  static bool set_redirect(Route& route, const yaml::Node& from) {
    envoy::Redirect& to = route.redirect.emplace();
    to.code = static_cast<int>(number(&from, "statusCode", 302));
    to.scheme = text(&from, "scheme");
    to.hostname = text(&from, "hostname");
    if (const auto port = number(&from, "port", 0); port > 0) to.port = std::to_string(port);
    to.path = text(&from, "path");
    to.prefix = text(&from, "prefix");
    to.has_prefix = !to.prefix.empty();
    return to.path.empty() || to.prefix.empty();
  }

  static bool set_rewrite(Route& route, const yaml::Node& from) {
    const auto replacements = list(nodes::at(&from, "pathRewritePolicy"), "replacePrefix");
    if (replacements.empty()) return true;
    if (route.kind != Route::Kind::prefix) return false;
    std::set<std::string> seen;
    const yaml::Node* chosen = nullptr;
    for (const yaml::Node& one : replacements) {
      const std::string prefix = text(&one, "prefix");
      if (!seen.insert(prefix).second) return false;
      if (!prefix.empty() && prefix == route.path) chosen = &one;
    }
    for (const yaml::Node& one : replacements)
      if (!chosen && text(&one, "prefix").empty()) chosen = &one;
    if (!chosen) return true;
    route.rewrite.kind = envoy::Rewrite::Kind::matched;
    route.rewrite.text = text(chosen, "replacement");
    return true;
  }

  // False: two mirrors.
  bool set_services(Route& route, const kube::OtherObject& proxy, std::span<const yaml::Node> services) const {
    bool mirrored = false;
    std::uint64_t sum = 0;
    for (const yaml::Node& service : services) {
      kube::ServiceBackendPort port;
      port.number = static_cast<kube::Port>(number(&service, "port", 0));
      const kube::NamespacedName id{proxy.metadata.ns, text(&service, "name")};
      const ServiceState state = service_state(index_, id, port, PortMatch::number_or_name);
      const bool external = state.service && state.service->spec.type == "ExternalName";
      if (external || state.state == EndpointState::no_service || state.state == EndpointState::no_port) continue;
      if (flag(&service, "mirror")) {
        if (mirrored) return false;
        mirrored = true;
        route.attributes.push_back("mirror=" + id.display());
        continue;
      }
      const auto weight = static_cast<std::uint64_t>(number(&service, "weight", 0));
      sum += weight;
      route.destinations.push_back({id.display(), state.port, weight, state.state == EndpointState::none ? 503 : 0});
    }
    if (sum == 0)  // equal shares
      for (envoy::Destination& destination : route.destinations) destination.weight = 1;
    return true;
  }

  // Who is let in; null: nothing says.
  static std::shared_ptr<const route::AddressRule> address_rule(const yaml::Node* owner) {
    const auto allow = list(owner, "ipAllowPolicy"), deny = list(owner, "ipDenyPolicy");
    if (allow.empty() && deny.empty()) return nullptr;
    const auto networks = [](std::span<const yaml::Node> list) {
      std::vector<Network> out;
      for (const yaml::Node& one : list)
        if (const auto network = parse_network(text(&one, "cidr"))) out.push_back(*network);
      return out;
    };
    route::AddressRule out;
    if (allow.empty())
      out.deny = networks(deny);
    else
      out.allow = networks(allow);
    return std::make_shared<const route::AddressRule>(std::move(out));
  }

  // A rewritten prefix stands for itself with and without its slash, where no other route has either.
  static void even_slashes(std::vector<ProxyRoute>& routes) {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (routes[i].kind != Route::Kind::prefix || routes[i].path == "/") continue;
      std::string bare = routes[i].path;
      while (bare.size() > 1 && bare.ends_with('/')) bare.pop_back();
      groups[bare].push_back(i);
    }
    for (const auto& [bare, members] : groups) {
      ProxyRoute& first = routes[members.front()];
      if (members.size() != 1 || first.rewrite.kind != envoy::Rewrite::Kind::matched || first.rewrite.text.empty())
        continue;
      while (first.rewrite.text.ends_with('/')) first.rewrite.text.pop_back();
      ProxyRoute slash = first;
      slash.path = bare + "/";
      slash.rewrite.text += '/';
      first.path = bare;
      if (first.rewrite.text.empty()) first.rewrite.text = "/";
      routes.push_back(std::move(slash));
    }
  }

  const kube::Index& index_;
  const ControllerOptions& options_;
  const Settings& settings_;
  std::map<kube::NamespacedName, const kube::OtherObject*> proxies_;
  // Of the root that is read.
  std::shared_ptr<const envoy::Cors> cors_;
  bool enforce_ = false;
  std::shared_ptr<const route::AddressRule> addresses_;
  std::string limited_, unmodelled_;
};

}  // namespace

void add_proxies(const kube::Index& index, const ControllerOptions& options, const Settings& settings, Hosts& hosts) {
  Proxies(index, options, settings).add(hosts);
}

}  // namespace gw::verify::contour
