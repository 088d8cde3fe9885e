// Faithfulness to recorded answers: a configuration is converted once, every request is traced on the output, and where
// the answer differs from the observed one, an explanation must name a finding of that very conversion and look at the
// request.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/profile.h"
#include "tests/evidence.h"

namespace faithful {

using namespace gw;
using nlohmann::json;

struct Seen {  // one request, both answers
  const json& request;
  const json& outcome;
  const route::Answer& ours;
  std::string path, host;
  int want = 0;  // 0: the connection failed before HTTP
};

// `code`: of a finding of the conversion, or the name of an annotation it did not convert.
struct Explanation {
  const char* code;
  bool (*fits)(const Seen&);
};

inline std::string text(const json& j, const char* key) {
  return j.contains(key) && j[key].is_string() ? j[key].get<std::string>() : std::string();
}
inline bool https(const Seen& s) {
  return text(s.request, "scheme") == "https";
}
inline bool refused_here(const Seen& s) {
  return s.ours.status == 0 || s.ours.status == 404 || s.ours.status == 421;
}

struct Controller {
  std::string name, file;
  std::span<const Explanation> explanations;
  std::string (*manifests)(const json& record) = nullptr;  // more objects, as YAML
  std::string (*skip)(const json& record) = nullptr;       // why a record is not compared; empty: it is
};

// Services named after what is wrong with them, as the records say.
inline void add_services(kube::Bundle& bundle, const json& record) {
  std::set<kube::NamespacedName> names;
  const auto use = [&](const std::string& ns, const std::string& name) {
    if (!name.empty() && !name.starts_with("missing") && name != "nosuch") names.insert({ns, name});
  };
  const auto backend = [&](const std::string& ns, const kube::IngressBackend& b) {
    if (b.service) use(ns, b.service->name);
  };
  for (const kube::Ingress& i : bundle.ingresses) {
    if (i.spec.default_backend) backend(i.metadata.ns, *i.spec.default_backend);
    for (const kube::IngressRule& rule : i.spec.rules)
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) backend(i.metadata.ns, path.backend);
  }
  for (const kube::OtherObject& object : bundle.others) {
    const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
    const yaml::Node* upstreams = spec ? spec->find("upstreams") : nullptr;
    if (upstreams && upstreams->is_seq())
      for (const yaml::Node& upstream : upstreams->items())
        if (const yaml::Node* name = upstream.find("service"); name && name->is_string())
          use(object.metadata.ns, std::string(name->string()));
  }
  for (const kube::NamespacedName& id : names) {
    auto service = kube::make<kube::Service>(id.ns, id.name);
    auto slice = kube::make<kube::EndpointSlice>(id.ns, id.name + "-1");
    slice.metadata.labels.emplace_back("kubernetes.io/service-name", id.name);
    slice.address_type = "IPv4";
    if (record.contains("service_annotations"))
      for (const auto& [key, values] : record["service_annotations"].items())
        if (key == id.display() || key == id.name)
          for (const auto& [annotation, value] : values.items())
            service.metadata.annotations.emplace_back(annotation, value.get<std::string>());
    struct Named {
      const char* name;
      int port, target;
    };
    for (const Named& n : {Named{"http", 80, 8080}, {"alt", 8081, 9090}, {"https", 443, 8443}, {"grpc", 50051, 8082}}) {
      kube::ServicePort p;
      p.name = n.name;
      p.port = n.port;
      p.target_port = kube::IntOrString{n.target, {}};
      service.spec.ports.push_back(p);
      kube::EndpointPort e;
      e.name = n.name;
      e.port = n.target;
      slice.ports.push_back(e);
    }
    if (!id.name.starts_with("empty") && !id.name.starts_with("unready") && !id.name.starts_with("noslice")) {
      kube::Endpoint endpoint;
      endpoint.addresses = {"127.0.0.1"};
      slice.endpoints.push_back(endpoint);
    }
    bundle.services.push_back(std::move(service));
    bundle.endpoint_slices.push_back(std::move(slice));
  }
}

// A configuration, converted once, with the codes and annotations its report names.
struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  std::set<std::string> named;
  std::unique_ptr<kube::Index> index;
  std::unique_ptr<route::Model> model;

  Converted(const Controller& controller, const json& record) {
    std::string config = record["config"].get<std::string>();
    // The laboratory sent objects, not YAML: there "n" is a name.
    for (std::size_t at; (at = config.find("name: n\n")) != std::string::npos;) config.replace(at, 8, "name: \"n\"\n");
    if (controller.manifests) config += controller.manifests(record);
    in = kube::load_text("in.yaml", config, sources, sink);
    add_services(in, record);
    convert::Options options;
    options.from = controller.name;
    auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    for (const diag::Diagnostic& d : sink.take()) named.insert(d.code);
    for (const convert::Note& n : outcomes->ledger.notes()) {
      named.insert(n.code);
      // "spec.routes[].action.return: ..." names the field.
      const std::string path = n.message.substr(0, n.message.find(": "));
      if (n.code.starts_with("GW60") && path.find(' ') == std::string::npos)
        named.insert(path.substr(path.rfind('.') + 1));
    }
    for (const convert::Entry& e : outcomes->ledger.entries())
      if (e.object && (e.outcome >= convert::Outcome::approximated || !e.code.empty()))
        named.insert(e.key().substr(e.key().find('/') + 1));
    out.services = in.services;
    out.endpoint_slices = in.endpoint_slices;
    index = std::make_unique<kube::Index>(out);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    model = route::make_model("gwctl", *index, route::attach(*index, attach));
  }
};

