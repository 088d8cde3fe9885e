// Matches: which rule never gets a request, and patterns that do not mean what they look like.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "diag/ascii.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

std::string key_of(std::vector<kube::NamedMatch> list, bool fold) {
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string out;
  for (const auto& each : list)
    out += '\1' + (fold ? diag::lower(each.name) : std::string(each.name)) + '\2' + each.type.value_or("Exact") + '\2' +
           each.value;
  return out;
}

// Two matches with one key choose the same requests.
std::string key_of(const kube::HttpRouteMatch& match) {
  std::string type = "PathPrefix", value = "/";
  if (match.path) {
    type = match.path->type.value_or(type);
    value = match.path->value.value_or(value);
  }
  if (type == "PathPrefix" && value.size() > 1 && value.ends_with('/')) value.pop_back();
  return type + '\3' + value + '\3' + match.method.value_or("") + '\3' + key_of(match.headers, true) + '\3' +
         key_of(match.query_params, false);
}

struct Claim {
  const kube::HttpRoute* route;
  std::size_t rule;
  const kube::Located* at;  // the match, or the rule that has none
};
struct Loss {
  Claim winner;
  std::size_t places = 0;  // of the loser's
};

class Precedence {
 public:
  explicit Precedence(const Context& context) : c_(context) {}

  // Place by place: what is claimed on one is forgotten on the next.
  void run() {
    const std::vector<PlacedRoute> placed = by_precedence(c_);
    std::vector<std::pair<std::string_view, const kube::HttpRoute*>> claimants;
    for (const PlacedRoute& each : placed)
      for (const std::string& place : each.places) claimants.emplace_back(place, each.route);
    std::stable_sort(claimants.begin(), claimants.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < claimants.size(); ++i) {
      if (i != 0 && claimants[i].first != claimants[i - 1].first) claims_ = {};
      each_claim(*claimants[i].second, [this](const auto& match, const Claim& claim) { settle(match, claim); });
    }
    for (const PlacedRoute& each : placed)
      each_claim(*each.route, [&](const auto&, const Claim& claim) {
        const auto loss = losses_.find(claim.at);
        if (loss != losses_.end()) tell(claim, loss->second.winner, loss->second.places == each.places.size());
      });
  }

 private:
  template <class F>
  static void each_claim(const kube::HttpRoute& route, F&& f) {
    static const kube::HttpRouteMatch everything;
    for (std::size_t r = 0; r < route.spec.rules.size(); ++r) {
      const kube::HttpRouteRule& rule = route.spec.rules[r];
      if (rule.matches.empty()) f(everything, Claim{&route, r, &rule});
      for (const kube::HttpRouteMatch& match : rule.matches) f(match, Claim{&route, r, &match});
    }
  }

  void settle(const kube::HttpRouteMatch& match, const Claim& claim) {
    const auto [it, fresh] = claims_.try_emplace(key_of(match), claim);
    const Claim& winner = it->second;
    if (fresh || (winner.route == claim.route && winner.rule == claim.rule)) return;
    Loss& loss = losses_[claim.at];
    loss.winner = winner;
    ++loss.places;
  }

  void tell(const Claim& loser, const Claim& winner, bool everywhere) {
    const kube::HttpRoute& route = *loser.route;
    const std::size_t rule = loser.rule;
    const yaml::Node* const at = loser.at->node;
    const std::string who = winner.route == &route ? "rule " + std::to_string(winner.rule) + " of this route"
                                                   : "HTTPRoute " + winner.route->id().display();
    std::string help = "remove one of them, or make one more specific";
    const auto& rules = route.spec.rules;
    if (winner.route == &route && rules[rule].matches.empty() && rules[winner.rule].backend_refs.empty())
      help = "rule " + std::to_string(winner.rule) + " has matches and no backendRefs, rule " + std::to_string(rule) +
             " has backendRefs and no matches: write them as one rule";
    report(c_, {"GW401",
                route,
                at,
                "rule " + std::to_string(rule) + " matches what " + who + " matches already" +
                    (everywhere ? "; it gets no request" : " on some hostnames"),
                std::move(help),
                {},
                {{span_of(*winner.route, winner.at->node), "this match comes first"}}});
    if (winner.route->metadata.ns != route.metadata.ns)
      report(c_, {"GW403",
                  route,
                  at,
                  "namespaces " + quoted(winner.route->metadata.ns) + " and " + quoted(route.metadata.ns) +
                      " claim the same hostname and path",
                  "close allowedRoutes of the listener to the namespaces that own the hostname",
                  {},
                  {{span_of(*winner.route, winner.at->node), "claimed here too"}}});
  }

