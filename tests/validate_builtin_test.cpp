// The built-in description of each release and channel is held against the CRDs of that release: the same objects get
// the same findings at the same places. Objects are the API server's cases, whatever release they were judged by.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "kube/load.h"
#include "tests/evidence.h"
#include "validate/validate.h"

using namespace gw;

namespace {

using Found = std::set<std::tuple<std::string, std::string, std::uint32_t>>;

Found findings(const std::string& yaml, const validate::Options& options) {
  diag::Sources sources;
  diag::Sink sink;
  const auto documents = yaml::read(sources.add("case.yaml", yaml), sources, {}, sink);
  const auto raw = kube::objects(documents, sink);
  validate::ErrorTypes types;
  validate::check_objects(raw, options, sink, &types);
  Found out;
  for (const diag::Diagnostic& found : sink.take()) {
    if (found.severity == diag::Severity::error)
      out.emplace(found.path, std::string(types.find(found)), found.span.begin);
  }
  return out;
}

struct Release {
  const char* directory;
  validate::ApiVersion version;
};

}  // namespace

TEST_CASE("built-in and CRDs agree") {
  if (evidence::missing("crds/gateway-api-v1.6.3") || evidence::missing("crds/gateway-api-v1.7.0")) return;
  std::ifstream file(evidence::path("validation/cases.jsonl"));
  std::vector<std::string> objects;
  for (std::string line; std::getline(file, line);) objects.push_back(nlohmann::json::parse(line)["yaml"]);
  REQUIRE(!objects.empty());
  const Release releases[] = {{"gateway-api-v1.6.3", validate::ApiVersion::v1_6},
                              {"gateway-api-v1.7.0", validate::ApiVersion::v1_7}};
  for (const Release& release : releases) {
    for (const validate::Channel channel : {validate::Channel::standard, validate::Channel::experimental}) {
      diag::Sources sources;
      diag::Sink sink;
      kube::LoadOptions load;
      load.limits.depth = 1000;
      const std::string directory =
          "../shared/crds/" + std::string(release.directory) + "/" + std::string(name(channel));
      const auto files = kube::read_inputs({directory}, load, sources);
      REQUIRE(files);
      std::vector<yaml::Document> documents;
      for (const diag::FileId id : *files) {
        auto more = yaml::read(id, sources, load.limits, sink);
        documents.insert(documents.end(), more.begin(), more.end());
      }
      const auto crds = validate::from_crds(documents, sink);
      validate::Options builtin;
      builtin.channel = channel;
      builtin.api_version = release.version;
      validate::Options with_crds = builtin;
      with_crds.crds = crds.get();
      std::size_t different = 0;
      for (const std::string& yaml : objects) {
        if (findings(yaml, builtin) == findings(yaml, with_crds)) continue;
        if (++different <= 3) MESSAGE(directory << "\n" << yaml);
      }
      MESSAGE(directory << ": " << objects.size() - different << " of " << objects.size() << " equal");
      CHECK(different == 0);
      CHECK(!sink.failed());
    }
  }
}
