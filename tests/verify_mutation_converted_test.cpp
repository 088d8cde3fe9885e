// Completeness of the witness on real configurations: what `convert` makes of the oracle's Ingresses is mutated with a
// seed. A mutation that changes the answer to a request chosen without verify's classes must be found; what is flagged
// must be true; what is neither is called equal.
#include "convert/convert.h"
#include "kube/index.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/profile.h"
#include "tests/evidence.h"
#include "tests/verify_controllers_oracle.h"
#include "verify/boundaries_gateway.h"
#include "verify/equivalence.h"

#include <random>

using namespace gw;

namespace {

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

struct Loaded {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<route::Model> model;
  verify::Side side;
};

std::unique_ptr<Loaded> read(const std::string& text) {
  auto out = std::make_unique<Loaded>();
  out->bundle = kube::load_text("converted.yaml", text, out->sources, out->sink);
  return out;
}
void build(Loaded& loaded) {
  const kube::Index index(loaded.bundle);
  route::AttachOptions options;
  options.assume_secrets = true;
  loaded.model = route::make_model("gwctl", index, route::attach(index, options));
  loaded.side = {loaded.model.get(), verify::gateway_boundaries(loaded.bundle, "gwctl")};
}

kube::HttpRoute* any_route(Random& random, kube::Bundle& bundle) {
  return bundle.http_routes.empty() ? nullptr : &bundle.http_routes[below(random, bundle.http_routes.size())];
}
kube::HttpRouteRule* any_rule(Random& random, kube::Bundle& bundle) {
  kube::HttpRoute* route = any_route(random, bundle);
  return !route || route->spec.rules.empty() ? nullptr : &route->spec.rules[below(random, route->spec.rules.size())];
}
kube::HttpPathMatch* any_path(Random& random, kube::Bundle& bundle, std::string_view type) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule || rule->matches.empty()) return nullptr;
  auto& path = rule->matches[below(random, rule->matches.size())].path;
  return path && path->value && (type.empty() || path->type == type) ? &*path : nullptr;
}
template <class Member>
auto* any_filter(Random& random, kube::Bundle& bundle, Member member) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (rule)
    for (kube::RouteFilter& filter : rule->filters)
      if (filter.*member) return &*(filter.*member);
  return static_cast<decltype(&*(std::declval<kube::RouteFilter&>().*member))>(nullptr);
}

using Mutation = bool (*)(Random&, kube::Bundle&);  // false: nothing to mutate

