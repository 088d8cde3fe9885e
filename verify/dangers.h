// The cheap question of a conversion: does the new side serve what the old one guarded, hid, redirected or served from
// another backend? Plain requests of every class, one counterexample a rule, the shortest first.
#pragma once
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "verify/equivalence.h"

namespace gw::verify {

struct Danger {
  enum class Kind : std::uint8_t {
    guarded,        // 401, 403, 407, a login page, 503 of a broken guard; or so without credentials
    hidden,         // 404, or no connection: the class, the path or the host is not served
    redirected,     // elsewhere
    other_backend,  // it was served, but by another Service
  };
  Kind kind = Kind::hidden;
  std::string host;  // of the row
  route::Request request;
  route::AnswerSet old_answer, new_answer;
  std::string_view cause;  // one that every move brings (see causes.h); empty: the route must not be written so
  const route::RuleRef& rule() const { return *new_answer.any_of.front().rule; }
};

struct DangerOptions {
  std::function<bool(std::string_view host, std::string_view row)> wanted;  // is this host name to be asked?
  std::function<std::size_t(std::string_view host)> weight;                 // how many hosts it stands for
  std::function<bool(const route::RuleRef&)> guarded;                       // by an object that no model reads
};

struct Dangers {
  std::vector<Danger> found;                 // by host, the shortest request of each rule and kind
  std::array<std::size_t, 3> differences{};  // by Impact: kinds of difference of the hosts asked, without shared causes
  std::size_t hosts = 0;                     // that were asked or are stood for
};
// Asks both sides; nothing is found where the old side's configuration is refused as a whole.
Dangers find_dangers(const Side& old_side, const Side& new_side, const DangerOptions& options);

}  // namespace gw::verify
