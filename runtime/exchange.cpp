// Why an exchange is the middle between two connections, and not a part of one of them.
//
// A request can outlive the backend that it was sent to (a retry), and a backend's connection can outlive the request
// that it carried (the pool); HTTP/1 and HTTP/2 meet on either side. So the exchange knows neither protocol: it sees a
// ClientSide and a BackendSide, and both of them see an Exchange. All that depends on the rule that was chosen is
// decided here, once.
//
// Its life: start() asks the routing table. Authorization services of the listener come first and may change what the
// table is asked with; then those of the rule; then a backend is drawn by weight, and those of the backend. Only then
// are headers changed, mirrors started and a connection opened. What gwctl answers itself leaves at any of these steps
// by reply().
//
// A try can be repeated as long as nothing of an answer was passed on and the whole request so far is at hand: the body
// is kept in replay_ until it outgrows its limit. A failure to connect, and of an idempotent
// request a pooled connection that closed under it, are repeated unasked; others only as the rule's retry policy says.
//
// Either side may be slower than the other. Who is to wait is asked (takes_request, takes_response) and later told; the
// pause itself is state of the one who waits (runtime/outbox.h).
//
// Any call to a connection may end this exchange before it returns. That is why what follows such a call is a return,
// or a look at finished_, and why the worker keeps an ended exchange until the batch of events is done
// (runtime/worker.h).
#include "runtime/exchange.h"

#include <algorithm>
#include <charconv>

#include "route/cors.h"
#include "runtime/consent.h"
#include "runtime/header_changes.h"
#include "runtime/mirror.h"
#include "runtime/session.h"
#include "runtime/tap.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {

constexpr seconds streaming_idle{300};

}  // namespace

Exchange::Exchange(Worker& worker) : worker_(worker), timer_(*this) {}
Exchange::~Exchange() {
  drop_backend();
}

void Exchange::reset() {
  request.clear();
  response.clear();
  client_ = nullptr;
  backend_side_ = nullptr;
  info_ = nullptr;
  generation_.reset();
  decision_ = {};
  backend_ = nullptr;
  resolved_ = nullptr;
  endpoint_ = nullptr;
  stats_ = nullptr;
  timer_.disarm();
  sticky_.reset();
  request_deadline_.reset();
  attempt_deadline_.reset();
  status_ = 0;
  tries_ = retries_ = 0;
  bytes_in_ = bytes_out_ = 0;
  replay_.clear();
  if (replay_.capacity() > 4096) std::string().swap(replay_);
  if (request.text.capacity() > 16384) std::string().swap(request.text);
  if (response.text.capacity() > 16384) std::string().swap(response.text);
  kept_.clear();
  mirrors_.clear();
  gate_.reset();
  granted_response_.clear();
  tapped_.reset();
  detail_ = asked_target_ = {};
  request_pause_.forget();
  request_done_ = head_sent_ = finished_ = cors_asked_ = waiting_ = own_ = fresh_only_ = tunnel_ = false;
  replayable_ = true;
}

std::string_view Exchange::keep(std::string text) {
  return kept_.emplace_front(std::move(text));
}

std::string Exchange::endpoint_text() const {
  return endpoint_ ? endpoint_->text : std::string();
}

// ---- from the client

void Exchange::start(ClientSide& client, const ClientInfo& info) {
  client_ = &client;
  info_ = &info;
  started_ = moved_ = worker_.now();
  generation_ = worker_.generation();
  worker_.stats().requests_open.add();
  if (info.site->handler) {
    if (request.framing == Framing::none) return answer_here();
    replayable_ = false;  // the body is read and forgotten
    if (request.expect_continue) client.send_interim(100, {});
    return arm();
  }
  if (auto limit = worker_.limits().max_body; limit && request.framing == Framing::length && request.length > limit)
    return reply(413, "the body is larger than allowed");
  if ((request.method == "OPTIONS" || request.method == "TRACE") && !count_forward()) {
    response.clear();
    response.status = request.method == "OPTIONS" ? 200 : 405;
    return send_local({}, {});
  }
  route();
}

// Max-Forwards (RFC 9110, 7.6.2). False: the request ends here.
bool Exchange::count_forward() {
  for (HeaderView& field : request.fields) {
    if (!same_name(field.name, "max-forwards")) continue;
    unsigned left = 0;
    auto [at, error] = std::from_chars(field.value.data(), field.value.data() + field.value.size(), left);
    if (error != std::errc() || at != field.value.data() + field.value.size()) return true;  // not a number: ignored
    if (!left) return false;
    field.value = keep(std::to_string(left - 1));
  }
  return true;
}

