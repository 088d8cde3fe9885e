// The set of answers that Gateway API v1.6 allows. Where the text is silent or says SHOULD, every reading is an answer:
// where RegularExpression ranks and whether it is anchored, whether a request falls through from a hostname or listener
// without a fitting rule, paths that are not canonical, encoded query values, and 421 for a name of another listener.
#include <algorithm>
#include <set>

#include "route/cors.h"
#include "route/profiles/flat.h"
#include "route/profiles/profiles.h"
#include "route/target.h"

namespace gw::route {
namespace {

std::string_view trimmed(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool covers(const std::string& pattern, const std::string& host) {
  if (pattern.empty() || pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::string_view suffix = std::string_view(pattern).substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}
std::pair<int, std::size_t> specificity(const std::string& pattern) {
  return {pattern.empty() ? 0 : pattern.starts_with("*.") ? 1 : 2, pattern.size()};
}

// How the open points are read in one pass.
struct Reading {
  std::string path;  // matched
  bool decode_query = true;
  bool any_header_line = true;
};

class SpecModel : public Model {
 public:
  SpecModel(const kube::Index& index, const Attachments& attachments) : flat_(flatten(index, attachments)) {}

  AnswerSet answer(const Request& request) const override {
    const ViewOf view(request);
    AnswerSet out;
    std::vector<const Listener*> candidates = listeners(*view);
    if (candidates.empty()) return {{no_answer("no listener takes the connection")}};
    const std::string host = host_of(view);
    if (const Listener* chosen = by_sni(candidates, *view)) misdirected(candidates, *chosen, host, out);
    for (const Reading& reading : readings(*view, out)) serve(candidates, *view, host, reading, out);
    return out;
  }

 private:
  static std::string host_of(const ViewOf& view) {
    std::string host = lower(split_host((*view).host).host);
    if (host.ends_with('.')) host.pop_back();
    return host;
  }

  // Listeners of the request's port, in no order.
  std::vector<const Listener*> listeners(const RequestView& request) const {
    const Protocol protocol = request.scheme == Scheme::https ? Protocol::https : Protocol::http;
    std::set<kube::Port> ports;
    for (const Listener& listener : flat_.listeners)
      if (listener.usable && listener.protocol == protocol) ports.insert(listener.port);
    const kube::Port usual = request.scheme == Scheme::https ? 443 : 80;
    kube::Port port = request.port;
    if (port == 0) port = ports.count(usual) || ports.empty() ? usual : *ports.begin();
    std::vector<const Listener*> out;
    for (const Listener& listener : flat_.listeners)
      if (listener.usable && listener.protocol == protocol && listener.port == port) out.push_back(&listener);
    return out;
  }

  static const Listener* best(const std::vector<const Listener*>& from, const std::string& host) {
    const Listener* found = nullptr;
    for (const Listener* listener : from)
      if (covers(listener->hostname, host) &&
          (!found || specificity(listener->hostname) > specificity(found->hostname)))
        found = listener;
    return found;
  }
  static const Listener* by_sni(const std::vector<const Listener*>& from, const RequestView& request) {
    return request.scheme == Scheme::https && request.sni ? best(from, lower(*request.sni)) : nullptr;
  }
  // "the Gateway SHOULD return a 421"; those that do not may route by Host, or know only the listener of the SNI.
  static void misdirected(const std::vector<const Listener*>& from, const Listener& chosen, const std::string& host,
                          AnswerSet& out) {
    const Listener* named = best(from, host);
    if (named == &chosen) return;
    add_answer(out, plain(named ? 421 : 404));
    if (named) add_answer(out, plain(404));
  }

  // The ways to read what the spec leaves open, for this request; a canonical one has a single reading.
  static std::vector<Reading> readings(const RequestView& request, AnswerSet& out) {
    const SplitTarget split = split_target(request.target);
    std::vector<std::string> paths;
    PathScratch scratch;
    const auto normal = match_path(split.path, scratch);
    if (normal) paths.emplace_back(*normal);
    if (!normal || *normal != split.path) add_answer(out, plain(400));
    if (split.path.starts_with('/') && (!normal || *normal != split.path)) paths.emplace_back(split.path);
    std::vector<Reading> all;
    const bool encoded = split.query.find_first_of("%+") != std::string_view::npos;
    std::set<std::string> names;
    bool repeated = false;
    for (const HeaderView& header : request.headers) repeated = !names.insert(lower(header.name)).second || repeated;
    for (const std::string& path : paths)
      for (const bool decode : {true, false})
        for (const bool lines : {true, false})
          if ((decode || encoded) && (lines || repeated)) all.push_back({path, decode, lines});
    return all;
  }

  enum class Fit : std::uint8_t { no, maybe, yes };

  Fit fits(const FlatMatch& match, const RequestView& request, const Reading& reading) const {
    Fit fit = Fit::yes;
    switch (match.type) {
      case PathType::exact:
        if (reading.path != percent_decode(match.path, false) && reading.path != match.path) return Fit::no;
        break;
      case PathType::prefix: {
        const std::string_view prefix = trimmed(match.path);
        if (!reading.path.starts_with(prefix) ||
            (reading.path.size() > prefix.size() && reading.path[prefix.size()] != '/'))
          return Fit::no;
        break;
      }
      case PathType::regex:
        if (!match.compiled || !RE2::PartialMatch(reading.path, *match.compiled)) return Fit::no;
        if (!RE2::FullMatch(reading.path, *match.compiled)) fit = Fit::maybe;
        break;
    }
    if (!match.method.empty() && match.method != request.method) return Fit::no;
    if (match.grpc && match.service.empty() && !match.grpc_method.empty() &&
        !reading.path.ends_with("/" + match.grpc_method))
      return Fit::no;
    const auto named = [&](const FlatNamed& condition, std::string_view value) {
      if (!route::fits(condition, value, false)) return false;
      if (condition.regex && !route::fits(condition, value, true)) fit = Fit::maybe;
      return true;
    };
    for (const FlatNamed& condition : match.headers)
      if (!header_fits(condition, request, reading, named)) return Fit::no;
    for (const FlatNamed& condition : match.query) {
      bool good = false;
      any_parameter(split_target(request.target).query, [&](std::string_view name, std::string_view value) {
        if ((reading.decode_query ? percent_decode(name, true) : std::string(name)) != condition.name) return false;
        good = named(condition, reading.decode_query ? percent_decode(value, true) : std::string(value));
        return true;
      });
      if (!good) return Fit::no;
    }
    return fit;
  }

  template <class Named>
  static bool header_fits(const FlatNamed& condition, const RequestView& request, const Reading& reading,
                          Named&& named) {
    if (equal_fold(condition.name, "host")) return named(condition, request.host);
    std::string joined;
    bool any = false, seen = false;
    for (const HeaderView& header : request.headers) {
      if (!equal_fold(header.name, condition.name)) continue;
      any = any || named(condition, header.value);
      joined += (seen ? "," : "") + std::string(header.value);
      seen = true;
    }
    return seen && (reading.any_header_line ? any : named(condition, joined));
  }

  // The spec's order among matches that are not regexes.
  auto order(std::size_t m) const {
    const FlatMatch& match = flat_.matches[m];
    const FlatRule& rule = flat_.rules[match.rule];
    return std::tuple(match.type != PathType::exact, -static_cast<long>(match.path.size()), match.method.empty(),
                      -static_cast<long>(match.headers.size()), -static_cast<long>(match.query.size()),
                      flat_.routes[rule.route].age_order, rule.rule, match.match);
  }

  void serve(const std::vector<const Listener*>& from, const RequestView& request, const std::string& host,
             const Reading& reading, AnswerSet& out) const {
    // Hostnames that cover the host, the most specific listener and name first.
    using Group = std::tuple<std::pair<int, std::size_t>, std::pair<int, std::size_t>, std::size_t, std::string>;
    std::set<Group, std::greater<>> groups;
    for (const Placement& placement : flat_.placements) {
      const Listener* listener = &flat_.listeners[placement.listener];
      if (std::find(from.begin(), from.end(), listener) == from.end() || !covers(placement.hostname, host)) continue;
      groups.insert(
          {specificity(listener->hostname), specificity(placement.hostname), placement.listener, placement.hostname});
    }
    bool certain = false;
    for (const auto& [listener_rank, host_rank, listener, name] : groups) {
      certain = serve_group(listener, name, request, reading, out);
      if (certain) break;
      add_answer(out, plain(404));  // those that do not fall through
    }
    if (!certain) add_answer(out, plain(404));
  }

  // True when some rule surely answers.
  bool serve_group(std::size_t listener, const std::string& name, const RequestView& request, const Reading& reading,
                   AnswerSet& out) const {
    std::vector<std::size_t> literal, regex;
    bool certain = false;
    for (const Placement& placement : flat_.placements) {
      if (placement.listener != listener || placement.hostname != name) continue;
      for (std::size_t m : flat_.routes[placement.route].matches) {
        if (flat_.rules[flat_.matches[m].rule].invalid_regex) continue;
        const Fit fit = fits(flat_.matches[m], request, reading);
        if (fit == Fit::no) continue;
        certain = certain || fit == Fit::yes;
        (flat_.matches[m].type == PathType::regex || fit == Fit::maybe ? regex : literal).push_back(m);
      }
    }
    const auto first =
        std::min_element(literal.begin(), literal.end(), [&](auto a, auto b) { return order(a) < order(b); });
    if (first != literal.end()) regex.push_back(*first);
    for (std::size_t m : regex) add_rule(flat_.matches[m], listener, request, out);
    return certain;
  }

  void add_rule(const FlatMatch& match, std::size_t listener, const RequestView& request, AnswerSet& out) const {
    const FlatRule& rule = flat_.rules[match.rule];
    if (!rule.action) return;
    const std::string prefix = match.type == PathType::prefix ? match.path : "";
    const Decision decision = execute(*rule.action, prefix, request, flat_.listeners[listener].port);
    for (Answer& answer : answers(decision, request).any_of) {
      if (answer.status == 204 && rule.action->cors && is_preflight(request)) add_answer(out, with_status(answer, 200));
      add_answer(out, answer);
      // A path that is not canonical may be forwarded as it is or cleaned.
      PathScratch scratch;
      const SplitTarget split = split_target(request.target);
      const auto normal = match_path(split.path, scratch);
      if (!normal || *normal == split.path || answer.backend_target != request.target) continue;
      answer.backend_target = scratch.clean + std::string(split.tail);
      add_answer(out, std::move(answer));
    }
  }
  static Answer with_status(Answer answer, int status) {
    answer.status = status;
    return answer;
  }

  Flat flat_;
};

}  // namespace

std::unique_ptr<Model> make_spec_core(const kube::Index& index, const Attachments& attachments) {
  return std::make_unique<SpecModel>(index, attachments);
}

}  // namespace gw::route
