// Routing tests: a file of requests and what must come of them, one a line. A team keeps them after a migration.
//
//   # comment
//   GET https://shop.example.com/api/x -> shop/api:8080 path=/x header:x=1
//   GET http://shop.example.com/ -> 308 https://shop.example.com/
//   GET https://shop.example.com/admin -> denied
//   POST https://shop.example.com/ -H "X-Canary: always" -> shop/canary:80
//   GET https://shop.example.com/ -> shop/web:80 90% | shop/canary:80 10%
//   GET https://shop.example.com/old -> same-as old
//
// A request: METHOD URL, then -H "NAME: VALUE" and sni=NAME, sni= for none. What is wanted, alternatives with |, one
// for each answer that is possible:
//   NS/SERVICE[:PORT] [N%]   a backend, with its share where weights decide; and what it sees: path=, host=,
//                            header:NAME=VALUE of the request or the answer, does:"mirror to shop/copy:80"
//   STATUS [LOCATION]        an answer of the gateway itself
//   redirect [LOCATION]      any redirect
//   denied                   401, 403, no connection, or a guard that asks for credentials
//   closed                   no connection
//   same-as old              what the old controller answers
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diag/result.h"
#include "diag/source.h"
#include "route/answer.h"

namespace gw::verify {

struct Wanted {
  enum class Kind : std::uint8_t { backend, status, redirect, denied, closed, same_as_old } kind = Kind::status;
  int status = 0;
  std::string backend;          // "ns/service"
  std::int32_t port = 0;        // 0: any
  std::optional<double> share;  // percent
  std::optional<std::string> location, path, host;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> does;  // effects, as effect_lines() writes them
};

struct Expectation {
  route::Request request;
  std::vector<Wanted> any_of;
  diag::Span span;   // the line
  std::string text;  // as written, without the comment
};

// Every line of a file, or what is wrong with the first bad one: "routes.test:12: ...".
Result<std::vector<Expectation>> read_expectations(diag::FileId file, const diag::Sources& sources);
// Whether a text is such a file: its first line that is no comment has a request and "->".
bool is_expectation_file(std::string_view text);

// Why the answers of a model are not what is wanted; nullopt when they are. `old_side`: null where there is none.
std::optional<std::string> mismatch(const Expectation& expected, const route::AnswerSet& answers,
                                    const route::AnswerSet* old_side);

// What came from a running gateway. `body` of gwctl's demo backends tells which Service answered.
struct Observed {
  int status = 0;
  std::string error, location, body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
};
// Why what was seen is not what was expected; nullopt when it is. `old_side`: for same-as-old, may be null.
std::optional<std::string> mismatch(const Expectation& expected, const Observed& seen,
                                    const route::AnswerSet* old_side);

// The line that expects just these answers; empty where a model does not know them.
std::string expectation_line(const route::Request& request, const route::AnswerSet& answers);

}  // namespace gw::verify
