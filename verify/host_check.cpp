#include "verify/host_check.h"

#include <algorithm>
#include <utility>

#include "route/network.h"
#include "verify/causes.h"
#include "verify/variants.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::Request;
using route::Scheme;

// Up to this many paths of a host each class of them is tried with every way of writing a request; beyond, one for each
// kind of answer.
constexpr std::size_t thorough_paths = 100;

constexpr std::size_t kept_classes = 256;  // of hosts that have no boundaries in common

std::size_t mix(std::size_t hash, std::size_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15ULL + (hash >> 31);
}

// Which kind of answer: the rule and the backend when thorough, else only what is done with the request.
std::size_t kind_of(const AnswerSet& answers, const Request& request, bool thorough) {
  std::size_t hash = answers.any_of.size();
  for (const Answer& answer : answers.any_of) {
    hash = mix(hash, static_cast<std::size_t>(answer.status));
    hash = mix(hash, (answer.location.empty() ? 1U : 2U) + (answer.backend_target == request.target ? 4U : 8U));
    hash = mix(hash, answer.backends.size());
    if (!thorough) continue;
    hash = mix(hash, std::hash<std::string>{}(answer.backend));
    if (answer.rule) hash = mix(mix(hash, answer.rule->span.begin), std::hash<std::string>{}(answer.rule->object));
  }
  return hash;
}

// The networks of an answer's allow lists (in `allow`) and deny lists.
route::AddressRule address_rule(const AnswerSet& answers) {
  route::AddressRule out;
  const auto read = [](std::string_view list, std::vector<route::Network>& to) {
    for (std::size_t end = 0; !list.empty(); list.remove_prefix(std::min(end + 1, list.size()))) {
      end = std::min(list.find(','), list.size());
      if (const auto network = route::parse_network(list.substr(0, end))) to.push_back(*network);
    }
  };
  for (const Answer& answer : answers.any_of)
    for (const route::Effect& effect : answer.effects ? answer.effects->list : std::vector<route::Effect>()) {
      if (effect.kind != route::Effect::Kind::guard) continue;
      const std::string_view what = effect.what;
      if (what.starts_with("allow ")) read(what.substr(6), out.allow ? *out.allow : out.allow.emplace());
      if (what.starts_with("deny ")) read(what.substr(5), out.deny);
    }
  return out;
}

// An address that the lists of both answers let in, where one of them refuses the request's own: what stands behind a
// list is compared, too. Empty: there is none, or no list refused.
std::string insider_of(const AnswerSet& before, const AnswerSet& after) {
  const auto refused = [](const AnswerSet& answers) {
    return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                       [](const Answer& answer) { return answer.status == 403 && answer.effects; });
  };
  if (!refused(before) && !refused(after)) return {};
  const route::AddressRule old_rule = address_rule(before), new_rule = address_rule(after);
  for (const route::AddressRule* rule : {&old_rule, &new_rule})
    for (const route::Network& network : rule->allow.value_or(std::vector<route::Network>())) {
      const std::string address = route::address_inside(network);
      const auto client = route::parse_network(address);
      if (client && old_rule.admits(*client) && new_rule.admits(*client)) return address;
    }
  return {};
}

std::string first_reason(const AnswerSet& answers) {
  for (const Answer& answer : answers.any_of)
    if (!answer.unmodelled.empty()) return answer.unmodelled;
  return {};
}

// Everything that the classes are made of, as one text.
std::string boundaries_text(const std::vector<const HostBoundaries*>& rows) {
  std::string out;
  const auto add = [&](std::string_view text) { out.append(text).push_back('\0'); };
  const auto add_regexes = [&](const std::vector<PathRegex>& list) {
    for (const PathRegex& regex : list) add(regex.pattern), add(regex.re2 ? "2" : "p");
    add("");
  };
  const auto add_texts = [&](const std::vector<std::string>& list) {
    for (const std::string& text : list) add(text);
    add("");
  };
  const auto add_named = [&](const std::vector<NamedValues>& list) {
    for (const NamedValues& named : list) {
      add(named.name);
      add_texts(named.values);
      add_regexes(named.expressions);
    }
    add("");
  };
  for (const HostBoundaries* row : rows) {
    add_texts(row->paths);
    add_regexes(row->regexes);
    for (const auto* named : {&row->headers, &row->cookies, &row->queries}) add_named(*named);
    for (const auto* texts : {&row->preflights, &row->methods, &row->sampled}) add_texts(*texts);
  }
  return out;
}

}  // namespace

