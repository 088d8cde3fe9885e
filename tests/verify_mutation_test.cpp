// Completeness of the witness: seeded mutations of Gateway API configurations. Every mutation that changes an answer of
// a brute-force set of requests must be found, and one that changes none must not be flagged.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "kube/index.h"
#include "kube/load.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/profile.h"
#include "verify/boundaries_gateway.h"
#include "verify/equivalence.h"

using namespace gw;

namespace {

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}
template <class T>
const T& pick(Random& random, const std::vector<T>& from) {
  return from[below(random, from.size())];
}

// A configuration as plain data, so that mutations are edits of it.
struct Rule {
  std::string type, path, header, query, method, rewrite, redirect_path;
  int redirect = 0;
  std::vector<std::pair<std::string, int>> backends;
};
struct Route {
  std::string name;
  std::vector<std::string> hosts;
  std::vector<Rule> rules;
};
struct Config {
  std::vector<std::string> listeners;  // hostnames; "" every host
  std::vector<Route> routes;
};

const std::vector<std::string> segments = {"a", "b", "api", "v1", "shop"};
const std::vector<std::string> hosts = {"a.test", "b.test", "*.w.test", "x.w.test"};
const std::vector<std::string> regexes = {"(?i)/api.*", "/a(/|$)(.*)", "/[a-c]/v[0-9]+", "/shop|/b",
                                          "(?i)/a/.*",  "/.*v1",       "/b[^/]*",        "/api/.{2}"};

std::string generated_path(Random& random) {
  std::string out;
  for (std::size_t depth = below(random, 3); depth > 0; --depth) out += "/" + pick(random, segments);
  if (out.empty()) return "/";
  return below(random, 8) == 0 ? out + "/" : out;
}

Rule generated_rule(Random& random) {
  Rule rule;
  const std::size_t type = below(random, 5);
  rule.type = type < 2 ? "PathPrefix" : type < 4 ? "Exact" : "RegularExpression";
  rule.path = rule.type == "RegularExpression" ? pick(random, regexes) : generated_path(random);
  if (below(random, 6) == 0) rule.header = pick<std::string>(random, {"on", "off"});
  if (below(random, 10) == 0) rule.query = pick<std::string>(random, {"1", "2"});
  if (below(random, 10) == 0) rule.method = pick<std::string>(random, {"POST", "DELETE"});
  if (below(random, 8) == 0) {
    rule.redirect = pick<int>(random, {301, 302, 308});
    return rule;
  }
  if (rule.type == "PathPrefix" && below(random, 4) == 0) rule.rewrite = pick<std::string>(random, {"/", "/n", "/n/m"});
  rule.backends.emplace_back("s" + std::to_string(below(random, 4)), 1 + static_cast<int>(below(random, 3)));
  if (below(random, 4) == 0) rule.backends.emplace_back("t" + std::to_string(below(random, 2)), 1);
  return rule;
}

Config generated_config(Random& random) {
  Config out;
  out.listeners = below(random, 3) == 0 ? hosts : std::vector<std::string>{""};
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    Route route;
    route.name = "r" + std::to_string(i);
    route.hosts = {hosts[i]};
    if (below(random, 5) == 0) route.hosts.push_back(pick(random, hosts));
    for (std::size_t rules = 1 + below(random, 4); rules > 0; --rules) route.rules.push_back(generated_rule(random));
    out.routes.push_back(std::move(route));
  }
  return out;
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

void write(const Rule& rule, std::string& out) {
  out += "  - matches:\n    - path: {type: " + rule.type + ", value: " + quoted(rule.path) + "}\n";
  if (!rule.header.empty()) out += "      headers: [{name: X-Canary, value: " + quoted(rule.header) + "}]\n";
  if (!rule.query.empty()) out += "      queryParams: [{name: q, value: " + quoted(rule.query) + "}]\n";
  if (!rule.method.empty()) out += "      method: " + rule.method + "\n";
  if (rule.redirect != 0)
    out += "    filters:\n    - type: RequestRedirect\n      requestRedirect: {scheme: https, statusCode: " +
           std::to_string(rule.redirect) + "}\n";
  if (!rule.rewrite.empty())
    out +=
        "    filters:\n    - type: URLRewrite\n      urlRewrite:\n        path: {type: ReplacePrefixMatch, "
        "replacePrefixMatch: " +
        quoted(rule.rewrite) + "}\n";
  if (rule.backends.empty()) return;
  out += "    backendRefs:\n";
  for (const auto& [service, weight] : rule.backends)
    out += "    - {name: " + service + ", port: 80, weight: " + std::to_string(weight) + "}\n";
}

