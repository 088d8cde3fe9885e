// Verdicts, impacts, witnesses as curl lines, accepted differences, and access logs.
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "verify/access_log.h"
#include "verify/curl.h"
#include "verify/equivalence.h"
#include "verify/known.h"
#include "verify/replay.h"
#include "verify/report.h"
#include "yaml/read.h"

using namespace gw;
using namespace gw::verify;

namespace {

route::AnswerSet served(std::string backend, std::string target = {}) {
  route::Answer answer;
  answer.status = 200;
  answer.backend = std::move(backend);
  answer.port = 80;
  answer.backend_target = std::move(target);
  return {{answer}};
}
route::AnswerSet status(int code, std::string location = {}) {
  route::Answer answer;
  answer.status = code;
  answer.location = std::move(location);
  return {{answer}};
}
route::AnswerSet weighted(std::vector<route::WeightedBackend> rows) {
  route::Answer answer;
  answer.status = 200;
  answer.backends = std::move(rows);
  return {{answer}};
}
route::AnswerSet either(const route::AnswerSet& a, const route::AnswerSet& b) {
  return {{a.any_of.front(), b.any_of.front()}};
}
route::AnswerSet unknown() {
  route::Answer answer;
  answer.unmodelled = "not known";
  return {{answer}};
}

struct Lambda : route::Model {
  std::function<route::AnswerSet(const route::Request&)> f;
  explicit Lambda(std::function<route::AnswerSet(const route::Request&)> g) : f(std::move(g)) {}
  route::AnswerSet answer(const route::Request& request) const override { return f(request); }
};

Boundaries one_host(std::vector<std::string> paths, std::vector<PathRegex> regexes = {}) {
  Boundaries out;
  HostBoundaries row;
  row.host = "a.test";
  row.paths = std::move(paths);
  row.regexes = std::move(regexes);
  out.hosts.push_back(std::move(row));
  return out;
}

const HostReport& host_of(const Report& report, std::string_view name) {
  for (const HostReport& row : report.hosts)
    if (row.host == name) return row;
  FAIL("no such host");
  return report.hosts.front();
}

Report compare_models(const Lambda& before, const Lambda& after, const Boundaries& boundaries,
                      const Options& options = {}) {
  return gw::verify::verify({&before, boundaries}, {&after, boundaries}, options);
}

}  // namespace

TEST_CASE("answers are compared as a client and a backend see them") {
  CHECK(!compare(served("d/a", "/x"), served("d/a", "/x")));
  CHECK(compare(served("d/a"), served("d/b")) == Difference::backend);
  CHECK(compare(served("d/a", "/x"), served("d/a", "/y")) == Difference::target);
  CHECK(compare(status(301, "/a"), status(308, "/a")) == Difference::status);
  CHECK(compare(status(301, "/a"), status(301, "/b")) == Difference::location);
  CHECK(compare(status(0), status(200)) == Difference::closed);
  CHECK(compare(unknown(), served("d/a")) == Difference::unmodelled);
  CHECK(!compare(weighted({{"d/a", 80, 1}, {"d/b", 80, 3}}), weighted({{"d/b", 80, 75}, {"d/a", 80, 25}})));
  CHECK(!compare(weighted({{"d/a", 80, 7}, {"d/b", 80, 0}}), served("d/a")));
  CHECK(compare(weighted({{"d/a", 80, 1}, {"d/b", 80, 3}}), weighted({{"d/a", 80, 1}, {"d/b", 80, 2}})) ==
        Difference::weights);
}

TEST_CASE("every answer the new side may give must be one the old side may give") {
  CHECK(!compare(either(served("d/a"), served("d/b")), served("d/a")));
  CHECK(compare(served("d/a"), either(served("d/a"), served("d/b"))) == Difference::backend);
  CHECK(!compare(either(served("d/a"), served("d/b")), either(served("d/b"), served("d/a"))));
}

TEST_CASE("impact says what people should fear") {
  const auto of = [](const route::AnswerSet& before, const route::AnswerSet& after) {
    return impact(route::Request{}, before, after, *compare(before, after));
  };
  CHECK(of(status(401), served("d/a")) == Impact::security);
  CHECK(of(status(404), served("d/a")) == Impact::security);
  CHECK(of(status(308, "https://a/"), served("d/a")) == Impact::security);
  CHECK(of(served("d/a"), status(404)) == Impact::availability);
  CHECK(of(served("d/a"), served("d/b")) == Impact::availability);
  CHECK(of(status(404), status(400)) == Impact::cosmetic);
  CHECK(of(status(301, "http://a:80/"), status(301, "http://a/")) == Impact::cosmetic);
  CHECK(of(status(301, "https://a/"), status(301, "http://a/")) == Impact::security);
}

