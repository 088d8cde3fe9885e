// Shared causes of differences: each names the pairs of answers it is for, and nothing graver hides behind one.
#include <doctest/doctest.h>

#include <set>

#include "verify/causes.h"

using namespace gw;
using route::Answer;
using verify::Aspect;
using verify::Counterexample;

namespace {

Answer status(int code) {
  Answer out;
  out.status = code;
  return out;
}
Answer redirect(int code, std::string location) {
  Answer out = status(code);
  out.location = std::move(location);
  return out;
}
Answer served(std::string target = "/", std::vector<std::string> attributes = {}) {
  Answer out = status(200);
  out.backend = "default/web";
  out.port = 80;
  out.backend_target = std::move(target);
  out.rule = route::RuleRef{"HTTPRoute default/web", {}};
  out.attributes = std::move(attributes);
  return out;
}

Answer preflight(int code) {
  Answer out = status(code);
  out.rule = route::RuleRef{"HTTPRoute default/web", {}};
  return out;
}
Answer limited(int code) {
  Answer out = status(code);
  out.notes.emplace_back(verify::rate_limit);
  return out;
}

struct Case {
  std::string_view cause;  // empty: one to look at
  std::string_view host;
  Answer before, after;
  std::string target = "/";
  Aspect aspect = Aspect::plain;
  std::string_view detail = {};
  route::Scheme scheme = route::Scheme::http;
  std::string method = "GET";
  bool certificate = true;
};

Counterexample example_of(const Case& each) {
  Counterexample example;
  example.certificate = each.certificate;
  example.request.scheme = each.scheme;
  example.request.host = "a.example.com";
  example.request.target = each.target;
  example.request.method = each.method;
  example.aspect = each.aspect;
  example.detail = each.detail;
  example.old_answer.any_of = {each.before};
  example.new_answer.any_of = {each.after};
  const auto difference = verify::compare(example.old_answer, example.new_answer);
  REQUIRE(difference);
  example.difference = *difference;
  example.impact = verify::impact(example.request, example.old_answer, example.new_answer, *difference);
  const verify::Cause* cause = verify::cause_of(each.host, example);
  if (cause) example.cause = cause->name;
  return example;
}

const std::vector<Case>& cases() {
  constexpr auto https = route::Scheme::https;
  static const std::vector<Case> table = {
      {"fragment", "a.example.com", served(), status(400), "/x#y"},
      {"trace-method", "a.example.com", status(405), status(404), "/", Aspect::method, {}, https, "TRACE"},
      {"", "a.example.com", served(), status(405), "/", Aspect::method, {}, https, "POST"},
      {"left-out", "a.example.com", served("/", {"auth=basic"}), status(404)},
      {"left-out", "a.example.com", status(403), status(500)},
      {"", "a.example.com", status(403), served()},
      {"no-certificate", "a.example.com", status(404), status(0), "/", Aspect::plain, {}, https, "GET", false},
      {"no-certificate", "a.example.com", served(), status(404), "/", Aspect::plain, {}, https, "GET", false},
      {"", "a.example.com", served(), status(0), "/", Aspect::plain, {}, https},
      {"", "a.example.com", served(), status(0)},
      {"server-name", "a.example.com", served(), status(0), "/", Aspect::server_name, "another server name", https},
      {"status-pages", "*", status(200), status(404), "/healthz"},
      {"", "*", served(), status(404), "/healthz"},
      {"cors-preflight", "a.example.com", status(204), served(), "/", Aspect::method, "OPTIONS", https, "OPTIONS"},
      {"cors-origin", "a.example.com", served(), preflight(204), "/", Aspect::headers, {}, https, "OPTIONS"},
      {"limit-status", "a.example.com", limited(503), limited(429)},
      {"redirect-slash", "a.example.com", redirect(308, "https://a.example.com"),
       redirect(308, "https://a.example.com/")},
      {"", "a.example.com", redirect(308, "https://a.example.com/x"), redirect(308, "https://b.example.com/x")},
      {"redirect-code", "a.example.com", redirect(308, "https://a.example.com/x"),
       redirect(301, "https://a.example.com/x"), "/x"},
      {"", "a.example.com", redirect(308, "https://a.example.com/x"), redirect(302, "https://a.example.com/x"), "/x"},
      {"http-1.0", "a.example.com", served(), status(426), "/", Aspect::protocol, "HTTP/1.0"},
      {"redirect-spelling", "a.example.com", redirect(301, "http://a.example.com:80/x"),
       redirect(301, "http://A.example.com/x")},
      {"redirect-query", "a.example.com", redirect(302, "http://a.example.com/x"),
       redirect(302, "http://a.example.com/x?q=1"), "/?q=1", Aspect::query, "query"},
      {"empty-query", "a.example.com", served("/x"), served("/x?"), "/x?", Aspect::query, "empty query"},
      {"letter-case", "a.example.com", served(), status(404), "/A", Aspect::path_spelling, "letter case"},
      {"no-endpoint", "a.example.com", status(503), status(500)},
      {"wildcard-depth", "*.example.com", status(404), served()},
      {"", "a.example.com", status(404), served()},
      {"hand-made-path", "a.example.com", served(), status(404), "//x", Aspect::path_spelling, "doubled slash"},
      {"hand-made-path", "a.example.com", status(403), served(), "//x", Aspect::path_spelling, "doubled slash"},
      {"malformed-target", "a.example.com", status(400), served(), "/%zz", Aspect::path_spelling, "bad escape"},
      {"malformed-target", "a.example.com", status(400), served(), "/..", Aspect::path_spelling, "parent segment"},
      {"trailing-dot", "a.example.com", served(), status(404), "/", Aspect::host_spelling, "trailing dot"},
      {"path-spelling", "a.example.com", served(), status(404), "/x%2fy", Aspect::path_spelling, "encoded slash"},
      {"escaped-slash", "a.example.com", served(), redirect(307, "/x/y"), "/x%2fy", Aspect::path_spelling,
       "encoded slash"},
      {"", "a.example.com", status(403), served(), "/x%2fy", Aspect::path_spelling, "encoded slash"},
      {"", "a.example.com", served(), status(404)},
      {"", "a.example.com", served("/x"), served("/y")},
  };
  return table;
}

}  // namespace

