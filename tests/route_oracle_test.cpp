// The profiles against what the real implementations answered. The records lie beside the project; without them the
// test says so and passes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "kube/load.h"
#include "route/assume.h"
#include "route/profile.h"
#include "tests/evidence.h"

namespace {

using gw::route::Answer;
using gw::route::AnswerSet;
using nlohmann::json;

bool starts(const std::string& text, std::initializer_list<const char*> heads) {
  for (const char* head : heads)
    if (text.rfind(head, 0) == 0) return true;
  return false;
}

// Records without Services follow a naming convention: missing*, empty*, unready*, noslice*; the others are ready.
void add_services(gw::kube::Bundle& bundle) {
  if (bundle.services_known()) return;
  std::set<gw::kube::NamespacedName> names;
  for (const auto& route : bundle.http_routes)
    for (const auto& rule : route.spec.rules)
      for (const auto& ref : rule.backend_refs)
        if (ref.kind.value_or("Service") == "Service") names.insert({ref.ns.value_or(route.metadata.ns), ref.name});
  names.insert({"default", "always-there"});
  for (const auto& id : names) {
    if (starts(id.name, {"missing"})) continue;
    gw::kube::Service service;
    service.metadata.ns = id.ns;
    service.metadata.name = id.name;
    for (auto [name, port] : {std::pair("http", 80), std::pair("alt", 8081)}) {
      gw::kube::ServicePort made;
      made.name = name;
      made.port = port;
      service.spec.ports.push_back(made);
    }
    bundle.services.push_back(service);
    if (starts(id.name, {"noslice"})) continue;
    gw::kube::EndpointSlice slice;
    slice.metadata.ns = id.ns;
    slice.metadata.name = id.name;
    slice.metadata.labels = {{"kubernetes.io/service-name", id.name}};
    if (!starts(id.name, {"empty"})) {
      gw::kube::Endpoint endpoint;
      endpoint.addresses = {"127.0.0.1"};
      endpoint.conditions.emplace().ready = !starts(id.name, {"unready"});
      slice.endpoints.push_back(endpoint);
    }
    for (auto [name, port] : {std::pair("http", 8080), std::pair("alt", 8081)}) {
      gw::kube::EndpointPort made;
      made.name = name;
      made.port = port;
      slice.ports.push_back(made);
    }
    bundle.endpoint_slices.push_back(slice);
  }
}

// The same for Secrets: nosuch* is missing.
void add_secrets(gw::kube::Bundle& bundle) {
  if (!bundle.secrets.empty()) return;
  for (const auto& gateway : bundle.gateways)
    for (const auto& listener : gateway.spec.listeners)
      if (listener.tls)
        for (const auto& ref : listener.tls->certificate_refs) {
          if (starts(ref.name, {"nosuch"})) continue;
          gw::kube::Secret secret;
          secret.metadata.ns = ref.ns.value_or(gateway.metadata.ns);
          secret.metadata.name = ref.name;
          secret.data = {{"tls.crt", "eA=="}, {"tls.key", "eA=="}};
          bundle.secrets.push_back(secret);
        }
}

struct Loaded {
  gw::diag::Sources sources;
  gw::diag::Sink sink;
  gw::kube::Bundle bundle;
  std::unique_ptr<gw::route::Model> model;
};

std::unique_ptr<Loaded> load(const json& record, const std::string& profile) {
  auto out = std::make_unique<Loaded>();
  out->bundle = gw::kube::load_text("config.yaml", record["config"].get<std::string>(), out->sources, out->sink);
  if (record.contains("created"))
    for (auto& route : out->bundle.http_routes)
      if (auto it = record["created"].find(route.id().display()); it != record["created"].end())
        route.metadata.creation_timestamp = it->get<std::string>();
  gw::route::assume_gateways(out->bundle);
  add_services(out->bundle);
  add_secrets(out->bundle);
  const gw::kube::Index index(out->bundle);
  gw::route::AttachOptions options;
  options.assume_secrets = out->bundle.secrets.empty();
  out->model = gw::route::make_model(profile, index, gw::route::attach(index, options));
  return out;
}

// Does one answer describe an observed outcome? A backend that refuses connections is beyond a manifest: 502 is right
// when the answer asks it.
bool same(const Answer& answer, const json& outcome, bool head) {
  const int status = outcome.value("status", 0);
  // What the backend itself answers, or too late, no manifest tells.
  const bool backends_own = answer.status == 200 && outcome.value("served_by", "") == "backend" && status != 200;
  const bool late = answer.status == 200 && status == 504;
  if (late) return true;
  const bool refused = status == 502 && answer.status == 200 && answer.backend.find("down") != std::string::npos;
  if (refused) return true;
  if (answer.status != status && !backends_own) return false;
  if (outcome.contains("location") && outcome["location"].is_string() && answer.location != outcome["location"])
    return false;
  if (!outcome.contains("backend") || !outcome["backend"].is_string())
    return answer.backend.empty() || status == 502 || head;
  const std::string backend = outcome["backend"];
  bool found = answer.backend == backend;
  for (const auto& one : answer.backends) found = found || one.backend == backend;
  if (!found) return false;
  return !outcome.contains("upstream_target") || answer.backend_target == outcome["upstream_target"];
}

struct Count {
  int records = 0, equal = 0, unmodelled = 0;
};

Count run(const std::string& file, const std::string& profile) {
  Count count;
  std::ifstream in(evidence::path("oracle/" + file + ".jsonl"));
  REQUIRE(in);
  const bool verbose = std::getenv("ROUTE_ORACLE_VERBOSE") != nullptr;
  std::map<std::string, std::unique_ptr<Loaded>> cache;
  for (std::string line; std::getline(in, line);) {
    const json record = json::parse(line);
    if (record["request"].contains("raw_port")) continue;  // plain text on a TLS port and the reverse
    const std::string config = record["config"].get<std::string>() + record.value("created", json()).dump();
    auto& loaded = cache[config];
    if (!loaded) loaded = load(record, profile);
    const auto request = gw::route::parse_request(record["request"].dump());
    REQUIRE(request);
    const AnswerSet set = loaded->model->answer(*request);
    ++count.records;
    if (!set.any_of.empty() && !set.any_of.front().unmodelled.empty()) {
      ++count.unmodelled;
      if (verbose) MESSAGE("UNMODELLED " << record["id"].get<std::string>() << " " << set.any_of.front().unmodelled);
      continue;
    }
    std::vector<json> outcomes = {record["outcome"]};
    if (record.contains("outcomes")) outcomes = record["outcomes"].get<std::vector<json>>();
    bool equal = true;
    for (const json& outcome : outcomes) {
      bool any = false;
      for (const Answer& answer : set.any_of)
        any = any || same(answer, outcome, record["request"].value("method", "") == "HEAD");
      equal = equal && any;
    }
    // More than the weights allow for would be guessing.
    count.equal += equal;
    if (verbose && !equal)
      MESSAGE("DIFFERS " << record["id"].get<std::string>() << " " << record["request"].dump() << "\n  seen "
                         << record["outcome"].dump().substr(0, 400) << "\n  said "
                         << gw::route::to_json(set, loaded->sources));
  }
  return count;
}

void check(const std::string& file, const std::string& profile) {
  const Count count = run(file, profile);
  const int modelled = count.records - count.unmodelled;
  MESSAGE(profile << ": " << count.equal << " of " << modelled << " modelled records answered alike, "
                  << count.unmodelled << " not modelled");
  CHECK(modelled - count.equal <= std::max(1.0, 0.02 * modelled));
  CHECK(count.records > 0);
  if (evidence::whole()) CHECK(count.unmodelled <= 0.15 * count.records);
}

}  // namespace

TEST_CASE("Envoy Gateway") {
  check("envoy-gateway", "envoy-gateway");
}
TEST_CASE("NGINX Gateway Fabric") {
  check("nginx-gateway-fabric", "nginx-gateway-fabric");
}
TEST_CASE("Traefik") {
  check("traefik-gateway", "traefik");
}