route::RequestView Exchange::view() const {
  route::RequestView view;
  view.scheme = info_->secure ? route::Scheme::https : route::Scheme::http;
  view.method = request.method;
  view.host = request.authority;
  view.target = request.target;
  view.headers = request.fields;
  if (!info_->sni.empty()) view.sni = info_->sni;
  view.port = static_cast<std::uint16_t>(info_->site->port);
  view.http10 = request.http10;
  return view;
}

void Exchange::route() {
  const route::Table* table = generation_->config->table.get();
  if (!table) return reply(404, "no routes are loaded");
  decision_ = table->decide(view(), info_->site->gateway());
  if (decision_.listener && !decision_.listener->auth.empty())
    return admit(decision_.listener->auth, &Exchange::route_again);
  act();
}

// The listener's services may have changed the fields that routes match on.
void Exchange::route_again() {
  decision_ = generation_->config->table->decide(view(), info_->site->gateway());
  act();
}

void Exchange::act() {
  const route::Action* action = decision_.action;
  if (decision_.kind == route::Decision::Kind::respond) {
    if (decision_.status < 300) return preflight();
    return reply(decision_.status, action ? "the rule cannot be applied" : "no route matches");
  }
  cors_asked_ = action->cors && request.has("origin");
  if (action->request_timeout) request_deadline_ = started_ + *action->request_timeout;
  if (action->auth.empty()) return carry_out();
  admit(action->auth, &Exchange::carry_out);
}

void Exchange::carry_out() {
  if (decision_.kind == route::Decision::Kind::redirect) return redirect(decision_.status, decision_.location);
  forward(*decision_.action);
}

void Exchange::forward(const route::Action& action) {
  if (!action.broken.empty()) return reply(500, "the rule is broken");
  auto sticky = action.session ? find_session(*action.session, request, action) : Sticky{};
  backend_ = sticky.backend ? sticky.backend : route::pick(action, worker_.ticket());
  if (!backend_ || backend_->state == route::BackendState::invalid) return reply(500, "the backend is not valid");
  if (backend_->tls && !backend_->tls->valid) return reply(500, "the BackendTLSPolicy is not valid");
  sticky_ = std::move(sticky.endpoint);
  if (backend_->auth.empty()) return forward_to_backend();
  admit(backend_->auth, &Exchange::forward_to_backend);
}

void Exchange::forward_to_backend() {
  const route::Action& action = *decision_.action;
  if (backend_->redirect || backend_->rewrite) decision_ = route::refine(std::move(decision_), *backend_, view());
  if (decision_.kind == route::Decision::Kind::redirect) return redirect(decision_.status, decision_.location);
  if (backend_->state == route::BackendState::no_endpoints) return reply(503, "the Service has no ready endpoints");
  prepare_request(action);
  if (worker_.tap()) tap_request();
  expect_body();
  start_mirrors(action.mirrors);
  start_mirrors(backend_->mirrors);
  connect();
  arm();
}

void Exchange::prepare_request(const route::Action& action) {
  asked_target_ = request.target;
  if (!decision_.target.empty()) request.target = decision_.target;
  std::string_view asked_host = request.authority;
  if (!decision_.host.empty()) request.authority = decision_.host;
  forward_headers(asked_host);
  change_headers(request, action.request_headers);
  change_headers(request, backend_->request_headers);
}

// X-Forwarded-For is appended to, the others say what this hop saw.
void Exchange::forward_headers(std::string_view asked_host) {
  std::string_view address = info_->ip;
  std::size_t given = 0;
  for (const HeaderView& f : request.fields) given += f.name.size() == 15 && same_name(f.name, "x-forwarded-for");
  if (given) {
    std::string list;
    for (const HeaderView& f : request.fields)
      if (same_name(f.name, "x-forwarded-for")) list.append(f.value).append(", ");
    request.remove("x-forwarded-for");
    address = keep(list.append(info_->ip));
  }
  std::erase_if(request.fields, [](const HeaderView& f) {
    return (f.name.size() == 17 && same_name(f.name, "x-forwarded-proto")) ||
           (f.name.size() == 16 && same_name(f.name, "x-forwarded-host"));
  });
  request.fields.push_back({"X-Forwarded-For", address});
  request.fields.push_back({"X-Forwarded-Proto", info_->secure ? "https" : "http"});
  if (!asked_host.empty()) request.fields.push_back({"X-Forwarded-Host", asked_host});
}

