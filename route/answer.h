// One answer in the shape of docs/command-line.md, "trace", shared by the old side's models (verify/) and the new
// side's (route/).
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

// What is done to a request or its answer besides routing, in words that are equal where the effect is.
struct Effect {
  enum class Kind : std::uint8_t { guard, request_header, response_header, cors, mirror } kind;
  std::string what;    // "allow 10.0.0.0/8", "set x-frame-options: DENY"
  std::string object;  // who asks for it, for people; not compared
  auto operator<=>(const Effect&) const = default;
};
std::string shown(const Effect& effect);  // `what` for people and reports, without credentials
inline constexpr std::array effect_kinds{Effect::Kind::guard, Effect::Kind::request_header,
                                         Effect::Kind::response_header, Effect::Kind::cors, Effect::Kind::mirror};
std::string_view name(Effect::Kind kind);  // "guard", "request header", ...

struct Effects {
  std::vector<Effect> list;  // sorted
  // Kinds of which the model tells all, so that what is absent is not done. One bit a kind.
  std::uint8_t known = 0;
  // Are all effects of this kind in `list`?
  bool knows(Effect::Kind kind) const { return (known >> static_cast<unsigned>(kind) & 1U) != 0; }
  // From now on they are.
  void know(Effect::Kind kind) { known = static_cast<std::uint8_t>(known | 1U << static_cast<unsigned>(kind)); }
  void add(Effect::Kind kind, std::string what, std::string object = {});  // `object` made it
  const Effect* find(Effect::Kind kind, std::string_view what) const;      // null when it is not there
};

// A note of an answer (Answer::notes) that is given to too many requests in too short a time.
inline constexpr std::string_view rate_limit_note = "the rate limit is reached";

// status 0 with `unmodelled` set: the model does not know and says so.
struct Answer {
  int status = 0;
  std::string backend;  // "ns/service"; empty when no backend is asked
  std::int32_t port = 0;
  std::string backend_target, backend_host;
  std::string location;
  std::vector<WeightedBackend> backends;  // where weights decide
  std::optional<RuleRef> rule;
  std::string unmodelled;
  std::string error;  // status 0: no HTTP answer at all (connection refused or reset), and why
  // Attributes that are compared but not proven: timeouts, body size, auth, headers added. "name=value", sorted.
  std::vector<std::string> attributes;
  std::shared_ptr<const Effects> effects;  // shared by the answers of a rule; null: nothing is told
  std::vector<std::string> notes;          // how the answer came about, for people; not compared
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
