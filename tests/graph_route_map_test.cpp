// The route map's order held against Table::decide: the first row whose match takes a request is the rule that answers.
#include <doctest/doctest.h>

#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "graph/route_map.h"
#include "kube/index.h"
#include "kube/load.h"
#include "route/target.h"

using namespace gw;

namespace {

// Fixed seed: the same sets on every run.
struct Random {
  std::uint64_t state = 20261125;
  std::size_t below(std::size_t n) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<std::size_t>(state >> 33) % n;
  }
  template <class List>
  auto pick(const List& list) {
    return list[below(std::size(list))];
  }
};

const std::vector<std::string> prefixes{"/", "/a", "/a/b", "/a/b/", "/c"}, exacts{"/a", "/a/b", "/c/d"},
    regexes{"/a/.*", "/[ac]", "/c.*"}, route_hosts{"", "x.test", "\"*.test\"", "\"*.y.test\"", "z.y.test"};

std::string random_match(Random& random) {
  std::string out = "{path: {type: ";
  switch (random.below(3)) {
    case 0:
      out += "PathPrefix, value: \"" + random.pick(prefixes);
      break;
    case 1:
      out += "Exact, value: \"" + random.pick(exacts);
      break;
    default:
      out += "RegularExpression, value: \"" + random.pick(regexes);
  }
  out += "\"}";
  if (random.below(3) == 0) out += ", method: " + std::string(random.below(2) ? "POST" : "GET");
  if (random.below(3) == 0)
    out += ", headers: [{name: X-One, value: \"1\"}" +
           std::string(random.below(2) ? ", {name: X-Two, value: \"2\"}" : "") + "]";
  if (random.below(4) == 0) out += ", queryParams: [{name: q, value: \"1\"}]";
  return out + "}";
}

std::string random_set(Random& random) {
  std::string out =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: ns}\nspec:\n"
      "  gatewayClassName: t\n  listeners:\n  - {name: all, port: 80, protocol: HTTP}\n"
      "  - {name: deep, port: 80, protocol: HTTP, hostname: \"*.y.test\"}\n";
  for (std::size_t r = 0; r < 4; ++r) {
    const std::string host = random.pick(route_hosts);
    out += "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: r" + std::to_string(r) +
           "\n  namespace: ns\n  creationTimestamp: \"2026-01-0" + std::to_string(1 + random.below(3)) +
           "T00:00:00Z\"\nspec:\n  parentRefs: [{name: g}]\n" + (host.empty() ? "" : "  hostnames: [" + host + "]\n") +
           "  rules:\n";
    for (std::size_t i = 0; i <= random.below(4); ++i)
      out += "  - matches: [" + random_match(random) + ", " + random_match(random) +
             "]\n    backendRefs: [{name: s, port: 80}]\n";
  }
  return out;
}

bool takes(const std::string& pattern, const std::string& host) {
  return pattern.empty() || pattern == host ||
         (pattern.starts_with("*.") && host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1)));
}

bool takes(const graph::MatchRow& row, const route::RequestView& request) {
  const auto [path, query, tail] = route::split_target(request.target);
  std::string prefix = row.path;
  while (prefix.ends_with('/')) prefix.pop_back();
  const bool by_path = row.type == "Exact" ? path == row.path
                       : row.type == "RegularExpression"
                           ? RE2::FullMatch(re2::StringPiece(path.data(), path.size()), row.path)
                           : path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  if (!by_path || (!row.method.empty() && row.method != request.method)) return false;
  for (const kube::NamedMatch& wanted : row.headers)
    if (std::none_of(request.headers.begin(), request.headers.end(), [&](const route::HeaderView& header) {
          return route::equal_fold(header.name, wanted.name) && header.value == wanted.value;
        }))
      return false;
  return std::all_of(row.query.begin(), row.query.end(), [&, text = query](const kube::NamedMatch& wanted) {
    return text == wanted.name + "=" + wanted.value;
  });
}

// By the map alone: the most specific listener, its most specific host, the first row.
const route::Action* by_map(const std::vector<graph::ListenerMap>& map, const std::vector<route::Listener>& listeners,
                            const route::RequestView& request) {
  const std::string host(request.host);
  const route::Listener* chosen = nullptr;
  for (const route::Listener& listener : listeners)
    if (takes(listener.hostname, host) && (chosen == nullptr || listener.hostname.size() > chosen->hostname.size()))
      chosen = &listener;
  for (const graph::ListenerMap& one : map) {
    if (one.listener != chosen) continue;
    for (const graph::HostMap& hosts : one.hosts) {
      if (!takes(hosts.hostname, host)) continue;
      for (const graph::MatchRow& row : hosts.rows)
        if (takes(row, request)) return row.action;
      return nullptr;  // no fall-through to a less specific name
    }
  }
  return nullptr;
}

}  // namespace

TEST_CASE("the first row of the map that takes a request is the rule that answers it") {
  Random random;
  std::size_t asked = 0, answered = 0;
  for (int set = 0; set < 120; ++set) {
    diag::Sources sources;
    diag::Sink sink;
    const std::string text = random_set(random);
    const kube::Bundle bundle = kube::load_text("set.yaml", text, sources, sink);
    for (const diag::Diagnostic& finding : sink.take()) FAIL(finding.message << "\n" << text);
    const kube::Index index(bundle);
    const route::Attachments attachments = route::attach(index);
    const auto table = route::compile(index, attachments);
    const auto map = graph::route_map(attachments, *table);
    for (int i = 0; i < 60; ++i) {
      const std::string host =
          random.pick(std::vector<std::string>{"x.test", "w.test", "z.y.test", "q.y.test", "test"});
      const std::string target =
          random.pick(std::vector<std::string>{"/", "/a", "/a/b", "/a/b/c", "/ab", "/c", "/c/d"}) +
          (random.below(3) == 0 ? "?q=1" : "");
      std::vector<route::HeaderView> headers;
      if (random.below(2) == 0) headers.push_back({"x-one", "1"});
      if (random.below(2) == 0) headers.push_back({"X-TWO", "2"});
      route::RequestView request;
      request.host = host;
      request.target = target;
      request.headers = headers;
      request.method = random.below(2) == 0 ? "GET" : "POST";
      const route::Action* expected = table->decide(request).action;
      CAPTURE(text);
      CAPTURE(host);
      CAPTURE(target);
      ++asked;
      answered += expected != nullptr;
      REQUIRE(by_map(map, table->listeners(), request) == expected);
    }
  }
  MESSAGE(asked << " requests, " << answered << " answered by a rule");
  CHECK(answered > asked / 3);
}
