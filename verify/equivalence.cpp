#include "verify/equivalence.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

#include "verify/causes.h"
#include "verify/hosts.h"
#include "verify/paths.h"
#include "verify/values.h"
#include "verify/variants.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::Request;
using route::Scheme;

// Up to this many hosts, and paths of a host, each class of paths is tried with every way of writing a request; beyond,
// one for each kind of answer.
constexpr std::size_t thorough_hosts = 200, thorough_paths = 100;

std::size_t mix(std::size_t hash, std::size_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15ULL + (hash >> 31);
}

// Which kind of answer: the rule and the backend when thorough, else only what is done with the request.
std::size_t kind_of(const AnswerSet& answers, const Request& request, bool thorough) {
  std::size_t hash = answers.any_of.size();
  for (const Answer& answer : answers.any_of) {
    hash = mix(hash, static_cast<std::size_t>(answer.status));
    hash = mix(hash, (answer.location.empty() ? 1U : 2U) + (answer.upstream_target == request.target ? 4U : 8U));
    hash = mix(hash, answer.backends.size());
    if (!thorough) continue;
    hash = mix(hash, std::hash<std::string>{}(answer.backend));
    if (answer.rule) hash = mix(mix(hash, answer.rule->span.begin), std::hash<std::string>{}(answer.rule->object));
  }
  return hash;
}

std::string first_reason(const AnswerSet& answers) {
  for (const Answer& answer : answers.any_of)
    if (!answer.unmodelled.empty()) return answer.unmodelled;
  return {};
}

std::size_t first_status(const AnswerSet& answers) {
  return answers.any_of.empty() ? 0 : static_cast<std::size_t>(answers.any_of.front().status);
}
std::string first_rule(const AnswerSet& answers) {
  if (answers.any_of.empty() || !answers.any_of.front().rule) return {};
  const route::RuleRef& rule = *answers.any_of.front().rule;
  return rule.object + "@" + std::to_string(rule.span.begin);
}

