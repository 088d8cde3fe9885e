#include "verify/compare.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "diag/ascii.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::WeightedBackend;

struct WorseThan {
  bool operator()(Difference a, Difference b) const { return a < b; }
};

// Shares in lowest terms, one row a (service, port), rows without weight left out.
std::vector<WeightedBackend> shares(const Answer& answer) {
  if (answer.backends.empty()) {
    if (answer.backend.empty()) return {};
    return {{answer.backend, answer.port, 1}};
  }
  std::map<std::pair<std::string, std::int32_t>, std::uint64_t> sum;
  for (const WeightedBackend& row : answer.backends)
    if (row.weight != 0) sum[{row.backend, row.port}] += row.weight;
  std::uint64_t divisor = 0;
  for (const auto& [key, weight] : sum) divisor = std::gcd(divisor, weight);
  std::vector<WeightedBackend> out;
  for (const auto& [key, weight] : sum) out.push_back({key.first, key.second, weight / divisor});
  return out;
}

// A port that one side leaves unnamed (0) is no difference.
bool same_port(std::int32_t a, std::int32_t b) {
  return a == b || a == 0 || b == 0;
}

std::optional<Difference> compare_backends(const Answer& a, const Answer& b) {
  if (a.backends.empty() && b.backends.empty()) {
    if (a.backend == b.backend && same_port(a.port, b.port)) return std::nullopt;
    return Difference::backend;
  }
  const std::vector<WeightedBackend> left = shares(a), right = shares(b);
  if (left.size() != right.size()) return Difference::backend;
  bool weights = false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].backend != right[i].backend || !same_port(left[i].port, right[i].port)) return Difference::backend;
    weights |= left[i].weight != right[i].weight;
  }
  if (weights) return Difference::weights;
  return std::nullopt;
}

bool known_and_different(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && a != b;
}

// %2f and %2F are one octet (RFC 3986, 6.2.2.1).
bool same_escapes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    const bool within = (i >= 1 && a[i - 1] == '%') || (i >= 2 && a[i - 2] == '%');
    if (!within || diag::hex_digit(a[i]) < 0 || diag::hex_digit(a[i]) != diag::hex_digit(b[i])) return false;
  }
  return true;
}

bool preflight_answer(const Answer& answer) {
  return (answer.status == 200 || answer.status == 204) && answer.backend.empty() && answer.backends.empty() &&
         answer.location.empty() && answer.unmodelled.empty() && answer.rule;
}

std::optional<Difference> compare(const Answer& a, const Answer& b) {
  if (!a.unmodelled.empty() || !b.unmodelled.empty()) return Difference::unmodelled;
  if (preflight_answer(a) && preflight_answer(b)) return std::nullopt;  // to a browser any 2xx is one
  if (a.status != b.status) return a.status == 0 || b.status == 0 ? Difference::closed : Difference::status;
  if (a.location != b.location) return Difference::location;
  if (std::optional<Difference> found = compare_backends(a, b)) return found;
  if (known_and_different(a.backend_target, b.backend_target) && !same_escapes(a.backend_target, b.backend_target))
    return Difference::target;
  if (known_and_different(a.backend_host, b.backend_host)) return Difference::backend_host;
  return std::nullopt;
}

