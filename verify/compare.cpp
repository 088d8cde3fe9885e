#include "verify/compare.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

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

std::optional<Difference> compare(const Answer& a, const Answer& b) {
  if (!a.unmodelled.empty() || !b.unmodelled.empty()) return Difference::unmodelled;
  if (a.status != b.status) return a.status == 0 || b.status == 0 ? Difference::closed : Difference::status;
  if (a.location != b.location) return Difference::location;
  if (std::optional<Difference> found = compare_backends(a, b)) return found;
  if (known_and_different(a.upstream_target, b.upstream_target)) return Difference::target;
  if (known_and_different(a.upstream_host, b.upstream_host)) return Difference::upstream_host;
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
    case Difference::upstream_host:
      return Impact::availability;
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
    case Difference::upstream_host:
      return "upstream host";
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
  if (old_answers.any_of.size() == 1 && new_answers.any_of.size() == 1)
    return compare(old_answers.any_of.front(), new_answers.any_of.front());
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
  return std::nullopt;
}

// The worst pair counts.
Impact impact(const route::Request& request, const AnswerSet& old_answers, const AnswerSet& new_answers,
              Difference difference) {
  Impact worst = Impact::cosmetic;
  for (const Answer& before : old_answers.any_of)
    for (const Answer& after : new_answers.any_of)
      if (compare(before, after)) worst = std::min(worst, impact(request, before, after, difference));
  return worst;
}

AttributeNotes compare_attributes(const AnswerSet& old_answers, const AnswerSet& new_answers) {
  std::set<std::string> before, after;
  for (const Answer& answer : old_answers.any_of) before.insert(answer.attributes.begin(), answer.attributes.end());
  for (const Answer& answer : new_answers.any_of) after.insert(answer.attributes.begin(), answer.attributes.end());
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
