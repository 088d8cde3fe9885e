#include "runtime/h1_backend.h"

#include <algorithm>
#include <charconv>

#include "runtime/worker.h"

namespace gw::runtime {
namespace {

void append_number(std::string& out, std::uint64_t n, int base = 10) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, n, base).ptr;
  out.append(digits, end);
}

constexpr unsigned interim_limit = 10'000;

// What cannot be sent twice goes out only where the peer is there and will stay: this endpoint must have kept a
// connection open for more than twice as long as this one rests. Otherwise its close could cross our request.
bool safe_for_one_try(Endpoint& endpoint, const H1Backend& connection) {
  if (connection.rested() * 2 >= endpoint.stays_open && endpoint.idle.front()->usable())
    endpoint.stays_open = std::max(endpoint.stays_open, endpoint.idle.front()->rested());
  return connection.rested() * 2 < endpoint.stays_open;
}

}  // namespace

BackendSide* open_h1_backend(Worker& worker, Endpoint& endpoint, Exchange& exchange, bool fresh) {
  bool once = !idempotent(exchange.request.method);
  while (!fresh && !endpoint.idle.empty()) {
    H1Backend& connection = *endpoint.idle.back();
    if (once && connection.usable() && !safe_for_one_try(endpoint, connection)) break;
    bool sure = !once || connection.usable();
    connection.attach(exchange);
    if (sure && !connection.closed()) {
      worker.stats().backend_reused.add();
      return &connection;
    }
    connection.cancel();
  }
  auto made = std::make_unique<H1Backend>(worker, endpoint.shared_from_this());
  H1Backend& connection = *made;
  worker.add(std::move(made), false);
  if (!connection.open()) {
    connection.cancel();
    return nullptr;
  }
  connection.attach(exchange);
  return &connection;
}

H1Backend::H1Backend(Worker& worker, std::shared_ptr<Endpoint> endpoint)
    : Connection(worker, nullptr), endpoint_(std::move(endpoint)) {
  connected_ = false;
}

H1Backend::~H1Backend() {
  leave_pool();
}

bool H1Backend::open() {
  stream_ = worker_.network().connect(endpoint_->address, *this);
  if (!stream_) return false;
  if (endpoint_->tls) {
    stream_ = endpoint_->tls->wrap(std::move(stream_));
    stream_->set_handler(this);
  }
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().connect);
  worker_.stats().backend_connections.add();
  return true;
}

void H1Backend::on_writable() {
  if (connected_) return;
  connected_ = true;
  endpoint_->connected();
  timer_.disarm();
}

void H1Backend::attach(Exchange& exchange) {
  reused_ = pooled_;
  rest_ = rested();
  leave_pool();
  if (connected_) timer_.disarm();
  exchange_ = &exchange;
  scan_ = {};
  in_body_ = request_sent_ = tunnel_ = answered_ = false;
  keep_alive_ = true;
  interims_ = 0;
}

void H1Backend::send_head(const RequestHead& head, bool end) {
  std::string wire;
  wire.reserve(192 + head.text.size());
  wire.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\nHost: ").append(head.authority);
  wire += "\r\n";
  for (const HeaderView& field : head.fields) write_field(wire, field.name, field.value);
  method_ = head.method;
  upgrade_asked_ = !head.upgrade.empty();
  out_framing_ = head.framing;
  if (upgrade_asked_) {
    write_field(wire, "Upgrade", head.upgrade);
    wire += "Connection: Upgrade\r\n";
  } else if (head.te_trailers) {
    wire += "TE: trailers\r\nConnection: TE\r\n";
  }
  if (head.framing == Framing::length ||
      (end && (head.method == "POST" || head.method == "PUT" || head.method == "PATCH"))) {
    wire += "Content-Length: ";
    append_number(wire, head.framing == Framing::length ? head.length : 0);
    wire += "\r\n";
  } else if (!end) {
    wire += "Transfer-Encoding: chunked\r\n";
    out_framing_ = Framing::chunked;
  }
  wire += "\r\n";
  put(wire);
  request_sent_ = end;
}

void H1Backend::send_body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (tunnel_ || out_framing_ != Framing::chunked) return put_body({}, bytes, {});
  std::string size;
  append_number(size, bytes.size(), 16);
  size += "\r\n";
  put_body(size, bytes, "\r\n");
}

void H1Backend::send_end(const std::vector<HeaderView>& trailers) {
  request_sent_ = true;
  if (tunnel_) return finish_after_flush();
  if (out_framing_ != Framing::chunked) return;
  std::string end = "0\r\n";
  for (const HeaderView& t : trailers) write_field(end, t.name, t.value);
  put(end += "\r\n");
}

