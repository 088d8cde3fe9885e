// Reports for machines: each is read back with a parser, and hostile text stays text.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "diag/baseline.h"
#include "diag/formats.h"
#include "diag/ignore.h"

using namespace gw::diag;
using nlohmann::json;

namespace {

constexpr std::string_view hostile =
    "<script>alert(1)</script> & \"q\" 'x' | `c` \x1b[31m %0A, ::error::x \xFF\nsecond";

struct Sample {
  Sources sources;
  std::vector<Diagnostic> findings;
  ReportInfo info;

  Sample() {
    FileId file = sources.add("dir/a b.yaml", "kind: Ingress\nmetadata:\n  name: <web>\n");
    sources.add("clean.yaml", "");
    info.tool_version = "0.1.0";
    info.files = 2;
    info.objects = 1;
    info.rule = [](std::string_view code) { return RuleInfo{"title of " + std::string(code), "why"}; };
    add(Severity::error, "GW102", {file, 6, 13}, "plain");
    add(Severity::warning, "GW205", {file, 14, 40}, std::string(hostile));
    add(Severity::info, "GW102", {}, "no place");
    findings[1].related.push_back({{file, 0, 4}, "see here"});
    findings[1].help = std::string(hostile);
  }
  void add(Severity severity, std::string code, Span span, std::string message) {
    Diagnostic d;
    d.code = std::move(code);
    d.severity = severity;
    d.layer = "schema";
    d.message = std::move(message);
    d.span = span;
    d.object = {"networking.k8s.io/v1", "Ingress", "shop", "web"};
    d.path = "spec.rules[0]";
    findings.push_back(std::move(d));
  }
  std::string render(std::string_view format) const { return render_report(format, findings, sources, info); }
};

bool no_controls(const std::string& text) {
  return text.find_first_of(std::string("\x1b\x07\x08\x7f\0", 5)) == std::string::npos;
}

}  // namespace

TEST_CASE("every format is rendered, also of nothing") {
  Sample sample;
  for (std::string_view format : report_formats()) {
    std::string out = sample.render(format);
    CHECK_MESSAGE(out.ends_with('\n'), format);
    CHECK_MESSAGE(no_controls(format == "github" ? "" : out), format);
    std::string none = render_report(format, {}, sample.sources, {});
    CHECK((none.empty() || none.ends_with('\n')));
  }
}

TEST_CASE("json has the shape of the contract") {
  Sample sample;
  json out = json::parse(sample.render("json"));
  CHECK(out["summary"] == json{{"files", 2}, {"objects", 1}, {"errors", 1}, {"warnings", 1}, {"infos", 1}});
  json first = out["findings"][0];
  for (const char* key : {"code", "severity", "layer", "message", "help", "file", "line", "column", "end_line",
                          "end_column", "object", "path"}) {
    CHECK_MESSAGE(first.contains(key), key);
  }
  CHECK(first["object"] ==
        json{{"apiVersion", "networking.k8s.io/v1"}, {"kind", "Ingress"}, {"namespace", "shop"}, {"name", "web"}});
  CHECK(first["line"] == 1);
  CHECK(first["column"] == 7);
  CHECK(first["end_column"] == 14);
  std::string lines = sample.render("json-lines");
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1, ++count) {
    CHECK(json::parse(lines.substr(at, lines.find('\n', at) - at)).is_object());
  }
  CHECK(count == 3);
}

TEST_CASE("sarif follows the structure of 2.1.0") {
  Sample sample;
  json out = json::parse(sample.render("sarif"));
  CHECK(out["version"] == "2.1.0");
  REQUIRE(out["runs"].size() == 1);
  json run = out["runs"][0];
  CHECK(run["columnKind"] == "unicodeCodePoints");
  json rules = run["tool"]["driver"]["rules"];
  REQUIRE(rules.size() == 2);
  CHECK(rules[0]["id"] == "GW102");
  CHECK(rules[0]["shortDescription"]["text"] == "title of GW102");
  std::set<std::string> prints;
  for (const json& result : run["results"]) {
    CHECK(rules[result["ruleIndex"].get<std::size_t>()]["id"] == result["ruleId"]);
    CHECK(std::set<std::string>{"error", "warning", "note"}.contains(result["level"]));
    CHECK(result["message"]["text"].is_string());
    prints.insert(result["partialFingerprints"].begin().value());
    for (const json& location : result["locations"]) {
      if (!location.contains("physicalLocation")) continue;
      json physical = location["physicalLocation"];
      CHECK(physical["artifactLocation"]["uri"] == "dir/a%20b.yaml");
      CHECK(physical["region"]["startLine"] >= 1);
      CHECK(physical["region"]["endColumn"] >= 1);
    }
  }
  CHECK(prints.size() == 3);
  CHECK(run["results"][1]["relatedLocations"][0]["message"]["text"] == "see here");
}