inline bool agrees(const Seen& s) {
  // What the backend itself answered is passed on by everybody.
  const bool by_backend = text(s.outcome, "served_by") == "backend" && s.ours.status == 200;
  if (s.want != s.ours.status && !by_backend) return false;
  if (!by_backend && s.want >= 300 && s.want < 400) return text(s.outcome, "location") == s.ours.location;
  std::string backend = text(s.outcome, "backend");
  backend = backend.substr(0, backend.find('#'));
  if (backend.empty()) return true;
  const bool found = s.ours.backends.empty()
                         ? s.ours.backend == backend
                         : std::any_of(s.ours.backends.begin(), s.ours.backends.end(),
                                       [&](const auto& b) { return b.backend == backend && b.weight > 0; });
  const std::string target = s.ours.backend_target.empty() ? s.path : s.ours.backend_target;
  return found && text(s.outcome, "upstream_target") == target;
}

inline route::Request to_request(const json& r) {
  route::Request request;
  request.scheme = text(r, "scheme") == "https" ? route::Scheme::https : route::Scheme::http;
  request.method = r.contains("method") ? text(r, "method") : "GET";
  request.host = text(r, "host");
  request.target = text(r, "path");
  if (r.contains("port")) request.port = r["port"];
  if (r.contains("http10")) request.http10 = r["http10"];
  if (r.contains("headers"))
    for (const json& h : r["headers"]) request.headers.emplace_back(h[0], h[1]);
  if (request.scheme == route::Scheme::https)
    request.sni =
        r.contains("sni") && r["sni"].is_string() ? text(r, "sni") : request.host.substr(0, request.host.find(':'));
  return request;
}

struct Counts {
  std::size_t equal = 0, named = 0, refused = 0, skipped = 0;
  std::vector<std::string> unexplained;
  std::map<std::string, std::size_t> by;  // explanation → records
};

// What tells two records of one id apart: flags, and annotations of Services.
inline std::string key_of(const json& record) {
  std::string key = text(record, "config");
  for (const char* part : {"controller_flags", "controller_configmap", "service_annotations", "static"})
    if (record.contains(part)) key += record[part].dump();
  return key;
}

inline Counts run(const Controller& controller) {
  Counts counts;
  std::ifstream file(evidence::path("oracle/" + controller.file));
  REQUIRE(file);
  std::string key;
  std::unique_ptr<Converted> converted;
  for (std::string line; std::getline(file, line);) {
    const json record = json::parse(line);
    const std::string id = record["id"];
    // A request without one defined answer, or an Ingress that never existed.
    if (record.value("unstable", false) || record.contains("rejected_by_apiserver") ||
        (controller.skip && !controller.skip(record).empty())) {
      ++counts.skipped;
      continue;
    }
    if (std::string now = key_of(record); now != key || !converted) {
      converted = std::make_unique<Converted>(controller, record);
      key = std::move(now);
    }
    if (!record.value("nginx_config_ok", true) || !record.value("haproxy_config_ok", true)) {
      // Its answers are those of an older configuration.
      converted->named.contains("GW607") ? static_cast<void>(++counts.refused)
                                         : counts.unexplained.push_back(id + " is refused as a whole");
      continue;
    }
    if (!record.contains("outcome")) continue;
    const json& r = record["request"];
    const route::Request request = to_request(r);
    const int want = record["outcome"].contains("status") && record["outcome"]["status"].is_number()
                         ? record["outcome"]["status"].get<int>()
                         : 0;
    bool ok = false;
    const Explanation* why = nullptr;
    std::string shown;
    for (const route::Answer& ours : converted->model->answer(request).any_of) {
      const Seen seen{r, record["outcome"], ours, request.target, request.host, want};
      ok = ok || agrees(seen);
      for (const Explanation& e : controller.explanations)
        if (!why && converted->named.contains(e.code) && e.fits(seen)) why = &e;
      shown += " | want " + std::to_string(want) + " " + text(seen.outcome, "backend") + " " +
               text(seen.outcome, "upstream_target") + " " + text(seen.outcome, "location") + " ours " +
               std::to_string(ours.status) + " " + ours.backend + " " + ours.backend_target + " " + ours.location;
    }
    if (ok)
      ++counts.equal;
    else if (why)
      ++counts.named, ++counts.by[why->code];
    else
      counts.unexplained.push_back(id + " " + r.dump() + shown);
    if (const char* show = std::getenv("GWCTL_SHOW_NAMED");
        show && !ok && why && (*show == '\0' || why->code == std::string(show)))
      std::printf("named %s: %s %s%s\n", why->code, id.c_str(), r.dump().c_str(), shown.c_str());
  }
  return counts;
}

inline void report(const std::string& name, const Counts& counts) {
  std::string by;
  for (const auto& [code, n] : counts.by) by += " " + code + ":" + std::to_string(n);
  MESSAGE(name, ": equal ", counts.equal, ", named by the report ", counts.named, " (", by, " ), refused as a whole ",
          counts.refused, ", skipped ", counts.skipped, ", unexplained ", counts.unexplained.size());
  std::size_t shown = 0;
  for (const std::string& u : counts.unexplained)
    if (++shown <= 60 || std::getenv("GWCTL_SHOW_ALL")) MESSAGE(u);
}

}  // namespace faithful
