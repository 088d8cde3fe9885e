// What a newcomer meets first, for every target: plain Ingresses end proved modulo what every move changes, in a few
// lines; and any single change of the converted output is found, with the object that was changed named.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "convert/convert.h"
#include "convert/profile.h"
#include "kube/index.h"
#include "kube/load.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/own/own.h"
#include "route/profile.h"
#include "verify/boundaries_gateway.h"
#include "verify/causes.h"
#include "verify/controllers/controller.h"
#include "verify/equivalence.h"
#include "verify/report.h"
#include "yaml/json.h"
#include "yaml/read.h"

using namespace gw;
using nlohmann::json;

namespace {

constexpr const char* targets[] = {"standard", "envoy-gateway", "istio",       "traefik", "nginx-gateway-fabric",
                                   "kong",     "kgateway",      "agentgateway"};

std::string profile_of(std::string_view target) {
  return target == "standard" ? "gwctl" : std::string(target);
}

struct Side {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<route::Model> model;
  verify::Side side;
};

std::unique_ptr<Side> old_side(const std::string& text) {
  auto out = std::make_unique<Side>();
  out->bundle = kube::load_text("old.yaml", text, out->sources, out->sink);
  const kube::Index index(out->bundle);
  verify::ControllerOptions options;
  options.assume_secrets = true;
  auto controller = verify::make_controller("ingress-nginx", index, options);
  out->side.boundaries = controller->boundaries();
  out->side.boundaries.certificates = verify::certificate_hosts(index);
  out->model = std::move(controller);
  out->side.model = out->model.get();
  return out;
}

std::unique_ptr<Side> new_side(const std::string& text, const std::string& profile) {
  auto out = std::make_unique<Side>();
  out->bundle = kube::load_text("new.yaml", text, out->sources, out->sink);
  route::assume_gateways(out->bundle);
  const route::OwnObjects own(out->bundle, profile);
  const kube::Index index(out->bundle);
  route::AttachOptions options;
  options.assume_secrets = true;
  out->model = own.around(route::make_model(profile, index, route::attach(index, options)));
  REQUIRE(out->model);
  out->side = {out->model.get(), verify::gateway_boundaries(out->bundle, profile)};
  return out;
}

std::string converted(const std::string& old, const std::string& target) {
  diag::Sources sources;
  diag::Sink sink, findings;
  const kube::Bundle bundle = kube::load_text("old.yaml", old, sources, sink);
  convert::Options options;
  options.from = "ingress-nginx";
  options.to = target;
  kube::Bundle out;
  REQUIRE(convert::convert(bundle, options, sources, findings, out));
  std::string text;
  kube::write(out, yaml::Style::yaml, text);
  return text;
}

struct Seen {
  verify::Report report;
  std::string text;
};
Seen compare(const Side& before, const std::string& text, const std::string& profile) {
  const auto after = new_side(text, profile);
  Seen out;
  out.report = verify::verify(before.side, after->side);
  out.text = verify::to_text(out.report, {before.sources, after->sources, "ingress-nginx", profile, "127.0.0.1", 100});
  return out;
}

std::string plain_ingress(std::mt19937& random, int number) {
  const std::string host = "host" + std::to_string(number) + ".example.com", name = "plain" + std::to_string(number);
  std::string out = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name +
                    ", namespace: shop}\nspec:\n"
                    "  ingressClassName: nginx\n";
  if (random() % 2 == 0) out += "  tls: [{hosts: [" + host + "], secretName: " + name + "}]\n";
  out += "  rules:\n  - host: " + host + "\n    http:\n      paths:\n";
  static constexpr const char* paths[] = {"/", "/api", "/static", "/api/v1", "/shop/cart", "/a-b.c"};
  const std::size_t count = 1 + random() % 4, first = random() % 3;
  for (std::size_t i = 0; i < count && first + i < std::size(paths); ++i)
    out += std::string("      - {path: ") + paths[first + i] + ", pathType: Prefix, backend: {service: {name: s" +
           std::to_string(i) + ", port: {number: 80}}}}\n";
  return out;
}

// ---- single changes

std::vector<json> documents(const std::string& text) {
  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("x.yaml", text);
  std::vector<json> out;
  for (const yaml::Document& document : yaml::read(file, sources, {}, sink))
    if (document.root) out.push_back(yaml::to_json<json>(*document.root));
  return out;
}
std::string text_of(const std::vector<json>& all) {
  std::string out;
  for (const json& each : all) out += "---\n" + each.dump() + "\n";
  return out;
}

struct Mutant {
  std::string what, object;  // object: a name that the report must hold
  std::vector<json> documents;
};

// Changes of one document, each a copy of all of them.
class Mutator {
 public:
  explicit Mutator(std::vector<json> all) : all_(std::move(all)) {}
  std::vector<Mutant> mutants() {
    for (at_ = 0; at_ < all_.size(); ++at_) {
      const std::string kind = all_[at_]["kind"];
      if (kind == "HTTPRoute") route();
      if (kind == "Gateway") gateway();
      const bool own =
          all_[at_]["apiVersion"].get<std::string>().find("gateway.networking.k8s.io") == std::string::npos;
      if (own && kind != "Secret") own_object();
    }
    return std::move(out_);
  }

