// Nothing opens: every recorded configuration of the five measured controllers is converted with its check, for four
// targets and with no loss accepted. What the real controller answered with 401, 403, 404, 503 or a redirect must not
// reach a backend of the new side, unless the report shows that class of requests with a request of it.
#include "check/check.h"
#include "convert/split.h"
#include "convert_oracle.h"
#include "route/assume.h"
#include "tests/evidence.h"

using namespace gw;
using faithful::text;
using nlohmann::json;

namespace {

struct Source {
  std::string controller, file;
  std::string config_map;  // where the controller's settings stand: "namespace/name"
};
const Source sources_of_answers[] = {
    {"ingress-nginx", "ingress-nginx.jsonl", "ingress-nginx/ingress-nginx-controller"},
    {"traefik", "traefik-ingress.jsonl", ""},
    {"f5-nginx", "f5-nginx.jsonl", "nginx-ingress/nginx-config"},
    {"haproxytech", "haproxytech.jsonl", "haproxy-controller/haproxy-kubernetes-ingress"},
    {"haproxy-ingress", "haproxy-ingress.jsonl", "ingress-controller/haproxy-ingress"},
};
constexpr const char* targets[] = {"standard", "envoy-gateway", "nginx-gateway-fabric", "traefik"};

struct Written {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  check::Summary summary;
  std::set<std::string> codes;
  std::string requests;  // that the report shows
  std::unique_ptr<route::Model> model;

