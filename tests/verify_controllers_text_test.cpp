// How the old controllers read requests and expressions: nginx's and Go's paths, hosts, PCRE on RE2.
#include <doctest/doctest.h>

#include "verify/controllers/go_url.h"
#include "verify/controllers/nginx_uri.h"
#include "verify/controllers/nginx_variables.h"
#include "verify/controllers/pattern.h"
#include "verify/controllers/text.h"

using namespace gw::verify;

TEST_CASE("nginx decodes, merges slashes and resolves dots; above the root is an error") {
  const auto uri = [](std::string_view target) {
    const auto read = nginx_target(target);
    return read ? read->uri : std::string("400");
  };
  CHECK(uri("/a%2Fb//c/./d") == "/a/b/c/d");
  CHECK(uri("/a/%2e%2e/b") == "/b");
  CHECK(uri("/a/..") == "/");
  CHECK(uri("/../a") == "400");
  CHECK(uri("/a%00") == "400");
  CHECK(uri("/a%zz") == "400");
  CHECK(uri("/a%3Fb%23c%25") == "/a?b#c%");
  CHECK(uri("/a#b") == "/a");
  CHECK(uri("") == "400");
  CHECK(uri("a") == "400");
  CHECK(nginx_target("/a?x=/../y#z")->args == "x=/../y");
  CHECK(nginx_target("http://h:8/p?q")->authority == "h:8");
  CHECK(nginx_escape("/a b%\"\x7f") == "/a%20b%25%22%7F");
}

TEST_CASE("nginx's host: case, port, final dot; what it refuses") {
  CHECK(nginx_host("A.Example.com:80") == "a.example.com");
  CHECK(nginx_host("a.example.com.") == "a.example.com");
  CHECK(nginx_host("[::1]:80") == "[::1]");
  CHECK_FALSE(nginx_host(""));
  CHECK_FALSE(nginx_host("a..b"));
  CHECK_FALSE(nginx_host("a/b"));
}

TEST_CASE("Go cleans a path and keeps reserved characters encoded") {
  GoTarget target;
  REQUIRE(go_target("/a/../b%2fc%41//d/?x;y", true, target) == GoFailure::none);
  CHECK(target.full() == "/b%2FcA/d/?x&y");
  CHECK(target.routing == "/b%2FcA/d/");
  REQUIRE(go_target("/../a%20b/.", true, target) == GoFailure::none);
  CHECK(target.path == "/a%20b");
  CHECK(target.routing == "/a b");
  REQUIRE(go_target("/(a)|b", true, target) == GoFailure::none);
  CHECK(target.path == "/%28a%29%7Cb");
  CHECK(go_target("/%z", true, target) == GoFailure::bad_request);
  CHECK(go_target("*", true, target) == GoFailure::not_found);
}

TEST_CASE("PCRE on RE2: same answers, or an honest no") {
  using State = Pattern::State;
  CHECK(Pattern("^/a(/|$)(.*)", Pattern::Case::ignored).groups("/A/x").at(2) == "x");
  CHECK(Pattern("a$").found("a\n"));
  CHECK_FALSE(Pattern("a$").found("a\nb"));
  CHECK(Pattern("(?<name>x)").state() == State::ok);
  CHECK(Pattern("a_\\_b").found("a__b"));
  for (const char* text : {"(?=x)", "(?<!x)", "(a)\\1", "a*+", "(?>a)", "a{2}+", "\\Kx", "(?R)"})
    CHECK_MESSAGE(Pattern(text).state() == State::needs_pcre, text);
  for (const char* text : {"(", "a)", "**", "[a"}) CHECK_MESSAGE(Pattern(text).state() == State::invalid, text);
  CHECK_FALSE(Pattern("\xC3\xA9", Pattern::Case::ignored).found("\xE3\xA9"));
  CHECK(Pattern(Pattern::quote("a.b*(c)")).found("a.b*(c)"));
}

TEST_CASE("captures, variables, cookies, networks, flags") {
  CHECK(expand_captures("/$2/$1$9", {"all", "a", "b"}) == "/b/a");
  CHECK_FALSE(expand_captures("/$host", {"all"}));
  CHECK(expand_variables("${a}-$b", {{"a", "1"}, {"b", "2"}}) == "1-2");
  gw::route::Request request;
  request.headers = {{"cookie", "x=1; CAN = always; can=never"}};
  CHECK(nginx_cookie(request, "can") == "always");
  CHECK_FALSE(nginx_cookie(request, "ca"));
  CHECK(parse_network("10.0.0.0/8")->contains(*parse_network("10.9.9.9")));
  CHECK_FALSE(parse_network("10.0.0.0/8")->contains(*parse_network("11.0.0.1")));
  CHECK(parse_network("fd00::/12")->contains(*parse_network("fd0f::1")));
  CHECK_FALSE(parse_network("10.0.0.0/33"));
  CHECK(flag({"--a.b=c", "--strict"}, "a.B") == "c");
  CHECK(flag({"--a.b=c", "--strict"}, "strict") == "true");
  CHECK_FALSE(flag({"--abc=1"}, "ab"));
}