// What both sides tell of one kind, over all answers; nothing where one of them does not know.
using Whats = std::set<std::string_view>;
std::optional<Whats> told(const AnswerSet& answers, route::Effect::Kind kind) {
  Whats out;
  bool any = false;
  for (const Answer& answer : answers.any_of) {
    const bool matters = kind == route::Effect::Kind::guard || (answer.status == 200 && !answer.backend_target.empty());
    if (!matters || !answer.effects) continue;
    if (!answer.effects->knows(kind)) return std::nullopt;
    any = true;
    for (const route::Effect& effect : answer.effects->list)
      if (effect.kind == kind) out.insert(effect.what);
  }
  return any ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<Difference> compare_effects(const AnswerSet& old_answers, const AnswerSet& new_answers) {
  using Kind = route::Effect::Kind;
  static constexpr std::pair<Kind, Difference> kinds[] = {{Kind::guard, Difference::guard},
                                                          {Kind::request_header, Difference::request_header},
                                                          {Kind::response_header, Difference::response_header},
                                                          {Kind::cors, Difference::cors},
                                                          {Kind::mirror, Difference::mirror}};
  const auto none = [](const AnswerSet& set) {
    return std::none_of(set.any_of.begin(), set.any_of.end(), [](const Answer& a) { return a.effects != nullptr; });
  };
  if (none(old_answers) || none(new_answers)) return std::nullopt;
  if (old_answers.any_of.size() == 1 && new_answers.any_of.size() == 1) {  // the common case, without sets
    const auto& before = old_answers.any_of.front().effects->list;
    const auto& after = new_answers.any_of.front().effects->list;
    const auto alike = [](const route::Effect& a, const route::Effect& b) {
      return a.kind == b.kind && a.what == b.what;
    };
    if (std::equal(before.begin(), before.end(), after.begin(), after.end(), alike)) return std::nullopt;
  }
  for (const auto& [kind, difference] : kinds) {
    const std::optional<Whats> before = told(old_answers, kind), after = told(new_answers, kind);
    if (before && after && *before != *after) return difference;
  }
  return std::nullopt;
}

// What an answer is for the client.
enum class Effect : std::uint8_t { closed, denied, refused, failed, redirected, to_https, served };
Effect effect(const Answer& answer) {
  if (answer.status == 0) return Effect::closed;
  if (answer.status == 401 || answer.status == 403) return Effect::denied;
  if (answer.status >= 500) return Effect::failed;
  if (answer.status >= 400) return Effect::refused;
  if (!answer.location.empty()) return answer.location.starts_with("https:") ? Effect::to_https : Effect::redirected;
  return Effect::served;
}

// A Location as a browser reads it: default ports are spelled out or not.
std::string plain_location(const std::string& location) {
  std::string out = location;
  for (const auto& [scheme, port] : {std::pair<std::string, std::string>{"http://", ":80"}, {"https://", ":443"}}) {
    if (!out.starts_with(scheme)) continue;
    const std::size_t end = std::min(out.find('/', scheme.size()), out.size());
    if (std::string_view(out).substr(0, end).ends_with(port)) out.erase(end - port.size(), port.size());
  }
  return out;
}

Impact impact(const route::Request& request, const Answer& a, const Answer& b, Difference difference) {
  const Effect before = effect(a), after = effect(b);
  const bool served_now = after == Effect::served;
  switch (difference) {
    case Difference::closed:
    case Difference::status:
    case Difference::unmodelled: {
      const bool plain_text = before == Effect::to_https && request.scheme == route::Scheme::http;
      const bool shut_before =
          before == Effect::denied || before == Effect::refused || before == Effect::closed || plain_text;
      if (served_now && shut_before) return Impact::security;
      const bool worked = before == Effect::served || before == Effect::redirected || before == Effect::to_https;
      const bool redirected = after == Effect::redirected || after == Effect::to_https;
      if (worked && before != Effect::served && redirected) return Impact::cosmetic;  // another redirect code
      return worked ? Impact::availability : Impact::cosmetic;
    }
    case Difference::backend:
    case Difference::weights:
    case Difference::target:
    case Difference::backend_host:
    case Difference::request_header:
    case Difference::response_header:
    case Difference::cors:
    case Difference::mirror:
      return Impact::availability;
    case Difference::guard:
      return Impact::security;
    case Difference::location:
      if (a.location.starts_with("https:") && b.location.starts_with("http:")) return Impact::security;
      return plain_location(a.location) == plain_location(b.location) ? Impact::cosmetic : Impact::availability;
  }
  return Impact::availability;
}

bool denies(const AnswerSet& answers) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                     [](const Answer& answer) { return effect(answer) == Effect::denied; });
}
bool limits(const AnswerSet& answers) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(), [](const Answer& answer) {
    return answer.status == 429 ||
           std::find(answer.notes.begin(), answer.notes.end(), rate_limit) != answer.notes.end();
  });
}

// One row a backend over answers that share out the requests between them; empty where they are alternatives.
std::vector<WeightedBackend> shares(const AnswerSet& answers) {
  Answer all;
  std::set<std::string> seen;
  for (const Answer& answer : answers.any_of)
    for (const WeightedBackend& row : answer.backends) {
      if (!seen.insert(row.backend + ":" + std::to_string(row.port)).second) return {};
      all.backends.push_back(row);
    }
  return shares(all);
}

bool same_shares(const std::vector<WeightedBackend>& a, const std::vector<WeightedBackend>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const WeightedBackend& x, const WeightedBackend& y) {
    return x.backend == y.backend && x.weight == y.weight;
  });
}

// A guard that the old side has and the new one has not opens something; one more shuts somebody out.
Impact guard_impact(const AnswerSet& old_answers, const AnswerSet& new_answers) {
  const std::optional<Whats> before = told(old_answers, route::Effect::Kind::guard),
                             after = told(new_answers, route::Effect::Kind::guard);
  if (!before || !after) return Impact::security;
  return std::includes(after->begin(), after->end(), before->begin(), before->end()) ? Impact::availability
                                                                                     : Impact::security;
}

// Attributes that say again what effects do.
bool is_effect(std::string_view attribute) {
  static constexpr std::string_view names[] = {
      "request-header=",         "response-header=",      "cors=", "mirror=", "auth=", "auth-tls=",
      "allowlist-source-range=", "denylist-source-range="};
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view name) { return attribute.starts_with(name); });
}

}  // namespace

