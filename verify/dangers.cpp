#include "verify/dangers.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "diag/ascii.h"
#include "verify/causes.h"
#include "verify/host_check.h"
#include "verify/hosts.h"
#include "verify/parallel.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::Request;
using route::Scheme;
using Kind = Danger::Kind;

bool serves(const Answer& answer) {
  return answer.unmodelled.empty() && (!answer.backend.empty() || !answer.backends.empty());
}
bool denies(const Answer& answer) {
  return answer.status == 401 || answer.status == 403 || answer.status == 407;
}
bool redirects(const Answer& answer) {
  return answer.status >= 300 && answer.status < 400;
}
template <class Fits>
bool any(const AnswerSet& answers, Fits&& fits) {
  return std::any_of(answers.any_of.begin(), answers.any_of.end(), fits);
}

using Service = std::pair<std::string_view, std::int32_t>;
std::vector<Service> services(const AnswerSet& answers) {
  std::vector<Service> out;
  for (const Answer& answer : answers.any_of) {
    if (!answer.backend.empty()) out.emplace_back(answer.backend, answer.port);
    for (const route::WeightedBackend& row : answer.backends)
      if (row.weight != 0) out.emplace_back(row.backend, row.port);
  }
  return out;
}

// The old side has a Service for each that the new side asks; a port that one of them leaves open is no difference.
bool same_services(const AnswerSet& before, const AnswerSet& after) {
  const std::vector<Service> old_ones = services(before), new_ones = services(after);
  return std::all_of(new_ones.begin(), new_ones.end(), [&](const Service& service) {
    return std::any_of(old_ones.begin(), old_ones.end(), [&](const Service& other) {
      return other.first == service.first &&
             (other.second == service.second || other.second == 0 || service.second == 0);
    });
  });
}

// The old side answered by itself.
std::optional<Kind> kept_back(const AnswerSet& before) {
  if (any(before, denies) || any(before, [](const Answer& a) { return a.status == 503; })) return Kind::guarded;
  if (any(before, redirects)) return Kind::redirected;
  if (any(before, [](const Answer& a) { return a.status == 404 || a.status == 0; })) return Kind::hidden;
  return std::nullopt;  // a malformed request, a page of the controller's own, a preflight
}

std::optional<Kind> danger(const AnswerSet& before, const AnswerSet& after, bool guarded) {
  if (before.any_of.empty() || any(before, [](const Answer& a) { return !a.unmodelled.empty(); })) return std::nullopt;
  if (!any(after, serves)) return std::nullopt;
  const bool guarded_now = guarded || any(after, denies);
  if (!any(before, serves)) {
    const std::optional<Kind> kind = kept_back(before);
    return kind == Kind::guarded && guarded_now ? std::nullopt : kind;
  }
  // Without a certificate of the client nginx answers 400.
  const bool asked = any(before, [](const Answer& a) { return denies(a) || redirects(a) || a.status == 400; });
  if (asked && !guarded_now && !any(after, redirects)) return Kind::guarded;
  return same_services(before, after) ? std::nullopt : std::optional(Kind::other_backend);
}

// Requests that nobody but a tester writes: TRACE and CONNECT, and the same header twice.
bool from_a_client(const Extras& extra) {
  if (extra.method == "TRACE" || extra.method == "CONNECT") return false;
  std::set<std::string> names;
  return std::all_of(extra.headers.begin(), extra.headers.end(),
                     [&](const auto& header) { return names.insert(diag::lower(header.first)).second; });
}

class HostQuestions {
 public:
  HostQuestions(const Side& old_side, const Side& new_side, const DangerOptions& options, ClassCache& classes)
      : old_side_(old_side), new_side_(new_side), options_(options), classes_(classes) {}

  void ask(const HostName& name, std::vector<Danger>& out, std::array<std::size_t, 3>& differences) {
    const std::shared_ptr<const Classes> classes = classes_.of(name.rows);
    Request request;
    for (const auto& [scheme, port] : doors()) {
      request.scheme = scheme;
      request.port = port;
      const bool plain = port == 0 || port == 80 || port == 443;
      request.host = plain ? name.host : name.host + ":" + std::to_string(port);
      request.sni.reset();
      if (scheme == Scheme::https) request.sni = name.host;
      for (const Extras& extra : classes->extras.all) {
        if (!from_a_client(extra)) continue;
        request.method = extra.method;
        request.headers = extra.headers;
        for (const auto* paths : {&classes->paths.paths, &classes->paths.more})
          for (const std::string& path : *paths) {
            request.target = extra.query.empty() ? path : path + "?" + extra.query;
            ask(name, request, out, differences);
          }
      }
    }
  }

 private:
  using Sort = std::tuple<Difference, int, int, std::string>;

