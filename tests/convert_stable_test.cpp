// Of every configuration that a real controller was asked about, and of every input of the cases: the output is what
// our own validator accepts, the same whatever the order of the documents, and the same in parts as in a whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "convert/classify.h"
#include "convert/convert.h"
#include "convert/names.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "tests/case_file.h"
#include "tests/evidence.h"
#include "validate/validate.h"

using namespace gw;

namespace {

struct Config {
  std::string name, text, from;
  std::vector<std::pair<std::string, std::string>> settings;  // of the controller's ConfigMap
};

std::vector<Config> observed(const std::string& controller, const std::string& records = {}) {
  std::vector<Config> configs;
  std::ifstream file(evidence::path("oracle/" + (records.empty() ? controller : records) + ".jsonl"));
  REQUIRE(file);
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string id = record["id"];
    if (!record.contains("config") || !record["config"].is_string()) continue;
    Config config{id, record["config"], controller, {}};
    if (record.contains("controller_configmap") && record["controller_configmap"].is_object())
      for (const auto& [key, value] : record["controller_configmap"].items())
        if (value.is_string()) config.settings.emplace_back(key, value);
    if (seen.insert(config.text).second) configs.push_back(std::move(config));
  }
  return configs;
}

std::vector<Config> inputs_of_cases() {
  std::vector<Config> configs;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("testdata/convert")) {
    if (entry.path().extension() != ".case") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const test::Block& block : test::parse_case(text))
      if (block.kind == test::Block::Kind::section && block.head.ends_with(".yaml") &&
          block.text.find("kind: Ingress\n") != std::string::npos)
        configs.push_back({entry.path().string() + " " + block.head, block.text, "auto", {}});
  }
  std::sort(configs.begin(), configs.end(), [](const Config& a, const Config& b) { return a.name < b.name; });
  return configs;
}

std::vector<Config> all_configs() {
  std::vector<Config> all = inputs_of_cases();
  const std::vector<Config> more = observed("ingress-nginx");
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> documents(const std::string& text) {
  std::vector<std::string> out(1);
  for (const std::string_view line : test::lines_of(text)) {
    if (line.starts_with("---"))
      out.emplace_back();
    else
      out.back() += line;
  }
  std::erase_if(out, [](const std::string& d) { return d.find("kind") == std::string::npos; });
  return out;
}

std::string joined(const std::vector<std::string>& documents) {
  std::string out;
  for (const std::string& d : documents) out += "---\n" + d + (d.ends_with('\n') ? "" : "\n");
  return out;
}

struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
};

void convert_text(const Config& config, const std::string& text, Converted& c, const std::string& to = "standard") {
  c.in = kube::load_text("in.yaml", text, c.sources, c.sink);
  convert::leave_out_unnameable(c.in, c.sink);
  if (!config.settings.empty()) {
    auto map = kube::make<kube::ConfigMap>("ingress-nginx", "ingress-nginx-controller");
    map.data.assign(config.settings.begin(), config.settings.end());
    c.in.config_maps.push_back(std::move(map));
  }
  convert::Options options;
  options.from = config.from;
  options.to = to;
  options.gateway_namespace = "infra";
  for (const std::string_view loss : convert::loss_names()) options.accepted.insert(convert::loss_of(loss));
  REQUIRE(bool(convert::convert(c.in, options, c.sources, c.sink, c.out)));
  kube::each_kind(c.out, [](auto& objects) {
    for (auto& object : objects) object.comments.clear();  // they name lines
  });
}

std::string written(const kube::Bundle& bundle) {
  std::string text;
  kube::write(bundle, yaml::Style::yaml, text);
  return text;
}

// Warnings about what the input asks for, not about how it is said.
bool asked_for(const std::string& code) {
  static const std::map<std::string, std::string> why{
      {"GW208", "a resource backend is carried over; which kinds the gateway knows is not in the manifests"},
      {"GW306", "TLS hosts overlap, as they do in the Ingresses"},
      {"GW406", "a path that looks like a regular expression, on an Ingress without use-regex"},
      {"GW409", "closed on purpose: what protects the path was refused"},
      {"GW415", "permanent-redirect sends every path to one"},
      {"GW418", "enable-cors answers '*' with credentials by default"},
      {"GW314", "TLS without a host"},
      {"GW419", "a host with TLS whose Ingress asks for no redirect"},
      {"GW427", "rules of a wildcard and of one of its hosts that the old controller tries in one order share a route"},
      {"GW428", "an Ingress for '*.com'"},
      {"GW508", "backend-protocol HTTPS without a CA: the system's roots are all that can be written (GW603)"},
  };
  return why.contains(code);
}

// Each route by itself.
std::set<std::string> routes(const kube::Bundle& bundle) {
  std::set<std::string> out;
  const auto add = [&](const auto& objects, auto member) {
    for (const auto& object : objects) {
      if (std::string_view(object.metadata.name).starts_with("https-redirect")) continue;  // shared by all of a Gateway
      kube::Bundle one;
      (one.*member).push_back(object);
      out.insert(written(one));
    }
  };
  add(bundle.http_routes, &kube::Bundle::http_routes);
  add(bundle.grpc_routes, &kube::Bundle::grpc_routes);
  add(bundle.tls_routes, &kube::Bundle::tls_routes);
  return out;
}