std::string_view name(Difference difference) {
  switch (difference) {
    case Difference::unmodelled:
      return "unmodelled";
    case Difference::closed:
      return "connection";
    case Difference::status:
      return "status";
    case Difference::backend:
      return "backend";
    case Difference::weights:
      return "weights";
    case Difference::location:
      return "location";
    case Difference::target:
      return "upstream target";
    case Difference::backend_host:
      return "upstream host";
    case Difference::guard:
      return "guard";
    case Difference::request_header:
      return "request header";
    case Difference::response_header:
      return "response header";
    case Difference::cors:
      return "cors";
    case Difference::mirror:
      return "mirror";
  }
  return "";
}

std::string_view name(Impact impact) {
  switch (impact) {
    case Impact::security:
      return "security";
    case Impact::availability:
      return "availability";
    case Impact::cosmetic:
      return "cosmetic";
  }
  return "";
}

// Each new answer must be matched by some old one; of the differences to all old ones the slightest is told. Beyond
// that, where a credential decides between answers, it must still do so.
std::optional<Difference> compare(const AnswerSet& old_answers, const AnswerSet& new_answers) {
  if (old_answers.any_of.size() == 1 && new_answers.any_of.size() == 1) {
    const auto found = compare(old_answers.any_of.front(), new_answers.any_of.front());
    return found ? found : compare_effects(old_answers, new_answers);
  }
  std::optional<Difference> worst;
  for (const Answer& after : new_answers.any_of) {
    std::optional<Difference> slightest;
    bool matched = false;
    for (const Answer& before : old_answers.any_of) {
      const std::optional<Difference> found = compare(before, after);
      if (!found)
        matched = true;
      else if (!slightest || WorseThan{}(*slightest, *found))
        slightest = found;
    }
    if (!matched && slightest && (!worst || WorseThan{}(*slightest, *worst))) worst = slightest;
  }
  if (worst) return worst;
  if (denies(old_answers) && !denies(new_answers)) return Difference::status;
  if (limits(old_answers) && !limits(new_answers)) return Difference::status;
  if (old_answers.any_of.size() > 1 && new_answers.any_of.size() > 1) {
    const std::vector<WeightedBackend> before = shares(old_answers), after = shares(new_answers);
    if (!before.empty() && !after.empty() && !same_shares(before, after)) return Difference::weights;
  }
  return compare_effects(old_answers, new_answers);
}

// The worst pair counts.
Impact impact(const route::Request& request, const AnswerSet& old_answers, const AnswerSet& new_answers,
              Difference difference) {
  if (difference == Difference::guard) return guard_impact(old_answers, new_answers);
  if (difference >= Difference::request_header) return Impact::availability;
  Impact worst = Impact::cosmetic;
  for (const Answer& before : old_answers.any_of)
    for (const Answer& after : new_answers.any_of)
      if (compare(before, after)) worst = std::min(worst, impact(request, before, after, difference));
  return worst;
}

// "guard: allow 10.0.0.0/8" of one side and not of the other, with the object that asks for it.
std::vector<std::string> effect_lines(const AnswerSet& answers, const AnswerSet& others) {
  std::vector<std::string> out;
  for (const route::Effect::Kind kind : route::effect_kinds) {
    const Whats mine = told(answers, kind).value_or(Whats()), theirs = told(others, kind).value_or(Whats());
    for (std::string_view what : mine) {
      if (theirs.contains(what)) continue;
      std::string line = std::string(name(kind)) + " " + std::string(what);
      for (const Answer& answer : answers.any_of)
        if (const route::Effect* effect = answer.effects ? answer.effects->find(kind, what) : nullptr;
            effect && !effect->object.empty()) {
          line += " (" + effect->object + ")";
          break;
        }
      out.push_back(std::move(line));
    }
  }
  return out;
}

AttributeNotes compare_attributes(const AnswerSet& old_answers, const AnswerSet& new_answers) {
  // What is told as an effect is compared exactly.
  const bool compared = std::all_of(old_answers.any_of.begin(), old_answers.any_of.end(), [](const Answer& answer) {
    return answer.effects != nullptr || answer.status != 200;
  });
  const auto gather = [&](const AnswerSet& answers) {
    std::set<std::string> out;
    for (const Answer& answer : answers.any_of)
      for (const std::string& row : answer.attributes)
        if (!compared || !is_effect(row)) out.insert(row);
    return out;
  };
  const std::set<std::string> before = gather(old_answers), after = gather(new_answers);
  AttributeNotes notes;
  for (const std::string& row : before)
    if (after.contains(row))
      notes.same.push_back(row);
    else
      notes.differing.push_back("only before: " + row);
  for (const std::string& row : after)
    if (!before.contains(row)) notes.differing.push_back("only after: " + row);
  return notes;
}

}  // namespace gw::verify