TEST_CASE("the verdicts") {
  const Lambda same([](const route::Request& r) { return r.target.starts_with("/app") ? served("d/a") : status(404); });
  CHECK(compare_models(same, same, one_host({"/app"})).verdict == Verdict::proved);

  const Lambda attributes([](const route::Request&) {
    route::AnswerSet out = served("d/a");
    out.any_of.front().attributes = {"timeout=60s"};
    return out;
  });
  CHECK(compare_models(attributes, attributes, one_host({"/app"})).verdict == Verdict::proved_modulo);

  CHECK(compare_models(same, same, one_host({}, {{"/app(?!x)", false}})).verdict == Verdict::tested);

  const Lambda other([](const route::Request& r) {
    if (r.host != "a.test") return status(404);
    return r.target.starts_with("/app/x") ? served("d/b") : r.target.starts_with("/app") ? served("d/a") : status(404);
  });
  const Lambda known([](const route::Request& r) {
    return r.host == "a.test" && r.target.starts_with("/app") ? served("d/a") : status(404);
  });
  const Report report = compare_models(known, other, one_host({"/app"}));
  CHECK(report.verdict == Verdict::differs);
  CHECK(host_of(report, "*").verdict == Verdict::proved);
  CHECK(host_of(report, "a.test").counterexamples.front().request.target == "/app/x");

  const Lambda silent([](const route::Request&) { return unknown(); });
  CHECK(compare_models(silent, same, one_host({"/app"})).verdict == Verdict::unmodelled);

  Options documented;
  documented.measured = false;
  CHECK(compare_models(same, same, one_host({"/app"}), documented).verdict == Verdict::proved_modulo);
}

TEST_CASE("the witness of two expressions is the shortest text on which they differ") {
  const Lambda before([](const route::Request& r) {
    return r.target.find("/bar") != std::string::npos || r.target.starts_with("/foo") ? served("d/a") : status(404);
  });
  const Lambda after(
      [](const route::Request& r) { return r.target.starts_with("/foo") ? served("d/a") : status(404); });
  const Report report = compare_models(before, after, one_host({}, {{"^/foo|/bar", true}}));
  CHECK(host_of(report, "a.test").counterexamples.front().request.target == "/bar");
}

TEST_CASE("a witness as the command that sends it exactly so") {
  route::Request request;
  request.host = "a.test";
  request.target = "/x/../y?q='1'";
  CHECK(curl_line(request, "192.0.2.1") ==
        R"(curl -i --path-as-is --resolve 'a.test:80:192.0.2.1' 'http://a.test/x/../y?q='\''1'\''')");
  request.scheme = route::Scheme::https;
  request.sni = "b.test";
  request.target = "/#f";
  request.headers = {{"X-A", ""}};
  CHECK(curl_line(request) ==
        "curl -i --path-as-is -k --resolve 'b.test:443:127.0.0.1' -H 'Host: a.test' -H 'X-A;' --request-target '/#f' "
        "'https://b.test/'");
  CHECK(display(request) == "GET https://a.test/#f, X-A: , server name b.test");
}

TEST_CASE("accepted differences are held to what was agreed") {
  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("known.yaml", R"(accepted:
- host: "*.test"
  difference: status
  old: 404
  new: 403
  reason: agreed
- host: b.test
- aspect: pathspelling
  reason: typo
- reasn: typo
  reason: typo
)");
  const std::vector<yaml::Document> documents = yaml::read(file, sources, {}, sink);
  REQUIRE(documents.size() == 1);
  const std::vector<Accepted> accepted = read_known(documents.front(), sink);
  CHECK(accepted.size() == 1);
  CHECK(sink.count(diag::Severity::error) == 3);

  const Lambda before([](const route::Request&) { return status(404); });
  const Lambda after([](const route::Request& r) { return r.host == "a.test" ? status(403) : status(404); });
  Options options;
  options.known = [&](std::string_view host, const Counterexample& found) {
    return accepted_reason(accepted, host, found);
  };
  CHECK(compare_models(before, after, one_host({"/"}), options).verdict == Verdict::proved_modulo);
  const Lambda worse([](const route::Request& r) { return r.host == "a.test" ? status(401) : status(404); });
  CHECK(compare_models(before, worse, one_host({"/"}), options).verdict == Verdict::differs);
}

