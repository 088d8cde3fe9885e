// Runs a controller's model over the observed answers of ../shared/oracle and counts, per topic, what agrees.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "kube/load.h"
#include "tests/evidence.h"
#include "verify/controllers/controller.h"

namespace oracle {

using Json = nlohmann::json;
using namespace gw;

struct Options {
  std::string controller;
  verify::ControllerOptions base;
  std::function<void(const Json& record, verify::ControllerOptions&)> configure;
  std::function<std::string(const Json& record)> skip;   // why a record is no routing record; empty: run it
  std::function<std::string(const Json& record)> extra;  // more manifests (Services with annotations)
  kube::Port status_of_down = 502;
};

struct Counts {
  int total = 0, agree = 0, differ = 0, unmodelled = 0, skipped = 0;
  double share() const { return total == 0 ? 1.0 : static_cast<double>(agree) / total; }
};

struct Report {
  Counts all, handcrafted, random, unstable;
  std::map<std::string, Counts> topics;
};

struct Configuration {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<verify::Controller> model;
};

inline std::string text(const Json& value, const char* key) {
  return value.contains(key) && value[key].is_string() ? value[key].get<std::string>() : std::string();
}

// The laboratory's Services: empty* has no endpoints, missing* does not exist, the others serve 80 (http) and 8081
// (alt).
inline std::string services(const kube::Bundle& bundle, const std::set<std::string>& more, const Json& record) {
  std::set<std::string> ids = more;
  const auto add = [&](const std::string& ns, const kube::IngressBackend& backend) {
    if (backend.service) ids.insert(ns + "/" + backend.service->name);
  };
  for (const auto& ingress : bundle.ingresses) {
    if (ingress.spec.default_backend) add(ingress.metadata.ns, *ingress.spec.default_backend);
    for (const auto& rule : ingress.spec.rules)
      if (rule.http)
        for (const auto& path : rule.http->paths) add(ingress.metadata.ns, path.backend);
    for (const auto& [key, value] : ingress.metadata.annotations)
      if (key.ends_with("/default-backend")) ids.insert(ingress.metadata.ns + "/" + value);
  }
  for (const auto& object : bundle.others) {
    const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
    const yaml::Node* upstreams = spec ? spec->find("upstreams") : nullptr;
    if (upstreams && upstreams->is_seq())
      for (const yaml::Node& upstream : upstreams->items())
        if (const yaml::Node* name = upstream.find("service"); name && name->is_string())
          ids.insert(object.metadata.ns + "/" + std::string(name->string()));
  }
  std::string out;
  for (const std::string& id : ids) {
    const auto slash = id.find('/');
    const std::string ns = id.substr(0, slash), name = id.substr(slash + 1);
    if (name.starts_with("missing") || name == "nosuch") continue;
    Json annotations = Json::object();
    const bool ready = !name.starts_with("empty") && !name.starts_with("unready") && !name.starts_with("noslice");
    if (ready) annotations["gwctl.dev/endpoints"] = "127.1.1.1:8080";
    if (record.contains("service_annotations"))
      for (const auto& [service, values] : record["service_annotations"].items())
        if (service == id || service == name)
          for (const auto& [key, value] : values.items()) annotations[key] = value;
    Json service = {{"apiVersion", "v1"},
                    {"kind", "Service"},
                    {"metadata", {{"name", name}, {"namespace", ns}, {"annotations", annotations}}},
                    {"spec",
                     {{"ports",
                       {{{"name", "http"}, {"port", 80}, {"targetPort", 8080}},
                        {{"name", "alt"}, {"port", 8081}, {"targetPort", 8080}},
                        {{"name", "https"}, {"port", 443}, {"targetPort", 8443}},
                        {{"name", "grpc"}, {"port", 50051}, {"targetPort", 8082}}}}}}};
    out += "\n---\n" + service.dump();
  }
  return out + "\n---\n" +
         R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"other","namespace":"laboratory","annotations":{"gwctl.dev/endpoints":"127.1.1.2:80"}},"spec":{}})" +
         "\n";
}