 private:
  std::string name() const { return all_[at_]["metadata"]["name"]; }
  template <class F>
  void change(const std::string& what, F&& f) {
    Mutant mutant{what + " of " + all_[at_]["kind"].get<std::string>() + " " + name(), name(), all_};
    if (f(mutant.documents[at_])) out_.push_back(std::move(mutant));
  }

  void route() {
    const std::size_t rules = all_[at_]["spec"]["rules"].size();
    for (std::size_t i = 0; i < rules; ++i) {
      change("rule removed", [&](json& route) {
        route["spec"]["rules"].erase(i);
        return rules > 1;
      });
      change("backend changed", [&](json& route) {
        json& rule = route["spec"]["rules"][i];
        if (!rule.contains("backendRefs")) return false;
        rule["backendRefs"][0]["name"] = "somebody-else";
        return true;
      });
      change("path changed", [&](json& route) {
        json& rule = route["spec"]["rules"][i];
        if (!rule.contains("matches") || !rule["matches"][0].contains("path")) return false;
        rule["matches"][0]["path"]["value"] = "/moved";
        return true;
      });
      const json& rule = all_[at_]["spec"]["rules"][i];
      const std::size_t filters = rule.contains("filters") ? rule["filters"].size() : 0;
      for (std::size_t k = 0; k < filters; ++k)
        change("filter " + rule["filters"][k]["type"].get<std::string>() + " removed", [&](json& route) {
          route["spec"]["rules"][i]["filters"].erase(k);
          return true;
        });
    }
    change("hostname changed", [&](json& route) {
      if (!route["spec"].contains("hostnames")) return false;
      route["spec"]["hostnames"][0] = "moved.example.org";
      return true;
    });
  }

  void gateway() {
    const std::size_t listeners = all_[at_]["spec"]["listeners"].size();
    for (std::size_t i = 0; i < listeners; ++i) {
      change("port of a listener changed", [&](json& gateway) {
        gateway["spec"]["listeners"][i]["port"] = 8999;
        return true;
      });
    }
  }

  void own_object() {
    change("all removed", [&](json& object) {
      object = {
          {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "nothing"}, {"namespace", "shop"}}}};
      return true;
    });
    const std::string text = all_[at_].dump();
    if (text.find("10.0.0.0/8") != std::string::npos)
      change("addresses widened", [&](json& object) {
        std::string wider = text;
        wider.replace(wider.find("10.0.0.0/8"), 10, "10.0.0.0/7");
        object = json::parse(wider);
        return true;
      });
  }

  std::vector<json> all_;
  std::size_t at_ = 0;
  std::vector<Mutant> out_;
};

std::string ingress(const std::string& name, const std::string& annotations, bool tls = false) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name +
         "\n  namespace: shop\n  annotations: {" + annotations + "}\nspec:\n  ingressClassName: nginx\n" +
         (tls ? "  tls: [{hosts: [" + name + ".example.com], secretName: tls}]\n" : "") +
         "  rules:\n  - host: " + name +
         ".example.com\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: web, "
         "port: "
         "{number: 80}}}}\n      - {path: /api, pathType: Prefix, backend: {service: {name: api, port: {number: "
         "80}}}}\n";
}

const std::string prefix = "nginx.ingress.kubernetes.io/";

