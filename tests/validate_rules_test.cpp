// Every semantic rule has a set that breaks it and a set that does not: testdata/validate/rules/*.cases, where a line
// "=== CODE fails" or "=== CODE passes" opens a set of manifests. A rule without both is a failure of this test.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "kube/load.h"
#include "validate/rule.h"
#include "validate/validate.h"

using namespace gw;
namespace fs = std::filesystem;

namespace {

struct Case {
  std::string code, text, place;
  bool fails = false;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const auto& entry : fs::directory_iterator("testdata/validate/rules")) {
    std::ifstream in(entry.path());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.starts_with("=== ")) {
        std::istringstream words(line.substr(4));
        std::string code, verdict;
        words >> code >> verdict;
        REQUIRE((verdict == "fails" || verdict == "passes"));
        out.push_back({code, "", entry.path().filename().string() + ":" + std::to_string(number), verdict == "fails"});
      } else if (!out.empty()) {
        out.back().text += line + "\n";
      }
    }
  }
  return out;
}

std::vector<diag::Diagnostic> findings(const std::string& text, diag::Sources& sources) {
  diag::Sink sink;
  const kube::LoadOptions load;
  const auto raw = kube::objects(yaml::read(sources.add("set.yaml", text), sources, {}, sink), sink);
  const kube::Bundle bundle = kube::decode(raw, load, sources, sink);
  validate::Options options;
  options.complete = text.find("# complete") != std::string::npos;
  options.now = 1'893'456'000;                   // 2030-01-01
  const auto profile = text.find("# profile ");  // "# complete" and "# profile NAME" are the flags of a case
  if (profile != std::string::npos)
    options.profile = text.substr(profile + 10, text.find('\n', profile) - profile - 10);
  validate::check_written(raw, sources, options, sink);
  validate::check_rules(bundle, sources, options, sink);
  return sink.take();
}

}  // namespace

TEST_CASE("each rule finds what it is for, and nothing in a sound set") {
  std::map<std::string, std::set<bool>> seen;
  for (const Case& each : cases()) {
    diag::Sources sources;
    const auto found = findings(each.text, sources);
    std::string codes;
    for (const auto& finding : found) codes += finding.code + " (" + finding.message + ") ";
    const auto hit = std::find_if(found.begin(), found.end(), [&](const auto& f) { return f.code == each.code; });
    CHECK_MESSAGE((hit != found.end()) == each.fails, each.place << " " << each.code << ": " << codes);
    if (hit != found.end()) {
      CHECK_MESSAGE(hit->span.known(), each.place);
      CHECK_MESSAGE(!hit->message.empty(), each.place);
    }
    seen[each.code].insert(each.fails);
  }
  for (const auto& rule : validate::semantic_rules())
    CHECK_MESSAGE(seen[std::string(rule.code)].size() == 2, std::string(rule.code)
                                                                << " needs a failing and a passing case");
  MESSAGE(seen.size() << " rules have cases");
}

TEST_CASE("rules stand in the order of their codes, with a title and an explanation") {
  const auto rules = validate::semantic_rules();
  CHECK(std::is_sorted(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.code < b.code; }));
  for (const auto& rule : rules) {
    CHECK(!rule.title.empty());
    CHECK(!rule.explanation.empty());
  }
}
