// Faithfulness: what ingress-nginx answered for a configuration, the converted one answers too, or the report of that
// very conversion names the class of requests. Each explanation below needs its code in the report and looks at the
// request.
#include "convert_oracle.h"
#include "tests/evidence.h"

using namespace gw;
using faithful::agrees, faithful::text;
using nlohmann::json;

namespace {

struct Seen : faithful::Seen {
  const std::string& target;
  const kube::Bundle& in;
};

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

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}
bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 127; });
}

// '//', dot segments, escapes, '#', bytes that are not ASCII, targets without a leading '/'.
bool odd_path(const Seen& s) {
  for (const char* bad : {"//", "/.", "%", "#"})
    if (has(s.path, bad)) return true;
  return !ascii(s.path) || !s.path.starts_with('/');
}

// What of `host` a wildcard stands for; nothing where it does not cover it.
std::optional<std::string> below(const std::string& host, const std::string& wildcard) {
  if (!wildcard.starts_with("*.") || !host.ends_with(wildcard.substr(1))) return std::nullopt;
  return host.substr(0, host.size() - wildcard.size() + 1);
}
bool one_label(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

std::string bare_host(std::string host) {
  return lower(host.substr(0, host.find(':')));
}

// Is the request for a host that the Ingress has?
bool concerns(const kube::Object* object, const std::string& host) {
  const auto* ingress = object->kind == "Ingress" ? static_cast<const kube::Ingress*>(object) : nullptr;
  if (!ingress || ingress->spec.default_backend) return true;
  return std::any_of(ingress->spec.rules.begin(), ingress->spec.rules.end(), [&](const kube::IngressRule& rule) {
    const std::string name = lower(rule.host);
    return name.empty() || name == host || below(host, name);
  });
}
bool names_host(const kube::Bundle& in, const std::string& host) {
  return std::any_of(in.ingresses.begin(), in.ingresses.end(), [&](const kube::Ingress& i) {
    return std::any_of(i.spec.rules.begin(), i.spec.rules.end(), [&](const kube::IngressRule& rule) {
      const std::string name = lower(rule.host);
      if (name == host) return true;
      const auto label = below(host, name);
      return label && one_label(*label);
    });
  });
}

bool nothing(const Seen& s) {  // 404, 500 of a closed rule, or no listener for the name
  return s.ours.status == 404 || s.ours.status == 500 || s.ours.status == 0;
}

// A class of requests that a finding names, with the answers it says: the code (or annotation) must be in the report of
// that conversion. A finding about an Ingress explains requests to its hosts only.
struct Explanation {
  const char* code;
  bool (*fits)(const Seen&);
};
constexpr Explanation explanations[] = {
    {"GW603",
     [](const Seen& s) {
       return s.want == 500 && s.ours.status == 200 &&  // a rewritten path without a '/' in front
              std::any_of(s.in.ingresses.begin(), s.in.ingresses.end(), [](const kube::Ingress& i) {
                const std::string* to =
                    kube::find(i.metadata.annotations, "nginx.ingress.kubernetes.io/rewrite-target");
                return to && !to->starts_with('/');
              });
     }},
    {"GW620", odd_path},
    {"GW621",
     [](const Seen& s) {
       return std::any_of(s.in.ingresses.begin(), s.in.ingresses.end(), [&](const kube::Ingress& i) {
         return std::any_of(i.spec.rules.begin(), i.spec.rules.end(), [&](const kube::IngressRule& rule) {
           const auto label = below(bare_host(s.host), lower(rule.host));
           return label && !one_label(*label);
         });
       });
     }},
    {"GW622",
     [](const Seen& s) {
       return text(s.request, "scheme") == "https" &&
              (s.ours.status == 0 || (s.target != "standard" && s.ours.status == 404));
     }},
    {"GW623",  // one '/' off the end
     [](const Seen& s) {
       const std::string want = text(s.outcome, "location");
       return s.want == s.ours.status && s.ours.location == want + "/";
     }},
    {"GW624",
     [](const Seen& s) {
       const bool missing = s.want == 503 && s.ours.status == 500;
       const bool refused = s.want == 502 && s.ours.status == 200;
       const bool canary = s.want == 200 && s.ours.status == 503 &&
                           s.in.ingresses.size() > 1;  // without endpoints it gives way to its primary
       return missing || refused || canary;
     }},
    {"GW625", [](const Seen& s) { return s.path == "/healthz" || s.path == "/nginx_status"; }},
    {"GW626", [](const Seen& s) { return s.want == 413 && s.ours.status == 200; }},
    {"GW627",
     [](const Seen& s) {
       const bool doubled = s.request.contains("headers") && has(s.request["headers"].dump(), "[\"Host\"");
       return s.host.empty() || doubled || s.host.starts_with('.') || s.host.ends_with('.') || !ascii(s.host);
     }},
    {"GW628",  // letter case, and what a rewrite decodes
     [](const Seen& s) {
       const std::string plain = s.path.substr(0, s.path.find('?'));
       return lower(plain) != plain || (has(s.path, "?") && s.path.ends_with('?'));
     }},
    {"GW629",
     [](const Seen& s) {
       const bool other = s.request.contains("sni") && text(s.request, "sni") != bare_host(s.host);
       return text(s.request, "scheme") == "https" && (other || !names_host(s.in, bare_host(s.host))) &&
              (s.ours.status == 0 || s.ours.status == 404 || s.ours.status == 421);
     }},
    {"GW630",
     [](const Seen& s) {
       return s.want == s.ours.status && folded(text(s.outcome, "location")) == folded(s.ours.location);
     }},
    {"GW631", [](const Seen& s) { return (s.want == 401 || s.want == 403 || s.want == 503) && nothing(s); }},
    {"GW634",
     [](const Seen& s) { return text(s.request, "method") == "TRACE" || text(s.request, "method") == "CONNECT"; }},
    {"use-forwarded-headers",
     [](const Seen& s) { return s.request.contains("headers") && has(s.request["headers"].dump(), "X-Forwarded"); }},
    {"GW602", nothing},
    {"GW606", nothing},
    {"GW616", nothing},
    {"GW610", [](const Seen& s) { return s.want == 404; }},
    {"GW618", [](const Seen& s) { return s.want == 404; }},
    {"rate-limit", [](const Seen& s) { return s.want == 503 || s.want == 429; }},
    {"rewrite",
     [](const Seen& s) {
       return nothing(s) || s.want == 404 ||
              (s.want == 200 && s.ours.status == 200 && text(s.outcome, "upstream_target") != s.ours.backend_target);
     }},
    {"cors", [](const Seen& s) { return text(s.request, "method") == "OPTIONS"; }},
    {"default-backend", [](const Seen& s) { return s.want == 200 && s.ours.status >= 500; }},
    {"custom-http-errors", [](const Seen& s) { return s.want >= 400 && s.ours.status == 200; }},
    {"affinity", [](const Seen& s) { return s.want == s.ours.status; }},
    {"backend-protocol", [](const Seen& s) { return s.want == 502; }},
    {"server-alias", [](const Seen& s) { return s.ours.status == 404; }},
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
       return (s.want >= 500 || s.ours.status >= 500) &&
              (s.want == 503 || s.want == 502 || s.ours.status == 503 || s.ours.status == 502);
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

// A configuration, converted once, with the codes and annotations its report names.
struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  std::map<std::string, std::vector<const kube::Object*>> named;  // code or annotation → the objects it is about
  std::set<std::string> settings;
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
    faithful::add_services(in, record);
    convert::Options options;
    options.from = "ingress-nginx";
    options.to = target;
    auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    for (const convert::Note& n : outcomes->ledger.notes()) {
      named[n.code].push_back(n.object);
      for (const std::string& key : settings)
        if (has(n.message, "'" + key + ":")) named[key].push_back(nullptr);
    }
    for (const convert::Entry& e : outcomes->ledger.entries())
      if (e.object && !e.code.empty()) named[e.code].push_back(e.object);
    for (const convert::Entry& e : outcomes->ledger.entries())
      if (e.object && e.outcome >= convert::Outcome::approximated) {
        const std::string key = e.key().substr(e.key().find('/') + 1);
        named[key == "rewrite-target"     ? "rewrite"
              : key == "enable-cors"      ? "cors"
              : key.starts_with("limit-") ? "rate-limit"
                                          : key]
            .push_back(key == "server-alias" ? nullptr : e.object);
      }
    // A flag of the controller: nothing that a conversion of manifests could know.
    if (record.contains("default_backend_service")) named["default-backend-service"].push_back(nullptr);
    out.services = in.services;
    out.endpoint_slices = in.endpoint_slices;
    index = std::make_unique<kube::Index>(out);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    model = route::make_model(profile, *index, route::attach(*index, attach));
  }

  // The explanation of the report, or null.
  const Explanation* explain(const Seen& seen) const {
    for (const Explanation& e : explanations)
      if (told(e, seen)) return &e;
    if (seen.target == "standard") return nullptr;
    for (const Explanation& e : of_targets)
      if (told(e, seen)) return &e;
    return nullptr;
  }

 private:
  bool told(const Explanation& e, const Seen& seen) const {
    const auto at = named.find(e.code);
    return at != named.end() && e.fits(seen) &&
           std::any_of(at->second.begin(), at->second.end(),
                       [&](const kube::Object* object) { return !object || concerns(object, bare_host(seen.host)); });
  }
};

