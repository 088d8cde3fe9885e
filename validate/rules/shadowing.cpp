// Matches that never get a request because an earlier one with as many conditions takes everything they would take.
// Gateway API v1.6, HTTPRouteRule.matches: path, method, number of headers, number of query parameters, age, name,
// order.
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>

#include "diag/ascii.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

constexpr std::size_t longest_regex = 1024;
constexpr std::size_t compared = 64;  // earlier matches with expressions that one match is held against

bool is_regex(const kube::NamedMatch& match) {
  return match.type.value_or("Exact") == "RegularExpression";
}

bool takes_all(const std::string& regex) {
  return regex == ".*" || regex == "^.*$" || regex == "^.*" || regex == ".*$";
}

class Expressions {
 public:
  bool matches(const std::string& regex, const std::string& value) {
    if (regex.size() > longest_regex) return false;
    std::unique_ptr<RE2>& compiled = compiled_[regex];
    if (!compiled) {
      RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(1 << 20);
      compiled = std::make_unique<RE2>(regex, options);
    }
    return compiled->ok() && RE2::FullMatch(value, *compiled);
  }

 private:
  std::unordered_map<std::string, std::unique_ptr<RE2>> compiled_;
};

struct Claim {
  const kube::HttpRoute* route;
  std::size_t rule;
  const kube::HttpRouteMatch* match;
};

class Shadowing {
 public:
  explicit Shadowing(const Context& context) : c_(context) {}

  void run() {
    for (const auto& [route, places] : by_precedence(c_))
      for (std::size_t r = 0; r < route->spec.rules.size(); ++r)
        for (const kube::HttpRouteMatch& match : route->spec.rules[r].matches)
          if (!match.headers.empty() || !match.query_params.empty()) look({route, r, &match}, places);
  }

 private:
  // Everything that ranks before age and order: matches of one group differ in their conditions only.
  static std::string group(const kube::HttpRouteMatch& match) {
    std::string type = "PathPrefix", value = "/";
    if (match.path) {
      type = match.path->type.value_or(type);
      value = match.path->value.value_or(value);
    }
    if (type == "PathPrefix" && value.size() > 1 && value.ends_with('/')) value.pop_back();
    return type + '\3' + value + '\3' + match.method.value_or("") + '\3' + std::to_string(match.headers.size()) + '\3' +
           std::to_string(match.query_params.size());
  }

  static bool has_expression(const kube::HttpRouteMatch& match) {
    return std::any_of(match.headers.begin(), match.headers.end(), is_regex) ||
           std::any_of(match.query_params.begin(), match.query_params.end(), is_regex);
  }

  void look(const Claim& claim, const std::vector<std::string>& places) {
    const std::string key = group(*claim.match);
    const Claim* winner = nullptr;
    std::size_t lost = 0;
    for (const std::string& place : places) {
      std::vector<Claim>& earlier = claims_[place + '\4' + key];
      for (const Claim& each : earlier) {
        if (!covers(*each.match, *claim.match)) continue;
        winner = &each;
        ++lost;
        break;
      }
      if (has_expression(*claim.match) && earlier.size() < compared) earlier.push_back(claim);
    }
    if (winner && lost == places.size()) tell(claim, *winner);
  }

  bool covers(const kube::HttpRouteMatch& wide, const kube::HttpRouteMatch& narrow) {
    return &wide != &narrow && covers(wide.headers, narrow.headers, true) &&
           covers(wide.query_params, narrow.query_params, false) && !same(wide, narrow);
  }

  bool covers(const std::vector<kube::NamedMatch>& wide, const std::vector<kube::NamedMatch>& narrow, bool fold) {
    auto name = [fold](const kube::NamedMatch& match) {
      return fold ? diag::lower(match.name) : std::string(match.name);
    };
    return std::all_of(wide.begin(), wide.end(), [&](const kube::NamedMatch& w) {
      return std::any_of(narrow.begin(), narrow.end(), [&](const kube::NamedMatch& n) {
        if (name(w) != name(n)) return false;
        if (is_regex(w) == is_regex(n) && w.value == n.value) return true;
        if (!is_regex(w)) return false;
        return takes_all(w.value) || (!is_regex(n) && expressions_.matches(w.value, n.value));
      });
    });
  }

  // Identical ones are told as GW401.
  static bool same(const kube::HttpRouteMatch& a, const kube::HttpRouteMatch& b) {
    auto equal = [](const std::vector<kube::NamedMatch>& x, const std::vector<kube::NamedMatch>& y) {
      return std::is_permutation(x.begin(), x.end(), y.begin(), y.end(), [](const auto& m, const auto& n) {
        return diag::lower(m.name) == diag::lower(n.name) && m.value == n.value && is_regex(m) == is_regex(n);
      });
    };
    return equal(a.headers, b.headers) && equal(a.query_params, b.query_params);
  }

  void tell(const Claim& claim, const Claim& winner) {
    const std::string who = winner.route == claim.route ? "rule " + std::to_string(winner.rule) + " of this route"
                                                        : "HTTPRoute " + winner.route->id().display();
    report(c_, {"GW402",
                *claim.route,
                claim.match->node,
                "this match of rule " + std::to_string(claim.rule) + " gets no request: " + who +
                    " takes everything it would take",
                "put the more specific match first, or give it one more condition",
                {},
                {{span_of(*winner.route, winner.match->node), "this match comes first"}}});
  }

  const Context& c_;
  Expressions expressions_;
  std::unordered_map<std::string, std::vector<Claim>> claims_;
};

}  // namespace

void check_shadowing(const Context& c) {
  Shadowing(c).run();
}

}  // namespace gw::validate