TEST_CASE("each cause fits what it is for") {
  std::set<std::string_view> seen;
  for (const Case& each : cases()) {
    CAPTURE(each.cause);
    CAPTURE(each.target);
    CHECK(example_of(each).cause == each.cause);
    seen.insert(each.cause);
  }
  for (const verify::Cause& cause : verify::causes()) {
    CHECK_MESSAGE(seen.contains(cause.name), cause.name, " is in no case");
    CHECK(verify::cause(cause.name) == &cause);
  }
  CHECK(verify::cause("no-such-cause") == nullptr);
}

TEST_CASE("standing is what only a request written by hand shows") {
  constexpr auto https = route::Scheme::https;
  const auto stands = [](const Case& each) { return verify::standing(example_of(each)); };
  for (const auto& [target, detail] : {std::pair{"//x", "doubled slash"},
                                       {"/./x", "dot segment"},
                                       {"/x/../y", "parent segment"},
                                       {"/../x", "parent segment above the root"},
                                       {"/x/%2e%2e/y", "encoded dots"},
                                       {"/%41", "encoded letter"},
                                       {"/%00", "encoded zero byte"},
                                       {"/%zz", "bad escape"},
                                       {"/x\\y", "backslash"},
                                       {"/a%2Fx", "encoded separator"}}) {
    CAPTURE(detail);
    CHECK(stands({"", "a.example.com", served(), status(404), target, Aspect::path_spelling, detail}));
    // ... unless a guard is lost by it
    CHECK_FALSE(stands({"", "a.example.com", status(403), served(), target, Aspect::path_spelling, detail}));
  }
  // What browsers and client libraries send.
  for (const auto& [target, detail] : {std::pair{"/x%2fy", "encoded slash"},
                                       {"/%20", "encoded space"},
                                       {"/%C3%a9", "encoded UTF-8"},
                                       {"/%25", "encoded percent sign"},
                                       {"/%3F", "encoded question mark"},
                                       {"/x;v=1", "path parameter"},
                                       {"/X", "letter case"}}) {
    CAPTURE(detail);
    CHECK_FALSE(stands({"", "a.example.com", served(), status(404), target, Aspect::path_spelling, detail}));
  }
  CHECK_FALSE(stands({"", "a.example.com", served(), status(404), "/api/"}));
  CHECK_FALSE(stands({"", "a.example.com", served(), status(404), "/", Aspect::host_spelling, "capital letters"}));
  CHECK_FALSE(stands({"", "a.example.com", served(), status(0), "/", Aspect::plain, {}, https}));
  CHECK(stands({"", "a.example.com", served(), status(0), "/", Aspect::plain, {}, https, "GET", false}));
  CHECK_FALSE(stands({"", "a.example.com", redirect(308, "https://a.example.com/x"),
                      redirect(308, "https://a.example.com/x/"), "/x"}));
  CHECK(stands({"", "a.example.com", redirect(308, "https://a.example.com/x"),
                redirect(308, "https://a.example.com/x/"), "/x/"}));
  const Case code{"", "a.example.com", redirect(308, "https://a.example.com/x"),
                  redirect(301, "https://a.example.com/x"), "/x"};
  CHECK(stands(code));
  Case post = code;
  post.method = "POST";
  CHECK_FALSE(stands(post));
  CHECK(verify::standing_page().find("redirect-slash") != std::string::npos);
}