std::string write(const Config& config) {
  std::string out =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: d}\nspec:\n"
      "  gatewayClassName: c\n  listeners:\n";
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    out += "  - {name: l" + std::to_string(i) + ", port: 80, protocol: HTTP";
    if (!config.listeners[i].empty()) out += ", hostname: " + quoted(config.listeners[i]);
    out += "}\n";
  }
  for (const Route& route : config.routes) {
    out += "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + route.name +
           ", namespace: d}\nspec:\n  parentRefs: [{name: g}]\n  hostnames:\n";
    for (const std::string& host : route.hosts) out += "  - " + quoted(host) + "\n";
    out += "  rules:\n";
    for (const Rule& rule : route.rules) write(rule, out);
  }
  return out;
}

struct Compiled {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<route::Model> model;
};
std::shared_ptr<Compiled> compile(const Config& config) {
  auto out = std::make_shared<Compiled>();
  out->bundle = kube::load_text("config.yaml", write(config), out->sources, out->sink);
  const kube::Index index(out->bundle);
  out->model = route::make_model("gwctl", index, route::attach(index));
  return out;
}

using Mutation = bool (*)(Random&, Config&);  // false: nothing to mutate
Route& any_route(Random& random, Config& config) {
  return config.routes[below(random, config.routes.size())];
}
Rule& any_rule(Random& random, Config& config) {
  Route& route = any_route(random, config);
  return route.rules[below(random, route.rules.size())];
}

bool drop_rule(Random& random, Config& config) {
  Route& route = any_route(random, config);
  if (route.rules.size() < 2) return false;
  route.rules.erase(route.rules.begin() + static_cast<std::ptrdiff_t>(below(random, route.rules.size())));
  return true;
}
bool swap_rules(Random& random, Config& config) {
  Route& route = any_route(random, config);
  if (route.rules.size() < 2) return false;
  std::swap(route.rules.front(), route.rules.back());
  return true;
}
bool swap_routes(Random& random, Config& config) {
  std::swap(any_route(random, config).name, any_route(random, config).name);
  return true;
}
bool widen_prefix(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.type == "RegularExpression" || rule.path == "/") return false;
  rule.path = rule.path.substr(0, std::max<std::size_t>(rule.path.rfind('/'), 1));
  return true;
}
bool exact_to_prefix(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.type == "RegularExpression") return false;
  rule.type = rule.type == "Exact" ? "PathPrefix" : "Exact";
  if (rule.type == "Exact") rule.rewrite.clear();
  return true;
}
bool lose_regex_flag(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (!rule.path.starts_with("(?i)")) return false;
  rule.path.erase(0, 4);
  return true;
}
bool change_regex(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.type != "RegularExpression") return false;
  rule.path = pick(random, regexes);
  return true;
}
bool change_weight(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.backends.empty()) return false;
  rule.backends.front().second = static_cast<int>(below(random, 4));
  return true;
}
bool scale_weights(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  for (auto& [service, weight] : rule.backends) weight *= 3;
  return !rule.backends.empty();
}
bool change_redirect(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.redirect == 0) return false;
  rule.redirect = rule.redirect == 301 ? 308 : 301;
  return true;
}
bool widen_listener(Random& random, Config& config) {
  std::string& host = config.listeners[below(random, config.listeners.size())];
  if (host.empty()) return false;
  host = host.starts_with("*.") || config.listeners.size() == 1 ? "" : "*" + host.substr(host.find('.'));
  return std::set<std::string>(config.listeners.begin(), config.listeners.end()).size() == config.listeners.size();
}
bool lose_header(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.header.empty() && rule.query.empty() && rule.method.empty()) return false;
  rule.header.clear();
  rule.query.clear();
  rule.method.clear();
  return true;
}
bool change_rewrite(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.rewrite.empty()) return false;
  rule.rewrite = rule.rewrite == "/" ? "/n" : "/";
  return true;
}
bool change_backend(Random& random, Config& config) {
  Rule& rule = any_rule(random, config);
  if (rule.backends.empty()) return false;
  rule.backends.back().first = "s" + std::to_string(below(random, 4));
  return true;
}
bool repeat_rule(Random& random, Config& config) {
  Route& route = any_route(random, config);
  route.rules.push_back(route.rules[below(random, route.rules.size())]);
  return true;
}

