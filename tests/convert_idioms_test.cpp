// The idioms of paths and rewrites that people write for ingress-nginx, and what each becomes for every target:
// testdata/convert/idioms.tsv, whose first two columns are written by people and all others by this program
// (GWCTL_ACCEPT=1).
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "kube/load.h"

using namespace gw;

namespace {

constexpr const char* file = "testdata/convert/idioms.tsv";

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '\t')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

struct Fate {
  std::string text, why;
  bool refused = false, expression = false;
};

std::string one_rule(const kube::HttpRouteRule& rule) {
  std::string out;
  for (const kube::HttpRouteMatch& match : rule.matches) {
    if (!out.empty()) out += " or ";
    if (match.path)
      out.append(*match.path->type).append(" ").append(*match.path->value);
    else
      out += "PathPrefix /";
  }
  if (out.empty()) out = "PathPrefix /";
  for (const kube::RouteFilter& filter : rule.filters) {
    if (filter.url_rewrite && filter.url_rewrite->path) {
      const auto& path = *filter.url_rewrite->path;
      out.append(" -> ").append(path.type).append(" ");
      out.append(path.replace_prefix_match ? *path.replace_prefix_match : *path.replace_full_path);
    } else if (filter.extension_ref) {
      out.append(" -> ").append(*filter.extension_ref->kind);
    } else if (filter.request_redirect) {
      out += " -> RequestRedirect";
    }
  }
  if (rule.backend_refs.empty() && out.find("RequestRedirect") == std::string::npos) out += " (closed)";
  return out;
}

Fate convert_one(const std::string& path, const std::string& target, const std::string& to) {
  std::string text =
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: idiom\n  annotations:\n"
      "    nginx.ingress.kubernetes.io/use-regex: 'true'\n";
  if (!target.empty()) text += "    nginx.ingress.kubernetes.io/rewrite-target: '" + target + "'\n";
  text +=
      "spec:\n  ingressClassName: nginx\n  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - path: '" +
      path +
      "'\n        pathType: ImplementationSpecific\n        backend: {service: {name: web, port: {number: 80}}}\n";
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("idiom.yaml", text, sources, sink);
  kube::Bundle out;
  convert::Options options;
  options.from = "ingress-nginx";
  options.to = to;
  const auto outcomes = convert::convert(in, options, sources, sink, out);
  REQUIRE(bool(outcomes));
  Fate result;
  for (const kube::HttpRoute& route : out.http_routes)
    for (const kube::HttpRouteRule& rule : route.spec.rules) {
      if (!result.text.empty()) result.text += "; ";
      result.text += one_rule(rule);
    }
  result.expression = result.text.find("RegularExpression") != std::string::npos;
  std::string outcome = "converted";
  for (const convert::Entry& e : outcomes->ledger.entries()) {
    if (!e.object) continue;
    const std::string one(convert::name(e.outcome));
    if (one != "refused" && one != "approximated") continue;
    if (outcome != "refused") outcome = one;
    if (result.why.empty() || one == "refused") result.why = e.detail;
  }
  if (outcomes->lost) outcome = "refused";
  result.refused = outcome == "refused";
  result.text = outcome + ": " + (result.text.empty() ? "no rule" : result.text);
  return result;
}

}  // namespace

TEST_CASE("idioms of paths and rewrites") {
  const bool accept = std::getenv("GWCTL_ACCEPT") != nullptr;
  std::ifstream table(file);
  REQUIRE(bool(table));
  std::string rewritten;
  std::size_t rows = 0, refused = 0, expressions = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) {
      if (!line.starts_with("#path")) rewritten += line + "\n";
      continue;
    }
    const auto row = cells(line);
    REQUIRE(row.size() >= 2);
    if (rows++ == 0) {
      rewritten += "#path\ttarget";
      for (const std::string_view to : convert::target_names()) rewritten += "\t" + std::string(to);
      rewritten += "\twhy (standard)\n";
    }
    std::string now = row[0] + "\t" + row[1], why;
    for (const std::string_view to : convert::target_names()) {
      const Fate result = convert_one(row[0], row[1], std::string(to));
      now += "\t" + result.text;
      if (to != "standard") continue;
      why = result.why;
      refused += result.refused ? 1 : 0;
      expressions += !result.refused && result.expression ? 1 : 0;
      if (result.refused) CHECK_MESSAGE(!why.empty(), row[0]);
    }
    now += "\t" + why;
    if (!accept) CHECK(now == line);
    rewritten += now + "\n";
  }
  table.close();
  if (accept) std::ofstream(file) << rewritten;
  MESSAGE(rows << " idioms: " << refused << " refused for standard, " << expressions << " with an expression");
  CHECK(rows >= 60);
  CHECK(refused * 10 <= rows);
  CHECK(expressions * 60 <= rows * 8);
}
