#include "runtime/consent.h"

#include "runtime/worker.h"

namespace gw::runtime {
namespace {

constexpr seconds patience{5};
constexpr std::size_t longest_answer = 256 * 1024;

}  // namespace

Consent::~Consent() = default;

void Consent::ask(std::string_view body) {
  info_ = asker_->info();
  self_ = shared_from_this();
  exchange_ = worker_.new_exchange();
  const std::string text = question_of(service_, asker_->request, info_, body, exchange_->request);
  exchange_->start_own(*this, info_, *asker_, service_.backend, patience);
  if (exchange_ && !text.empty()) exchange_->request_body(text);
  if (exchange_) exchange_->request_end({});
}

void Consent::abandon() {
  asker_ = nullptr;
  if (!exchange_) return;
  exchange_->client_gone();
  exchange_finished();
}

void Consent::send_body(std::string_view bytes) {
  if (body_.size() + bytes.size() <= longest_answer && answer_ == Answer::partial)
    body_.append(bytes);
  else
    answer_ = Answer::too_long;
}

void Consent::send_end(const std::vector<HeaderView>& trailers) {
  for (const HeaderView& field : trailers) trailers_.emplace_back(field.name, field.value);
  if (answer_ == Answer::partial) answer_ = Answer::whole;
}

Verdict Consent::verdict() {
  Verdict none;
  none.status = 503;
  none.problem = exchange_->detail().empty() ? "the authorization service gave no complete answer"
                                             : "the authorization service cannot be asked";
  if (!exchange_->detail().empty() || answer_ == Answer::partial) return none;
  if (answer_ == Answer::too_long) body_.clear();
  std::vector<HeaderView> trailers;
  for (const auto& [name, value] : trailers_) trailers.push_back({name, value});
  return verdict_of(service_, exchange_->response, std::move(body_), trailers);
}

void Consent::exchange_finished() {
  if (!exchange_) return;
  Verdict found = asker_ ? verdict() : Verdict{};
  worker_.recycle(std::move(exchange_));
  if (self_) worker_.hold(std::move(self_));
  if (Exchange* asker = std::exchange(asker_, nullptr)) asker->judged(std::move(found));
}

// ---- whoever asks

// Asks the services one after the other, and goes on with `then` when all of them have consented.
void Exchange::admit(const std::vector<route::ExternalAuth>& services, void (Exchange::*then)()) {
  gate_ = std::make_unique<Gate>(Gate{services, then, nullptr});
  ask_next();
}

void Exchange::ask_next() {
  if (gate_->left.empty()) {
    const auto then = std::exchange(gate_, nullptr)->then;
    return (this->*then)();
  }
  const route::ExternalAuth& service = gate_->left.front();
  if (service.max_body && body_awaited(service.max_body)) return;
  gate_->asked = std::make_shared<Consent>(worker_, *this, service);
  arm();
  const auto asked = gate_->asked;
  asked->ask(service.max_body ? std::string_view(replay_) : std::string_view());
}

// Whether a service cannot be asked yet, because the body that it wants to see has not arrived; or not at all, because
// it is larger than what it takes.
bool Exchange::body_awaited(std::size_t most) {
  if (replay_.size() > most || (request.framing == Framing::length && request.length > most)) {
    reply(413, "the body is larger than the authorization service takes");
    return true;
  }
  if (request.framing == Framing::none || request_done_) return false;
  expect_body();
  arm();
  end_request_pause();
  return true;
}

void Exchange::judged(Verdict verdict) {
  if (finished_) return;
  moved_ = worker_.now();
  if (!verdict.problem.empty()) return reply(verdict.status, verdict.problem);
  if (!verdict.allowed) {
    response.clear();
    response.status = verdict.status;
    detail_ = "not authorized";
    change_kept(response, verdict.response);
    if (decision_.action && decision_.action->cors) cors_headers(*decision_.action->cors);
    return send_local({}, keep(std::move(verdict.body)));
  }
  change_kept(request, verdict.request);
  granted_response_.insert(granted_response_.end(), verdict.response.begin(), verdict.response.end());
  gate_->left = gate_->left.subspan(1);
  gate_->asked.reset();
  ask_next();
}

// The client may wait for this before it sends its body.
void Exchange::expect_body() {
  if (std::exchange(request.expect_continue, false)) client_->send_interim(100, {});
}

}  // namespace gw::runtime