void Exchange::join_cookies() {
  std::string all;
  std::size_t count = 0;
  for (const HeaderView& f : request.fields) {
    if (f.name != "cookie") continue;
    all.append(count++ ? "; " : "").append(f.value);
  }
  if (count < 2) return;
  request.remove("cookie");
  request.fields.push_back({"cookie", keep(std::move(all))});
}

void Exchange::request_body(std::string_view bytes) {
  if (finished_) return;
  moved_ = worker_.now();
  bytes_in_ += bytes.size();
  if (auto limit = worker_.limits().max_body; limit && bytes_in_ > limit && !tunnel_)
    return reply(413, "the body is larger than allowed");
  if (replayable_) {
    // Before there is a backend, what came is held here: nothing else has it.
    if (!backend_side_ || replay_.size() + bytes.size() <= worker_.limits().replay) {
      replay_.append(bytes);
    } else {
      replayable_ = false;
      std::string().swap(replay_);
    }
  }
  for (auto& mirror : mirrors_) mirror->body(bytes);
  if (tapped_) {
    if (tapped_->body.size() + bytes.size() > worker_.tap()->most_body())
      tapped_.reset();
    else
      tapped_->body.append(bytes);
  }
  if (backend_side_) return backend_side_->send_body(bytes);
  if (gate_ && !gate_->asked) ask_next();
}

void Exchange::request_end(const std::vector<HeaderView>& trailers) {
  if (finished_ || request_done_) return;
  request_done_ = true;
  if (info_->site->handler) return answer_here();
  for (auto& mirror : mirrors_) mirror->end();
  if (backend_side_ && (request.framing != Framing::none || tunnel_)) backend_side_->send_end(trailers);
  if (gate_ && !gate_->asked) ask_next();
}

bool Exchange::takes_request() const {
  return !request_pause_.holds(!room_for_request());
}

bool Exchange::room_for_request() const {
  if (finished_) return false;
  if (info_->site->handler) return true;
  if (backend_side_) return !backend_side_->congested_request();
  if (gate_ && !gate_->asked) return true;  // body_awaited() bounds it
  return replayable_ && replay_.size() < worker_.limits().replay;
}

void Exchange::client_gone() {
  if (finished_) return;
  if (!head_sent_) status_ = 499;
  for (auto& mirror : mirrors_) mirror->end();
  drop_backend();
  client_ = nullptr;
  finish();
}

void Exchange::client_drained() {
  moved_ = worker_.now();
  if (backend_side_) backend_side_->resume_response();
}

// ---- towards the backend

void Exchange::connect() {
  if (!resolved_) {
    resolved_ = &generation_->backends[backend_->index];
    if (!resolved_->ready) worker_.pool().resolve(*backend_, info_->site->gateway(), *resolved_);
  }
  waiting_ = false;
  while (tries_ < 16) {
    endpoint_ = sticky_ && tries_ == 0 ? resolved_->find(*sticky_) : nullptr;
    if (!endpoint_) endpoint_ = resolved_->next(worker_.now());
    if (!endpoint_) return reply(503, "the Service has no ready endpoints");
    ++tries_;
    endpoint_->stats.requests.add();
    if (!own_ && decision_.action->backend_timeout)
      attempt_deadline_ = worker_.now() + *decision_.action->backend_timeout;
    backend_side_ = endpoint_->h2 ? open_h2_backend(worker_, *endpoint_, *this)
                                  : open_h1_backend(worker_, *endpoint_, *this, fresh_only_);
    if (backend_side_) break;
    worker_.stats().backend_failures.add();
    if (!may_retry(Failure::connect)) return reply(503, "no endpoint can be reached");
  }
  if (!backend_side_) return reply(503, "no endpoint can be reached");
  if (request.authority.empty()) request.authority = endpoint_->text;
  bool end = request.framing == Framing::none;
  backend_side_->send_head(request, end);
  if (end) return;
  if (!replay_.empty()) backend_side_->send_body(replay_);
  if (request_done_) return backend_side_->send_end({});
  end_request_pause();
}

void Exchange::drop_backend() {
  if (auto* side = std::exchange(backend_side_, nullptr)) side->cancel();
}