std::shared_ptr<const Classes> ClassCache::of(const std::vector<const HostBoundaries*>& rows) {
  std::string key = boundaries_text(rows);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
  }
  auto made = std::make_shared<Classes>(Classes{path_classes(rows), extra_classes(rows), {}});
  std::set<std::string> sampled(made->paths.sampled.begin(), made->paths.sampled.end());
  sampled.insert(made->extras.sampled.begin(), made->extras.sampled.end());
  for (const HostBoundaries* row : rows) sampled.insert(row->sampled.begin(), row->sampled.end());
  made->sampled.assign(sampled.begin(), sampled.end());
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kept_classes) known_.clear();
  known_.emplace(std::move(key), made);
  return made;
}

void HostCheck::check(const HostName& name, const SniNames& sni) {
  const std::shared_ptr<const Classes> classes = inquiry_.classes.of(name.rows);
  const PathClasses& paths = classes->paths;
  const ExtraClasses& extras = classes->extras;
  sampled_.insert(classes->sampled.begin(), classes->sampled.end());
  if (!sni.complete)
    assumed_.insert(
        "a client that asks for one name in TLS and another in HTTP was tried with neighbouring names only");
  report_.classes += paths.classes * extras.all.size() * 2;
  every_path_ = inquiry_.thorough && paths.paths.size() <= thorough_paths;
  if (!every_path_)
    assumed_.insert("odd spellings of paths, hosts and queries were tried with one request of each kind of answer");
  seen_.clear();
  root_.reset();
  certificate_ = has_certificate(inquiry_.old_boundaries, name.host);
  Request request;
  for (Scheme scheme : {Scheme::http, Scheme::https}) {
    request.scheme = scheme;
    request.port = plain_port(scheme, inquiry_.old_boundaries, inquiry_.new_boundaries);
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
        if (&extra == &extras.all.front()) {
          bare = std::move(found);
          if (bare && path == "/" && scheme == Scheme::http) root_ = bare;
        }
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

// Listeners besides 80 and 443, with every class of paths, plainly written; the port stands in Host, as clients send
// it.
void HostCheck::ask_ports(const HostName& name, const PathClasses& paths) {
  std::set<std::pair<Scheme, std::uint16_t>> ports(inquiry_.old_boundaries.ports.begin(),
                                                   inquiry_.old_boundaries.ports.end());
  ports.insert(inquiry_.new_boundaries.ports.begin(), inquiry_.new_boundaries.ports.end());
  Request request;
  for (const auto& [scheme, port] : ports) {
    request.scheme = scheme;
    request.port = port;
    request.host = name.host + ":" + std::to_string(port);
    request.sni.reset();
    if (scheme == Scheme::https) request.sni = name.host;
    for (const std::string& path : paths.paths) {
      request.target = path;
      ask(request, Aspect::plain, {}, nullptr, false);
    }
    report_.classes += paths.classes;
  }
}

void HostCheck::finish() {
  findings_.write(report_, inquiry_.options);
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

// `bare`: what the same path without conditions showed. A request that differs by its method or header is told as
// such; how else it may be written adds nothing.
std::optional<Counterexample> HostCheck::ask_plain(const Request& request, const std::vector<std::string>& sni,
                                                   const Counterexample* bare) {
  const bool plain = request.headers.empty() && request.method == "GET";
  Asked asked = ask(request, plain ? Aspect::plain : Aspect::headers, {}, bare, true);
  if (!asked.insider.empty()) {
    Request inside = request;
    inside.client = asked.insider;
    std::optional<Counterexample> behind = ask_plain(inside, sni, asked.found ? &*asked.found : bare);
    if (!asked.found) asked.found = std::move(behind);
  }
  if (!plain && asked.found) return std::move(asked.found);
  const bool fresh = seen_.insert(mix(asked.kind, request.scheme == Scheme::https)).second;
  if (!fresh && !(plain && every_path_)) return std::move(asked.found);
  const Counterexample* difference = asked.found ? &*asked.found : nullptr;
  each_variant(request, sni, [&](const Request& variant, Aspect aspect, std::string_view detail) {
    ask(variant, aspect, detail, difference, false);
  });
  return std::move(asked.found);
}

void HostCheck::ask_protocol(const HostName& name) {
  Request request;
  request.host = name.host;
  request.http10 = true;
  ask(request, Aspect::protocol, "HTTP/1.0", root_ ? &*root_ : nullptr, false);
}

HostCheck::Asked HostCheck::ask(const Request& request, Aspect aspect, std::string_view detail,
                                const Counterexample* plain, bool keep) {
  AnswerSet before = inquiry_.old_side.answer(request), after = inquiry_.new_side.answer(request);
  ++report_.requests;
  if (inquiry_.options.asked) inquiry_.options.asked(request, aspect);
  Asked out{mix(kind_of(before, request, inquiry_.thorough), kind_of(after, request, inquiry_.thorough)), {}, {}};
  if (request.client.empty()) out.insider = insider_of(before, after);
  note_attributes(before, after);
  std::optional<Counterexample> found =
      judge(inquiry_, report_.host, request, aspect, detail, certificate_, std::move(before), std::move(after));
  if (!found) return out;
  // Lists that differ are told where they refuse.
  if (found->difference == Difference::guard && !request.client.empty()) return out;
  if (found->difference == Difference::unmodelled) {
    note_unmodelled(std::move(*found));
    return out;
  }
  if (keep) out.found = *found;
  findings_.add(std::move(*found), plain);
  return out;
}

// The class of an expression that ignores letter case may be shown by a path in capitals. Where both sides agree on
// its twin in small letters, and the old side treats them alike, nothing but the spelling makes the difference.
static bool only_letter_case(const Inquiry& inquiry, const Request& request, const AnswerSet& before,
                             const AnswerSet& after) {
  Request twin = request;
  const std::size_t end = std::min(twin.target.find('?'), twin.target.size());
  std::transform(twin.target.begin(), twin.target.begin() + static_cast<std::ptrdiff_t>(end), twin.target.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (twin.target == request.target) return false;
  const AnswerSet old_twin = inquiry.old_side.answer(twin), new_twin = inquiry.new_side.answer(twin);
  return !compare(old_twin, new_twin) && (first_rule(old_twin) == first_rule(before)) &&
         first_status(old_twin) == first_status(before) &&
         (first_rule(new_twin) != first_rule(after) || first_status(new_twin) != first_status(after));
}

std::optional<Counterexample> judge(const Inquiry& inquiry, std::string_view row, const Request& request, Aspect aspect,
                                    std::string_view detail, bool certificate, AnswerSet&& before, AnswerSet&& after) {
  const std::optional<Difference> difference = compare(before, after);
  if (!difference) return std::nullopt;
  if (*difference == Difference::unmodelled)
    return Counterexample{
        request, Aspect::plain, {}, std::move(before), std::move(after), *difference, Impact::cosmetic, 1, {}, {}};
  const Impact meaning = impact(request, before, after, *difference);
  if (aspect != Aspect::path_spelling && only_letter_case(inquiry, request, before, after)) {
    aspect = Aspect::path_spelling;
    detail = "letter case";
  }
  Counterexample found{request, aspect, detail, std::move(before), std::move(after), *difference, meaning, 1, {}, {}};
  found.certificate = certificate;
  if (const Cause* shared = cause_of(row, found)) found.cause = shared->name;
  found.standing = !inquiry.options.strict && standing(found);
  if (inquiry.options.known) {
    const std::lock_guard lock(inquiry.known_mutex);
    found.known = inquiry.options.known(row, found);
  }
  return found;
}

void HostCheck::note_unmodelled(Counterexample&& found) {
  const std::string reason = first_reason(found.old_answer) + "|" + first_reason(found.new_answer);
  if (reasons_.insert(reason).second) report_.unmodelled.push_back(std::move(found));
}

void HostCheck::note_attributes(const AnswerSet& before, const AnswerSet& after) {
  const auto has = [](const AnswerSet& answers) {
    return std::any_of(answers.any_of.begin(), answers.any_of.end(),
                       [](const Answer& answer) { return !answer.attributes.empty(); });
  };
  if (attributes_.size() >= 20 || (!has(before) && !has(after))) return;
  std::size_t both = 0;
  for (const AnswerSet* answers : {&before, &after}) {
    for (const Answer& answer : answers->any_of)
      for (const std::string& attribute : answer.attributes) both = mix(both, std::hash<std::string>{}(attribute));
    both = mix(both, 1);
  }
  if (!noted_.insert(both).second) return;
  const AttributeNotes notes = compare_attributes(before, after);
  attributes_.insert(notes.differing.begin(), notes.differing.end());
  attributes_.insert(notes.same.begin(), notes.same.end());
}

}  // namespace gw::verify
