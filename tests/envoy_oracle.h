// Runs a model over recorded answers of controllers and gateways on Envoy. Their configurations are whole: Services,
// EndpointSlices, Secrets and classes stand in them.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/load.h"
#include "route/profile.h"
#include "tests/evidence.h"

namespace envoy_oracle {

using Json = nlohmann::json;
using namespace gw;

struct Loaded {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<kube::Index> index;
  std::unique_ptr<route::Model> model;
};
using Make = std::function<std::unique_ptr<route::Model>(const kube::Index& index, const Json& record)>;

struct Counts {
  int stable = 0, equal = 0, unmodelled = 0, unstable = 0, covered = 0;
  double share() const { return stable == 0 ? 1 : static_cast<double>(equal) / stable; }
};

inline std::string text(const Json& from, const char* key) {
  return from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : std::string();
}

inline std::shared_ptr<Loaded> load(const Json& record, const Make& make) {
  auto out = std::make_shared<Loaded>();
  std::string config = text(record, "config");
  // Settings that differ from the defaults stand in an object of the controller's own.
  if (record.contains("controller_config"))
    config +=
        "\n---\napiVersion: projectcontour.io/v1alpha1\nkind: ContourConfiguration\nmetadata: {name: contour}\n"
        "spec:\n  " +
        text(record, "controller_config") + "\n";
  out->bundle = kube::load_text("config.yaml", config, out->sources, out->sink);
  out->index = std::make_unique<kube::Index>(out->bundle);
  out->model = make(*out->index, record);
  return out;
}

inline bool fits(const route::Answer& answer, const Json& outcome, const Json& record) {
  if (!answer.unmodelled.empty()) return false;
  const int status = outcome.value("status", 0);
  const std::string backend = text(outcome, "backend");
  const auto asks = [&](const std::string& name) {
    return answer.backend == name || std::any_of(answer.backends.begin(), answer.backends.end(),
                                                 [&](const auto& entry) { return entry.backend == name; });
  };
  if (outcome.contains("backend_histogram")) {
    const auto& seen = outcome["backend_histogram"];
    return std::all_of(seen.items().begin(), seen.items().end(), [&](const auto& entry) {
      return std::isdigit(static_cast<unsigned char>(entry.key()[0])) != 0 || asks(entry.key());
    });
  }
  // What a backend answers itself or too late, or that it refuses connections, stands in no manifest.
  const bool dead =
      answer.backend.find("/down") != std::string::npos || answer.backend.find("/half") != std::string::npos;
  if (!answer.backend.empty() && (status == 504 || (dead && (status == 502 || status == 503)))) return true;
  const bool own =
      record.contains("backend_behaviour") || text(record["request"], "path").find("delay=") != std::string::npos;
  if (own && !answer.backend.empty()) return backend.empty() || asks(backend);
  if (answer.status != status) return false;
  if (!backend.empty()) return asks(backend) && answer.backend_target == text(outcome, "upstream_target");
  if (record["request"].value("method", "") == "HEAD" && status == 200) return true;
  return answer.backend.empty() && answer.location == text(outcome, "location");
}

// Requests that no line of --requests can say: without any Host, with an old TLS, plain text on a TLS port.
inline bool unsayable(const Json& request) {
  return (request.contains("host") && request["host"].is_null()) || request.contains("tls_max") ||
         request.contains("raw_port");
}

inline Counts run(const std::string& file, const Make& make) {
  Counts counts;
  std::ifstream in(evidence::path("oracle/" + file + ".jsonl"));
  const bool verbose = std::getenv("ROUTE_ORACLE_VERBOSE") != nullptr;
  std::string key;
  std::shared_ptr<Loaded> loaded;
  for (std::string line; std::getline(in, line);) {
    const Json record = Json::parse(line);
    if (unsayable(record["request"])) continue;
    std::string now = text(record, "config") + text(record, "controller_flags") + text(record, "controller_config");
    if (!loaded || now != key) loaded = load(record, make);
    key = std::move(now);
    const auto request = route::parse_request(record["request"].dump());
    REQUIRE(request);
    const route::AnswerSet answers = loaded->model->answer(*request);
    std::vector<Json> outcomes = {record["outcome"]};
    if (record.contains("outcomes")) outcomes = record["outcomes"].get<std::vector<Json>>();
    const bool good = std::all_of(outcomes.begin(), outcomes.end(), [&](const Json& outcome) {
      return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                         [&](const auto& answer) { return fits(answer, outcome, record); });
    });
    const bool silent = std::any_of(answers.any_of.begin(), answers.any_of.end(),
                                    [](const auto& answer) { return !answer.unmodelled.empty(); });
    counts.unmodelled += silent;
    const bool unstable = record.value("unstable", false);
    (unstable ? counts.unstable : counts.stable) += 1;
    (unstable ? counts.covered : counts.equal) += good;
    if (verbose && !good)
      MESSAGE(text(record, "id") << " " << record["request"].dump() << "\n  seen "
                                 << Json(outcomes).dump().substr(0, 300) << "\n  said "
                                 << route::to_json(answers, loaded->sources));
  }
  return counts;
}

inline void check(const std::string& file, const Make& make) {
  const Counts counts = run(file, make);
  MESSAGE(file << ": " << counts.equal << " of " << counts.stable << " answered alike, " << counts.covered << " of "
               << counts.unstable << " within the set, " << counts.unmodelled << " not modelled");
  CHECK(counts.stable > 0);
  CHECK(counts.share() >= 0.98);
  CHECK(counts.covered == counts.unstable);
  CHECK(counts.unmodelled <= 0.01 * counts.stable);
}

}  // namespace envoy_oracle