// TLS Secrets that the laboratory had: all that are named but "missing...".
inline std::string secrets(const Json& record) {
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle bundle = kube::load_text("config.yaml", record["config"], sources, sink);
  std::string out =
      "\n---\n" + Json{{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "unused"}}}}.dump();
  std::set<std::string> seen;
  for (const auto& ingress : bundle.ingresses)
    for (const auto& tls : ingress.spec.tls) {
      const std::string& name = tls.secret_name;
      if (name.empty() || name.starts_with("missing") || name == "nosuch" ||
          !seen.insert(ingress.metadata.ns + "/" + name).second)
        continue;
      out += "\n---\n" + Json{{"apiVersion", "v1"},
                              {"kind", "Secret"},
                              {"type", "kubernetes.io/tls"},
                              {"metadata", {{"name", name}, {"namespace", ingress.metadata.ns}}}}
                             .dump();
    }
  return out + "\n---\n" + R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"basic","namespace":"default"}})" +
         "\n";
}

inline std::shared_ptr<Configuration> configuration(const Json& record, const Options& options) {
  // The laboratory sent objects, not YAML: there "n" is a name.
  std::string config = record["config"];
  for (std::size_t at; (at = config.find("name: n\n")) != std::string::npos;) config.replace(at, 8, "name: \"n\"\n");
  verify::ControllerOptions controller = options.base;
  std::set<std::string> more;
  if (record.contains("controller_configmap"))
    for (const auto& [key, value] : record["controller_configmap"].items())
      controller.config_map.emplace_back(key, value);
  if (record.contains("controller_flags")) {
    const Json& flags = record["controller_flags"];
    if (flags.is_array())
      for (const auto& item : flags) controller.flags.push_back(item);
    if (flags.is_object())
      for (const auto& [key, value] : flags.items())
        controller.flags.push_back("--" + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  if (std::string service = text(record, "default_backend_service"); !service.empty()) {
    controller.flags.push_back("--default-backend-service=" + service);
    more.insert(service);
  }
  if (options.configure) options.configure(record, controller);
  diag::Sources sources;  // the objects of `plain` point into its text
  diag::Sink sink;
  const kube::Bundle plain = kube::load_text("config.yaml", config, sources, sink);
  auto out = std::make_shared<Configuration>();
  std::string all = config + services(plain, more, record);
  if (options.extra) all += options.extra(record);
  out->bundle = kube::load_text("config.yaml", all, out->sources, out->sink);
  out->model = verify::make_controller(options.controller, kube::Index(out->bundle), controller);
  return out;
}

inline route::Request request(const Json& from) {
  route::Request out;
  out.scheme = text(from, "scheme") == "https" ? route::Scheme::https : route::Scheme::http;
  if (from.contains("method")) out.method = from["method"];
  out.host = text(from, "host");
  out.target = text(from, "path");
  if (from.contains("sni") && from["sni"].is_string()) out.sni = from["sni"];
  if (from.contains("port")) out.port = from["port"];
  if (from.contains("http10")) out.http10 = from["http10"];
  if (from.contains("headers"))
    for (const auto& header : from["headers"]) out.headers.emplace_back(header[0], header[1]);
  if (from.contains("body")) out.headers.emplace_back("Content-Length", std::to_string(text(from, "body").size()));
  return out;
}

inline bool agrees(const route::Answer& answer, const Json& outcome, bool status_matters) {
  std::string backend = text(outcome, "backend");
  backend = backend.substr(0, backend.find('#'));
  // No status: the connection failed before HTTP.
  const int seen = outcome.contains("status") && outcome["status"].is_number() ? outcome["status"].get<int>() : 0;
  if (status_matters && answer.status != seen) return false;
  if (backend.empty()) return answer.backend.empty() && answer.location == text(outcome, "location");
  const bool weighted = std::any_of(answer.backends.begin(), answer.backends.end(),
                                    [&](const auto& entry) { return entry.backend == backend && entry.weight > 0; });
  return (answer.backend == backend || weighted) && answer.backend_target == text(outcome, "upstream_target");
}

inline bool agrees(const route::AnswerSet& answers, const Json& outcome, bool status_matters) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(), [&](const auto& answer) {
    return answer.unmodelled.empty() && agrees(answer, outcome, status_matters);
  });
}

inline bool wants_status(const Json& request) {
  if (request.contains("headers"))
    for (const auto& header : request["headers"])
      if (header[0] == "X-Want-Status") return true;
  return false;
}

