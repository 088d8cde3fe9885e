// What of a text is taken for a credential, and what is not.
#include "diag/credentials.h"

#include <doctest/doctest.h>

#include <ctime>
#include <string>

#include "tests/sanitized.h"

using gw::diag::hide_credentials;

TEST_CASE("credentials are hidden") {
  struct Row {
    const char *text, *shown;
  };
  const Row rows[] = {
      {"https://user:hunter2@auth.example.com/x?y", "https://user:***@auth.example.com/x?y"},
      {"'https://hunter2@host' is no URL", "'https://***@host' is no URL"},
      {"postgres://u:hunter2@h:5432/db and redis://:hunter3@r", "postgres://u:***@h:5432/db and redis://:***@r"},
      {"https://u:p@ss@host/", "https://u:***@host/"},
      {"proxy_set_header Authorization \"Basic aHVudGVyMg==\";", "proxy_set_header Authorization \"Basic ***\";"},
      {"proxy_set_header Authorization hunter2;", "proxy_set_header Authorization ***;"},
      {"more_set_input_headers \"Authorization: Bearer hunter2\";",
       "more_set_input_headers \"Authorization: Bearer ***\";"},
      {"{\\\"a\\\":\\\"proxy_set_header X-Api-Key \\\\\\\"hunter2\\\\\\\";\\\"}",
       "{\\\"a\\\":\\\"proxy_set_header X-Api-Key \\\\\\\"***\\\\\\\";\\\"}"},
      {"more_set_input_headers 'X-Api-Key: hunter2';", "more_set_input_headers 'X-Api-Key: ***';"},
      {"set $db_password hunter2;", "set $db_password ***;"},
      {"http-request set-header X-Token hunter2", "http-request set-header X-Token ***"},
      {"GET /a?token=hunter2&b=1", "GET /a?token=***&b=1"},
      {"Authorization Bearer hunter2", "Authorization Bearer ***"},
      {"X-Auth-Token: hunter2", "X-Auth-Token: ***"},
      {"X-A:b||X-Secret:hunter2", "X-A:b||X-Secret:***"},
      {"'Bearer hunter2'", "'Bearer ***'"},
      {"proxy_set_header Cookie \"session=hunter2\";", "proxy_set_header Cookie \"***\";"},
      {"https://h/?sig=hunter2&access_key=hunter3", "https://h/?sig=***&access_key=***"},
      {"/a?x=1&api_key=hunter2 HTTP/1.1", "/a?x=1&api_key=*** HTTP/1.1"},
  };
  for (const Row& row : rows) CHECK(hide_credentials(row.text) == row.shown);
}

TEST_CASE("names of Secrets and of headers, variables and plain URLs are shown") {
  for (const char* text :
       {"auth-secret: users is not in the input", "auth-tls-secret: shop/ca",
        "auth-response-headers: Authorization, X-Token", "cors-allow-headers: \"DNT,Authorization\"",
        "proxy_set_header Authorization $http_authorization;", "https://example.com/@user:x", "secretName: shop-tls",
        "Secret shop/users has no key 'auth'", "http://host:8080/a", "limit_req zone=tokens",
        "spec.virtualhost.authorization: Gateway API has no such policy", "session-cookie-name: sid",
        "Basic auth required", "cookie_name=sid", "cors-allow-credentials: true", ""})
    CHECK(hide_credentials(text) == text);
}

TEST_CASE("hostile text of two megabytes on one line is read in one pass") {
  const auto repeat = [](const std::string& part) {
    std::string out;
    while (out.size() < (2u << 20)) out += part;
    return out;
  };
  const double seconds = 2 * gw::test::slowdown;  // more than one pass takes minutes
  for (const std::string part : {"a ", "://", "://x@", "token ", "token: basic ", "set token ", "token=\"", "a;{"}) {
    const std::string text = repeat(part) + " token=hunter2";
    const std::clock_t begin = std::clock();
    const std::string shown = hide_credentials(text);
    CHECK_MESSAGE(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < seconds, part);
    CHECK_MESSAGE(shown.find("hunter2") == std::string::npos, part);
  }
}
