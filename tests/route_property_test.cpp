// The compiled table against the spec read literally: generated routes, requests at every boundary, and an evaluator
// that tries every match of every route in the order the spec gives. Fixed seed.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "kube/index.h"
#include "route/attach.h"
#include "route/table.h"

namespace {

using namespace gw;
using Random = std::mt19937;

template <class T>
const T& any(Random& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

const std::vector<std::string> listener_hosts = {"", "*.example.com", "a.example.com", "*.b.example.com", "x.org"};
const std::vector<std::string> route_hosts = {
    "", "*.example.com", "a.example.com", "b.example.com", "*.b.example.com", "x.b.example.com", "x.org", "*.org"};
const std::vector<std::string> request_hosts = {
    "a.example.com", "b.example.com", "x.b.example.com", "y.x.b.example.com",
    "example.com",   "x.org",         "z.net",           "A.Example.Com:8080"};
const std::vector<std::string> paths = {"/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab", "/b", "/b/a", "/a/bc"};
const std::vector<std::string> regexes = {"/a.*", "/[ab]/.*", "/a/b", "/(a|b)", ".*c", "/ab?"};
const std::vector<std::string> request_paths = {"/",        "/a",     "/a/",        "/a/b",   "/a/b/",  "/a/b/c",
                                                "/a/b/c/d", "/ab",    "/abc",       "/b",     "/b/",    "/b/a",
                                                "/b/a/x",   "/a/bc",  "/c",         "//a//b", "/a/./b", "/x/../a",
                                                "/%61/b",   "/a%2Fb", "/a/../../b", "/a/%zz", "/a;x"};
const std::vector<std::string> methods = {"GET", "POST", "HEAD"};

kube::HttpRouteMatch make_match(Random& random) {
  kube::HttpRouteMatch match;
  const auto kind = random() % 10;
  if (kind != 0) {
    match.path.emplace();
    match.path->type = kind < 4 ? "Exact" : kind < 8 ? "PathPrefix" : "RegularExpression";
    match.path->value = kind < 8 ? any(random, paths) : any(random, regexes);
  }
  if (random() % 4 == 0) match.method = any(random, methods);
  for (std::size_t i = 0; i < random() % 3 && random() % 2; ++i)
    match.headers.push_back({{}, "Exact", i ? "X-B" : "X-A", std::to_string(random() % 2)});
  if (random() % 5 == 0) match.query_params.push_back({{}, "Exact", "q", std::to_string(random() % 2)});
  return match;
}

kube::Bundle make_bundle(Random& random) {
  kube::Bundle bundle;
  kube::Gateway gateway;
  gateway.metadata = {};
  gateway.metadata.name = "gw";
  gateway.metadata.ns = "default";
  std::vector<std::string> hosts = listener_hosts;
  std::shuffle(hosts.begin(), hosts.end(), random);
  hosts.resize(1 + random() % 3);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    kube::Listener listener;
    listener.name = "l" + std::to_string(i);
    listener.port = 80;
    listener.protocol = "HTTP";
    if (!hosts[i].empty()) listener.hostname = hosts[i];
    gateway.spec.listeners.push_back(listener);
  }
  bundle.gateways.push_back(gateway);
  const std::size_t routes = 1 + random() % 5;
  for (std::size_t r = 0; r < routes; ++r) {
    kube::HttpRoute route;
    route.kind = "HTTPRoute";
    route.metadata.name = std::string(1, static_cast<char>('a' + random() % 26)) + std::to_string(r);
    route.metadata.ns = "default";
    route.metadata.creation_timestamp = random() % 3 ? "2026-01-01T00:00:0" + std::to_string(random() % 3) + "Z" : "";
    kube::ParentReference ref;
    ref.name = "gw";
    if (random() % 3 == 0) ref.section_name = "l" + std::to_string(random() % hosts.size());
    route.spec.parent_refs.push_back(ref);
    for (auto h = random() % 3; h > 0; --h)
      if (const std::string& host = any(random, route_hosts); !host.empty()) route.spec.hostnames.push_back(host);
    for (auto n = 1 + random() % 4; n > 0; --n) {
      kube::HttpRouteRule rule;
      for (auto m = random() % 3; m > 0; --m) rule.matches.push_back(make_match(random));
      kube::BackendRef backend;
      backend.name = "s";
      backend.port = 80;
      rule.backend_refs.push_back(backend);
      route.spec.rules.push_back(rule);
    }
    bundle.http_routes.push_back(route);
  }
  return bundle;
}

// ---- the spec, read literally

bool is_wildcard(const std::string& host) {
  return host.rfind("*.", 0) == 0;
}
bool host_matches(const std::string& pattern, const std::string& host) {
  if (pattern.empty() || pattern == host) return true;
  if (!is_wildcard(pattern)) return false;
  const std::string suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.compare(host.size() - suffix.size(), suffix.size(), suffix) == 0;
}
// Exact before wildcard, a longer wildcard before a shorter one, then every host.
std::tuple<int, std::size_t> specificity(const std::string& pattern) {
  return {pattern.empty() ? 0 : is_wildcard(pattern) ? 1 : 2, pattern.size()};
}

std::optional<std::string> meet(const std::string& a, const std::string& b) {
  if (a.empty() || a == b) return b;
  if (b.empty()) return a;
  if (is_wildcard(a) && is_wildcard(b)) {
    if (host_matches(a, "x" + b.substr(1))) return b;
    if (host_matches(b, "x" + a.substr(1))) return a;
    return std::nullopt;
  }
  if (host_matches(a, b)) return b;
  if (host_matches(b, a)) return a;
  return std::nullopt;
}

// Decoded, slashes merged, dots resolved: gwctl's policy, character by character.
std::optional<std::string> normal_path(const std::string& raw) {
  std::string decoded;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      decoded += raw[i];
      continue;
    }
    if (i + 2 >= raw.size() || !std::isxdigit(raw[i + 1]) || !std::isxdigit(raw[i + 2])) return std::nullopt;
    decoded += static_cast<char>(std::stoi(raw.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  std::vector<std::string> segments;
  std::string segment;
  bool directory = false;
  for (std::size_t i = 1; i <= decoded.size(); ++i) {
    if (i < decoded.size() && decoded[i] != '/') {
      segment += decoded[i];
      continue;
    }
    directory = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (segments.empty()) return std::nullopt;
      segments.pop_back();
    } else if (!directory) {
      segments.push_back(segment);
    }
    segment.clear();
  }
  std::string out;
  for (const std::string& s : segments) out += "/" + s;
  return out.empty() ? "/" : directory ? out + "/" : out;
}

bool path_matches(const std::string& type, const std::string& value, const std::string& path) {
  if (type == "Exact") return path == value;
  if (type == "RegularExpression") {
    // The patterns of this test, spelled out.
    const auto starts = [&](const char* text) { return path.rfind(text, 0) == 0; };
    if (value == "/a.*") return starts("/a");
    if (value == "/[ab]/.*") return starts("/a/") || starts("/b/");
    if (value == "/a/b") return path == "/a/b";
    if (value == "/(a|b)") return path == "/a" || path == "/b";
    if (value == ".*c") return path.back() == 'c';
    return path == "/a" || path == "/ab";
  }
  std::string prefix = value;
  if (prefix.back() == '/') prefix.pop_back();
  return path == prefix || path.rfind(prefix + "/", 0) == 0;
}

// The less specific a route's own hostname, the later it is asked (v1.7): exact names, wildcards from the longest,
// none.
long looseness(const std::string& own) {
  if (own.empty()) return 2000;
  return own.starts_with("*.") ? 1000 - static_cast<long>(own.size()) : 0;
}

struct Sent {
  std::string host, path, query, method, a, b;
};

struct Candidate {
  std::tuple<long, int, long, int, long, long, bool, std::string, std::string, std::size_t, std::size_t> rank;
  const kube::HttpRoute* route;
  std::size_t rule;
};

struct Expected {
  int status = 404;
  std::string route;
  std::size_t rule = 0;
};

Expected evaluate(const kube::Bundle& bundle, const Sent& sent) {
  std::string host = sent.host.substr(0, sent.host.find(':'));
  for (char& c : host) c = static_cast<char>(std::tolower(c));
  const std::vector<kube::Listener>& listeners = bundle.gateways[0].spec.listeners;
  const kube::Listener* chosen = nullptr;
  for (const kube::Listener& listener : listeners)
    if (host_matches(listener.hostname.value_or(""), host) &&
        (!chosen || specificity(listener.hostname.value_or("")) > specificity(chosen->hostname.value_or(""))))
      chosen = &listener;
  if (!chosen) return {};
  const auto path = normal_path(sent.path);
  if (!path) return {400, "", 0};

  std::optional<std::string> best;  // the most specific hostname that has routes
  struct Served {
    const kube::HttpRoute* route;
    std::string name, own;  // on the listener, and as the route has it
  };
  std::vector<Served> served;
  for (const kube::HttpRoute& route : bundle.http_routes) {
    const auto& section = route.spec.parent_refs[0].section_name;
    if (section && *section != chosen->name) continue;
    for (const kube::String& name :
         route.spec.hostnames.empty() ? std::vector<kube::String>{""} : route.spec.hostnames) {
      const auto both = meet(chosen->hostname.value_or(""), name);
      if (!both || !host_matches(*both, host)) continue;
      served.push_back({&route, *both, std::string(name)});
      if (!best || specificity(*both) > specificity(*best)) best = both;
    }
  }
  std::vector<Candidate> candidates;
  for (const auto& [route, name, own] : served) {
    if (name != *best) continue;
    for (std::size_t r = 0; r < route->spec.rules.size(); ++r) {
      const auto& rule = route->spec.rules[r];
      const std::vector<kube::HttpRouteMatch> matches =
          rule.matches.empty() ? std::vector<kube::HttpRouteMatch>(1) : rule.matches;
      for (std::size_t m = 0; m < matches.size(); ++m) {
        const kube::HttpRouteMatch& match = matches[m];
        const std::string type = match.path ? *match.path->type : "PathPrefix",
                          value = match.path ? *match.path->value : "/";
        bool fits = path_matches(type, value, *path) && (!match.method || *match.method == sent.method);
        for (const auto& header : match.headers)
          fits = fits && (header.name == "X-A" ? sent.a : sent.b) == header.value;
        for (const auto& query : match.query_params) fits = fits && sent.query == query.value;
        if (!fits) continue;
        const int kind = type == "Exact" ? 0 : type == "RegularExpression" ? 1 : 2;
        const auto& meta = route->metadata;
        candidates.push_back(
            {{looseness(own), kind, -static_cast<long>(value.size()), match.method ? 0 : 1,
              -static_cast<long>(match.headers.size()), -static_cast<long>(match.query_params.size()),
              meta.creation_timestamp.empty(), meta.creation_timestamp, meta.ns + "/" + meta.name, r, m},
             route,
             r});
      }
    }
  }
  if (candidates.empty()) return {};
  const auto first = std::min_element(candidates.begin(), candidates.end(),
                                      [](const auto& a, const auto& b) { return a.rank < b.rank; });
  return {200, first->route->metadata.name, first->rule};
}

}  // namespace

