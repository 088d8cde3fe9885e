// Faithfulness: what ingress-nginx answered for a configuration, the converted one answers too, or the report of that
// very conversion names the class of requests. Each explanation below needs its code in the report and looks at the
// request.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "convert/convert.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/profile.h"

using namespace gw;
using nlohmann::json;

namespace {

struct Seen {  // one request, both answers
  const std::string& target;
  const json& request;
  const json& outcome;
  const route::Answer& ours;
  std::string path, host;
  int want = 0;
};

std::string text(const json& j, const char* key) {
  return j.contains(key) && j[key].is_string() ? j[key].get<std::string>() : std::string();
}

std::string trimmed(std::string url) {
  const std::size_t query = url.find('?');
  std::string path = url.substr(0, query);
  for (const char* port : {":80", ":443"})
    if (const std::size_t at = path.find(port); at != std::string::npos && at > 6)
      path.erase(at, std::string(port).size());
  while (path.ends_with('/')) path.pop_back();
  return path;
}
std::string without_port(std::string url) {
  const std::size_t at = url.find("://");
  if (at == std::string::npos) return url;
  std::size_t end = url.find_first_of("/?", at + 3);
  if (end == std::string::npos) end = url.size();
  const std::size_t colon = url.find(':', at + 3);
  if (colon != std::string::npos && colon < end) url.erase(colon, end - colon);
  for (std::size_t i = at; i < url.size() && url[i] != '/' + 0 && i < end; ++i)
    url[i] = static_cast<char>(std::tolower(url[i]));
  return url;
}
std::string folded(std::string url) {
  std::string out = trimmed(without_port(std::move(url)));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool odd_path(const Seen& s) {
  for (const char* bad : {"//", "/.", "%", "#", "\\", ";"})
    if (s.path.find(bad) != std::string::npos) return true;
  for (const char c : s.path)
    if (static_cast<unsigned char>(c) > 126) return true;
  return s.path.empty() || s.path[0] != '/';
}

struct Explanation {
  const char* code;
  bool (*fits)(const Seen&);
};
constexpr Explanation explanations[] = {
    {"GW620", odd_path},
    {"GW621",
     [](const Seen& s) {
       return std::count(s.host.begin(), s.host.end(), '.') >= 3 || s.host.find_first_of("_") != std::string::npos;
     }},
    {"GW622",
     [](const Seen& s) {
       return text(s.request, "scheme") == "https" && (s.ours.status == 0 || s.ours.status == 404);
     }},
    {"GW623",
     [](const Seen& s) {
       return s.want == s.ours.status && trimmed(text(s.outcome, "location")) == trimmed(s.ours.location);
     }},
    {"GW624",
     [](const Seen& s) {
       return (s.want == 503 || s.want == 502 || s.ours.status == 503) &&
              (s.ours.status == 500 || s.ours.status == 503 || s.ours.status == 200 || s.want == 200);
     }},
    {"GW625", [](const Seen& s) { return s.path == "/healthz" || s.path == "/nginx_status"; }},
    {"GW626", [](const Seen& s) { return s.want == 413; }},
    {"GW627",
     [](const Seen& s) {
       return s.want == 400 || s.host.empty() || s.host.ends_with('.') || s.host.starts_with('.') ||
              std::any_of(s.host.begin(), s.host.end(), [](unsigned char c) { return c > 126; });
     }},
    {"GW634",
     [](const Seen& s) { return text(s.request, "method") == "TRACE" || text(s.request, "method") == "CONNECT"; }},
    {"use-forwarded-headers",
     [](const Seen& s) {
       return s.request.contains("headers") && s.request["headers"].dump().find("X-Forwarded") != std::string::npos;
     }},
    {"GW628",
     [](const Seen& s) {
       return s.path != "" &&
              std::any_of(s.path.begin(), s.path.end(), [](unsigned char c) { return std::isupper(c); });
     }},
    {"GW629",
     [](const Seen& s) {
       return text(s.request, "scheme") == "https" &&
              (s.ours.status == 0 || s.ours.status == 404 || s.ours.status == 421);
     }},
    {"GW630",
     [](const Seen& s) {
       return s.want == s.ours.status && folded(text(s.outcome, "location")) == folded(s.ours.location);
     }},
    {"GW631", [](const Seen& s) { return (s.want == 401 || s.want == 403 || s.want == 503) && s.ours.status == 404; }},
    {"GW602", [](const Seen& s) { return s.ours.status == 404 || s.ours.status == 500 || s.ours.status == 0; }},
    {"GW616", [](const Seen&) { return true; }},
    {"GW606", [](const Seen& s) { return s.ours.status == 404 || s.ours.status == 0; }},
    {"rate-limit", [](const Seen& s) { return s.want == 503 || s.want == 429; }},
    {"rewrite",
     [](const Seen& s) {
       return s.want >= 400 || s.ours.status == 500 || s.ours.status == 404 || s.ours.status == 0 ||
              (s.ours.status == 200 && text(s.outcome, "upstream_target") != s.ours.upstream_target);
     }},
    {"cors", [](const Seen& s) { return text(s.request, "method") == "OPTIONS"; }},
    {"default-backend", [](const Seen& s) { return s.ours.status >= 500; }},
    {"custom-http-errors", [](const Seen&) { return true; }},
    {"affinity", [](const Seen& s) { return s.want == s.ours.status; }},
    {"backend-protocol", [](const Seen&) { return true; }},
    {"server-alias", [](const Seen& s) { return s.ours.status == 404; }},
    {"GW610", [](const Seen& s) { return s.want == 404; }},
    {"GW618", [](const Seen&) { return true; }},
    {"mirror-target", [](const Seen& s) { return s.want == 404; }},
    {"default-backend-service", [](const Seen& s) { return s.ours.status == 404; }},
};

// Codes of traits of a target (convert/emitters/traits.cpp).
constexpr Explanation of_targets[] = {
    {"GW660", odd_path},
    {"GW661",
     [](const Seen& s) {
       return s.want == s.ours.status && folded(text(s.outcome, "location")) == folded(s.ours.location);
     }},
    {"GW662",
     [](const Seen& s) {
       return text(s.request, "scheme") == "https" &&
              (s.ours.status == 0 || s.ours.status == 404 || s.ours.status == 421 || s.want == 404);
     }},
    {"GW663",
     [](const Seen& s) {
       if (s.want == 404 || s.ours.status == 404) return true;
       return s.target != "envoy-gateway" && text(s.outcome, "backend") != s.ours.backend;  // another order
     }},
    {"GW664",
     [](const Seen& s) {
       return (s.want >= 500 || s.ours.status >= 500) && (s.want == 503 || s.want == 502 || s.ours.status == 503 || s.ours.status == 502);
     }},
    {"GW665", [](const Seen& s) { return s.ours.status == 500; }},
    {"GW666",
     [](const Seen& s) {
       return s.ours.status == 400 || s.ours.status == 405 || s.ours.status == 501 || s.host.empty();
     }},
    {"auth-tls-secret", [](const Seen& s) { return s.want == 403; }},
    {"GW667", [](const Seen& s) { return text(s.request, "method") == "OPTIONS"; }},
    {"GW650", [](const Seen& s) { return s.ours.status == 404 || s.ours.status == 500; }},
    {"GW652", [](const Seen&) { return true; }},
};

// Services named after what is wrong with them, as the records say.
void add_services(kube::Bundle& bundle) {
  std::set<kube::NamespacedName> names;
  const auto use = [&](const std::string& ns, const std::optional<kube::IngressServiceBackend>& service) {
    if (service && !service->name.starts_with("missing")) names.insert({ns, service->name});
  };
  for (const kube::Ingress& i : bundle.ingresses) {
    if (i.spec.default_backend) use(i.metadata.ns, i.spec.default_backend->service);
    for (const kube::IngressRule& rule : i.spec.rules)
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) use(i.metadata.ns, path.backend.service);
  }
  for (const kube::NamespacedName& id : names) {
    auto service = kube::make<kube::Service>(id.ns, id.name);
    auto slice = kube::make<kube::EndpointSlice>(id.ns, id.name + "-1");
    slice.metadata.labels.emplace_back("kubernetes.io/service-name", id.name);
    slice.address_type = "IPv4";
    for (const auto& [name, port] : {std::pair{"http", 80}, {"alt", 8081}}) {
      kube::ServicePort p;
      p.name = name;
      p.port = port;
      p.target_port = kube::IntOrString{port == 80 ? 8080 : 9090, {}};
      service.spec.ports.push_back(p);
      kube::EndpointPort e;
      e.name = name;
      e.port = 8080;
      slice.ports.push_back(e);
    }
    if (!id.name.starts_with("empty")) {
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
  std::set<std::string> named, settings;
  std::unique_ptr<kube::Index> index;
  std::unique_ptr<route::Model> model;

  Converted(const json& record, const std::string& target, const std::string& profile) {
    in = kube::load_text("in.yaml", record["config"].get<std::string>(), sources, sink);
    if (record.contains("controller_configmap")) {
      auto map = kube::make<kube::ConfigMap>("ingress-nginx", "ingress-nginx-controller");
      for (const auto& [key, value] : record["controller_configmap"].items())
        settings.insert(key), map.data.emplace_back(key, value.get<std::string>());
      in.config_maps.push_back(std::move(map));
    }
    add_services(in);
    convert::Options options;
    options.from = "ingress-nginx";
    options.to = target;
    auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    for (const diag::Diagnostic& d : sink.take()) named.insert(d.code);
    for (const convert::Note& n : outcomes->ledger.notes()) {
      named.insert(n.code);
      for (const std::string& key : settings)
        if (n.message.find("'" + key + ":") != std::string::npos) named.insert(key);
    }
    for (const convert::Entry& e : outcomes->ledger.entries())
      if (e.object && e.outcome >= convert::Outcome::approximated) {
        const std::string key = e.key().substr(e.key().find('/') + 1);
        named.insert(key == "rewrite-target"     ? "rewrite"
                     : key == "enable-cors"      ? "cors"
                     : key.starts_with("limit-") ? "rate-limit"
                                                 : key);
      }
    if (record.contains("default_backend_service")) named.insert("default-backend-service");
    out.services = in.services;
    out.endpoint_slices = in.endpoint_slices;
    index = std::make_unique<kube::Index>(out);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    model = route::make_model(profile, *index, route::attach(*index, attach));
  }
};

bool agrees(const Seen& s) {
  // What the backend itself answered is passed on by everybody.
  const bool by_backend = text(s.outcome, "served_by") == "backend" && s.ours.status == 200;
  if (s.want != s.ours.status && !by_backend) return false;
  if (!by_backend && s.want >= 300 && s.want < 400) return text(s.outcome, "location") == s.ours.location;
  std::string backend = text(s.outcome, "backend");
  backend = backend.substr(0, backend.find('#'));  // "#clusterIP": by the Service's address
  if (backend.empty()) return true;
  const bool found = s.ours.backends.empty()
                         ? s.ours.backend == backend
                         : std::any_of(s.ours.backends.begin(), s.ours.backends.end(),
                                       [&](const auto& b) { return b.backend == backend && b.weight > 0; });
  const std::string target = s.ours.upstream_target.empty() ? s.path : s.ours.upstream_target;
  return found && text(s.outcome, "upstream_target") == target;
}

struct Counts {
  std::size_t equal = 0, named = 0, dead = 0, unmodelled = 0;
  std::vector<std::string> unexplained;
};

// Every record, converted for a target and answered by the model of that target.
std::optional<Counts> hold(const std::string& target, const std::string& profile) {
  std::ifstream file("../shared/oracle/ingress-nginx.jsonl");
  if (!file) {
    MESSAGE("../shared is absent: skipped");
    return std::nullopt;
  }
  Counts counts;
  std::map<std::string, std::unique_ptr<Converted>> cache;
  for (std::string line; std::getline(file, line);) {
    const json record = json::parse(line);
    const std::string id = record["id"], config = id.substr(0, id.find('/'));
    auto& slot = cache[config];
    if (!slot) {
      cache.clear();  // records of a configuration stand together
      cache[config] = std::make_unique<Converted>(record, target, profile);
    }
    Converted& converted = *cache[config];
    if (!record["nginx_config_ok"].get<bool>()) {
      converted.named.contains("GW607") ? ++counts.named
                                        : (counts.unexplained.push_back(id + " whole configuration"), 0);
      continue;
    }
    if (!record.contains("outcome")) continue;
    const json& r = record["request"];
    route::Request request;
    request.scheme = text(r, "scheme") == "https" ? route::Scheme::https : route::Scheme::http;
    request.method = r.contains("method") ? text(r, "method") : "GET";
    request.host = text(r, "host");
    request.target = text(r, "path");
    if (r.contains("headers"))
      for (const json& h : r["headers"]) request.headers.emplace_back(h[0], h[1]);
    if (request.scheme == route::Scheme::https) {
      std::string sni =
          r.contains("sni") && r["sni"].is_string() ? text(r, "sni") : request.host.substr(0, request.host.find(':'));
      request.sni = sni;
    }
    if (!converted.model->refused().empty()) ++counts.dead;
    bool ok = false, explained = false, modelled = true;
    std::string why;
    for (const route::Answer& ours : converted.model->answer(request).any_of) {
      const Seen seen{target, r, record["outcome"], ours, request.target, request.host, record["outcome"].value("status", 0)};
      ok = ok || agrees(seen);
      modelled = modelled && ours.unmodelled.empty();
      for (const Explanation& e : explanations)
        explained = explained || (converted.named.contains(e.code) && e.fits(seen));
      for (const Explanation& e : of_targets)
        explained = explained || (target != "standard" && converted.named.contains(e.code) && e.fits(seen));
      if (ours.status == 0 && ours.error.find("refuses the configuration") != std::string::npos) ++counts.dead;
      why += " | want " + std::to_string(seen.want) + " " + text(seen.outcome, "backend") + " " +
             text(seen.outcome, "upstream_target") + " " + text(seen.outcome, "location") + " ours " +
             std::to_string(ours.status) + " " + ours.backend + " " + ours.upstream_target + " " + ours.location;
    }
    if (!modelled)
      ++counts.unmodelled;  // the rule carries a policy of the target
    else if (ok)
      ++counts.equal;
    else if (explained)
      ++counts.named;
    else
      counts.unexplained.push_back(id + " " + r.dump() + why);
    if (!ok && explained && std::getenv("GWCTL_SHOW_NAMED"))
      std::printf("named: %s %s%s\n", id.c_str(), r.dump().c_str(), why.c_str());
  }
  MESSAGE(target, ": equal ", counts.equal, ", named by the report ", counts.named, ", unexplained ",
          counts.unexplained.size(), ", with a policy that the model does not know ", counts.unmodelled, ", dead ports ",
          counts.dead);
  for (const std::string& u : counts.unexplained) MESSAGE(target, " ", u);
  return counts;
}

}  // namespace

TEST_CASE("what ingress-nginx answered") {
  const auto counts = hold("standard", "gwctl");
  if (!counts) return;
  CHECK(counts->equal > 850);
  CHECK(counts->unexplained.empty());
}

TEST_CASE("what ingress-nginx answered, for other targets by their own models") {
  for (const std::string target : {"envoy-gateway", "nginx-gateway-fabric", "traefik"}) {
    const auto counts = hold(target, target);
    if (!counts) return;
    CHECK(counts->equal > 600);
    CHECK(counts->dead == 0);
    CHECK(counts->unexplained.empty());
  }
}
