// Soundness, held against observed answers: every configuration of the oracle is converted and verified. Wherever the
// new side answers an observed request otherwise than the real controller did, verify must not have vouched for that
// host.
#include <doctest/doctest.h>

#include <re2/re2.h>

#include "convert/convert.h"
#include "kube/index.h"
#include "route/assume.h"
#include "route/attach.h"
#include "route/profile.h"
#include "tests/evidence.h"
#include "tests/verify_controllers_oracle.h"
#include "verify/boundaries_gateway.h"
#include "verify/equivalence.h"

using namespace gw;

namespace {

struct Converted {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::unique_ptr<route::Model> model;
  verify::Report report;
};

std::shared_ptr<Converted> convert_and_verify(const oracle::Configuration& old, const std::string& controller,
                                              bool strict) {
  auto out = std::make_shared<Converted>();
  convert::Options options;
  options.from = controller;
  kube::Bundle converted;
  diag::Sink findings;
  const auto outcome = convert::convert(old.bundle, options, old.sources, findings, converted);
  REQUIRE(outcome);
  std::string text;
  kube::write(converted, yaml::Style::yaml, text);
  out->bundle = kube::load_text("converted.yaml", std::move(text), out->sources, out->sink);
  out->bundle.services = old.bundle.services;
  out->bundle.endpoint_slices = old.bundle.endpoint_slices;
  out->bundle.secrets = old.bundle.secrets;
  route::assume_gateways(out->bundle);
  const kube::Index index(out->bundle);
  route::AttachOptions attach;
  attach.assume_secrets = out->bundle.secrets.empty();
  out->model = route::make_model("gwctl", index, route::attach(index, attach));
  verify::Side before{old.model.get(), old.model->boundaries()};
  verify::Side after{out->model.get(), verify::gateway_boundaries(out->bundle, "gwctl")};
  verify::Options all;
  all.counterexamples = 100000;
  all.strict = strict;
  out->report = verify::verify(before, after, all);
  return out;
}

std::string plain_host(std::string host) {
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (const std::size_t colon = host.rfind(':'); colon != std::string::npos) host.resize(colon);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

// The row that speaks for a host; null when none does.
const verify::HostReport* row_of(const verify::Report& report, const std::string& sent) {
  const std::string host = plain_host(sent);
  const verify::HostReport* best = nullptr;
  std::size_t length = 0;
  for (const verify::HostReport& row : report.hosts) {
    if (row.host == host) return &row;
    if (row.host.starts_with('^') && RE2::PartialMatch(host, row.host)) return &row;
    if (row.host == "*" && length == 0) best = &row;
    if (row.host.starts_with("*.") && host.ends_with(row.host.substr(1)) && row.host.size() > length) {
      best = &row;
      length = row.host.size();
    }
  }
  return best;
}

// Old and new nearly always differ in some odd spelling. What is held against plainly written requests is whether the
// host differs for those.
bool plainly_written(const route::Request& request) {
  static const std::string odd = "%#;\\\"<>|^`{}";
  const std::string path = request.target.substr(0, request.target.find('?'));
  const bool name = !request.host.empty() &&
                    request.host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string::npos;
  return name && request.method != "CONNECT" && request.method != "TRACE" && !request.http10 && path.starts_with('/') &&
         path.find_first_of(odd) == std::string::npos &&
         std::none_of(path.begin(), path.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         path.find("//") == std::string::npos && path.find("/.") == std::string::npos &&
         request.host == plain_host(request.host) && (!request.sni || *request.sni == request.host) &&
         request.port == 0 && std::none_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
           return header.first == "Host" || header.first == "X-Want-Status" ||
                  header.first == "Content-Length";  // body sizes are not proven
         });
}
bool plain_difference(const verify::Counterexample& found) {
  switch (found.aspect) {
    case verify::Aspect::plain:
    case verify::Aspect::query:
      return true;
    case verify::Aspect::headers:
    case verify::Aspect::method:
      return found.request.method != "CONNECT" && found.request.method != "TRACE";
    case verify::Aspect::host_spelling:
    case verify::Aspect::path_spelling:
    case verify::Aspect::server_name:
    case verify::Aspect::protocol:
      return false;
  }
  return true;
}
bool differs_plainly(const verify::HostReport& row, route::Scheme scheme) {
  return std::any_of(row.counterexamples.begin(), row.counterexamples.end(),
                     [&](const auto& found) { return found.request.scheme == scheme && plain_difference(found); });
}

struct Soundness {
  std::size_t configurations = 0, records = 0, new_differs = 0, told = 0, silent = 0, model_wrong = 0;
  std::size_t plain_alike_hosts = 0, vouched = 0;
  std::map<std::string_view, std::size_t> verdicts;
};

// A standing cause that is printed is told, too.
bool tells(const verify::HostReport* row, verify::Verdict verdict) {
  return verdict == verify::Verdict::differs ||
         (row && verdict >= verify::Verdict::proved_modulo &&
          std::any_of(row->counterexamples.begin(), row->counterexamples.end(),
                      [](const verify::Counterexample& found) { return found.standing && !found.cause.empty(); }));
}

void check(const std::string& file, const oracle::Options& options, double least_told, bool strict = false) {
  std::ifstream in(evidence::path("oracle/" + file));
  REQUIRE(in);
  Soundness seen;
  std::string key;
  std::shared_ptr<oracle::Configuration> old;
  std::shared_ptr<Converted> fresh;
  for (std::string line; std::getline(in, line);) {
    const oracle::Json record = oracle::Json::parse(line);
    if (!record.contains("request") || !record.contains("outcome") || !record.value("nginx_config_ok", true)) continue;
    if (options.skip && !options.skip(record).empty()) continue;
    std::string now = oracle::text(record, "config");
    for (const char* part : {"controller_configmap", "controller_flags", "service_annotations", "controller", "static"})
      now += record.contains(part) ? record[part].dump() : "";
    if (now != key) {
      old = oracle::configuration(record, options);
      fresh = convert_and_verify(*old, options.controller, strict);
      ++seen.configurations;
      for (const verify::HostReport& host : fresh->report.hosts) {
        ++seen.verdicts[verify::name(host.verdict)];
        for (route::Scheme scheme : {route::Scheme::http, route::Scheme::https})
          seen.plain_alike_hosts += !differs_plainly(host, scheme) && host.unmodelled.empty();
      }
    }
    key = now;
    ++seen.records;
    const route::Request request = oracle::request(record["request"]);
    const bool status_matters = !oracle::wants_status(record["request"]);
    const route::AnswerSet after = fresh->model->answer(request);
    std::vector<oracle::Json> outcomes{record["outcome"]};
    if (record.contains("outcomes")) outcomes.assign(record["outcomes"].begin(), record["outcomes"].end());
    bool alike = !after.any_of.empty();
    for (const route::Answer& answer : after.any_of)
      alike &= answer.unmodelled.empty() && std::any_of(outcomes.begin(), outcomes.end(), [&](const auto& outcome) {
                 return oracle::agrees(answer, outcome, status_matters);
               });
    const verify::HostReport* row = row_of(fresh->report, request.host);
    const verify::Verdict verdict = row ? row->verdict : fresh->report.verdict;
    const bool plain = plainly_written(request);
    const bool told = verdict == verify::Verdict::unmodelled || !fresh->report.old_refused.empty() ||
                      (row && !row->unmodelled.empty()) ||
                      (tells(row, verdict) && (!plain || !row || differs_plainly(*row, request.scheme)));
    if (alike) {
      seen.vouched += plain && !told;
      continue;
    }
    // The old side itself answers now so, now otherwise: one of its answers will do.
    if (record.value("unstable", false) && !verify::compare(old->model->answer(request), after)) continue;
    ++seen.new_differs;
    if (told) {
      ++seen.told;
      continue;
    }
    const bool model_wrong = !oracle::agrees(old->model->answer(request), record["outcome"], status_matters);
    ++(model_wrong ? seen.model_wrong : seen.silent);
    MESSAGE(oracle::text(record, "id"), " ", record["request"].dump(), ": ", verify::name(verdict),
            model_wrong ? " (the old model answers otherwise than observed)" : "");
  }
  std::string verdicts;
  for (const auto& [verdict, hosts] : seen.verdicts)
    verdicts += " " + std::to_string(hosts) + " " + std::string(verdict);
  MESSAGE(file, ": ", seen.configurations, " configurations, ", seen.records,
          " requests; the new side differs from the ", "observed answer on ", seen.new_differs, ", told ", seen.told,
          ", not told ", seen.silent, ", old model wrong ", seen.model_wrong, "; vouched for ", seen.vouched,
          " plain requests that were answered alike; hosts:", verdicts, ", for plain requests of a scheme alike ",
          seen.plain_alike_hosts);
  CHECK(seen.silent == 0);
  CHECK(static_cast<double>(seen.told) >= least_told * static_cast<double>(seen.new_differs));
}

}  // namespace

TEST_CASE("verify never vouches for a host whose observed answers change: ingress-nginx") {
  oracle::Options options;
  options.controller = "ingress-nginx";
  check("ingress-nginx.jsonl", options, 0.99);
}
TEST_CASE("... Traefik") {
  oracle::Options options;
  options.controller = "traefik";
  options.configure = oracle::traefik_flags;
  check("traefik-ingress.jsonl", options, 0.98);
  check("traefik-ingress.jsonl", options, 0.98, true);
}
TEST_CASE("... F5 NGINX") {
  oracle::Options options;
  options.controller = "f5-nginx";
  options.extra = oracle::secrets;
  check("f5-nginx.jsonl", options, 0.98);
}
TEST_CASE("... haproxytech") {
  oracle::Options options;
  options.controller = "haproxytech";
  options.extra = oracle::secrets;
  check("haproxytech.jsonl", options, 0.98);
}
TEST_CASE("... haproxy-ingress") {
  oracle::Options options;
  options.controller = "haproxy-ingress";
  options.extra = oracle::secrets;
  check("haproxy-ingress.jsonl", options, 0.98);
}