bool Exchange::may_retry(Failure failure) const {
  if (head_sent_ || !replayable_ || finished_) return false;
  unsigned most = std::min<unsigned>(worker_.limits().endpoint_tries,
                                     resolved_ ? static_cast<unsigned>(resolved_->endpoints.size()) : 1);
  // "An explicit zero value MUST disable retries" (HTTPRouteRetry.attempts).
  const auto* rule = decision_.action && decision_.action->retry ? &*decision_.action->retry : nullptr;
  const bool forbidden = rule && rule->attempts <= 0 && !own_;
  if (failure == Failure::connect && tries_ < most && !forbidden) return true;
  return failure == Failure::stale && idempotent(request.method) && tries_ < 3;
}

void Exchange::backend_failed(Failure failure) {
  backend_side_ = nullptr;
  if (failure != Failure::connect && failure != Failure::stale && endpoint_) endpoint_->stats.failures.add();
  if (finished_) return;
  if (head_sent_) return fail_response();
  if (may_retry(failure)) {
    fresh_only_ = failure == Failure::stale;
    worker_.stats().retries.add();
    connect();
    return;
  }
  bool safe = failure == Failure::connect || idempotent(request.method);
  if (failure != Failure::malformed && safe && retry_by_rule()) return;
  switch (failure) {
    case Failure::connect:
      return reply(503, "no endpoint can be reached");
    case Failure::stale:
    case Failure::reset:
      return reply(503, "the backend closed the connection before it answered");
    case Failure::malformed:
    case Failure::truncated:
      return reply(502, "the backend did not answer with valid HTTP");
  }
}

// HTTPRoute rules[].retry: another attempt after its backoff, when one is left.
bool Exchange::retry_by_rule() {
  const auto& rule = decision_.action ? decision_.action->retry : std::nullopt;
  if (own_ || !rule || !replayable_ || head_sent_ || retries_ >= static_cast<unsigned>(std::max(rule->attempts, 0)))
    return false;
  ++retries_;
  worker_.stats().retries.add();
  drop_backend();
  attempt_deadline_.reset();
  waiting_ = true;
  resume_at_ = worker_.now() + std::max(rule->backoff, milliseconds(0));
  arm();
  return true;
}

void Exchange::backend_drained() {
  moved_ = worker_.now();
  end_request_pause();
}

void Exchange::end_request_pause() {
  if (request_pause_.ends(room_for_request()) && client_) client_->resume_request();
}

// ---- from the backend

// RFC 9110, 15.2: passed on, except for the 100 that this gateway asks for itself.
void Exchange::backend_interim() {
  moved_ = worker_.now();
  if (response.status != 100 && client_ && !client_->congested_response())
    client_->send_interim(response.status, response.fields);
}

void Exchange::backend_head() {
  moved_ = worker_.now();
  const auto* action = decision_.action;
  if (action && action->retry && !own_ && !tunnel_) {
    const auto& codes = action->retry->codes;
    if (std::find(codes.begin(), codes.end(), response.status) != codes.end() && retry_by_rule()) return;
  }
  attempt_deadline_.reset();
  replayable_ = false;
  status_ = response.status;
  if (response.status == 101) {
    tunnel_ = true;
    request_done_ = false;
    request_deadline_.reset();
  }
  if (action && !own_) {
    change_kept(response, granted_response_);
    change_headers(response, action->response_headers);
    if (backend_) change_headers(response, backend_->response_headers);
    if (action->cors) cors_headers(*action->cors);
    if (action->session && endpoint_ && !sticky_)
      response.fields.push_back(session_field(*action->session, *endpoint_, kept_));
  }
  head_sent_ = true;
  if (tapped_) tap_answer();
  if (client_) client_->send_head(response, response.framing == Framing::none && !tunnel_);
}

void Exchange::backend_body(std::string_view bytes) {
  moved_ = worker_.now();
  if (tapped_ && bytes_out_ < most_hashed)
    tapped_->hash = hash_on(tapped_->hash, bytes.substr(0, most_hashed - bytes_out_));
  bytes_out_ += bytes.size();
  if (client_) client_->send_body(bytes);
}

void Exchange::backend_end(const std::vector<HeaderView>& trailers) {
  backend_side_ = nullptr;
  if (finished_) return;
  if (client_) client_->send_end(trailers);
  if (tapped_) tapped_->complete = true;
  finish();
}

bool Exchange::takes_response() const {
  return !client_ || !client_->congested_response();
}

// ---- the end

