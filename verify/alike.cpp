#include "verify/alike.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "diag/ascii.h"
#include "verify/shape.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::Request;
using route::Scheme;

std::string in_capitals(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// Answers of one host without what is its own: its name, the names of its Services, the places of its rules.
class Nameless {
 public:
  Nameless(const std::string& host, Shape& out) : host_(host), out_(out) {}

  void add(const AnswerSet& answers, const Request& request) {
    out_.add(answers.any_of.size());
    for (const Answer& answer : answers.any_of) add(answer, request);
  }

 private:
  void add(const Answer& answer, const Request& request) {
    out_.add(static_cast<std::size_t>(answer.status));
    out_.add(names_.number(answer.backend));
    out_.add(static_cast<std::size_t>(answer.port));
    for (const route::WeightedBackend& row : answer.backends) {
      out_.add(names_.number(row.backend));
      out_.add(static_cast<std::size_t>(row.port));
      out_.add(row.weight);
    }
    if (answer.backend_target == request.target)
      out_.add(1);
    else
      text(answer.backend_target);
    for (const std::string* each : {&answer.backend_host, &answer.location, &answer.unmodelled}) text(*each);
    out_.add(answer.error.empty() ? 0 : 1);
    for (const std::string& each : answer.attributes) text(each);
    if (answer.effects)
      for (const route::Effect& effect : answer.effects->list) {
        out_.add(static_cast<std::size_t>(effect.kind));
        text(effect.what);
      }
    out_.add(answer.effects ? answer.effects->known : 0);
    if (answer.rule) out_.add(names_.number(answer.rule->object + "@" + std::to_string(answer.rule->span.begin)));
  }

  void text(std::string_view text) {
    for (std::size_t at = text.find(host_); at != text.npos; at = text.find(host_)) {
      out_.add(text.substr(0, at));
      text.remove_prefix(at + host_.size());
    }
    out_.add(text);
  }

  const std::string& host_;
  Shape& out_;
  Numbered names_;
};

// The request of another host in the words of this one; empty when it names neither.
std::optional<Request> translated(Request request, const HostName& first, const SniNames& first_sni,
                                  const HostName& name, const SniNames& sni) {
  const std::string old_capitals = in_capitals(first.host);
  if (request.host.starts_with(first.host))
    request.host = name.host + request.host.substr(first.host.size());
  else if (request.host.starts_with(old_capitals))
    request.host = in_capitals(name.host) + request.host.substr(old_capitals.size());
  else
    return std::nullopt;
  if (!request.sni || request.sni->empty()) return request;
  if (*request.sni == first.host) {
    request.sni = name.host;
    return request;
  }
  const auto at = std::find(first_sni.names.begin(), first_sni.names.end(), *request.sni);
  if (at == first_sni.names.end()) return std::nullopt;
  request.sni = sni.names[static_cast<std::size_t>(at - first_sni.names.begin())];
  return request;
}

}  // namespace

std::optional<std::size_t> shape_of(const HostName& name, const SniNames& sni, bool certificate) {
  if (name.shown != name.host) return std::nullopt;
  Shape out;
  Numbered services;
  bool own = false;
  for (const HostBoundaries* row : name.rows) {
    if (row->host != name.host || row->regex) {
      out.add(reinterpret_cast<std::uintptr_t>(row));
      continue;
    }
    if (row->shape == 0) return std::nullopt;
    own = true;
    out.add(row->shape);
    for (const std::string& service : row->services) out.add(services.number(service));
  }
  if (!own) return std::nullopt;
  out.add(sni.names.size());
  out.add(sni.complete ? 1 : 0);
  out.add(certificate ? 1 : 0);
  return out.value();
}

std::size_t plain_answers(const Inquiry& inquiry, const HostName& name, const SniNames& sni, std::size_t& asked) {
  const std::shared_ptr<const Classes> classes = inquiry.classes.of(name.rows);
  Shape out;
  Nameless nameless(name.host, out);
  const auto ask = [&](const Request& request) {
    nameless.add(inquiry.old_side.answer(request), request);
    nameless.add(inquiry.new_side.answer(request), request);
    ++asked;
  };
  Request request;
  request.host = name.host;
  for (Scheme scheme : {Scheme::http, Scheme::https}) {
    request.scheme = scheme;
    if (scheme == Scheme::https) request.sni = name.host;
    for (const auto* paths : {&classes->paths.paths, &classes->paths.more})
      for (const std::string& path : *paths) {
        request.target = path;
        ask(request);
      }
  }
  for (const Boundaries* side : {&inquiry.old_boundaries, &inquiry.new_boundaries})
    for (const auto& [scheme, port] : side->ports) {
      Request other;
      other.scheme = scheme;
      other.port = port;
      other.host = name.host + ":" + std::to_string(port);
      if (scheme == Scheme::https) other.sni = name.host;
      for (const std::string& path : classes->paths.paths) {
        other.target = path;
        ask(other);
      }
    }
  request.target = classes->paths.paths.empty() ? "/" : classes->paths.paths.back();
  for (const std::string& other : sni.names) {
    request.sni = other;
    ask(request);
  }
  return out.value();
}

bool follow(const Inquiry& inquiry, const HostName& first, const SniNames& first_sni, const HostReport& of,
            const HostName& name, const SniNames& sni, HostReport& row) {
  row.verdict = of.verdict;
  row.assumptions = of.assumptions;
  row.classes = of.classes;
  row.omitted = of.omitted;
  for (const auto& [from, to] :
       {std::pair(&of.counterexamples, &row.counterexamples), std::pair(&of.unmodelled, &row.unmodelled)}) {
    to->reserve(from->size());
    for (const Counterexample& known : *from) {
      const std::optional<Request> request = translated(known.request, first, first_sni, name, sni);
      if (!request) return false;
      ++row.requests;
      std::optional<Counterexample> found = judge(inquiry, row.host, *request, known.aspect, known.detail,
                                                  has_certificate(inquiry.old_boundaries, name.host),
                                                  inquiry.old_side.answer(*request), inquiry.new_side.answer(*request));
      const bool same = found && found->difference == known.difference && found->impact == known.impact &&
                        found->cause == known.cause && found->known == known.known && found->standing == known.standing;
      if (!same) return false;
      found->alike = known.alike;
      to->push_back(std::move(*found));
    }
  }
  return true;
}

}  // namespace gw::verify