  // Ports that are asked: the usual ones first, then those that a side has besides.
  std::vector<std::pair<Scheme, std::uint16_t>> doors() const {
    std::vector<std::pair<Scheme, std::uint16_t>> out;
    for (const Scheme scheme : {Scheme::http, Scheme::https})
      out.emplace_back(scheme, plain_port(scheme, old_side_.boundaries, new_side_.boundaries));
    std::set<std::pair<Scheme, std::uint16_t>> more(old_side_.boundaries.ports.begin(),
                                                    old_side_.boundaries.ports.end());
    more.insert(new_side_.boundaries.ports.begin(), new_side_.boundaries.ports.end());
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  void ask(const HostName& name, const Request& request, std::vector<Danger>& out,
           std::array<std::size_t, 3>& differences) {
    AnswerSet before = old_side_.model->answer(request), after = new_side_.model->answer(request);
    const std::optional<Difference> difference = compare(before, after);
    if (!difference || *difference == Difference::unmodelled || after.any_of.empty()) return;
    const Answer& first = after.any_of.front();
    const bool guarded = first.rule && options_.guarded && options_.guarded(*first.rule);
    std::optional<Kind> kind = danger(before, after, guarded);
    const bool plain = request.method == "GET" && request.headers.empty();
    if (!kind && *difference == Difference::guard && !guarded &&
        impact(request, before, after, *difference) == Impact::security)
      kind = Kind::guarded;                                // one that no answer to this request shows
    if (kind == Kind::redirected && !plain) kind.reset();  // the plain request shows it, or a proxy before the gateway
    Counterexample found{request,
                         plain ? Aspect::plain : Aspect::headers,
                         {},
                         std::move(before),
                         std::move(after),
                         *difference,
                         Impact::cosmetic,
                         1,
                         {},
                         {}};
    found.impact = impact(request, found.old_answer, found.new_answer, *difference);
    const Cause* cause = cause_of(name.shown, found);
    std::string rule;
    if (first_rule(found)) rule = first_rule(found)->object + "@" + std::to_string(first_rule(found)->span.begin);
    if (!cause && !(guarded && *difference == Difference::status)) {
      const int old_status = found.old_answer.any_of.front().status;
      const int new_status = found.new_answer.any_of.front().status;
      if (sorts_.insert({*difference, old_status, new_status, rule}).second)
        ++differences[static_cast<std::size_t>(found.impact)];
    }
    if ((kind == Kind::hidden || kind == Kind::other_backend) && spelled_otherwise(request, found)) kind.reset();
    if (!kind || !first_rule(found)) return;
    // Of a rule that was found wanting there is nothing more to ask.
    if (!told_.insert({*kind, cause && *kind != Kind::guarded ? cause->name : std::string_view(), std::move(rule)})
             .second)
      return;
    out.push_back({*kind, name.shown, request, std::move(found.old_answer), std::move(found.new_answer),
                   cause && *kind != Kind::guarded ? cause->name : std::string_view()});
  }

  // The path without its last slash, in another letter case, or with text behind the last element of a prefix: the same
  // backend serves it spelled otherwise. The conversion reports where it writes such paths in plain words.
  bool spelled_otherwise(const Request& request, const Counterexample& found) const {
    const std::size_t query = std::min(request.target.find('?'), request.target.size());
    const std::string path = request.target.substr(0, query), rest = request.target.substr(query);
    std::vector<std::string> spellings{path + "/" + rest, diag::lower(path) + rest};
    if (path.size() > 1 && path.ends_with('/')) spellings.push_back(path.substr(0, path.size() - 1) + rest);
    if (found.old_answer.any_of.front().status == 200)
      for (std::size_t end = 2; end < path.size(); ++end)  // cut inside an element
        if (path[end] != '/' && path[end - 1] != '/') spellings.push_back(diag::lower(path.substr(0, end)) + rest);
    return std::any_of(spellings.begin(), spellings.end(), [&](const std::string& target) {
      Request other = request;
      other.target = target;
      if (target == request.target) return false;
      const AnswerSet before = old_side_.model->answer(other);
      if (any(before, [](const Answer& a) { return !a.unmodelled.empty(); })) return true;
      if (any(before, serves) && same_services(before, found.new_answer)) return true;
      return any(found.old_answer, serves) && same_services(found.old_answer, new_side_.model->answer(other));
    });
  }

  static const route::RuleRef* first_rule(const Counterexample& found) {
    const auto& rule = found.new_answer.any_of.front().rule;
    return rule ? &*rule : nullptr;
  }

  const Side& old_side_;
  const Side& new_side_;
  const DangerOptions& options_;
  ClassCache& classes_;
  std::set<Sort> sorts_;
  std::set<std::tuple<Kind, std::string_view, std::string>> told_;
};

}  // namespace

Dangers find_dangers(const Side& old_side, const Side& new_side, const DangerOptions& options) {
  Dangers out;
  if (!old_side.model->refused().empty()) return out;
  std::vector<HostName> names = host_names(old_side.boundaries, new_side.boundaries);
  std::erase_if(names, [&](const HostName& name) { return options.wanted && !options.wanted(name.host, name.shown); });
  struct Row {
    std::vector<Danger> found;
    std::array<std::size_t, 3> differences{};
  };
  std::vector<Row> rows(names.size());
  ClassCache classes;
  each_in_parallel(names.size(), false, [&](std::size_t i) {
    HostQuestions(old_side, new_side, options, classes).ask(names[i], rows[i].found, rows[i].differences);
  });
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t weight = options.weight ? options.weight(names[i].host) : 1;
    out.hosts += weight;
    for (std::size_t impact = 0; impact < 3; ++impact) out.differences[impact] += weight * rows[i].differences[impact];
    std::move(rows[i].found.begin(), rows[i].found.end(), std::back_inserter(out.found));
  }
  return out;
}

}  // namespace gw::verify