inline void say(const Json& record, const route::AnswerSet& answers, const diag::Sources& sources) {
  const char* filter = std::getenv("ORACLE_SHOW");
  if (!filter || text(record, "id").find(filter) == std::string::npos) return;
  (void)sources;
  std::string ours;
  for (const auto& a : answers.any_of)
    ours += "\n    ours " + std::to_string(a.status) + " " + a.backend + " " + a.backend_target + " " + a.location +
            " " + a.unmodelled;
  Json outcome = record.contains("outcomes") ? record["outcomes"] : record["outcome"];
  for (const char* key : {"upstream_headers", "response_headers"})
    if (outcome.is_object()) outcome.erase(key);
  MESSAGE(text(record, "id"), " ", record["request"].dump(), "\n    seen ", outcome.dump(), ours);
}

inline Report run(const std::string& file, const Options& options) {
  Report report;
  std::ifstream in(evidence::path("oracle/" + file));
  REQUIRE(in);
  std::string key;
  std::shared_ptr<Configuration> current;
  for (std::string line; std::getline(in, line);) {
    const Json record = Json::parse(line);
    Counts& topic = report.topics[text(record, "topic")];
    Counts& kind = text(record, "topic").find("random") != std::string::npos ? report.random : report.handcrafted;
    const bool unstable = record.value("unstable", false);
    std::vector<Counts*> counts = {&report.all, &topic};
    counts.push_back(unstable ? &report.unstable : &kind);
    const auto count = [&](int Counts::*member) {
      for (Counts* c : counts) ++(c->*member);
    };
    if (options.skip && !options.skip(record).empty()) {
      count(&Counts::skipped);
      continue;
    }
    std::string now = text(record, "config");
    for (const char* part : {"controller_configmap", "controller_flags", "service_annotations", "controller", "static"})
      now += record.contains(part) ? record[part].dump() : "";
    if (now != key) current = configuration(record, options);
    key = now;
    count(&Counts::total);
    const bool refused = !record.value("nginx_config_ok", true) || !record.value("haproxy_config_ok", true);
    if (!record.contains("request") || refused) {
      const bool said = !current->model->refused().empty();
      count(said == refused ? &Counts::agree : &Counts::differ);
      if (said != refused) MESSAGE(text(record, "id"), " refused: ", refused, " ours: ", current->model->refused());
      continue;
    }
    if (!current->model->refused().empty())
      MESSAGE(text(record, "id"), " wrongly refused: ", current->model->refused());
    const auto answers = current->model->answer(request(record["request"]));
    const bool status_matters = !wants_status(record["request"]);
    bool ok = false;
    if (unstable && record.contains("outcomes")) {
      ok = true;
      for (const auto& outcome : record["outcomes"]) ok &= agrees(answers, outcome, status_matters);
    } else {
      ok = agrees(answers, record["outcome"], status_matters);
    }
    const bool silent =
        std::any_of(answers.any_of.begin(), answers.any_of.end(), [](const auto& a) { return !a.unmodelled.empty(); });
    count(ok ? &Counts::agree : silent ? &Counts::unmodelled : &Counts::differ);
    if (!ok) say(record, answers, current->sources);
  }
  return report;
}

// Services named "down" refuse connections: no manifest shows it.
inline std::string refused_connection(const Json& record) {
  const bool down = record.contains("request") && record["request"]["path"] == "/d";
  return down && text(record, "config").find("down") != std::string::npos ? "endpoint state" : "";
}

// The laboratory's static configurations of Traefik.
inline void traefik_flags(const Json& record, verify::ControllerOptions& controller) {
  controller.flags.push_back("--entryPoints.alt.address=:8000");
  if (record["static"] == "strict")
    controller.flags.push_back("--providers.kubernetesIngress.strictPrefixMatching=true");
  if (record["static"] == "notls") controller.flags.push_back("--entryPoints.websecure.http.tls=false");
}

inline void print(const std::string& name, const Report& report) {
  const auto line = [](const Counts& c) {
    return std::to_string(c.agree) + " of " + std::to_string(c.total) + " agree, " + std::to_string(c.differ) +
           " differ, " + std::to_string(c.unmodelled) + " unmodelled, " + std::to_string(c.skipped) + " skipped";
  };
  std::string out = name + ": " + line(report.all);
  out += "\n  handcrafted: " + line(report.handcrafted) + "\n  random: " + line(report.random);
  if (report.unstable.total > 0) out += "\n  unstable: " + line(report.unstable);
  for (const auto& [topic, counts] : report.topics)
    if (counts.agree != counts.total) out += "\n  " + topic + ": " + line(counts);
  MESSAGE(out);
}

}  // namespace oracle
