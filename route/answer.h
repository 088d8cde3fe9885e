// One answer in the shape of docs/command-line.md, "trace", shared by the old side's models (verify/) and the new
// side's (route/).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diag/result.h"
#include "diag/source.h"
#include "route/request.h"

namespace gw::route {

struct WeightedBackend {
  std::string backend;  // "ns/service"
  std::int32_t port = 0;
  std::uint64_t weight = 0;
  bool operator==(const WeightedBackend&) const = default;
};

struct RuleRef {
  std::string object;  // "HTTPRoute shop/web" or "Ingress shop/web"
  diag::Span span;
};

// status 0 with `unmodelled` set: the model does not know and says so.
struct Answer {
  int status = 0;
  std::string backend;  // "ns/service"; empty when no backend is asked
  std::int32_t port = 0;
  std::string upstream_target, upstream_host;
  std::string location;
  std::vector<WeightedBackend> backends;  // where weights decide
  std::optional<RuleRef> rule;
  std::string unmodelled;
  std::string error;  // status 0: no HTTP answer at all (connection refused or reset), and why
  // Attributes that are compared but not proven: timeouts, body size, auth, headers added. "name=value", sorted.
  std::vector<std::string> attributes;
  std::vector<std::string> notes;  // how the answer came about, for people; not compared
};

// More than one where the controller or the spec leaves the answer open.
struct AnswerSet {
  std::vector<Answer> any_of;
};

// The JSON line of docs/command-line.md, "trace"; sources give file and line of the rule.
std::string to_json(const AnswerSet& answers, const diag::Sources& sources);
std::string to_text(const AnswerSet& answers, const diag::Sources& sources);

// A line of --requests. Without "sni" the client names the host, as curl does; "sni": null or "" sends none.
Result<Request> parse_request(std::string_view json_line);

}  // namespace gw::route