  const Context& c_;
  std::unordered_map<std::string, Claim> claims_;  // of one place
  std::unordered_map<const kube::Located*, Loss> losses_;
};

void check_regex(const Context& c, const kube::Object& route, const kube::Place& at, const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  constexpr std::size_t longest = 1024;
  if (pattern.size() > longest)
    return report(c,
                  {"GW404", route, at, "this regular expression has " + std::to_string(pattern.size()) + " characters",
                   "implementations refuse or slow down on long expressions; split the rule"});
  const RE2 compiled(pattern, options);
  if (compiled.ok()) return;
  const bool perl = pattern.find("(?=") != std::string::npos || pattern.find("(?!") != std::string::npos ||
                    pattern.find("(?<") != std::string::npos || pattern.find("++") != std::string::npos;
  report(c, {"GW404", route, at, "not a regular expression that RE2 accepts: " + compiled.error(),
             perl ? "look-around, back-references and possessive repeats do not exist there: rewrite it without them"
                  : "most implementations use RE2"});
}

// Is no other expression of its hosts ranked against this one?
bool alone_among(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteMatch& match) {
  const auto shares_host = [&](const kube::HttpRoute& other) {
    if (route.spec.hostnames.empty() || other.spec.hostnames.empty()) return true;
    return std::any_of(other.spec.hostnames.begin(), other.spec.hostnames.end(), [&](const auto& host) {
      return std::find(route.spec.hostnames.begin(), route.spec.hostnames.end(), host) != route.spec.hostnames.end();
    });
  };
  for (const kube::HttpRoute& other : c.bundle.http_routes)
    if (shares_host(other))
      for (const kube::HttpRouteRule& rule : other.spec.rules)
        for (const kube::HttpRouteMatch& each : rule.matches)
          if (&each != &match && each.path && each.path->type.value_or("PathPrefix") == "RegularExpression")
            return false;
  return true;
}

// Expressions that take everything, or that implementations read differently: some match the whole path, some search
// in it.
void check_breadth(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteMatch& match,
                   const kube::Place& at, const std::string& pattern) {
  static constexpr std::array<std::string_view, 10> everything{".*",    "^.*$", "^.*",  ".*$", "/.*",
                                                               "^/.*$", "^/.*", "/.*$", "^/",  "/"};
  if (std::find(everything.begin(), everything.end(), pattern) != everything.end())
    return report(c, {"GW405", route, at, quoted(pattern) + " matches every path",
                      alone_among(c, route, match)
                          ? "write type: PathPrefix and value: / instead; it costs less and ranks as what it is"
                          : "it is the last choice only where no other expression of the host is shorter: some "
                            "gateways rank by length, others try every prefix first"});
  if (!pattern.empty() && std::string_view("/^.([\\").find(pattern[0]) == std::string_view::npos)
    report(c, {"GW405", route, at, quoted(pattern) + " does not begin as paths do, with '/'",
               "implementations that match the whole path never find it; others find it anywhere in a path: begin with "
               "'/' or '^/'"});
}

// "$1", "\\1", "${1}": what other proxies fill in from the expression is sent as it stands.
bool has_capture(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const char next = text[i + 1];
    if ((text[i] == '$' || text[i] == '\\') && next >= '0' && next <= '9') return true;
    if (text[i] == '$' && next == '{' && i + 2 < text.size() && text[i + 2] >= '0' && text[i + 2] <= '9') return true;
  }
  return false;
}

void check_replacement(const Context& c, const kube::HttpRoute& route, const std::optional<kube::PathModifier>& path) {
  if (!path) return;
  for (const auto& [field, value] :
       {std::pair{"replaceFullPath", &path->replace_full_path}, {"replacePrefixMatch", &path->replace_prefix_match}})
    if (*value && has_capture(**value))
      report(c, {"GW434", route, member(*path, field),
                 quoted(**value) + " in " + field + " is sent as it stands: Gateway API fills in no captures",
                 "a rewrite by an expression needs a filter of the implementation"});
}

