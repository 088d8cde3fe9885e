// Reading as Kubernetes does: every input of the oracle that Go's reader judged must be judged the same here.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "diag/render.h"
#include "tests/evidence.h"
#include "yaml/read.h"
#include "yaml/scalar.h"
#include "yaml/write.h"

using namespace gw;
using nlohmann::json;

namespace {

struct Outcome {
  std::vector<json> documents;
  std::vector<diag::Diagnostic> findings;
  bool refused = false;
};

Outcome read(std::string text, yaml::Limits limits = {}) {
  Outcome out;
  diag::Sources sources;
  diag::Sink sink;
  auto file = sources.add("in.yaml", std::move(text));
  for (const auto& document : yaml::read(file, sources, limits, sink, yaml::Empty::keep)) {
    std::string line;
    yaml::Writer writer(yaml::Style::json_line, line);
    writer.node(*document.root, yaml::KeyOrder::sorted);
    out.documents.push_back(json::parse(line));
  }
  out.refused = sink.failed();
  out.findings = sink.take();
  return out;
}

// "{..} --- {..}  [strict ERR ...]": the documents Go read, and whether anything was refused.
Outcome expected(std::string go) {
  Outcome out;
  out.refused = go.find("[strict ERR") != go.npos;
  if (std::size_t strict = go.find("  [strict"); strict != go.npos) go.resize(strict);
  for (std::size_t at = 0; at <= go.size();) {
    std::size_t end = std::min(go.find(" --- ", at), go.size());
    std::string one = go.substr(at, end - at);
    if (one.starts_with("ERR") || one.starts_with("READERR"))
      out.refused = true;
    else if (!out.refused || !one.empty())
      out.documents.push_back(json::parse(one));
    at = end + 5;
  }
  return out;
}

bool has(const Outcome& outcome, std::string_view code, diag::Severity severity) {
  return std::ranges::any_of(outcome.findings,
                             [&](const auto& d) { return d.code == code && d.severity == severity && d.span.known(); });
}

}  // namespace

TEST_CASE("inputs judged by Go's reader are judged the same") {
  std::ifstream file(evidence::path("validation/yaml.jsonl"));
  REQUIRE(file);
  int cases = 0, agreed = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    json c = json::parse(line);
    std::string text =
        c.contains("yaml") ? c["yaml"].get<std::string>() : yaml::decode_base64(c["base64"].get<std::string>()).value();
    Outcome want = expected(c["go"]);
    Outcome got = read(text);
    bool strict_only =
        want.refused && !want.documents.empty() && c["go"].get<std::string>().find("[strict") != std::string::npos;
    bool same = want.refused == got.refused && (strict_only || want.documents == got.documents);
    agreed += same;
    std::string findings;
    for (const auto& d : got.findings) findings += d.code + " " + d.message + "; ";
    CHECK_MESSAGE(same, c["name"].get<std::string>(), ": Go says ", c["go"].get<std::string>().substr(0, 200),
                  "; here ", json(got.documents).dump(), " ", findings);
  }
  MESSAGE(agreed, " of ", cases, " agree");
  CHECK(cases >= 70);
}

TEST_CASE("what is refused is told with a place") {
  struct Row {
    std::string text;
    std::string_view code;
    diag::Severity severity;
  };
  using diag::Severity;
  const Row rows[] = {
      {"a: {b: 1\n", "GW001", Severity::error},
      {"a: \"\xff\"\n", "GW001", Severity::error},
      {"a: \x01\n", "GW001", Severity::error},
      {"a: 1\nb: 2\na: 3\n", "GW002", Severity::error},
      {"1: a\n\"1\": b\n", "GW002", Severity::warning},
      {"x: &x {a: 1}\ny:\n  a: 2\n  <<: *x\n", "GW002", Severity::warning},
      {"a: {{ .Values.a }}\n", "GW011", Severity::error},
      {"a: \"{{ .Values.a }}\"\n", "GW011", Severity::info},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       "GW013", Severity::warning},
      {"a: 1\rb: 2\r", "GW013", Severity::warning},
      {"a: !foo 1\n", "GW018", Severity::warning},
      {"a: 1\n...\nb: 2\n", "GW019", Severity::warning},
      {"--- a: 1\n", "GW001", Severity::error},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "GW001", Severity::error},
  };
  for (const Row& row : rows) {
    Outcome got = read(row.text);
    CHECK_MESSAGE(has(got, row.code, row.severity), row.text);
    CHECK(got.refused == (row.severity == Severity::error));
  }
}