bool drop_rule(Random& random, kube::Bundle& bundle) {
  kube::HttpRoute* route = any_route(random, bundle);
  if (!route || route->spec.rules.size() < 2) return false;
  route->spec.rules.erase(route->spec.rules.begin() +
                          static_cast<std::ptrdiff_t>(below(random, route->spec.rules.size())));
  return true;
}
bool drop_route(Random& random, kube::Bundle& bundle) {
  if (bundle.http_routes.size() < 2) return false;
  bundle.http_routes.erase(bundle.http_routes.begin() +
                           static_cast<std::ptrdiff_t>(below(random, bundle.http_routes.size())));
  return true;
}
bool reverse_rules(Random& random, kube::Bundle& bundle) {
  kube::HttpRoute* route = any_route(random, bundle);
  if (!route || route->spec.rules.size() < 2) return false;
  std::reverse(route->spec.rules.begin(), route->spec.rules.end());
  return true;
}
bool widen_prefix(Random& random, kube::Bundle& bundle) {
  kube::HttpPathMatch* path = any_path(random, bundle, "PathPrefix");
  if (!path || *path->value == "/") return false;
  path->value = path->value->substr(0, std::max<std::size_t>(path->value->view().rfind('/'), 1));
  return true;
}
bool swap_type(Random& random, kube::Bundle& bundle) {
  kube::HttpPathMatch* path = any_path(random, bundle, "");
  if (!path || path->type == "RegularExpression") return false;
  path->type = path->type == "Exact" ? "PathPrefix" : "Exact";
  return true;
}
bool lose_flag(Random& random, kube::Bundle& bundle) {
  kube::HttpPathMatch* path = any_path(random, bundle, "RegularExpression");
  if (!path || !path->value->starts_with("(?i)")) return false;
  path->value = path->value->substr(4);
  return true;
}
bool lose_tail(Random& random, kube::Bundle& bundle) {
  kube::HttpPathMatch* path = any_path(random, bundle, "RegularExpression");
  if (!path || !path->value->ends_with(".*")) return false;
  path->value = path->value->substr(0, path->value->size() - 2);
  return true;
}
bool change_weight(Random& random, kube::Bundle& bundle) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule || rule->backend_refs.empty()) return false;
  rule->backend_refs.front().weight = static_cast<std::int32_t>(below(random, 4));
  return true;
}
bool scale_weights(Random& random, kube::Bundle& bundle) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule || rule->backend_refs.empty()) return false;
  for (kube::BackendRef& ref : rule->backend_refs) ref.weight = ref.weight.value_or(1) * 7;
  return true;
}
bool change_backend(Random& random, kube::Bundle& bundle) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule || rule->backend_refs.empty()) return false;
  kube::String& name = rule->backend_refs.back().name;
  name = name + "-other";
  return true;
}
bool change_code(Random& random, kube::Bundle& bundle) {
  kube::RequestRedirect* redirect = any_filter(random, bundle, &kube::RouteFilter::request_redirect);
  if (!redirect) return false;
  redirect->status_code = redirect->status_code.value_or(302) == 301 ? 308 : 301;
  return true;
}
bool change_rewrite(Random& random, kube::Bundle& bundle) {
  kube::UrlRewrite* rewrite = any_filter(random, bundle, &kube::RouteFilter::url_rewrite);
  if (!rewrite || !rewrite->path) return false;
  for (auto* text : {&rewrite->path->replace_full_path, &rewrite->path->replace_prefix_match})
    if (*text) *text = **text + "/more";
  return true;
}
bool drop_filters(Random& random, kube::Bundle& bundle) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule || rule->filters.empty()) return false;
  rule->filters.clear();
  return true;
}
bool drop_headers(Random& random, kube::Bundle& bundle) {
  kube::HttpRouteRule* rule = any_rule(random, bundle);
  if (!rule) return false;
  bool any = false;
  for (kube::HttpRouteMatch& match : rule->matches) {
    any |= !match.headers.empty();
    match.headers.clear();
  }
  return any;
}
bool widen_listener(Random& random, kube::Bundle& bundle) {
  if (bundle.gateways.empty()) return false;
  auto& listeners = bundle.gateways[below(random, bundle.gateways.size())].spec.listeners;
  if (listeners.empty()) return false;
  auto& host = listeners[below(random, listeners.size())].hostname;
  if (!host) return false;
  if (host->starts_with("*.") || host->find('.') == std::string::npos)
    host.reset();
  else
    host = "*" + host->substr(host->find('.'));
  return true;
}
bool widen_hostnames(Random& random, kube::Bundle& bundle) {
  kube::HttpRoute* route = any_route(random, bundle);
  if (!route || route->spec.hostnames.empty()) return false;
  kube::String& host = route->spec.hostnames.front();
  if (host.starts_with("*.")) return false;
  host = "*" + host.substr(host.find('.'));
  return true;
}
bool repeat_rule(Random& random, kube::Bundle& bundle) {
  kube::HttpRoute* route = any_route(random, bundle);
  if (!route || route->spec.rules.empty()) return false;
  route->spec.rules.push_back(kube::HttpRouteRule(route->spec.rules.front()));
  return true;
}

struct Row {
  const char* name;
  Mutation apply;
};
constexpr Row mutations[] = {
    {"rule dropped", drop_rule},
    {"route dropped", drop_route},
    {"order of rules changed", reverse_rules},
    {"prefix widened", widen_prefix},
    {"match type changed", swap_type},
    {"regex flag lost", lose_flag},
    {"end of regex lost", lose_tail},
    {"weight changed", change_weight},
    {"weights scaled", scale_weights},
    {"backend changed", change_backend},
    {"redirect code changed", change_code},
    {"rewrite changed", change_rewrite},
    {"filters dropped", drop_filters},
    {"header condition lost", drop_headers},
    {"listener host widened", widen_listener},
    {"hostname widened", widen_hostnames},
    {"rule repeated", repeat_rule},
};

// The oracle's own requests, and names and paths near those of the manifests: chosen without the classes.
std::vector<route::Request> probes(const std::vector<route::Request>& observed, const kube::Bundle& bundle) {
  std::set<std::string> hosts{"nobody.test"}, paths{"/", "/zz"};
  for (const kube::HttpRoute& route : bundle.http_routes) {
    for (const kube::String& host : route.spec.hostnames) {
      hosts.insert(host.starts_with("*.") ? "w." + host.substr(2) : std::string(host));
      if (const auto dot = host.find('.'); dot != std::string::npos) hosts.insert("q" + host.substr(dot));
    }
    for (const auto& rule : route.spec.rules)
      for (const auto& match : rule.matches) {
        if (!match.path || !match.path->value) continue;
        std::string text = *match.path->value;
        if (match.path->type == "RegularExpression") {
          std::erase_if(text,
                        [](char c) { return std::string_view("()|^$?*+[]{}\\.").find(c) != std::string_view::npos; });
          if (text.starts_with("i:")) text.erase(0, 2);
          if (text.starts_with("i")) text.erase(0, 1);
          if (text.starts_with(":")) text.erase(0, 1);
        }
        if (!text.starts_with('/')) text.insert(0, 1, '/');
        for (const char* tail : {"", "/", "x", "/x"}) paths.insert(text + tail);
        for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        paths.insert(text);
      }
  }
  std::vector<route::Request> out = observed;
  for (const std::string& host : hosts)
    for (const std::string& path : paths)
      for (const route::Scheme scheme : {route::Scheme::http, route::Scheme::https}) {
        route::Request request;
        request.scheme = scheme;
        request.host = host;
        request.target = path;
        out.push_back(std::move(request));
      }
  return out;
}