void check_path(const Context& c, const kube::HttpRoute& route, const kube::HttpRouteMatch& match) {
  const kube::HttpPathMatch& path = *match.path;
  const std::string type = path.type.value_or("PathPrefix"), value = path.value.value_or("/");
  const kube::Place at = member(match, "path").below("value");
  if (type == "RegularExpression") {
    check_regex(c, route, at, value);
    return check_breadth(c, route, match, at, value);
  }
  if (value.find(".*") != std::string::npos || value.find_first_of("^$[](){}|\\*") != std::string::npos)
    report(c,
           {"GW406", route, at, quoted(value) + " looks like a regular expression, but " + type + " takes it literally",
            "use type: RegularExpression, or write the plain path"});
  if (value.find('?') != std::string::npos)
    report(c, {"GW407", route, at, "a path has no query: '?' never matches", "use queryParams"});
}

// HEAD is a method of its own: a rule for GET alone answers 404 to link checkers and load balancers.
void check_heads(const Context& c, const kube::HttpRoute& route) {
  std::set<std::string> heads;
  auto path_of = [](const kube::HttpRouteMatch& match) {
    return match.path ? match.path->type.value_or("PathPrefix") + '\3' + match.path->value.value_or("/")
                      : std::string("PathPrefix\3/");
  };
  auto each_match = [&](auto&& f) {
    for (const kube::HttpRouteRule& rule : route.spec.rules)
      for (const kube::HttpRouteMatch& match : rule.matches) f(match);
  };
  each_match([&](const kube::HttpRouteMatch& match) {
    if (!match.method || *match.method == "HEAD") heads.insert(path_of(match));
  });
  each_match([&](const kube::HttpRouteMatch& match) {
    if (match.method && *match.method == "GET" && !heads.contains(path_of(match)))
      report(c, {"GW420", route, member(match, "method"), "HEAD requests for this path match no rule of this route",
                 "add a match with method: HEAD, or leave the method out"});
  });
}

// Names of services and methods are compared as they stand unless the type says otherwise.
void check_grpc_method(const Context& c, const kube::GrpcRoute& route, const kube::GrpcMethodMatch& method) {
  if (method.type.value_or("Exact") != "Exact") return;
  for (const auto& [name, value] : {std::pair{"service", &method.service}, {"method", &method.method}})
    if (*value && (*value)->find_first_of("*+?^$()[]{}|\\") != std::string::npos)
      report(c, {"GW422", route, member(method, name),
                 quoted(**value) + " looks like a regular expression, but Exact takes it literally",
                 "use type: RegularExpression, or write the plain name"});
}

}  // namespace

void check_precedence(const Context& c) {
  Precedence(c).run();
}

void check_patterns(const Context& c) {
  for (const kube::HttpRoute& route : c.bundle.http_routes) {
    check_heads(c, route);
    for (const kube::HttpRouteRule& rule : route.spec.rules) {
      for (const kube::RouteFilter& filter : rule.filters) {
        if (filter.url_rewrite) check_replacement(c, route, filter.url_rewrite->path);
        if (filter.request_redirect) check_replacement(c, route, filter.request_redirect->path);
      }
      for (const kube::HttpRouteMatch& match : rule.matches) {
        if (match.path) check_path(c, route, match);
        for (const auto* list : {&match.headers, &match.query_params})
          for (const kube::NamedMatch& each : *list)
            if (each.type.value_or("Exact") == "RegularExpression")
              check_regex(c, route, member(each, "value"), each.value);
      }
    }
  }
  for (const kube::GrpcRoute& route : c.bundle.grpc_routes)
    for (const kube::GrpcRouteRule& rule : route.spec.rules)
      for (const kube::GrpcRouteMatch& match : rule.matches) {
        if (match.method) check_grpc_method(c, route, *match.method);
        if (match.method && match.method->type.value_or("Exact") == "RegularExpression")
          for (const auto* value : {&match.method->service, &match.method->method})
            if (*value) check_regex(c, route, match.method->node, **value);
        for (const kube::NamedMatch& each : match.headers)
          if (each.type.value_or("Exact") == "RegularExpression")
            check_regex(c, route, member(each, "value"), each.value);
      }
}

}  // namespace gw::validate
