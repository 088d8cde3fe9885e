// VirtualServices and Istio's own Gateways: routes in written order, byte prefixes, delegates.
#include <algorithm>
#include <optional>

#include "verify/controllers/answers.h"
#include "verify/controllers/istio.h"
#include "verify/controllers/nodes.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::istio {
namespace {

using envoy::Condition;
using envoy::Route;
using nodes::flag;
using nodes::list;
using nodes::number;
using nodes::text;

bool own_kind(const kube::OtherObject& object, std::string_view kind) {
  return object.kind == kind && object.api_version.starts_with("networking.istio.io/") && object.node;
}

// {exact|prefix|regex: value}; nothing said: the value must be there.
Condition match_of(const yaml::Node* from, Condition::On on, std::string name) {
  Condition out;
  out.on = on;
  out.name = std::move(name);
  out.how = Condition::How::present;
  for (const auto& [field, how] : {std::pair<std::string_view, Condition::How>{"exact", Condition::How::exact},
                                   {"prefix", Condition::How::prefix},
                                   {"regex", Condition::How::regex}}) {
    if (!nodes::at(from, field)) continue;
    out.how = how;
    out.value = text(from, field);
    if (how == Condition::How::regex) out.pattern = envoy::full(out.value);
  }
  return out;
}

// One element of `match`, joined with that of a root where the VirtualService is a delegate.
struct Match {
  bool has_uri = false;
  Route::Kind kind = Route::Kind::prefix;
  std::string path = "/";
  bool ignore_case = false;
  std::vector<Condition> conditions;
  std::vector<std::string> gateways;
  kube::Port port = 0;
};

Match read_match(const yaml::Node& from) {
  Match out;
  if (const yaml::Node* uri = nodes::at(&from, "uri")) {
    for (const auto& [field, kind] : {std::pair<std::string_view, Route::Kind>{"exact", Route::Kind::exact},
                                      {"prefix", Route::Kind::prefix},
                                      {"regex", Route::Kind::regex}}) {
      if (!nodes::at(uri, field)) continue;
      out.has_uri = true;
      out.kind = kind;
      out.path = text(uri, field);
    }
    out.ignore_case = flag(&from, "ignoreUriCase") && out.kind != Route::Kind::regex;
  }
  for (const yaml::Entry& entry : nodes::map(&from, "headers"))
    out.conditions.push_back(match_of(&entry.value, Condition::On::header, std::string(entry.key.string())));
  for (const yaml::Entry& entry : nodes::map(&from, "withoutHeaders")) {
    Condition condition = match_of(&entry.value, Condition::On::header, std::string(entry.key.string()));
    condition.negated = true;
    condition.missing_is_empty = condition.how != Condition::How::present;
    out.conditions.push_back(std::move(condition));
  }
  for (const yaml::Entry& entry : nodes::map(&from, "queryParams"))
    out.conditions.push_back(match_of(&entry.value, Condition::On::query, std::string(entry.key.string())));
  for (const auto& [field, on] : {std::pair<std::string_view, Condition::On>{"method", Condition::On::method},
                                  {"authority", Condition::On::authority},
                                  {"scheme", Condition::On::scheme}})
    if (const yaml::Node* node = nodes::at(&from, field)) out.conditions.push_back(match_of(node, on, ""));
  for (const yaml::Node& gateway : list(&from, "gateways"))
    if (gateway.is_string()) out.gateways.emplace_back(gateway.string());
  out.port = static_cast<kube::Port>(number(&from, "port", 0));
  return out;
}

// Nullopt: what the delegate asks for lies outside of what the root hands on.
std::optional<Match> joined(const Match& root, Match own) {
  if (root.has_uri && own.has_uri) {
    const bool fits = root.kind == Route::Kind::prefix
                          ? own.kind != Route::Kind::regex && own.path.starts_with(root.path)
                          : root.kind == Route::Kind::exact && own.kind == root.kind && own.path == root.path;
    if (!fits) return std::nullopt;
  } else if (root.has_uri) {
    own.has_uri = true;
    own.kind = root.kind;
    own.path = root.path;
    own.ignore_case = root.ignore_case;
  }
  for (const Condition& condition : root.conditions) {
    const bool twice = std::any_of(own.conditions.begin(), own.conditions.end(), [&](const Condition& other) {
      return other.on == condition.on && equal_fold(other.name, condition.name) &&
             (other.how != condition.how || other.value != condition.value);
    });
    if (twice) return std::nullopt;
    own.conditions.push_back(condition);
  }
  if (own.gateways.empty()) own.gateways = root.gateways;
  if (root.port != 0) own.port = root.port;
  return own;
}

std::vector<Match> matches_of(const yaml::Node& rule) {
  std::vector<Match> out;
  for (const yaml::Node& match : list(&rule, "match")) out.push_back(read_match(match));
  return out;
}

// Whether Istio's webhook takes a rule of spec.http.
bool valid_rule(const yaml::Node& rule, bool delegate) {
  const bool routes = !list(&rule, "route").empty(), redirect = nodes::at(&rule, "redirect") != nullptr,
             direct = nodes::at(&rule, "directResponse") != nullptr,
             delegates = nodes::at(&rule, "delegate") != nullptr;
  if (routes + redirect + direct + delegates != 1 || (delegate && delegates)) return false;
  const yaml::Node* rewrite = nodes::at(&rule, "rewrite");
  if (redirect && (rewrite || nodes::at(&rule, "fault"))) return false;
  if (rewrite && nodes::at(rewrite, "uri") && nodes::at(rewrite, "uriRegexRewrite")) return false;
  if (const yaml::Node* regex = nodes::at(rewrite, "uriRegexRewrite"))
    if (Pattern::go(text(regex, "match")).state() != Pattern::State::ok) return false;
  for (const yaml::Node& one : list(&rule, "match")) {
    const Match match = read_match(one);
    if (match.has_uri && match.path.empty()) return false;
    if (match.kind == Route::Kind::regex && envoy::full(match.path).state() != Pattern::State::ok) return false;
    for (const Condition& condition : match.conditions)
      if (condition.how == Condition::How::regex && condition.pattern.state() != Pattern::State::ok) return false;
  }
  std::int64_t weights = 0;
  const auto destinations = list(&rule, "route");
  for (const yaml::Node& destination : destinations) {
    if (text(nodes::at(&destination, "destination"), "host").empty()) return false;
    const std::int64_t weight = number(&destination, "weight", 0);
    if (weight < 0) return false;
    weights += weight;
  }
  return destinations.size() < 2 || weights > 0;
}

// A value of a header is a format string: a lone '%' is no command.
bool valid_format(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') continue;
    if (i + 1 < value.size() && value[i + 1] == '%') {
      ++i;
      continue;
    }
    const auto end = value.find('%', i + 1);
    if (end == std::string_view::npos || value[i + 1] < 'A' || value[i + 1] > 'Z') return false;
    i = end;
  }
  return true;
}

