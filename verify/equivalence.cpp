#include "verify/equivalence.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "verify/alike.h"
#include "verify/host_check.h"
#include "verify/hosts.h"
#include "verify/parallel.h"

namespace gw::verify {
namespace {

using route::Request;
using route::Scheme;

// `shortest`: by cause and impact, over the hosts so far.
using Shortest = std::map<std::pair<std::string_view, Impact>, std::size_t>;
void keep_examples(HostReport& host, Shortest& shortest) {
  for (Counterexample& found : host.counterexamples) {
    if (found.cause.empty() && found.known.empty()) continue;
    if (found.known.empty() && !found.standing) {
      const auto [at, fresh] = shortest.try_emplace({found.cause, found.impact}, cost(found.request));
      if (fresh || cost(found.request) < at->second) {
        at->second = cost(found.request);
        continue;
      }
    }
    found.old_answer = found.new_answer = {};
  }
}

std::vector<std::string> all_tls_names(const Side& old_side, const Side& new_side, const std::vector<HostName>& hosts) {
  std::set<std::string> names;
  for (const HostName& host : hosts) names.insert(host.host);
  for (const Side* side : {&old_side, &new_side})
    for (const std::string& name : side->boundaries.server_names)
      if (!name.empty() && !name.starts_with("*")) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::proved:
      return "PROVED";
    case Verdict::proved_modulo:
      return "PROVED_MODULO";
    case Verdict::tested:
      return "TESTED";
    case Verdict::unmodelled:
      return "UNMODELLED";
    case Verdict::differs:
      return "DIFFERS";
  }
  return "";
}

std::string_view name(Aspect aspect) {
  switch (aspect) {
    case Aspect::plain:
      return "plain";
    case Aspect::query:
      return "query";
    case Aspect::headers:
      return "headers";
    case Aspect::method:
      return "method";
    case Aspect::host_spelling:
      return "host-spelling";
    case Aspect::path_spelling:
      return "path-spelling";
    case Aspect::server_name:
      return "server-name";
    case Aspect::protocol:
      return "protocol";
  }
  return "";
}

std::size_t cost(const Request& request) {
  std::size_t out = request.target.size() + request.host.size();
  for (const auto& [header, value] : request.headers) out += 8 + header.size() + value.size();
  if (request.method != "GET") out += 8;
  if (request.scheme == Scheme::https) out += 1 + (request.sni != request.host ? 8U : 0U);
  return out + (request.http10 ? 8U : 0U) + (request.port != 0 ? 8U : 0U) + (request.client.empty() ? 0U : 8U);
}

void settle_verdicts(Report& report) {
  report.verdict = Verdict::proved;
  for (HostReport& host : report.hosts) {
    const bool open = std::any_of(host.counterexamples.begin(), host.counterexamples.end(),
                                  [](const Counterexample& each) { return each.known.empty() && !each.standing; });
    if (open)
      host.verdict = Verdict::differs;
    else if (!host.unmodelled.empty() || !report.old_refused.empty())
      host.verdict = Verdict::unmodelled;
    else if (!host.counterexamples.empty())
      host.verdict = std::max(host.verdict, Verdict::proved_modulo);
    report.verdict = std::max(report.verdict, host.verdict);
  }
  if (!report.new_refused.empty() && report.old_refused.empty()) report.verdict = Verdict::differs;
  if (!report.old_refused.empty()) report.verdict = Verdict::unmodelled;
}

namespace {

// Up to this many hosts each class of paths is tried with every way of writing a request; beyond, one for each kind of
// answer, and hosts that are configured alike share what the first of them showed.
constexpr std::size_t thorough_hosts = 200;
constexpr std::size_t block = 512;  // rows that are asked before the next are begun

// The rows of a report, and for each the earlier one that it is filled by.
class Rows {
 public:
  Rows(const Side& old_side, const Side& new_side, const Options& options)
      : hosts_(host_names(old_side.boundaries, new_side.boundaries)),
        tls_names_(all_tls_names(old_side, new_side, hosts_)),
        options_(options),
        inquiry_{*old_side.model,
                 *new_side.model,
                 old_side.boundaries,
                 new_side.boundaries,
                 options,
                 hosts_.size() <= thorough_hosts,
                 classes_,
                 known_mutex_} {
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      if (i == 0 || hosts_[i].shown != hosts_[i - 1].shown) first_.push_back(i);
    first_.push_back(hosts_.size());
    leaders_.resize(first_.size() - 1);
    for (std::size_t i = 0; i < leaders_.size(); ++i) leaders_[i] = i;
  }