TEST_CASE("log lines of the known formats") {
  const auto combined = read_log_line(
      R"(192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /a%20b?x=\x22 HTTP/1.1" 200 2326 "-" "curl \"x\"")");
  REQUIRE(combined);
  CHECK(combined->target == "/a%20b?x=\"");
  CHECK(combined->status == 200);
  CHECK(combined->host.empty());
  const auto ingress = read_log_line(
      R"(192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "POST /api HTTP/2.0" 503 0 "-" "x" 345 0.001 [shop-web-80] [] 10.0.0.1:80 0 0.001 503 abc)");
  REQUIRE(ingress);
  CHECK(ingress->upstream == "shop-web-80");
  CHECK(ingress->method == "POST");
  const auto virtual_host = read_log_line(R"(a.test:443 192.0.2.7 - - [x] "GET / HTTP/1.1" 200 1 "-" "-")");
  REQUIRE(virtual_host);
  CHECK(virtual_host->host == "a.test");
  CHECK(virtual_host->scheme == "https");
  const auto json = read_log_line(
      R"({"host":"a.test","request_method":"GET","uri":"/x","args":"q=1","scheme":"https","status":"301"})");
  REQUIRE(json);
  CHECK(json->target == "/x?q=1");
  CHECK(json->status == 301);
  CHECK(!read_log_line(R"(192.0.2.7 - - [x] "\x16\x03\x01" 400 0 "-" "-")"));
  CHECK(!read_log_line("nonsense"));
  CHECK(!read_log_line("{\"a\":"));
}

TEST_CASE("a replay weighs differences by how often they were asked") {
  const std::string path = "verify_replay_test.log";
  {
    std::ofstream out(path);
    for (int i = 0; i < 97; ++i)
      out << R"(192.0.2.7 - - [x] "GET /a HTTP/1.1" 200 1 "-" "-" 1 0.1 [d-a-80] [] - - - - -)"
          << "\n";
    for (int i = 0; i < 3; ++i)
      out << R"(192.0.2.7 - - [x] "GET /b HTTP/1.1" 200 1 "-" "-" 1 0.1 [d-a-80] [] - - - - -)"
          << "\n";
    out << "garbage\n\n";
    out << R"(192.0.2.7 - - [x] "GET /c HTTP/1.1" 200 1 "-" "-" 1 0.1 [d-nobody-80] [] - - - - -)"
        << "\n";
  }
  Boundaries boundaries = one_host({"/a", "/b"});
  boundaries.hosts.push_back({});
  boundaries.hosts.back().host = "z.test";
  const Lambda before([](const route::Request& r) { return r.host == "a.test" ? served("d/a") : status(404); });
  const Lambda after([](const route::Request& r) { return r.target == "/b" ? status(404) : served("d/a"); });
  const Result<ReplayReport> report = replay(path, {&before, boundaries}, {&after, boundaries});
  std::remove(path.c_str());
  REQUIRE(report);
  CHECK(report->lines == 102);
  CHECK(report->unread == 1);
  CHECK(report->requests == 101);
  CHECK(report->hostless == 1);
  CHECK(report->differing == 3);
  REQUIRE(report->top.size() == 1);
  CHECK(report->top.front().count == 3);
  CHECK(report->top.front().found.request.host == "a.test");
}

TEST_CASE("reports in every format show the counterexample and escape what it holds") {
  const Lambda before([](const route::Request&) { return status(404); });
  const Lambda after([](const route::Request& r) { return r.target == "/<b>`|" ? served("d/a") : status(404); });
  Report report;
  HostReport& host = report.hosts.emplace_back();
  host.host = "a.test";
  route::Request request;
  request.host = "a.test";
  request.target = "/<b>`|\x01\xff";
  host.counterexamples.push_back(
      {request, Aspect::plain, "", before.answer(request), served("d/a"), Difference::status, Impact::security, 1, {}});
  settle_verdicts(report);
  diag::Sources sources;
  const Rendering rendering{sources, sources, "old", "new"};
  const auto json = nlohmann::json::parse(to_json(report, rendering));
  CHECK(json["verdict"] == "DIFFERS");
  CHECK(json["hosts"][0]["counterexamples"][0]["old"]["status"] == 404);
  CHECK(json["hosts"][0]["counterexamples"][0]["new"]["backend"] == "d/a");
  CHECK(to_html(report, rendering).find("<b>") == std::string::npos);
  const std::string text = to_text(report, rendering);
  CHECK(text.find("security: GET http://a.test/<b>`|\\x01\\xff") != std::string::npos);
  CHECK(text.find('\x01') == std::string::npos);
  CHECK(to_markdown(report, rendering).find("\\|") != std::string::npos);
}
