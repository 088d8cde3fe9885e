// Traefik, F5 NGINX and both HAProxy controllers against what the real ones answered.
#include "verify_controllers_oracle.h"

using namespace gw;

namespace {

// Endpoints that refuse connections and protocols that a backend does not speak show in no manifest.
std::string hidden_state(const oracle::Json& record) {
  if (!record.contains("outcome")) return {};
  const int status = record["outcome"].value("status", 0);
  return status == 502 || status == 0 ? "endpoint state" : "";
}

}  // namespace

TEST_CASE("Traefik answers as observed") {
  oracle::Options options;
  options.controller = "traefik";
  options.skip = hidden_state;
  options.configure = oracle::traefik_flags;
  const auto report = oracle::run("traefik-ingress.jsonl", options);
  oracle::print("traefik", report);
  CHECK(report.handcrafted.share() >= 0.98);
  CHECK(report.random.share() >= 0.98);
  CHECK(report.unstable.share() == 1.0);
}

TEST_CASE("F5 NGINX answers as observed") {
  oracle::Options options;
  options.controller = "f5-nginx";
  options.skip = oracle::refused_connection;
  options.extra = oracle::secrets;
  const auto report = oracle::run("f5-nginx.jsonl", options);
  oracle::print("f5-nginx", report);
  CHECK(report.handcrafted.share() >= 0.98);
  CHECK(report.random.share() >= 0.98);
}

TEST_CASE("haproxytech answers as observed") {
  oracle::Options options;
  options.controller = "haproxytech";
  options.extra = oracle::secrets;
  options.skip = oracle::refused_connection;
  const auto report = oracle::run("haproxytech.jsonl", options);
  oracle::print("haproxytech", report);
  CHECK(report.handcrafted.share() >= 0.98);
  CHECK(report.random.share() >= 0.98);
  CHECK(report.unstable.share() == 1.0);
}

TEST_CASE("haproxy-ingress answers as observed") {
  oracle::Options options;
  options.controller = "haproxy-ingress";
  options.extra = oracle::secrets;
  options.skip = oracle::refused_connection;
  const auto report = oracle::run("haproxy-ingress.jsonl", options);
  oracle::print("haproxy-ingress", report);
  CHECK(report.handcrafted.share() >= 0.98);
  CHECK(report.random.share() >= 0.98);
}
