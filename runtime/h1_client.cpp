#include "runtime/h1_client.h"

#include <charconv>

#include "runtime/h2_client.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void append_number(std::string& out, std::uint64_t n, int base = 10) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, n, base).ptr;
  out.append(digits, end);
}

// HTTP/0.9 sends nothing after such a line: it must be told at once.
bool has_version(std::string_view request_line) {
  return request_line.find(" HTTP/") != request_line.npos;
}

// Three words of which the last cannot be a version: some other protocol, to which an answer would say nothing.
bool foreign(std::string_view head) {
  auto line = head.substr(0, head.find('\r'));
  auto first = line.find(' ');
  auto second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos || second == first + 1) return false;
  auto last = line.substr(second + 1);
  return is_token(last) && is_token(line.substr(first + 1, second - first - 1));
}

}  // namespace

H1Client::H1Client(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received)
    : Connection(worker, std::move(stream)), info_(std::move(info)) {
  in_ = std::move(received);
  info_.version = "HTTP/1.1";
}

H1Client::~H1Client() {
  if (exchange_) exchange_->client_gone();
}

void H1Client::start(bool ready) {
  if (ready) assume_ready();
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().head_read);
  schedule();
}

void H1Client::begin_drain() {
  keep_alive_ = false;
  if (mode_ != Mode::head || !in_.empty()) return;
  if (first_)
    timer_.arm(worker_.timers(), worker_.now() + milliseconds(300));  // its request may be on the way
  else
    close();
}

bool H1Client::wants_read() const {
  switch (mode_) {
    case Mode::head:
    case Mode::linger:
      return true;
    case Mode::body:
    case Mode::tunnel:
      return exchange_ && exchange_->takes_request();
    case Mode::response:
      return false;
  }
  return false;
}

std::size_t H1Client::consume(std::string_view data) {
  std::size_t used = 0;
  while (used < data.size() && !closed()) {
    std::size_t taken = 0;
    auto rest = data.substr(used);
    switch (mode_) {
      case Mode::head:
        taken = read_head(rest);
        break;
      case Mode::body:
        taken = read_body(rest);
        break;
      case Mode::response:
        break;
      case Mode::linger:
        return data.size();
      case Mode::tunnel:
        if (!exchange_->takes_request()) break;
        exchange_->request_body(rest);
        taken = rest.size();
        break;
    }
    if (!taken) break;
    used += taken;
  }
  return used;
}

bool H1Client::to_http2(std::string_view data) {
  auto common = std::min(data.size(), preface.size());
  if (data.substr(0, common) != preface.substr(0, common)) return false;
  if (common == preface.size()) {
    start_http2(worker_, release_stream(), info_, std::string(data));
    close();
  }
  return true;  // or wait for the rest of the preface
}

std::size_t H1Client::read_head(std::string_view data) {
  if (blank_lines_ < 2 && data.substr(0, 2) == "\r\n" && scan_.line == 0) {
    ++blank_lines_;  // RFC 9112, 2.2
    return 2;
  }
  if (data == "\r" && blank_lines_ < 2) return 0;
  if (first_ && data[0] == 'P' && data.substr(0, 4) != "POST" && data.substr(0, 3) != "PUT" &&
      data.substr(0, 5) != "PATCH" && !info_.secure && to_http2(data))
    return closed() ? data.size() : 0;
  int status = 400;
  switch (scan_.scan(data, worker_.limits().head, status)) {
    case ScanState::more:
      if (scan_.line == 0 ? !is_token(data.substr(0, 1)) : !has_version(data.substr(0, data.find('\r')))) {
        refuse(400);
        return data.size();
      }
      if (scan_.seen == data.size() && !timer_.armed())
        timer_.arm(worker_.timers(), worker_.now() + worker_.limits().head_read);
      return 0;
    case ScanState::bad:
      refuse(status);
      return data.size();
    case ScanState::done:
      break;
  }
  std::size_t length = scan_.line;
  scan_ = {};
  blank_lines_ = 0;
  if (first_ && foreign(data)) {
    close();
    return data.size();
  }
  first_ = false;
  timer_.disarm();
  exchange_ = worker_.new_exchange();
  RequestHead& head = exchange_->request;
  head.text.assign(data.substr(0, length));
  if (int bad = parse_request(head, worker_.limits().head)) {
    refuse(bad);
    return data.size();
  }
  keep_alive_ = head.keep_alive && !worker_.draining();
  body_.start(head.framing, head.length);
  mode_ = body_.done() ? Mode::response : Mode::body;
  if (body_.done()) head.framing = Framing::none;
  exchange_->start(*this, info_);
  if (exchange_ && mode_ == Mode::response && !exchange_->request_complete()) exchange_->request_end({});
  return length;
}

std::size_t H1Client::read_body(std::string_view data) {
  std::size_t used = 0;
  while (used < data.size() && mode_ == Mode::body && exchange_->takes_request()) {
    auto step = body_.next(data.substr(used));
    if (!step.data.empty()) exchange_->request_body(step.data);
    if (mode_ != Mode::body || !exchange_) return data.size();
    if (step.bad) {
      // Bad framing in the middle: whatever follows cannot be trusted.
      keep_alive_ = false;
      if (exchange_->response_started()) {
        exchange_->client_gone();
        exchange_finished();
        close();
      } else {
        exchange_->client_gone();
        worker_.recycle(std::move(exchange_));
        refuse(400);
      }
      return data.size();
    }
    if (!step.taken) break;
    used += step.taken;
    if (body_.done()) {
      mode_ = Mode::response;
      exchange_->request_end(parse_trailers(body_.trailer_text()));
    }
  }
  return used;
}

