// ingress-nginx's model against what the real controller answered, and its rules one by one.
#include "tests/evidence.h"
#include "verify_controllers_oracle.h"

using namespace gw;

TEST_CASE("ingress-nginx answers as observed") {
  oracle::Options options;
  options.controller = "ingress-nginx";
  options.skip = [](const oracle::Json& record) -> std::string {
    if (!record.contains("request")) return {};
    // A refused connection shows in no manifest.
    if (record["outcome"].value("status", 0) == 502) return "endpoint state";
    return {};
  };
  const auto report = oracle::run("ingress-nginx.jsonl", options);
  oracle::print("ingress-nginx", report);
  CHECK(report.handcrafted.share() >= 0.99);
  CHECK(report.random.share() == 1.0);
}