  void ask(Report& report, bool refused) {
    report.hosts.resize(leaders_.size());
    if (!refused && (options_.alike == Alike::shared || (options_.alike == Alike::automatic && !inquiry_.thorough)))
      find_leaders();
    Shortest shortest;
    for (std::size_t begin = 0; begin < leaders_.size(); begin += block) {
      const std::size_t end = std::min(begin + block, leaders_.size());
      each_in_parallel(end - begin, alone(), [&](std::size_t i) {
        if (leaders_[begin + i] == begin + i) ask_all(begin + i, refused, report.hosts[begin + i]);
      });
      each_in_parallel(end - begin, alone(), [&](std::size_t i) {
        if (leaders_[begin + i] != begin + i) ask_like_leader(begin + i, report);
      });
      for (std::size_t i = begin; i < end; ++i) {
        if (options_.examples_only) keep_examples(report.hosts[i], shortest);
        note_unmeasured(report.hosts[i]);
      }
      if (options_.progress) options_.progress(first_[end], hosts_.size());
    }
  }

 private:
  // Whoever sees every request sees them in order.
  bool alone() const { return static_cast<bool>(options_.asked); }

  SniNames sni_of(const HostName& name) const { return sni_names(name, tls_names_); }

  void find_leaders() {
    if (options_.asked || (options_.known && !options_.known_by_cause)) return;
    std::unordered_map<std::size_t, std::vector<std::size_t>> by_shape;
    std::vector<std::size_t> candidates;
    std::vector<std::optional<std::size_t>> shapes(leaders_.size());
    each_in_parallel(leaders_.size(), false, [&](std::size_t i) {
      if (first_[i + 1] - first_[i] == 1)
        shapes[i] = shape_of(hosts_[first_[i]], sni_of(hosts_[first_[i]]),
                             has_certificate(inquiry_.old_boundaries, hosts_[first_[i]].host));
    });
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (shapes[i]) by_shape[*shapes[i]].push_back(i);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (shapes[i] && by_shape[*shapes[i]].size() > 1) candidates.push_back(i);
    asked_.resize(leaders_.size());
    std::vector<std::size_t> answers(candidates.size());
    each_in_parallel(candidates.size(), false, [&](std::size_t i) {
      const HostName& name = hosts_[first_[candidates[i]]];
      answers[i] = plain_answers(inquiry_, name, sni_of(name), asked_[candidates[i]]);
    });
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> leader;
    for (std::size_t i = 0; i < candidates.size(); ++i)
      leaders_[candidates[i]] = leader.try_emplace({*shapes[candidates[i]], answers[i]}, candidates[i]).first->second;
  }

  void ask_all(std::size_t row, bool refused, HostReport& out) {
    out = {};
    out.host = hosts_[first_[row]].shown;
    HostCheck check(inquiry_, out);
    for (std::size_t i = first_[row]; i < first_[row + 1]; ++i)
      if (!refused) check.check(hosts_[i], sni_of(hosts_[i]));
    check.finish();
  }

  void ask_like_leader(std::size_t row, Report& report) {
    const HostName& name = hosts_[first_[row]];
    const HostName& first = hosts_[first_[leaders_[row]]];
    HostReport& out = report.hosts[row];
    out.host = name.shown;
    out.requests = asked_[row];
    if (!follow(inquiry_, first, sni_of(first), report.hosts[leaders_[row]], name, sni_of(name), out))
      ask_all(row, false, out);
  }

  void note_unmeasured(HostReport& row) const {
    static const std::string unmeasured = "the old controller behaves as its documentation says; it was not measured";
    if (options_.measured) return;
    if (row.verdict == Verdict::proved) row.verdict = Verdict::proved_modulo;
    if (row.assumptions.empty() || row.assumptions.back() != unmeasured) row.assumptions.push_back(unmeasured);
  }

  std::vector<HostName> hosts_;
  std::vector<std::string> tls_names_;
  const Options& options_;
  ClassCache classes_;
  std::mutex known_mutex_;
  Inquiry inquiry_;
  std::vector<std::size_t> first_;    // host name of each row, and the end
  std::vector<std::size_t> leaders_;  // by row; itself: it is asked everything
  std::vector<std::size_t> asked_;    // by row: plain requests
};

}  // namespace

Report verify(const Side& old_side, const Side& new_side, const Options& options) {
  Report report;
  report.old_refused = old_side.model->refused();
  report.new_refused = new_side.model->refused();
  Rows(old_side, new_side, options).ask(report, !report.old_refused.empty());
  settle_verdicts(report);
  return report;
}

}  // namespace gw::verify