struct MutationRow {
  const char* name;
  Mutation apply;
};
constexpr MutationRow mutations[] = {
    {"rule dropped", drop_rule},
    {"rules swapped", swap_rules},
    {"routes renamed", swap_routes},
    {"prefix widened", widen_prefix},
    {"match type changed", exact_to_prefix},
    {"regex flag lost", lose_regex_flag},
    {"regex changed", change_regex},
    {"weight changed", change_weight},
    {"weights scaled", scale_weights},
    {"redirect code changed", change_redirect},
    {"listener widened", widen_listener},
    {"condition lost", lose_header},
    {"rewrite changed", change_rewrite},
    {"backend changed", change_backend},
    {"rule repeated", repeat_rule},
};

// Everything over small alphabets: the ground truth, chosen without looking at the classes.
const std::vector<route::Request>& brute_force() {
  static const std::vector<route::Request> all = [] {
    std::vector<std::string> paths{"/"};
    const std::vector<std::string> parts = {"a", "b", "api", "API", "v1", "v12", "shop", "x"};
    const std::vector<std::string> second = {"a", "b", "v1", "x"};
    for (const std::string& one : parts) {
      paths.push_back("/" + one);
      paths.push_back("/" + one + "/");
      paths.push_back("/" + one + "x");
      for (const std::string& two : second) {
        paths.push_back("/" + one + "/" + two);
        paths.push_back("/" + one + "/" + two + "/z");
        paths.push_back("/" + one + "/" + two + "x");
      }
    }
    std::vector<route::Request> out;
    for (const char* host : {"a.test", "b.test", "x.w.test", "y.w.test", "y.x.w.test", "w.test", "c.test"})
      for (const std::string& path : paths)
        for (const char* header : {"", "on", "off"})
          for (const char* query : {"", "?q=1", "?q=2"})
            for (const char* method : {"GET", "POST", "DELETE"}) {
              // Conditions one at a time: each alone shows what a rule tests.
              if ((*header != 0) + (*query != 0) + (std::string_view(method) != "GET") > 1) continue;
              route::Request request;
              request.host = host;
              request.target = path + query;
              request.method = method;
              if (*header != 0) request.headers.emplace_back("X-Canary", header);
              out.push_back(std::move(request));
            }
    return out;
  }();
  return all;
}

const route::Request* first_change(const route::Model& before, const route::Model& after) {
  for (const route::Request& request : brute_force())
    if (verify::compare(before.answer(request), after.answer(request))) return &request;
  return nullptr;
}

}  // namespace

TEST_CASE("every mutation that changes an answer is found; the others are not flagged") {
  struct Row {
    std::size_t all = 0, changed = 0;
  };
  std::map<std::string, Row> rows;
  std::size_t all = 0, changed = 0, confirmed = 0;
  for (unsigned seed = 0; all < 500; ++seed) {
    Random random(seed);
    const Config config = generated_config(random);
    const auto base = compile(config);
    REQUIRE(!base->sink.failed());
    const verify::Side before{base->model.get(), verify::gateway_boundaries(base->bundle, "gwctl")};
    for (const MutationRow& mutation : mutations) {
      Config mutated = config;
      if (!mutation.apply(random, mutated)) continue;
      const auto other = compile(mutated);
      const verify::Side after{other->model.get(), verify::gateway_boundaries(other->bundle, "gwctl")};
      verify::Options options;
      options.strict = true;
      const verify::Report report = verify::verify(before, after, options);
      const bool flagged = report.verdict == verify::Verdict::differs;
      const route::Request* witness = first_change(*base->model, *other->model);
      ++all;
      ++rows[mutation.name].all;
      if (witness) {
        ++changed;
        ++rows[mutation.name].changed;
        CHECK_MESSAGE(flagged, mutation.name << ", seed " << seed << ": " << witness->method << " " << witness->host
                                             << witness->target);
      }
      // What verify flags beyond the brute-force set must be true: both models say so when asked again.
      for (const verify::HostReport& host : report.hosts)
        for (const verify::Counterexample& found : host.counterexamples) {
          CHECK(verify::compare(base->model->answer(found.request), other->model->answer(found.request)));
          ++confirmed;
        }
      if (!witness && !flagged) CHECK(report.verdict == verify::Verdict::proved);
    }
  }
  std::string text;
  for (const auto& [name, row] : rows)
    text += "\n  " + name + ": " + std::to_string(row.changed) + " of " + std::to_string(row.all) + " change an answer";
  MESSAGE(all, " mutations, ", changed, " change an answer, ", confirmed, " counterexamples asked again", text);
  CHECK(changed >= 150);
}