  Written(const Source& source, const std::string& target, const json& record) {
    in = kube::load_text("in.yaml", record["config"].get<std::string>(), sources, sink);
    if (record.contains("controller_configmap") && !source.config_map.empty()) {
      const std::size_t slash = source.config_map.find('/');
      auto map = kube::make<kube::ConfigMap>(source.config_map.substr(0, slash), source.config_map.substr(slash + 1));
      for (const auto& [key, value] : record["controller_configmap"].items())
        map.data.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
      in.config_maps.push_back(std::move(map));
    }
    faithful::add_services(in, record);
    convert::Options options;
    options.from = source.controller;
    options.to = target;
    if (record.contains("controller_flags"))
      for (const auto& [key, flag] : record["controller_flags"].items())
        options.controller_flags.push_back(flag.is_string() ? flag.get<std::string>() : "--" + key + "=" + flag.dump());
    const check::Output output{[&](kube::Bundle&& piece) { convert::append(out, std::move(piece)); },
                               [&] { out = {}; }};
    auto outcomes = check::convert_checked(in, options, sources, sink, output, summary);
    REQUIRE(bool(outcomes));
    for (const convert::Note& note : outcomes->ledger.notes()) codes.insert(note.code);
    for (const convert::Entry& entry : outcomes->ledger.entries()) codes.insert(entry.code);
    for (const diag::Diagnostic& finding : sink.take()) {
      codes.insert(finding.code);
      if (finding.code == "GW671") requests += finding.help + "\n";
    }
    out.services = in.services;
    out.endpoint_slices = in.endpoint_slices;
    const kube::Index index(out);
    route::AttachOptions attach;
    attach.assume_secrets = true;
    model = route::make_model(target == "standard" ? "gwctl" : target, index, route::attach(index, attach));
  }
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The class of the request, as a code of the report that shows one of it.
std::string told(const Written& written, const json& request, int want) {
  const std::string host = text(request, "host"), path = text(request, "path");
  const std::string name = host.substr(0, host.find(':'));
  if (has(written.requests, "://" + name)) return "GW671";
  const auto code = [&](const char* one) { return written.codes.contains(one); };
  bool odd = !path.starts_with('/') || path.ends_with('?');
  for (const char* mark : {"//", "/.", "%", "#", "\\", ";"}) odd = odd || has(path, mark);
  odd = odd || std::any_of(path.begin(), path.end(), [](unsigned char c) { return c > 126 || (c >= 'A' && c <= 'Z'); });
  for (const char* one : {"GW620", "GW628", "GW660"})
    if (odd && code(one)) return one;
  if (code("GW621") && std::count(name.begin(), name.end(), '.') > 1) return "GW621";
  if (request.contains("sni") && request["sni"] != name)
    for (const char* one : {"GW629", "GW662"})
      if (code(one)) return one;
  // Written as plain paths, with the shortest such request in the words: "/foo/" takes "/foo" as well.
  if (want == 404 && path.size() > 1 && !path.ends_with('/') && code("GW603")) return "GW603";
  if (request.contains("http10") && code("GW627")) return "GW627";
  if (want >= 500 && code("GW624")) return "GW624";
  if (want >= 500 && code("GW664")) return "GW664";
  return {};
}

struct Counts {
  std::size_t configurations = 0, requests = 0, kept_back = 0, served = 0, left_out = 0, unchecked = 0;
  std::map<std::string, std::size_t> shown;
  std::vector<std::string> opened;
};

bool serves(const route::Answer& answer) {
  return answer.status == 200 && (!answer.backend.empty() || !answer.backends.empty());
}

void ask(const Written& written, const json& record, const std::string& target, Counts& counts) {
  if (!record.contains("outcome") || !record["outcome"].contains("status") || !record["outcome"]["status"].is_number())
    return;
  const int want = record["outcome"]["status"].get<int>();
  ++counts.requests;
  const bool by_backend =
      text(record["outcome"], "served_by") == "backend" || !text(record["outcome"], "backend").empty();
  // A redirect of a request to itself keeps nothing back: a proxy in front said that it came by http.
  const json& asked = record["request"];
  if (want >= 300 && want < 400 &&
      text(record["outcome"], "location") ==
          faithful::text(asked, "scheme") + "://" + faithful::text(asked, "host") + faithful::text(asked, "path"))
    return;
  const bool kept_back = want == 401 || want == 403 || want == 404 || want == 503 || (want >= 300 && want < 400);
  if (by_backend || !kept_back) {
    counts.served += by_backend;
    return;
  }
  ++counts.kept_back;
  const route::AnswerSet answers = written.model->answer(faithful::to_request(record["request"]));
  if (!std::all_of(answers.any_of.begin(), answers.any_of.end(), serves) || answers.any_of.empty()) return;
  if (const std::string code = told(written, record["request"], want); !code.empty())
    ++counts.shown[code];
  else
    counts.opened.push_back(record["id"].get<std::string>() + " to " + target + ": " + record["request"].dump() +
                            " was " + std::to_string(want) + " and reaches " + answers.any_of.front().backend);
}

Counts hold(const Source& source) {
  Counts counts;
  std::ifstream file(evidence::path("oracle/" + source.file));
  REQUIRE(file);
  std::string key;
  std::vector<std::unique_ptr<Written>> written;
  for (std::string line; std::getline(file, line);) {
    const json record = json::parse(line);
    if (record.value("unstable", false) || record.contains("rejected_by_apiserver")) continue;
    if (record.contains("static") && record["static"] != "default") continue;  // no manifest shows it
    if (!record.value("nginx_config_ok", true) || !record.value("haproxy_config_ok", true)) continue;
    if (std::string now = faithful::key_of(record); now != key) {
      key = std::move(now);
      written.clear();
      for (const char* target : targets) {
        written.push_back(std::make_unique<Written>(source, target, record));
        counts.left_out += written.back()->summary.left_out;
        counts.unchecked += !written.back()->summary.asked;
      }
      ++counts.configurations;
    }
    for (std::size_t i = 0; i < written.size(); ++i) ask(*written[i], record, targets[i], counts);
  }
  std::string shown;
  for (const auto& [code, count] : counts.shown) shown += " " + code + ":" + std::to_string(count);
  MESSAGE(source.controller, ": ", counts.configurations, " configurations for ", std::size(targets), " targets, ",
          counts.requests, " requests, of which the controller kept back ", counts.kept_back, "; opened ",
          counts.opened.size(), ", opened and shown by the report", shown.empty() ? " 0" : shown, "; left out ",
          counts.left_out, ", not checked ", counts.unchecked);
  for (std::size_t i = 0; i < counts.opened.size() && (i < 40 || std::getenv("GWCTL_SHOW_ALL")); ++i)
    MESSAGE(counts.opened[i]);
  return counts;
}

}  // namespace

TEST_CASE("nothing opens that the real controller kept back") {
  for (const Source& source : sources_of_answers) {
    CAPTURE(source.controller);
    CHECK(hold(source).opened.empty());
  }
}