void H1Client::refuse(int status) {
  keep_alive_ = false;
  mode_ = Mode::response;
  if (!exchange_) exchange_ = worker_.new_exchange();
  exchange_->refuse(*this, info_, status);
}

void H1Client::send_interim(int status, const std::vector<HeaderView>& fields) {
  if (exchange_->request.http10) return;
  std::string line = "HTTP/1.1 ";
  append_number(line, static_cast<std::uint64_t>(status));
  line.append(" ").append(reason(status)).append("\r\n");
  for (const HeaderView& field : fields) write_field(line, field.name, field.value);
  put(line += "\r\n");
}

void H1Client::send_head(ResponseHead& head, bool end) {
  std::string& out = head.text;  // its fields may point into it, so what is written goes elsewhere
  std::string wire;
  wire.reserve(256 + out.size());
  wire = "HTTP/1.1 ";
  append_number(wire, static_cast<std::uint64_t>(head.status));
  wire.append(" ").append(reason(head.status)).append("\r\n");
  bool dated = false;
  for (const HeaderView& field : head.fields) {
    if (field.name.size() == 4 && same_name(field.name, "date")) dated = true;
    write_field(wire, field.name, field.value);
  }
  if (!dated && head.status != 101) write_field(wire, "Date", worker_.date());
  const RequestHead& request = exchange_->request;
  if (head.status == 101) {
    write_field(wire, "Upgrade", head.upgrade);
    wire += "Connection: Upgrade\r\n\r\n";
    put(wire);
    out_framing_ = Framing::until_close;
    mode_ = Mode::tunnel;
    keep_alive_ = false;
    schedule();
    return;
  }
  if (!request.keep_alive || worker_.draining() || (mode_ == Mode::body && end)) keep_alive_ = false;
  bool bodyless = request.method == "HEAD" || head.status == 204 || head.status == 304;
  out_framing_ = head.framing;
  if (bodyless) {
    if (head.framing == Framing::length && head.status != 204) {
      wire += "Content-Length: ";
      append_number(wire, head.length);
      wire += "\r\n";
    }
    out_framing_ = Framing::none;
  } else if (head.framing == Framing::length || (end && head.framing != Framing::chunked)) {
    wire += "Content-Length: ";
    append_number(wire, head.framing == Framing::length ? head.length : 0);
    wire += "\r\n";
    out_framing_ = Framing::length;
  } else if (request.http10) {
    keep_alive_ = false;
    out_framing_ = Framing::until_close;
  } else {
    wire += "Transfer-Encoding: chunked\r\n";
    out_framing_ = Framing::chunked;
  }
  if (!keep_alive_)
    wire += "Connection: close\r\n";
  else if (request.http10)
    wire += "Connection: keep-alive\r\n";
  wire += "\r\n";
  put(wire);
}

void H1Client::send_body(std::string_view bytes) {
  if (bytes.empty() || out_framing_ == Framing::none) return;
  if (out_framing_ != Framing::chunked) return put_body({}, bytes, {});
  std::string size;
  append_number(size, bytes.size(), 16);
  size += "\r\n";
  put_body(size, bytes, "\r\n");
}

void H1Client::send_end(const std::vector<HeaderView>& trailers) {
  if (out_framing_ == Framing::chunked) {
    std::string end = "0\r\n";
    for (const HeaderView& t : trailers) write_field(end, t.name, t.value);
    put(end += "\r\n");
  }
}

void H1Client::cut() {
  // The framing promised more: only closing without the rest tells the client.
  keep_alive_ = false;
  if (out_framing_ == Framing::until_close) stream_->reset_on_close();
  close_after_flush();
}

void H1Client::exchange_finished() {
  if (!exchange_) return;
  bool complete = mode_ == Mode::response;
  bool tunnel = mode_ == Mode::tunnel;
  worker_.recycle(std::move(exchange_));
  if (closed()) return;
  if (tunnel) {
    mode_ = Mode::linger;
    finish_after_flush();
    timer_.arm(worker_.timers(), worker_.now() + worker_.limits().linger);
    return;
  }
  if (!keep_alive_ || !complete || worker_.draining()) {
    linger();
    return;
  }
  mode_ = Mode::head;
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().idle);
  schedule();
}

void H1Client::linger() {
  // A plain close while bytes are unread would reset the connection under the response.
  bool clean = mode_ == Mode::response && in_.empty();
  mode_ = Mode::linger;
  if (eof_ || clean) return close_after_flush();
  finish_after_flush();
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().linger);
}

void H1Client::on_eof() {
  switch (mode_) {
    case Mode::head:
    case Mode::linger:
      close_after_flush();
      break;
    case Mode::tunnel:
      exchange_->request_end({});
      break;
    case Mode::body:
      exchange_->client_gone();
      exchange_finished();
      close();
      break;
    case Mode::response:
      break;
  }
}

void H1Client::on_broken() {
  if (exchange_) {
    exchange_->client_gone();
    worker_.recycle(std::move(exchange_));
  }
  close();
}

void H1Client::on_drained() {
  if (exchange_) exchange_->client_drained();
}

void H1Client::on_timer(Timer&) {
  if (mode_ == Mode::head && !in_.empty()) {
    refuse(408);
    return;
  }
  if (mode_ == Mode::head && unsent()) stream_->reset_on_close();
  close();
}

}  // namespace gw::runtime