TEST_CASE("formats of CI systems") {
  Sample sample;
  std::string junit = sample.render("junit");
  CHECK(junit.find(" tests=\"2\" failures=\"1\" errors=\"0\"") != std::string::npos);
  CHECK(junit.find("<testcase name=\"no findings\" classname=\"clean.yaml\" time=\"0\"/>") != std::string::npos);
  CHECK(junit.find("<script>") == std::string::npos);

  std::string github = sample.render("github");
  CHECK(github.starts_with("::error file=dir/a b.yaml,line=1,endLine=1,col=7,endColumn=14,title=GW102::plain\n"));
  CHECK(github.find("\n::notice title=GW102::Ingress shop/web: no place\n") != std::string::npos);
  CHECK(std::count(github.begin(), github.end(), '\n') == 3);

  json gitlab = json::parse(sample.render("gitlab"));
  REQUIRE(gitlab.size() == 3);
  CHECK(gitlab[0]["location"]["lines"]["begin"] == 1);
  CHECK(gitlab[0]["severity"] == "major");
  CHECK(gitlab[0]["fingerprint"] != gitlab[2]["fingerprint"]);
}

TEST_CASE("pages escape what findings hold") {
  Sample sample;
  std::string html = sample.render("html");
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("Content-Security-Policy") != std::string::npos);
  CHECK(html.find("http://") == std::string::npos);
  CHECK(html.find("prefers-color-scheme: dark") != std::string::npos);
  CHECK(html.find("&lt;script&gt;") != std::string::npos);
  std::string markdown = sample.render("markdown");
  CHECK(markdown.find("<script") == std::string::npos);
  CHECK(std::count(markdown.begin(), markdown.end(), '\n') == 7);  // one row a finding
}

TEST_CASE("a baseline silences what it knows, once each, and tells what is stale") {
  Sample sample;
  auto findings = sample.findings;
  findings.push_back(findings[1]);  // the same twice
  std::string file = Baseline::write(findings, sample.sources);
  CHECK(file == Baseline::write({findings[3], findings[2], findings[1], findings[0]}, sample.sources));

  auto known = Baseline::parse(file);
  REQUIRE(known);
  findings[0].span.begin += 5;  // moved
  findings[0].message = "told otherwise";
  findings.push_back(findings[1]);  // and a third time
  CHECK(known->apply(findings, sample.sources) == 4);
  CHECK(findings.size() == 1);
  CHECK(known->stale().empty());

  auto later = Baseline::parse(file);
  REQUIRE(later);
  std::vector<Diagnostic> fewer{sample.findings[0]};
  CHECK(later->apply(fewer, sample.sources) == 1);
  CHECK(later->stale().size() == 3);
  auto pruned = Baseline::parse(later->prune());
  REQUIRE(pruned);
  std::vector<Diagnostic> again{sample.findings[0], sample.findings[1]};
  CHECK(pruned->apply(again, sample.sources) == 1);

  auto broken = Baseline::parse("# x\nnot an entry\n");
  REQUIRE(!broken);
  CHECK(broken.error().message.find("line 2") != std::string::npos);

  Diagnostic other = sample.findings[0];
  other.path = "spec.rules[1]";
  CHECK(fingerprint(other, sample.sources) != fingerprint(sample.findings[0], sample.sources));
}

TEST_CASE("comments silence the line, the next line or the document") {
  Sources sources;
  std::string text =
      "# gwctl:ignore GW900 -- the whole document\n"
      "kind: A\n"
      "spec:\n"
      "  # gwctl:ignore GW101,GW102 -- next line\n"
      "  # (said on two lines)\n"
      "  a: 1\n"
      "  b: 2  # gwctl:ignore GW114 -- this line\n"
      "  c: 3  # gwctl:ignore GW103 -- used by nothing\n"
      "---\n"
      "# gwctl:ignore\n"
      "kind: B\n"
      "note: 'gwctl:ignore GW101'\n";
  FileId file = sources.add("a.yaml", text);
  auto at = [&](std::string_view word, std::string code, std::string layer = "schema") {
    Diagnostic d;
    d.code = std::move(code);
    d.layer = std::move(layer);
    auto begin = static_cast<std::uint32_t>(text.find(word));
    d.span = {file, begin, begin + 1};
    return d;
  };
  std::vector<Diagnostic> findings{
      at("a: 1", "GW101"), at("a: 1", "GW102"), at("a: 1", "GW103"),    at("b: 2", "GW114.12ab"),
      at("b: 2", "GW1"),   at("c: 3", "GW900"), at("kind: B", "GW900"), at("kind: A", "GW900", "yaml")};
  CHECK(apply_ignores(findings, sources) == 4);
  std::vector<std::string> left;
  for (const Diagnostic& d : findings) left.push_back(d.code);
  CHECK(left == std::vector<std::string>{"GW103", "GW1", "GW900", "GW900", "GW017", "GW017"});
  CHECK(findings[4].severity == Severity::info);
  CHECK(findings[5].severity == Severity::warning);
}