// Differences of one sort are told once, by their shortest request.
class Findings {
 public:
  // `plain`: the difference of the same request, plainly written. What shows nothing more than that is no other sort.
  void add(Counterexample&& found, const Counterexample* plain) {
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

  void write(HostReport& report, const Options& options) {
    for (auto& [key, found] : by_key_) report.counterexamples.push_back(std::move(found));
    auto& all = report.counterexamples;
    const auto rank = [](const Counterexample& c) {
      return std::tuple(!c.known.empty(), c.standing, !c.cause.empty());
    };
    std::stable_sort(all.begin(), all.end(), [](const Counterexample& a, const Counterexample& b) {
      return std::pair(a.impact, cost(a.request)) < std::pair(b.impact, cost(b.request));
    });
    std::size_t kept = 0;
    report.omitted = std::erase_if(
        all, [&](const Counterexample& c) { return c.cause.empty() && ++kept > options.counterexamples; });
    all.shrink_to_fit();
    std::stable_sort(all.begin(), all.end(), [&](const Counterexample& a, const Counterexample& b) {
      return std::tuple(rank(a), cost(a.request), a.impact) < std::tuple(rank(b), cost(b.request), b.impact);
    });
  }

 private:
  using Key = std::tuple<Aspect, Scheme, std::string, Difference, std::size_t, std::size_t, std::string, std::string,
                         std::string>;

  static bool written_plainly(Aspect aspect) { return aspect == Aspect::plain || aspect == Aspect::query; }

  // Plain requests and conditions are told a rule, what concerns every rule alike once, a cause once an aspect.
  static Key key_of(const Counterexample& found) {
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

  static bool same_effect(const Counterexample& plain, const Counterexample& found) {
    if (plain.difference == Difference::closed && found.difference == Difference::closed)
      return (first_status(plain.new_answer) == 0) == (first_status(found.new_answer) == 0);
    return plain.difference == found.difference && plain.impact == found.impact &&
           first_status(plain.old_answer) == first_status(found.old_answer) &&
           first_status(plain.new_answer) == first_status(found.new_answer) &&
           first_rule(plain.old_answer) == first_rule(found.old_answer) &&
           first_rule(plain.new_answer) == first_rule(found.new_answer);
  }

  std::map<Key, Counterexample> by_key_;
};

// All names that are reported under one pattern.
class HostCheck {
 public:
  HostCheck(const Side& old_side, const Side& new_side, HostReport& report, const Options& options, bool thorough)
      : old_(*old_side.model),
        new_(*new_side.model),
        old_boundaries_(old_side.boundaries),
        new_boundaries_(new_side.boundaries),
        report_(report),
        options_(options),
        thorough_(thorough) {}

  void check(const HostName& name, const SniNames& sni) {
    const PathClasses paths = path_classes(name.rows);
    const ExtraClasses extras = extra_classes(name.rows);
    for (const HostBoundaries* row : name.rows) sampled_.insert(row->sampled.begin(), row->sampled.end());
    sampled_.insert(paths.sampled.begin(), paths.sampled.end());
    sampled_.insert(extras.sampled.begin(), extras.sampled.end());
    if (!sni.complete)
      assumed_.insert(
          "a client that asks for one name in TLS and another in HTTP was tried with neighbouring names only");
    report_.classes += paths.classes * extras.all.size() * 2;
    every_path_ = thorough_ && paths.paths.size() <= thorough_paths;
    if (!every_path_)
      assumed_.insert("odd spellings of paths, hosts and queries were tried with one request of each kind of answer");
    seen_.clear();
    root_.reset();
    certificate_ = has_certificate(old_boundaries_, name.host);
    Request request;
    for (Scheme scheme : {Scheme::http, Scheme::https}) {
      request.scheme = scheme;
      request.host = name.host;
      request.sni.reset();
      if (scheme == Scheme::https) request.sni = name.host;
      for (const std::string& path : paths.paths) {
        std::optional<Counterexample> bare;  // the first of the extras adds nothing
        for (const Extras& extra : extras.all) {
          request.method = extra.method;
          request.headers = extra.headers;
          request.target = path;
          if (!extra.query.empty()) request.target += "?" + extra.query;
          std::optional<Counterexample> found = ask_plain(request, sni.names, bare ? &*bare : nullptr);
          if (&extra == &extras.all.front()) bare = std::move(found);
          if (bare && path == "/" && scheme == Scheme::http) root_ = bare;
        }
      }
      request.method = "GET";
      request.headers.clear();
      for (const std::string& path : paths.more) {
        request.target = path;
        ask_plain(request, sni.names, nullptr);
      }
    }
    ask_ports(name, paths);
    ask_protocol(name);
  }

  void finish() {
    findings_.write(report_, options_);
    report_.assumptions.assign(sampled_.begin(), sampled_.end());
    for (const Counterexample& found : report_.counterexamples)
      if (!found.known.empty())
        assumed_.insert("accepted: " + found.known);
      else if (found.standing)
        assumed_.insert("standing: " + std::string(found.cause));
    report_.assumptions.insert(report_.assumptions.end(), assumed_.begin(), assumed_.end());
    for (const std::string& note : attributes_) report_.assumptions.push_back("not proven: " + note);
    report_.verdict = !sampled_.empty()                           ? Verdict::tested
                      : !assumed_.empty() || !attributes_.empty() ? Verdict::proved_modulo
                                                                  : Verdict::proved;
  }

 private:
  // `bare`: what the same path without conditions showed. A request that differs by its method or header is told as
  // such; how else it may be written adds nothing.
  std::optional<Counterexample> ask_plain(const Request& request, const std::vector<std::string>& sni,
                                          const Counterexample* bare) {
    const bool plain = request.headers.empty() && request.method == "GET";
    Asked asked = ask(request, plain ? Aspect::plain : Aspect::headers, {}, bare);
    if (!plain && asked.found) return std::move(asked.found);
    const bool fresh = seen_.insert(mix(asked.kind, request.scheme == Scheme::https)).second;
    if (!fresh && !(plain && every_path_)) return std::move(asked.found);
    const Counterexample* difference = asked.found ? &*asked.found : nullptr;
    each_variant(request, sni, [&](const Request& variant, Aspect aspect, std::string_view detail) {
      ask(variant, aspect, detail, difference);
    });
    return std::move(asked.found);
  }

  // Listeners besides 80 and 443, with every class of paths, plainly written; the port stands in Host, as clients send
  // it.
  void ask_ports(const HostName& name, const PathClasses& paths) {
    std::set<std::pair<Scheme, std::uint16_t>> ports(old_boundaries_.ports.begin(), old_boundaries_.ports.end());
    ports.insert(new_boundaries_.ports.begin(), new_boundaries_.ports.end());
    Request request;
    for (const auto& [scheme, port] : ports) {
      request.scheme = scheme;
      request.port = port;
      request.host = name.host + ":" + std::to_string(port);
      request.sni.reset();
      if (scheme == Scheme::https) request.sni = name.host;
      for (const std::string& path : paths.paths) {
        request.target = path;
        ask(request, Aspect::plain, {}, nullptr);
      }
      report_.classes += paths.classes;
    }
  }

  void ask_protocol(const HostName& name) {
    Request request;
    request.host = name.host;
    request.http10 = true;
    ask(request, Aspect::protocol, "HTTP/1.0", root_ ? &*root_ : nullptr);
  }

  struct Asked {
    std::size_t kind = 0;  // of the pair of answers
    std::optional<Counterexample> found;
  };

  Asked ask(const Request& request, Aspect aspect, std::string_view detail, const Counterexample* plain) {
    AnswerSet before = old_.answer(request), after = new_.answer(request);
    ++report_.requests;
    if (options_.asked) options_.asked(request, aspect);
    Asked out{mix(kind_of(before, request, thorough_), kind_of(after, request, thorough_)), {}};
    note_attributes(before, after);
    const std::optional<Difference> difference = compare(before, after);
    if (!difference) return out;
    if (*difference == Difference::unmodelled) {
      note_unmodelled(request, std::move(before), std::move(after));
      return out;
    }
    const Impact meaning = impact(request, before, after, *difference);
    if (aspect != Aspect::path_spelling && only_letter_case(request, before, after)) {
      aspect = Aspect::path_spelling;
      detail = "letter case";
    }
    Counterexample found{request, aspect, detail, std::move(before), std::move(after), *difference, meaning, 1, {}, {}};
    found.certificate = certificate_;
    if (const Cause* shared = cause_of(report_.host, found)) found.cause = shared->name;
    found.standing = !options_.strict && standing(found);
    if (options_.known) found.known = options_.known(report_.host, found);
    out.found = found;
    findings_.add(std::move(found), plain);
    return out;
  }

  // The class of an expression that ignores letter case may be shown by a path in capitals. Where both sides agree on
  // its twin in small letters, and the old side treats them alike, nothing but the spelling makes the difference.
  bool only_letter_case(const Request& request, const AnswerSet& before, const AnswerSet& after) const {
    Request twin = request;
    const std::size_t end = std::min(twin.target.find('?'), twin.target.size());
    std::transform(twin.target.begin(), twin.target.begin() + static_cast<std::ptrdiff_t>(end), twin.target.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (twin.target == request.target) return false;
    const AnswerSet old_twin = old_.answer(twin), new_twin = new_.answer(twin);
    return !compare(old_twin, new_twin) && (first_rule(old_twin) == first_rule(before)) &&
           first_status(old_twin) == first_status(before) &&
           (first_rule(new_twin) != first_rule(after) || first_status(new_twin) != first_status(after));
  }

  void note_unmodelled(const Request& request, AnswerSet before, AnswerSet after) {
    const std::string reason = first_reason(before) + "|" + first_reason(after);
    if (!reasons_.insert(reason).second) return;
    report_.unmodelled.push_back({request,
                                  Aspect::plain,
                                  {},
                                  std::move(before),
                                  std::move(after),
                                  Difference::unmodelled,
                                  Impact::cosmetic,
                                  1,
                                  {},
                                  {}});
  }

  void note_attributes(const AnswerSet& before, const AnswerSet& after) {
    const auto has = [](const AnswerSet& answers) {
      return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                         [](const Answer& answer) { return !answer.attributes.empty(); });
    };
    if (attributes_.size() >= 20 || (!has(before) && !has(after))) return;
    const AttributeNotes notes = compare_attributes(before, after);
    attributes_.insert(notes.differing.begin(), notes.differing.end());
    attributes_.insert(notes.same.begin(), notes.same.end());
  }

  const route::Model& old_;
  const route::Model& new_;
  const Boundaries& old_boundaries_;
  const Boundaries& new_boundaries_;
  HostReport& report_;
  const Options& options_;
  bool thorough_, every_path_ = false, certificate_ = true;
  Findings findings_;
  std::optional<Counterexample> root_;  // what GET / showed
  std::set<std::string> sampled_, assumed_, attributes_, reasons_;
  std::unordered_set<std::size_t> seen_;
};

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
  return out + (request.http10 ? 8U : 0U) + (request.port != 0 ? 8U : 0U);
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

Report verify(const Side& old_side, const Side& new_side, const Options& options) {
  Report report;
  report.old_refused = old_side.model->refused();
  report.new_refused = new_side.model->refused();
  const std::vector<HostName> hosts = host_names(old_side.boundaries, new_side.boundaries);
  const std::vector<std::string> tls_names = all_tls_names(old_side, new_side, hosts);
  const bool thorough = hosts.size() <= thorough_hosts;
  Shortest shortest;
  for (std::size_t first = 0; first < hosts.size();) {
    HostReport& row = report.hosts.emplace_back();
    row.host = hosts[first].shown;
    HostCheck check(old_side, new_side, row, options, thorough);
    for (; first < hosts.size() && hosts[first].shown == row.host; ++first)
      if (report.old_refused.empty()) check.check(hosts[first], sni_names(hosts[first], tls_names));
    check.finish();
    if (options.examples_only) keep_examples(row, shortest);
    if (!options.measured && row.verdict == Verdict::proved) row.verdict = Verdict::proved_modulo;
    if (!options.measured)
      row.assumptions.push_back("the old controller behaves as its documentation says; it was not measured");
    if (options.progress) options.progress(first, hosts.size());
  }
  settle_verdicts(report);
  return report;
}

}  // namespace gw::verify