struct Counts {
  std::size_t all = 0, changed = 0, flagged = 0, equal = 0, confirmed = 0;
};

class Campaign {
 public:
  void run(const std::string& text, const std::vector<route::Request>& observed, unsigned seed) {
    const auto base = read(text);
    if (base->bundle.http_routes.empty()) return;
    build(*base);
    const std::vector<route::Request> requests = probes(observed, base->bundle);
    Random random(seed);
    for (int round = 0; round < 3; ++round) {
      const Row& row = mutations[below(random, std::size(mutations))];
      const auto mutant = read(text);
      if (row.apply(random, mutant->bundle)) try_one(*base, *mutant, requests, row.name);
    }
  }
  std::map<std::string, Counts> rows;

 private:
  void try_one(const Loaded& base, Loaded& mutant, const std::vector<route::Request>& requests, const char* name) {
    build(mutant);
    verify::Options options;
    options.strict = true;  // two gateways: nothing comes with a move
    const verify::Report report = verify::verify(base.side, mutant.side, options);
    const bool flagged = report.verdict == verify::Verdict::differs;
    Counts& counts = rows[name];
    ++counts.all;
    const auto change = std::find_if(requests.begin(), requests.end(), [&](const route::Request& request) {
      const auto found = verify::compare(base.model->answer(request), mutant.model->answer(request));
      return found && *found != verify::Difference::unmodelled;
    });
    if (change != requests.end()) {
      ++counts.changed;
      CHECK_MESSAGE(flagged, name << ": " << change->method << " " << change->host << change->target);
    }
    for (const verify::HostReport& host : report.hosts)
      for (const verify::Counterexample& found : host.counterexamples) {
        CHECK(verify::compare(base.model->answer(found.request), mutant.model->answer(found.request)));
        ++counts.confirmed;
      }
    counts.flagged += flagged;
    counts.equal += !flagged;
  }
};

std::string converted(const oracle::Configuration& old, const std::string& controller) {
  convert::Options options;
  options.from = controller;
  options.accepted = {};
  kube::Bundle bundle;
  diag::Sink findings;
  if (!convert::convert(old.bundle, options, old.sources, findings, bundle)) return {};
  route::assume_gateways(bundle);
  std::string text;
  kube::write(bundle, yaml::Style::yaml, text);
  return text;
}

void read_records(const std::string& file, const std::string& controller, Campaign& campaign, unsigned& seed) {
  std::ifstream in(evidence::path("oracle/" + file));
  REQUIRE(in);
  std::map<std::string, std::pair<oracle::Json, std::vector<route::Request>>> by_config;
  std::vector<std::string> order;
  for (std::string line; std::getline(in, line);) {
    const oracle::Json record = oracle::Json::parse(line);
    if (!record.contains("request")) continue;
    const std::string config = record["config"];
    if (!by_config.contains(config)) order.push_back(config);
    auto& [first, requests] = by_config[config];
    if (first.is_null()) first = record;
    requests.push_back(oracle::request(record["request"]));
  }
  oracle::Options options;
  options.controller = controller;
  for (const std::string& config : order) {
    const auto& [record, requests] = by_config[config];
    campaign.run(converted(*oracle::configuration(record, options), controller), requests, seed++);
  }
}

}  // namespace

TEST_CASE("mutations of converted configurations: what changes an answer is found, nothing else is flagged") {
  Campaign campaign;
  unsigned seed = 1;
  read_records("ingress-nginx.jsonl", "ingress-nginx", campaign, seed);
  read_records("traefik-ingress.jsonl", "traefik", campaign, seed);
  read_records("f5-nginx.jsonl", "f5-nginx", campaign, seed);
  read_records("haproxytech.jsonl", "haproxytech", campaign, seed);
  read_records("haproxy-ingress.jsonl", "haproxy-ingress", campaign, seed);
  Counts sum;
  std::string text;
  for (const auto& [name, row] : campaign.rows) {
    text += "\n  " + name + ": " + std::to_string(row.all) + ", " + std::to_string(row.changed) +
            " change a probed answer, " + std::to_string(row.flagged) + " found, " + std::to_string(row.equal) +
            " equal";
    sum.all += row.all;
    sum.changed += row.changed;
    sum.flagged += row.flagged;
    sum.confirmed += row.confirmed;
  }
  MESSAGE(sum.all, " mutations, ", sum.changed, " change a probed answer, ", sum.flagged, " found, ", sum.confirmed,
          " counterexamples asked again", text);
  CHECK(sum.all >= evidence::at_least(600));
  CHECK(sum.changed >= evidence::at_least(250));
}