// One Ingress a feature; those that a target cannot say are left out by the caller.
std::vector<std::string> features() {
  return {ingress("plain", ""),
          ingress("secure", "", true),
          ingress("allow", prefix + "whitelist-source-range: \"10.0.0.0/8,192.168.1.1/32\""),
          ingress("deny", prefix + "denylist-source-range: \"10.0.0.0/8\""),
          ingress("basic", prefix + "auth-type: basic, " + prefix + "auth-secret: users"),
          ingress("ext", prefix + "auth-url: \"http://auth.login.svc.cluster.local/verify\""),
          ingress("cors", prefix + "enable-cors: \"true\", " + prefix + "cors-allow-origin: \"https://a.example.org\""),
          ingress("mirror", prefix + "mirror-target: \"http://copy.shop.svc.cluster.local$request_uri\""),
          ingress("prefixed", prefix + "rewrite-target: /v2, " + prefix + "x-forwarded-prefix: /old")};
}

const char* secrets = R"(---
apiVersion: v1
kind: Secret
metadata: {name: users, namespace: shop}
type: Opaque
stringData: {auth: "a:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="}
)";

}  // namespace

TEST_CASE("plain Ingresses are proved modulo what every move changes, in a few lines, for every target") {
  std::mt19937 random(18);
  std::string all;
  for (int i = 0; i < 200; ++i) all += "---\n" + plain_ingress(random, i);
  const auto before = old_side(all);
  for (const char* target : targets) {
    CAPTURE(target);
    const Seen seen = compare(*before, converted(all, target), profile_of(target));
    if (convert::profile(target).features.has(convert::Feature::redirect_308)) {
      CHECK_MESSAGE(seen.report.verdict == verify::Verdict::proved_modulo, seen.text);
    } else {
      // A 301 in place of 308 may turn a POST into a GET, which conversion reports; nothing else differs.
      for (const verify::HostReport& host : seen.report.hosts)
        for (const verify::Counterexample& found : host.counterexamples)
          CHECK_MESSAGE((found.cause == "redirect-code" || verify::cause(found.cause)->standing), seen.text);
    }
    CHECK_MESSAGE(std::count(seen.text.begin(), seen.text.end(), '\n') <= 12, seen.text);
  }
}

TEST_CASE("a single change of the converted output is found, and its object named") {
  std::size_t all = 0, proved = 0;
  std::string report;
  std::vector<std::string> sets = features();
  std::mt19937 random(7);
  for (int i = 0; sets.size() < features().size() + 3; ++i)
    if (std::string plain = plain_ingress(random, i); plain.find("tls:") == std::string::npos)
      sets.push_back(std::move(plain));
  for (const char* target : targets) {
    std::size_t of_target = 0;
    for (const std::string& old : sets) {
      const std::string text = converted(secrets + old, target);
      if (text.empty()) continue;
      const auto before = old_side(secrets + old);
      const Seen plain = compare(*before, text, profile_of(target));
      if (plain.report.verdict != verify::Verdict::proved_modulo) {
        report += std::string("\n  ") + target + ": " + old.substr(old.find("name: "), 14) + " " +
                  std::string(verify::name(plain.report.verdict));
        continue;
      }
      ++proved;
      for (const Mutant& mutant : Mutator(documents(text)).mutants()) {
        const Seen seen = compare(*before, text_of(mutant.documents), profile_of(target));
        ++all;
        ++of_target;
        CHECK_MESSAGE(seen.report.verdict >= verify::Verdict::unmodelled, target, ": ", mutant.what);
        // A connection that nobody takes names no Gateway yet.
        const bool named = mutant.what.find(" of Gateway ") == std::string::npos;
        const std::string stem = mutant.object.substr(0, std::min(mutant.object.find('.'), mutant.object.find("--")));
        // Redirects of a Gateway share a route; what is missing from it is named by the Ingress that it came from.
        const std::string shown = stem == "https-redirect" ? "[Ingress " : stem;
        CHECK_MESSAGE((!named || seen.text.find(shown) != std::string::npos), target, ": ", mutant.what, "\n",
                      seen.text);
      }
    }
    report += std::string("\n  ") + target + ": " + std::to_string(of_target) + " changes";
  }
  MESSAGE(all, " single changes of ", proved, " converted sets", report);
  CHECK(all >= 300);
}