struct Counts {
  std::size_t equal = 0, named = 0, dead = 0, unmodelled = 0;
  std::vector<std::string> unexplained;
};

// Every record, converted for a target and answered by the model of that target.
Counts hold(const std::string& target, const std::string& profile) {
  std::ifstream file(evidence::path("oracle/ingress-nginx.jsonl"));
  REQUIRE(file);
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
    const route::Request request = faithful::to_request(r);
    if (!converted.model->refused().empty()) ++counts.dead;
    bool ok = false, explained = false, modelled = true;
    std::string why;
    for (const route::Answer& ours : converted.model->answer(request).any_of) {
      const Seen seen{{r, record["outcome"], ours, request.target, request.host, record["outcome"].value("status", 0)},
                      target,
                      converted.in};
      ok = ok || agrees(seen);
      modelled = modelled && ours.unmodelled.empty();
      if (const Explanation* e = converted.explain(seen)) explained = true, why += std::string(" by ") + e->code;
      if (ours.status == 0 && has(ours.error, "refuses the configuration")) ++counts.dead;
      why += " | want " + std::to_string(seen.want) + " " + text(seen.outcome, "backend") + " " +
             text(seen.outcome, "upstream_target") + " " + text(seen.outcome, "location") + " ours " +
             std::to_string(ours.status) + " " + ours.backend + " " + ours.backend_target + " " + ours.location;
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
          counts.unexplained.size(), ", with a policy that the model does not know ", counts.unmodelled,
          ", dead ports ", counts.dead);
  for (const std::string& u : counts.unexplained) MESSAGE(target, " ", u);
  return counts;
}

}  // namespace

TEST_CASE("what ingress-nginx answered") {
  const Counts counts = hold("standard", "gwctl");
  CHECK(counts.equal >= evidence::at_least(851));
  CHECK(counts.unexplained.empty());
}

TEST_CASE("what ingress-nginx answered, for other targets by their own models") {
  for (const std::string target : {"envoy-gateway", "nginx-gateway-fabric", "traefik"}) {
    const Counts counts = hold(target, target);
    CHECK(counts.equal >= evidence::at_least(601));
    CHECK(counts.dead == 0);
    CHECK(counts.unexplained.empty());
  }
}