// Nothing that one Ingress does depends on another: no host in two, no wildcard, no rule for every host, no canary.
bool independent(const Config& config, const kube::Bundle& bundle) {
  if (!config.settings.empty() || bundle.ingresses.size() < 2) return false;
  std::set<std::string> hosts;
  std::set<std::string> vendors;       // whose annotations they carry: the majority decides about the class
  std::set<std::string_view> classes;  // a Gateway each, and what decides about one looks at the others
  for (const kube::Ingress& ingress : bundle.ingresses) {
    if (ingress.spec.default_backend) return false;
    if (classes.insert(convert::class_of(ingress)).second && classes.size() > 1) return false;
    for (const auto& [key, value] : ingress.metadata.annotations)
      if (const std::string vendor = key.substr(0, key.find('/')); vendor != "kubernetes.io") vendors.insert(vendor);
    if (vendors.size() > 1 || (!vendors.empty() && convert::class_of(ingress) == "internal")) return false;
    for (const auto& [key, value] : ingress.metadata.annotations)
      // Ingresses whose certificates are asked for alike share a ListenerSet; internal ones keep others' Gateway apart.
      if (key.starts_with("cert-manager.io/") || key.ends_with("canary") || key.ends_with("server-alias") ||
          key.ends_with("www-redirect") || key.ends_with("/scheme") || key.ends_with("load-balancer-internal"))
        return false;
    std::set<std::string> own;
    for (const kube::IngressRule& rule : ingress.spec.rules) own.insert(rule.host);
    for (const std::string& host : own)
      if (host.empty() || host.starts_with('*') || !hosts.insert(host).second) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the validator accepts the output") {
  std::size_t count = 0;
  for (const Config& config : all_configs()) {
    Converted c;
    convert_text(config, config.text, c);
    diag::Sources sources;
    diag::Sink sink;
    validate::check(c.out, "out.yaml", {}, sources, sink);
    for (const diag::Diagnostic& d : sink.take())
      if (d.severity != diag::Severity::info && !asked_for(d.code)) {
        CAPTURE(config.name);
        FAIL_CHECK(d.code << " " << d.message << "\n" << written(c.out));
      }
    ++count;
  }
  MESSAGE(count, " configurations");
}

TEST_CASE("no target gets an object that is refused") {
  struct Records {
    const char *controller, *file;
  };
  std::size_t count = 0;
  for (const Records& records : {Records{"istio", "istio-ingress"},
                                 {"istio", "istio-own"},
                                 {"contour", "contour"},
                                 {"contour", "contour-httpproxy"},
                                 {"cilium", "cilium-ingress"}})
    for (const Config& config : observed(records.controller, records.file))
      for (const char* target : {"standard", "envoy-gateway", "istio", "cilium", "contour"}) {
        Converted c;
        convert_text(config, config.text, c, target);
        diag::Sources sources;
        diag::Sink sink;
        validate::check(c.out, "out.yaml", {}, sources, sink);
        for (const diag::Diagnostic& d : sink.take())
          if (d.severity == diag::Severity::error) {
            CAPTURE(config.name);
            CAPTURE(target);
            FAIL_CHECK(d.code << " " << d.message << "\n" << written(c.out));
          }
        ++count;
      }
  MESSAGE(count, " conversions");
}

TEST_CASE("the same bytes whatever the order of the documents") {
  std::mt19937 random(20240607);
  for (const Config& config : all_configs()) {
    std::vector<std::string> parts = documents(config.text);
    if (parts.size() < 2) continue;
    Converted first;
    convert_text(config, joined(parts), first);
    // Of two objects with one name the last counts (GW010): their order is part of the input.
    const auto findings = first.sink.take();
    if (std::any_of(findings.begin(), findings.end(), [](const auto& d) { return d.code == "GW010"; })) continue;
    std::shuffle(parts.begin(), parts.end(), random);
    Converted second;
    convert_text(config, joined(parts), second);
    CAPTURE(config.name);
    CHECK(written(first.out) == written(second.out));
  }
}

TEST_CASE("in parts and as a whole the routes are the same") {
  std::size_t count = 0;
  for (const Config& config : all_configs()) {
    Converted whole;
    convert_text(config, config.text, whole);
    if (!independent(config, whole.in)) continue;
    std::vector<std::string> ingresses, others;
    for (const std::string& d : documents(config.text))
      (d.find("kind: Ingress\n") != std::string::npos ? ingresses : others).push_back(d);
    if (ingresses.size() != whole.in.ingresses.size()) continue;
    std::set<std::string> pieces;
    for (const std::string& ingress : ingresses) {
      std::vector<std::string> alone = others;
      alone.push_back(ingress);
      Converted part;
      convert_text(config, joined(alone), part);
      pieces.merge(routes(part.out));
    }
    CAPTURE(config.name);
    CHECK(pieces == routes(whole.out));
    ++count;
  }
  MESSAGE(count, " configurations in parts");
  CHECK(count > 5);
}
