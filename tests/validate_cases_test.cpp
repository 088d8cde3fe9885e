// The API server's verdict on thousands of objects, held against ours: verdict, strict decoding errors, and the set of
// (path, type) of the errors, in both channels, with the CRDs and with the built-in description.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "diag/source.h"
#include "kube/load.h"
#include "tests/evidence.h"
#include "validate/validate.h"

using namespace gw;

namespace {

using Pairs = std::set<std::pair<std::string, std::string>>;

struct Verdict {
  bool valid = true;
  Pairs strict, errors;
  bool operator==(const Verdict&) const = default;
};

bool is_strict(std::string_view type) {
  return type == "UnknownField" || type == "NoKindMatch" || type == "Decode" || type == "YAML";
}

Verdict ours(const std::string& yaml, const validate::Options& options) {
  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("case.yaml", yaml);
  const auto documents = yaml::read(file, sources, {}, sink);
  const auto raw = kube::objects(documents, sink);
  Verdict out;
  if (sink.failed()) {
    out.valid = false;
    for (const diag::Diagnostic& found : sink.take()) {
      out.strict.emplace("", found.code == "GW002" ? "DuplicateKey" : "YAML");
    }
    return out;
  }
  validate::ErrorTypes types;
  validate::check_objects(raw, options, sink, &types);
  bool lost = false;
  for (const diag::Diagnostic& found : sink.take()) {
    if (found.severity != diag::Severity::error) continue;
    const std::string type(types.find(found));
    out.valid = false;
    lost |= type == "Decode";
    (is_strict(type) ? out.strict : out.errors).emplace(found.path, type);
  }
  if (lost) out.errors.clear();
  return out;
}

Verdict expected(const nlohmann::json& verdict) {
  Verdict out;
  out.valid = verdict["valid"];
  for (const auto& error : verdict["strict"]) out.strict.emplace(error["path"], error["type"]);
  for (const auto& error : verdict["errors"]) {
    if (!error.value("celSkipped", false)) out.errors.emplace(error["path"], error["type"]);
  }
  return out;
}

std::string show(const Verdict& verdict) {
  std::string out = verdict.valid ? "valid" : "invalid";
  for (const auto& [path, type] : verdict.strict) out += "\n    strict " + path + " " + type;
  for (const auto& [path, type] : verdict.errors) out += "\n    " + path + " " + type;
  return out;
}

std::vector<nlohmann::json> cases() {
  std::ifstream file(evidence::path("validation/cases.jsonl"));
  std::vector<nlohmann::json> out;
  for (std::string line; std::getline(file, line);) out.push_back(nlohmann::json::parse(line));
  return out;
}

void hold(const std::vector<nlohmann::json>& all, const std::string& channel, const validate::Options& options,
          const char* what) {
  std::size_t wrong = 0;
  for (const auto& one : all) {
    const Verdict wanted = expected(one[channel]), got = ours(one["yaml"], options);
    if (wanted == got) continue;
    if (++wrong <= 12) {
      MESSAGE(what << " " << channel << " " << std::string(one["file"]) << "\n  wanted " << show(wanted) << "\n  got "
                   << show(got));
    }
  }
  MESSAGE(what << " " << channel << ": " << all.size() - wrong << " of " << all.size() << " equal");
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("the API server's verdict, from CRDs") {
  const auto all = cases();
  if (evidence::missing("crds/gateway-api-v1.6.3")) return;
  for (const char* channel : {"standard", "experimental"}) {
    diag::Sources sources;
    diag::Sink sink;
    kube::LoadOptions load;
    load.limits.depth = 1000;
    const auto files = kube::read_inputs({"../shared/crds/gateway-api-v1.6.3/" + std::string(channel)}, load, sources);
    REQUIRE(files);
    std::vector<yaml::Document> documents;
    for (const diag::FileId file : *files) {
      auto more = yaml::read(file, sources, load.limits, sink);
      documents.insert(documents.end(), more.begin(), more.end());
    }
    const auto crds = validate::from_crds(documents, sink);
    validate::Options options;
    options.crds = crds.get();
    options.channel =
        channel == std::string("standard") ? validate::Channel::standard : validate::Channel::experimental;
    hold(all, channel, options, "CRDs");
    for (const diag::Diagnostic& found : sink.take()) MESSAGE(found.message);
  }
}

TEST_CASE("the API server's verdict, from the built-in description") {
  const auto all = cases();
  REQUIRE(!all.empty());
  for (const char* channel : {"standard", "experimental"}) {
    validate::Options options;
    options.channel =
        channel == std::string("standard") ? validate::Channel::standard : validate::Channel::experimental;
    hold(all, channel, options, "built-in");
  }
}
