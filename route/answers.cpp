#include "route/answers.h"

#include <algorithm>
#include <tuple>

#include "route/target.h"

namespace gw::route {
namespace {

std::string text(const HeaderChange& change) {
  switch (change.op) {
    case HeaderChange::Op::set:
      return "set:" + lower(change.name) + ":" + change.value;
    case HeaderChange::Op::add:
      return "add:" + lower(change.name) + ":" + change.value;
    case HeaderChange::Op::remove:
      return "remove:" + lower(change.name);
  }
  return {};
}

std::string milliseconds(std::chrono::milliseconds value) {
  return std::to_string(value.count()) + "ms";
}

int status_of(BackendState state) {
  switch (state) {
    case BackendState::ready:
      return 200;
    case BackendState::no_endpoints:
      return 503;
    case BackendState::invalid:
      return 500;
  }
  return 500;
}

Answer backend_answer(const Backend& backend, const Decision& decision, const RequestView& request) {
  const Decision refined = refine(decision, backend, request);
  Answer answer = plain(status_of(backend.state));
  if (refined.kind == Decision::Kind::redirect) {
    answer.status = refined.status;
    answer.location = refined.location;
    return answer;
  }
  if (backend.state != BackendState::ready) return answer;
  if (backend.tls && !backend.tls->valid) return plain(500);
  answer.backend_target = refined.target.empty() ? std::string(request.target) : refined.target;
  answer.backend_host = refined.host.empty() ? std::string(request.host) : refined.host;
  return answer;
}

}  // namespace

ViewOf::ViewOf(const Request& request) {
  headers_.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) headers_.push_back({name, value});
  view_.scheme = request.scheme;
  view_.method = request.method;
  view_.host = request.host;
  view_.target = request.target;
  view_.headers = headers_;
  if (request.scheme == Scheme::https) {
    if (!request.sni)
      view_.sni = split_host(request.host).host;
    else if (!request.sni->empty())
      view_.sni = *request.sni;
  }
  view_.port = request.port;
  view_.http10 = request.http10;
}

Answer plain(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}
Answer no_answer(std::string why) {
  Answer answer;
  answer.error = std::move(why);
  return answer;
}
Answer unmodelled(std::string why) {
  Answer answer;
  answer.unmodelled = std::move(why);
  return answer;
}
RuleRef rule_ref(const Source& source) {
  return {source.kind + " " + source.object.display(), source.span};
}

std::vector<std::string> attributes(const Action& action) {
  std::vector<std::string> out;
  if (action.request_timeout) out.push_back("request-timeout=" + milliseconds(*action.request_timeout));
  if (action.backend_timeout) out.push_back("backend-timeout=" + milliseconds(*action.backend_timeout));
  if (action.retry) out.push_back("retry=" + std::to_string(action.retry->attempts));
  if (action.session) out.push_back(std::string("session=") + (action.session->header ? "header" : "cookie"));
  if (action.cors) out.push_back("cors=on");
  for (const HeaderChange& change : action.request_headers) out.push_back("request-header=" + text(change));
  for (const HeaderChange& change : action.response_headers) out.push_back("response-header=" + text(change));
  for (const Mirror& mirror : action.mirrors) out.push_back("mirror=" + mirror.backend.service.display());
  std::sort(out.begin(), out.end());
  return out;
}

bool same(const Answer& a, const Answer& b) {
  const auto key = [](const Answer& x) {
    return std::tie(x.status, x.backend, x.port, x.backend_target, x.backend_host, x.location, x.unmodelled);
  };
  return key(a) == key(b) && a.error.empty() == b.error.empty() && a.backends == b.backends;
}

void add_answer(AnswerSet& set, Answer answer) {
  if (std::none_of(set.any_of.begin(), set.any_of.end(), [&](const Answer& seen) { return same(seen, answer); }))
    set.any_of.push_back(std::move(answer));
}

AnswerSet answers(const Decision& decision, const RequestView& request) {
  const auto finish = [&](Answer answer) {
    if (decision.action) {
      answer.rule = rule_ref(decision.action->source);
      answer.attributes = attributes(*decision.action);
      if (!decision.action->broken.empty()) answer.notes.push_back(decision.action->broken);
    }
    return answer;
  };
  AnswerSet out;
  if (decision.kind == Decision::Kind::redirect) {
    Answer answer = plain(decision.status);
    answer.location = decision.location;
    out.any_of.push_back(finish(std::move(answer)));
    return out;
  }
  if (decision.kind == Decision::Kind::respond) {
    Answer answer = finish(plain(decision.status));
    if (decision.action)
      for (const Backend& backend : decision.action->backends)
        if (!backend.why.empty() && backend.weight > 0) answer.notes.push_back(backend.why);
    out.any_of.push_back(std::move(answer));
    return out;
  }
  // One answer a distinct outcome; the backends that share it are listed with their weights.
  std::size_t weighted = 0;
  for (const Backend& backend : decision.action->backends) weighted += backend.weight > 0;
  for (const Backend& backend : decision.action->backends) {
    if (backend.weight == 0) continue;
    Answer answer = finish(backend_answer(backend, decision, request));
    if (!backend.why.empty()) answer.notes.push_back(backend.why);
    const WeightedBackend entry{backend.service.display(), backend.port, backend.weight};
    auto shared = std::find_if(out.any_of.begin(), out.any_of.end(), [&](const Answer& seen) {
      return std::tie(seen.status, seen.backend_target, seen.backend_host, seen.location) ==
             std::tie(answer.status, answer.backend_target, answer.backend_host, answer.location);
    });
    if (shared == out.any_of.end()) shared = out.any_of.insert(out.any_of.end(), std::move(answer));
    if (weighted > 1)
      shared->backends.push_back(entry);
    else if (backend.state == BackendState::ready && shared->location.empty() && shared->status == 200)
      std::tie(shared->backend, shared->port) = std::tie(entry.backend, entry.port);
  }
  for (Answer& answer : out.any_of)
    if (answer.backends.size() == 1 && answer.status == 200)
      std::tie(answer.backend, answer.port) = std::tie(answer.backends[0].backend, answer.backends[0].port);
  return out;
}

}  // namespace gw::route