void H1Backend::cancel() {
  exchange_ = nullptr;
  if (tunnel_) stream_->reset_on_close();
  close();
}

bool H1Backend::wants_read() const {
  return !exchange_ || exchange_->takes_response();
}

std::size_t H1Backend::consume(std::string_view data) {
  if (!exchange_) {  // an idle backend has nothing to say
    close();
    return data.size();
  }
  std::size_t used = 0;
  while (used < data.size() && exchange_ && !closed()) {
    auto rest = data.substr(used);
    if (!in_body_) {
      std::size_t taken = read_head(rest);
      if (!taken) break;
      used += taken;
      continue;
    }
    if (!exchange_->takes_response()) break;
    auto step = body_.next(rest);
    if (!step.data.empty()) exchange_->backend_body(step.data);
    if (step.bad) {
      fail(Failure::truncated);
      return data.size();
    }
    used += step.taken;
    if (exchange_ && body_.done()) {
      response_complete(used == data.size());
      return data.size();
    }
    if (!step.taken) break;
  }
  return used;
}

std::size_t H1Backend::read_head(std::string_view data) {
  int status = 0;
  switch (scan_.scan(data, worker_.limits().head, status)) {
    case ScanState::more:
      return 0;
    case ScanState::bad:
      fail(Failure::malformed);
      return data.size();
    case ScanState::done:
      break;
  }
  std::size_t length = scan_.line;
  scan_ = {};
  ResponseHead& head = exchange_->response;
  head.clear();
  head.text.assign(data.substr(0, length));
  bool good = parse_response(head, method_, worker_.limits().head);
  bool unasked = head.status == 101 && (!upgrade_asked_ || !same_name(head.upgrade, "websocket"));
  if (!good || unasked || ++interims_ > interim_limit) {
    fail(Failure::malformed);
    return data.size();
  }
  if (head.status < 200 && head.status != 101) {
    exchange_->backend_interim();
    return length;
  }
  answered_ = true;
  if (reused_) endpoint_->stays_open = std::max(endpoint_->stays_open, rest_);
  keep_alive_ = head.keep_alive;
  in_body_ = true;
  if (head.status == 101) {
    tunnel_ = true;
    body_.start(Framing::until_close, 0);
  } else {
    body_.start(method_ == "HEAD" || head.status == 304 ? Framing::none : head.framing, head.length);
  }
  exchange_->backend_head();
  if (exchange_ && body_.done()) {
    response_complete(length == data.size());
    return data.size();
  }
  return length;
}

void H1Backend::response_complete(bool clean) {
  Exchange& exchange = *exchange_;
  bool reuse = clean && keep_alive_ && request_sent_ && !body_.until_close() && !tunnel_ && !eof_ && !unsent();
  exchange_ = nullptr;
  auto trailers = parse_trailers(body_.trailer_text());
  if (!reuse || endpoint_->idle.size() >= worker_.limits().pooled) {
    close();
  } else {
    pooled_ = true;
    rests_since_ = worker_.now();
    endpoint_->idle.push_back(this);
    timer_.arm(worker_.timers(), worker_.now() + worker_.limits().backend_idle);
  }
  exchange.backend_end(trailers);
}

void H1Backend::leave_pool() {
  if (!pooled_) return;
  pooled_ = false;
  auto& idle = endpoint_->idle;
  auto at = std::find(idle.rbegin(), idle.rend(), this);
  if (at != idle.rend()) idle.erase(std::next(at).base());
}

void H1Backend::fail(Failure failure) {
  if (pooled_ || failure == Failure::stale)
    endpoint_->stays_open = std::min(endpoint_->stays_open, (pooled_ ? rested() : rest_) / 2);
  leave_pool();
  Exchange* exchange = exchange_;
  exchange_ = nullptr;
  bool connecting = !connected_;
  close();
  if (connecting) {
    failure = Failure::connect;
    endpoint_->failed(worker_.now(), worker_.limits().down);
    worker_.stats().backend_failures.add();
  }
  if (exchange) exchange->backend_failed(failure);
}

void H1Backend::on_eof() {
  if (exchange_ && in_body_ && body_.until_close()) return response_complete(false);
  on_broken();
}

void H1Backend::on_broken() {
  if (in_body_) return fail(Failure::truncated);
  if (!in_.empty()) return fail(Failure::malformed);  // half a head
  fail(reused_ ? Failure::stale : Failure::reset);
}

void H1Backend::on_drained() {
  if (exchange_) exchange_->backend_drained();
}

void H1Backend::on_timer(Timer&) {
  if (exchange_) return fail(Failure::connect);
  leave_pool();
  close();
}

}  // namespace gw::runtime