TEST_CASE("the trie answers as the spec read literally") {
  Random random(20261124);
  int requests = 0, matched = 0;
  for (int round = 0; round < 300; ++round) {
    const kube::Bundle bundle = make_bundle(random);
    const kube::Index index(bundle);
    const auto table = route::compile(index, route::attach(index));
    for (int i = 0; i < 60; ++i) {
      Sent sent{any(random, request_hosts),
                any(random, request_paths),
                random() % 2 ? std::to_string(random() % 2) : "",
                any(random, methods),
                random() % 2 ? std::to_string(random() % 2) : "",
                random() % 2 ? std::to_string(random() % 2) : ""};
      const std::string target = sent.path + (sent.query.empty() ? "" : "?x=9&q=" + sent.query);
      std::vector<route::HeaderView> headers;
      if (!sent.a.empty()) headers.push_back({"x-a", sent.a});
      if (!sent.b.empty()) headers.push_back({"X-B", sent.b});
      route::RequestView view;
      view.method = sent.method;
      view.host = sent.host;
      view.target = target;
      view.headers = headers;
      const route::Decision decision = table->decide(view);
      const Expected expected = evaluate(bundle, sent);
      ++requests;
      matched += expected.status == 200;
      CAPTURE(sent.host);
      CAPTURE(target);
      CAPTURE(sent.method);
      REQUIRE(decision.status == expected.status);
      if (expected.status != 200) continue;
      REQUIRE(decision.action->source.object.name == expected.route);
      REQUIRE(decision.action->source.rule == expected.rule);
    }
  }
  MESSAGE(requests << " requests, " << matched << " of them matched a rule");
  CHECK(requests >= 5000);
  CHECK(matched >= requests / 4);
}
