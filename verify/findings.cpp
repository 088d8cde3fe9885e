#include "verify/findings.h"

#include <algorithm>
#include <utility>

namespace gw::verify {

using route::AnswerSet;

std::size_t first_status(const AnswerSet& answers) {
  return answers.any_of.empty() ? 0 : static_cast<std::size_t>(answers.any_of.front().status);
}
std::string first_rule(const AnswerSet& answers) {
  if (answers.any_of.empty() || !answers.any_of.front().rule) return {};
  const route::RuleRef& rule = *answers.any_of.front().rule;
  return rule.object + "@" + std::to_string(rule.span.begin);
}

namespace {

bool written_plainly(Aspect aspect) {
  return aspect == Aspect::plain || aspect == Aspect::query;
}

bool same_effect(const Counterexample& plain, const Counterexample& found) {
  if (plain.difference == Difference::closed && found.difference == Difference::closed)
    return (first_status(plain.new_answer) == 0) == (first_status(found.new_answer) == 0);
  return plain.difference == found.difference && plain.impact == found.impact &&
         first_status(plain.old_answer) == first_status(found.old_answer) &&
         first_status(plain.new_answer) == first_status(found.new_answer) &&
         first_rule(plain.old_answer) == first_rule(found.old_answer) &&
         first_rule(plain.new_answer) == first_rule(found.new_answer);
}

}  // namespace

// Plain requests and conditions are told a rule, what concerns every rule alike once, a cause once an aspect.
Findings::Key Findings::key_of(const Counterexample& found) {
  if (!found.cause.empty())
    return {written_plainly(found.aspect) ? Aspect::plain : found.aspect,
            found.request.scheme,
            std::string(found.cause),
            Difference::unmodelled,
            0,
            0,
            {},
            {},
            found.known};
  const bool plain = found.aspect == Aspect::plain || !found.request.headers.empty();
  return {found.aspect,
          found.request.scheme,
          (found.aspect == Aspect::headers ? found.request.method : std::string(found.detail)) +
              (found.request.port != 0 ? std::to_string(found.request.port) : std::string()),
          found.difference,
          first_status(found.old_answer),
          first_status(found.new_answer),
          plain ? first_rule(found.old_answer) : "",
          plain ? first_rule(found.new_answer) : "",
          found.known};
}

void Findings::add(Counterexample&& found, const Counterexample* plain) {
  if (plain && found.known == plain->known && found.standing == plain->standing && same_effect(*plain, found)) {
    if (const auto at = by_key_.find(key_of(*plain)); at != by_key_.end()) ++at->second.alike;
    return;
  }
  Key key = key_of(found);
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) {
    by_key_.emplace(std::move(key), std::move(found));
    return;
  }
  const std::size_t alike = at->second.alike + 1;
  if (cost(found.request) < cost(at->second.request)) at->second = std::move(found);
  at->second.alike = alike;
}

void Findings::write(HostReport& report, const Options& options) {
  for (auto& [key, found] : by_key_) report.counterexamples.push_back(std::move(found));
  auto& all = report.counterexamples;
  const auto rank = [](const Counterexample& c) { return std::tuple(!c.known.empty(), c.standing, !c.cause.empty()); };
  std::stable_sort(all.begin(), all.end(), [](const Counterexample& a, const Counterexample& b) {
    return std::pair(a.impact, cost(a.request)) < std::pair(b.impact, cost(b.request));
  });
  std::size_t kept = 0;
  report.omitted =
      std::erase_if(all, [&](const Counterexample& c) { return c.cause.empty() && ++kept > options.counterexamples; });
  all.shrink_to_fit();
  std::stable_sort(all.begin(), all.end(), [&](const Counterexample& a, const Counterexample& b) {
    return std::tuple(rank(a), cost(a.request), a.impact) < std::tuple(rank(b), cost(b.request), b.impact);
  });
}

}  // namespace gw::verify