class Reader {
 public:
  Reader(const kube::Index& index, Objects& to) : index_(index), to_(to) {}

  // The routes of a VirtualService on a server.
  std::vector<Route> routes(const kube::OtherObject& object, const Server& server) const {
    std::vector<Route> out;
    for (const yaml::Node& rule : list(object.node->find("spec"), "http")) {
      const std::vector<Match> matches = matches_of(rule);
      if (const yaml::Node* delegate = nodes::at(&rule, "delegate")) {
        if (!add_delegate(object, *delegate, matches, server, out)) continue;
        break;
      }
      if (add_rule(object, rule, matches, server, out)) break;  // nothing behind it is reached
    }
    return out;
  }

  bool valid(const kube::OtherObject& object) const {
    const yaml::Node* spec = object.node->find("spec");
    const bool delegate = list(spec, "hosts").empty();
    const auto rules = list(spec, "http");
    return std::all_of(rules.begin(), rules.end(), [&](const yaml::Node& rule) { return valid_rule(rule, delegate); });
  }

  void check_formats(const kube::OtherObject& object) {
    for (const yaml::Node& rule : list(object.node->find("spec"), "http"))
      for (const char* side : {"request", "response"})
        for (const char* change : {"set", "add"})
          for (const yaml::Entry& entry : nodes::map(nodes::at(&rule, {"headers", side}), change))
            if (entry.value.is_string() && !valid_format(entry.value.string()))
              to_.refused = "Envoy refuses the route table: the value of header " + std::string(entry.key.string()) +
                            " in VirtualService " + object.id().display() + " is not a format string";
  }

