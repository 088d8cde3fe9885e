// Old against new: ask both models every class of requests, collect what differs, and say per host how sure that is.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "route/profile.h"
#include "verify/compare.h"
#include "verify/controllers/controller.h"

namespace gw::verify {

struct Side {
  const route::Model* model = nullptr;
  Boundaries boundaries;
};

enum class Verdict : std::uint8_t {
  proved,         // every class of requests was asked and is answered alike
  proved_modulo,  // ... under the assumptions that are listed
  tested,         // no difference found, but some dimension was only sampled
  unmodelled,     // a model does not know some answer
  differs,        // a request is answered differently
};
std::string_view name(Verdict verdict);  // "PROVED", "PROVED_MODULO", "TESTED", "UNMODELLED", "DIFFERS"

// What makes a request special; the least special ones are asked first.
enum class Aspect : std::uint8_t { plain, query, headers, method, host_spelling, path_spelling, server_name, protocol };
std::string_view name(Aspect aspect);  // "answer", "connection", ...

struct Counterexample {
  route::Request request;
  Aspect aspect = Aspect::plain;
  std::string_view detail;  // of the aspect: "doubled slash", "trailing dot"
  route::AnswerSet old_answer, new_answer;
  Difference difference = Difference::status;
  Impact impact = Impact::availability;
  std::size_t alike = 1;        // requests that showed the same difference
  std::string known;            // the agreed reason, when it was accepted (see known.h)
  std::string_view cause = {};  // name of a cause that many requests share (see causes.h); empty: one to look at
  bool certificate = true;      // the old side has one of its own for the host
  bool standing = false;        // every move brings it: no reason for DIFFERS (see causes.h)
};

struct HostReport {
  std::string host;  // "shop.example.com", "*.example.com", "*" for every other
  Verdict verdict = Verdict::proved;
  std::vector<std::string> assumptions;         // proved modulo these, or why it is only tested
  std::size_t classes = 0;                      // classes of requests
  std::size_t requests = 0;                     // requests asked of both sides
  std::vector<Counterexample> counterexamples;  // shortest first, agreed ones last
  std::size_t omitted = 0;                      // counterexamples beyond Options::counterexamples
  std::vector<Counterexample> unmodelled;       // at most one for each reason
};

struct Report {
  Verdict verdict = Verdict::proved;
  std::vector<HostReport> hosts;         // ascending by host
  std::string old_refused, new_refused;  // the whole configuration is refused
};

// Whether hosts that are configured alike share what the first of them showed; see alike.h.
enum class Alike : std::uint8_t { automatic, shared, apart };

struct Options {
  std::size_t counterexamples = 10;  // kept a host, the gravest ones
  // The reason for which a difference was accepted beforehand; empty: it was not.
  std::function<std::string(std::string_view host, const Counterexample&)> known;
  bool known_by_cause = false;  // `known` looks at nothing but the cause
  Alike alike = Alike::automatic;
  bool measured = true;  // the old model was held against the real controller
  bool strict = false;   // standing causes are differences, too
  std::function<void(std::size_t done, std::size_t all)> progress;
  // Of differences that share a cause or were accepted, only the shortest of each cause keeps its answers: enough for
  // to_text, and a large cluster's report is a fraction.
  bool examples_only = false;
  std::function<void(const route::Request&, Aspect)> asked;  // sees every request that is asked of both sides
};

// Asks both sides every class of requests. Deterministic, whatever the number of threads.
Report verify(const Side& old_side, const Side& new_side, const Options& options = {});

// The worst of the hosts' verdicts, and each host's from what was found.
void settle_verdicts(Report& report);

// Length of a request for "shortest first".
std::size_t cost(const route::Request& request);

}  // namespace gw::verify
