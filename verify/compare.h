// Do two answers do the same to a client and to its backend?
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "route/answer.h"

namespace gw::verify {

// A note of an answer (Answer::notes) that is given to too many requests in too short a time.
inline constexpr std::string_view rate_limit = route::rate_limit_note;

// What differs first, in the order in which it is looked at.
enum class Difference : std::uint8_t {
  unmodelled,    // one side does not know: neither equal nor different
  closed,        // one side takes no connection
  status,        // status code
  backend,       // service or port
  weights,       // shares of the backends, as rationals
  location,      // of a redirect
  target,        // path and query that the backend sees
  backend_host,  // Host that the backend sees
  guard,         // who is asked for credentials, which addresses may enter
  request_header,
  response_header,
  cors,
  mirror,
};
std::string_view name(Difference difference);  // "status", "location", ...

enum class Impact : std::uint8_t { security, availability, cosmetic };
std::string_view name(Impact impact);  // "security", "availability", "cosmetic"

// Every answer that the new side may give is one that the old side may give, shares of backends are kept, and where the
// old side may deny a request for its credentials or for its rate the new side may, too. Empty when that holds.
// What is done besides (guards, headers, CORS, mirrors) counts where both sides tell it. Attributes and rules are not
// looked at; a target or a host that one side leaves empty is taken as equal.
std::optional<Difference> compare(const route::AnswerSet& old_answers, const route::AnswerSet& new_answers);

// What it means for people. `request` decides whether a lost redirect to https left plain text open.
Impact impact(const route::Request& request, const route::AnswerSet& old_answers, const route::AnswerSet& new_answers,
              Difference difference);

// What answers do besides routing that the others do not: "guard allow 10.0.0.0/8 (SecurityPolicy shop/web)".
std::vector<std::string> effect_lines(const route::AnswerSet& answers, const route::AnswerSet& others);

// "attribute: old → new" for attributes that differ, and those that both sides name alike.
struct AttributeNotes {
  std::vector<std::string> differing, same;
};
// What answers say beside routing (authentication, limits, ...) on one side only, where effects are not compared.
AttributeNotes compare_attributes(const route::AnswerSet& old_answers, const route::AnswerSet& new_answers);

}  // namespace gw::verify