 private:
  bool add_delegate(const kube::OtherObject& root, const yaml::Node& delegate, const std::vector<Match>& matches,
                    const Server& server, std::vector<Route>& out) const {
    std::string ns = text(&delegate, "namespace");
    if (ns.empty()) ns = root.metadata.ns;
    for (const kube::OtherObject& object : index_.bundle().others) {
      if (!own_kind(object, "VirtualService") || object.id() != kube::NamespacedName{ns, text(&delegate, "name")} ||
          !valid(object))
        continue;
      for (const yaml::Node& rule : list(object.node->find("spec"), "http")) {
        const std::vector<Match> own = matches_of(rule);
        std::vector<Match> both;
        if (matches.empty())
          both = own;
        else if (own.empty())
          both = matches;
        for (const Match& a : matches)
          for (const Match& b : own)
            if (auto match = joined(a, b)) both.push_back(std::move(*match));
        if (both.empty() && !(matches.empty() && own.empty())) continue;
        if (add_rule(object, rule, both, server, out)) return true;
      }
    }
    return false;
  }

  // True when the rule takes everything.
  bool add_rule(const kube::OtherObject& object, const yaml::Node& rule, const std::vector<Match>& matches,
                const Server& server, std::vector<Route>& out) const {
    Route route;
    route.origin = {"VirtualService " + object.id().display(), rule.span()};
    set_action(route, object, rule, server);
    if (matches.empty()) {
      out.push_back(std::move(route));
      return true;
    }
    for (const Match& match : matches) {
      if (match.port != 0 && match.port != server.port) continue;
      if (!match.gateways.empty() &&
          std::none_of(match.gateways.begin(), match.gateways.end(),
                       [&](const std::string& name) { return gateway_id(name, object.metadata.ns) == server.gateway; }))
        continue;
      Route made = route;
      made.kind = match.kind;
      made.path = match.path;
      made.ignore_case = match.ignore_case;
      made.conditions = match.conditions;
      if (match.kind == Route::Kind::regex) made.expression = envoy::full(match.path);
      out.push_back(std::move(made));
      if (takes_everything(out.back())) return true;
    }
    return false;
  }

 public:
  static kube::NamespacedName gateway_id(const std::string& written, const std::string& ns) {
    const auto slash = written.find('/');
    if (slash == std::string::npos) return {ns, written};
    return {written.substr(0, slash) == "." ? ns : written.substr(0, slash), written.substr(slash + 1)};
  }

 private:
  void set_action(Route& route, const kube::OtherObject& object, const yaml::Node& rule, const Server& server) const {
    if (const yaml::Node* direct = nodes::at(&rule, "directResponse"))
      route.direct = static_cast<int>(number(direct, "status", 200));
    if (const yaml::Node* redirect = nodes::at(&rule, "redirect")) set_redirect(route, *redirect, server);
    if (const yaml::Node* rewrite = nodes::at(&rule, "rewrite")) set_rewrite(route, *rewrite);
    set_fault(route, nodes::at(&rule, "fault"));
    set_cors(route, nodes::at(&rule, "corsPolicy"));
    for (const yaml::Entry& entry : nodes::map(nodes::at(&rule, {"headers", "request"}), "set"))
      if (entry.value.is_string() && (equal_fold(entry.key.string(), "host") || entry.key.string() == ":authority"))
        route.rewrite.authority = entry.value.string();
    if (const std::string timeout = text(&rule, "timeout"); !timeout.empty())
      route.attributes.push_back("timeout=" + timeout);
    if (nodes::at(&rule, "mirror") || nodes::at(&rule, "mirrors")) route.attributes.emplace_back("mirror=yes");
    const auto destinations = list(&rule, "route");
    for (const yaml::Node& one : destinations)
      route.destinations.push_back(destination(*object_destination(one), object.metadata.ns,
                                               destinations.size() == 1 ? 1 : number(&one, "weight", 0), server));
  }