void Exchange::finish() {
  if (finished_) return;
  finished_ = true;
  timer_.disarm();
  if (auto gate = std::move(gate_); gate && gate->asked) gate->asked->abandon();
  for (auto& mirror : mirrors_) mirror->end();
  auto& stats = worker_.stats();
  stats.requests_open.sub();
  if (tapped_) {
    tapped_->bytes = bytes_out_;
    worker_.tap()->done(std::move(*tapped_));
    tapped_.reset();
  }
  if (!own_ && !(info_->site->handler)) {
    RouteStats*& route = decision_.action ? generation_->routes[decision_.action->index] : generation_->unmatched;
    if (!route) route = decision_.action ? &stats.route(*decision_.action) : &stats.unmatched();
    stats.record(*this, *route, worker_.now());
    if (auto* log = worker_.access_log()) log->write(*this, worker_.now());
  }
  if (auto* client = std::exchange(client_, nullptr)) client->exchange_finished();
}

// ---- time

void Exchange::arm() {
  if (finished_) return;
  TimePoint next = moved_ + (tunnel_      ? worker_.limits().tunnel_idle
                             : head_sent_ ? streaming_idle
                                          : worker_.limits().stall);
  if (request_deadline_) next = std::min(next, *request_deadline_);
  if (attempt_deadline_) next = std::min(next, *attempt_deadline_);
  if (waiting_) next = std::min(next, resume_at_);
  timer_.arm(worker_.timers(), next);
}

void Exchange::on_timer(Timer&) {
  TimePoint now = worker_.now();
  if (request_deadline_ && *request_deadline_ <= now) {
    worker_.stats().timeouts.add();
    return reply(504, "the request took longer than the rule allows");
  }
  if (attempt_deadline_ && *attempt_deadline_ <= now) {
    worker_.stats().timeouts.add();
    if (!(idempotent(request.method) && retry_by_rule()))
      return reply(504, "the backend took longer than the rule allows");
  }
  if (waiting_ && resume_at_ <= now) connect();
  if (finished_) return;
  auto idle = tunnel_ ? worker_.limits().tunnel_idle : head_sent_ ? streaming_idle : worker_.limits().stall;
  if (moved_ + idle <= now) {
    worker_.stats().timeouts.add();
    bool client_slow = !request_done_ && takes_request() && !tunnel_;
    return reply(client_slow ? 408 : 504,
                 client_slow ? "the body did not arrive in time" : "the backend did not answer in time");
  }
  arm();
}

// ---- beside the main path

void Exchange::tap_request() {
  if (own_ || !worker_.tap()->wants(request)) return;
  tapped_ = std::make_unique<Tapped>();
  tapped_->method = request.method;
  tapped_->target = request.target;
  tapped_->authority = request.authority;
  for (const HeaderView& field : request.fields) tapped_->fields.emplace_back(field.name, field.value);
  tapped_->hash = hash_start;
  tapped_->body = replay_;  // what came while somebody was asked
  if (replay_.size() > worker_.tap()->most_body()) tapped_.reset();
}

void Exchange::tap_answer() {
  tapped_->status = response.status;
  for (const HeaderView& field : response.fields) tapped_->answered.emplace_back(field.name, field.value);
}

void Exchange::start_mirrors(const std::vector<route::Mirror>& mirrors) {
  for (const auto& mirror : mirrors) {
    if (mirror.backend.state != route::BackendState::ready) continue;
    if (worker_.ticket() % std::max(mirror.denominator, 1u) >= mirror.numerator) continue;
    worker_.stats().mirrored.add();
    mirrors_.push_back(MirrorCopy::start(worker_, *this, mirror.backend));
    if (!replay_.empty()) mirrors_.back()->body(replay_);  // what came while somebody was asked
    if (request_done_) mirrors_.back()->end();
  }
}

void Exchange::start_own(ClientSide& client, const ClientInfo& info, const Exchange& from,
                         const route::Backend& backend, milliseconds patience) {
  client_ = &client;
  info_ = &info;
  own_ = true;
  started_ = moved_ = worker_.now();
  if (patience.count() > 0) request_deadline_ = started_ + patience;
  generation_ = from.generation_;
  worker_.stats().requests_open.add();
  decision_.action = from.decision_.action;
  backend_ = &backend;
  if (backend.state == route::BackendState::invalid || (backend.tls && !backend.tls->valid))
    return reply(500, "the backend is not valid");
  connect();
  arm();
}

}  // namespace gw::runtime