  static const yaml::Node* object_destination(const yaml::Node& route) { return nodes::at(&route, "destination"); }

  static void set_redirect(Route& route, const yaml::Node& from, const Server& server) {
    envoy::Redirect& to = route.redirect.emplace();
    to.code = static_cast<int>(number(&from, "redirectCode", 301));
    to.scheme = text(&from, "scheme");
    to.hostname = text(&from, "authority");
    to.path = text(&from, "uri");
    std::int64_t port = number(&from, "port", 0);
    if (text(&from, "derivePort") == "FROM_REQUEST_PORT") port = server.port;
    const std::string scheme = to.scheme.empty() ? (server.tls ? "https" : "http") : to.scheme;
    if (port != 0 && port != (scheme == "https" ? 443 : 80)) to.port = std::to_string(port);
  }

  static void set_rewrite(Route& route, const yaml::Node& from) {
    route.rewrite.authority = text(&from, "authority");
    if (const std::string uri = text(&from, "uri"); !uri.empty()) {
      route.rewrite.kind = envoy::Rewrite::Kind::matched;
      route.rewrite.text = uri;
    } else if (const yaml::Node* regex = nodes::at(&from, "uriRegexRewrite")) {
      route.rewrite.kind = envoy::Rewrite::Kind::regex;
      route.rewrite.pattern = Pattern::go(text(regex, "match"));
      route.rewrite.text = text(regex, "rewrite");
    }
  }

  static void set_fault(Route& route, const yaml::Node* fault) {
    const yaml::Node* abort = nodes::at(fault, "abort");
    if (!abort) return;
    const yaml::Node* value = nodes::at(abort, {"percentage", "value"});
    const double share = value && value->is_number() ? value->number() : nodes::at(abort, "percentage") ? 0 : 100;
    if (share >= 100)
      route.direct = static_cast<int>(number(abort, "httpStatus", 503));
    else if (share > 0)
      route.unmodelled = "a fault in a part of the requests";
  }

  static void set_cors(Route& route, const yaml::Node* policy) {
    if (!policy) return;
    auto cors = std::make_shared<envoy::Cors>();
    for (const yaml::Node& origin : list(policy, "allowOrigins")) {
      const Condition condition = match_of(&origin, Condition::On::header, "origin");
      cors->origins.push_back({condition.how, condition.value, condition.pattern});
    }
    for (const yaml::Node& origin : list(policy, "allowOrigin"))
      if (origin.is_string()) cors->origins.push_back({Condition::How::exact, std::string(origin.string()), {}});
    route.cors = std::move(cors);
  }

  // A short name is of the VirtualService's namespace; anything else must be a whole name.
  envoy::Destination destination(const yaml::Node& from, const std::string& ns, std::int64_t weight,
                                 const Server& server) const {
    envoy::Destination out;
    out.weight = static_cast<std::uint64_t>(weight);
    out.broken = 503;
    std::string host = text(&from, "host");
    constexpr std::string_view domain = ".svc.cluster.local";
    kube::NamespacedName id{ns, host};
    if (host.find('.') != std::string::npos) {
      if (!host.ends_with(domain)) return out;
      host.resize(host.size() - domain.size());
      const auto dot = host.find('.');
      if (dot == std::string::npos) return out;
      id = {host.substr(dot + 1), host.substr(0, dot)};
    }
    kube::ServiceBackendPort port;
    port.number = static_cast<kube::Port>(number(nodes::at(&from, "port"), "number", 0));
    if (port.number == 0) {
      const kube::Service* service = index_.service(id);
      port.number = service && service->spec.ports.size() == 1 ? service->spec.ports.front().port : server.port;
    }
    const ServiceState state = service_state(index_, id, port, PortMatch::number_or_name);
    out.backend = id.display();
    out.port = state.port;
    const bool subset = text(&from, "subset").empty() || has_subset(id, text(&from, "subset"));
    if (state.state == EndpointState::ready && visible(state.service) && subset) out.broken = 0;
    return out;
  }

  bool has_subset(const kube::NamespacedName& id, const std::string& name) const {
    for (const kube::OtherObject& object : index_.bundle().others) {
      if (!own_kind(object, "DestinationRule")) continue;
      const yaml::Node* spec = object.node->find("spec");
      const std::string host = text(spec, "host");
      if (host != id.name + "." + id.ns + ".svc.cluster.local" && !(host == id.name && object.metadata.ns == id.ns))
        continue;
      for (const yaml::Node& subset : list(spec, "subsets"))
        if (text(&subset, "name") == name) return true;
    }
    return false;
  }

  const kube::Index& index_;
  Objects& to_;
};

void add_gateway(const kube::Index& index, const ControllerOptions& options, const kube::OtherObject& object,
                 Objects& to) {
  for (const yaml::Node& from : list(object.node->find("spec"), "servers")) {
    const yaml::Node* port = nodes::at(&from, "port");
    const std::string protocol = text(port, "protocol");
    Server server;
    server.gateway = object.id();
    server.port = static_cast<kube::Port>(number(port, "number", 0));
    server.tls = protocol == "HTTPS" || protocol == "TLS";
    if (!server.tls && protocol != "HTTP" && protocol != "HTTP2" && protocol != "GRPC") continue;
    for (const yaml::Node& host : list(&from, "hosts"))
      if (host.is_string()) server.hosts.push_back(lower(host.string()));
    const yaml::Node* tls = nodes::at(&from, "tls");
    server.redirects = flag(tls, "httpsRedirect");
    const std::string mode = text(tls, "mode"), credential = text(tls, "credentialName");
    if (protocol == "TLS" || mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH")
      server.unmodelled = "a server that hands TLS on";
    if (server.tls && !credential.empty())
      server.handshake =
          options.assume_secrets || index.secret({std::string(gateway_namespace), credential}) != nullptr;
    to.servers.push_back(std::move(server));
  }
}

}  // namespace

void add_own(const kube::Index& index, const ControllerOptions& options, Objects& to) {
  std::vector<const kube::OtherObject*> gateways;
  for (const kube::OtherObject& object : index.bundle().others)
    if (own_kind(object, "Gateway")) gateways.push_back(&object);
  std::stable_sort(gateways.begin(), gateways.end(), [](const auto* a, const auto* b) {
    return std::tuple(a->metadata.creation_timestamp, a->id()) < std::tuple(b->metadata.creation_timestamp, b->id());
  });
  for (const kube::OtherObject* object : gateways) add_gateway(index, options, *object, to);
  Reader checks(index, to);
  for (const kube::OtherObject& object : index.bundle().others) {
    if (!own_kind(object, "VirtualService") || !checks.valid(object)) continue;
    const yaml::Node* spec = object.node->find("spec");
    const auto exported = list(spec, "exportTo");
    const bool seen = exported.empty() || std::any_of(exported.begin(), exported.end(), [](const yaml::Node& ns) {
                        return ns.is_string() && (ns.string() == "*" || ns.string() == gateway_namespace);
                      });
    if (!seen) continue;
    VirtualService service{object.metadata.creation_timestamp, object.id(), {}, {}, {}};
    for (const yaml::Node& host : list(spec, "hosts"))
      if (host.is_string()) service.hosts.push_back(lower(host.string()));
    for (const yaml::Node& gateway : list(spec, "gateways"))
      if (gateway.is_string())
        service.gateways.insert(Reader::gateway_id(std::string(gateway.string()), object.metadata.ns));
    const Reader reader(index, to);
    service.routes = [reader, &object](const Server& server) { return reader.routes(object, server); };
    checks.check_formats(object);
    to.services.push_back(std::move(service));
  }
}

}  // namespace gw::verify::istio
