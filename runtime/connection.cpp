#include "runtime/connection.h"

#include <cassert>

#include "runtime/worker.h"

namespace gw::runtime {

Connection::Connection(Worker& worker, std::unique_ptr<Stream> stream)
    : worker_(worker), stream_(std::move(stream)), timer_(*this) {
  if (stream_) stream_->set_handler(this);
}

Connection::~Connection() = default;

void Connection::on_ready(Ready ready) {
  if (closed_) return;
  if (ready.failed) broken_ = true;
  if (ready.writable && !writable_) {
    writable_ = true;
    if (!ready.failed) on_writable();
    schedule();
  }
  if (ready.readable || ready.failed) readable_ = true;
  if (readable_ && !closed_) pump();
  if (!closed_ && broken_ && (!wants_read() || !connected_)) {
    on_broken();
  }
}

void Connection::schedule() {
  if (scheduled_ || closed_) return;
  scheduled_ = true;
  worker_.settle_later(*this);
}

void Connection::settle() {
  scheduled_ = false;
  if (closed_) return;
  before_flush();
  flush();
  if (!closed_) pump();
  if (!closed_ && unsent()) flush();
}

void Connection::pump() {
  if (pumping_) return;
  pumping_ = true;
  if (!in_.empty()) {
    std::size_t taken = consume(in_);
    if (!closed_) in_.erase(0, taken);
  }
  while (!closed_ && readable_ && wants_read() && connected_) {
    auto scratch = worker_.scratch();
    ReadResult got = stream_->read(scratch.data(), scratch.size());
    if (got.drained) readable_ = false;
    if (got.bytes) {
      std::string_view data(scratch.data(), got.bytes);
      if (in_.empty()) {
        std::size_t taken = consume(data);
        if (closed_) break;
        if (taken < data.size()) in_.append(data.substr(taken));
      } else {
        in_.append(data);
        std::size_t taken = consume(in_);
        if (closed_) break;
        in_.erase(0, taken);
      }
    }
    if (got.failed) {
      broken_ = true;
      on_broken();
      break;
    }
    if (got.eof) {
      eof_ = true;
      break;
    }
  }
  if (!closed_ && eof_ && !eof_told_ && wants_read()) {
    eof_told_ = true;
    on_eof();
  }
  if (in_.empty()) std::string().swap(in_);
  pumping_ = false;
}

void Connection::put(std::string_view bytes) {
  if (out_.buffer().empty()) worker_.lend_buffer(out_.buffer());
  out_.append(bytes);
  schedule();
}

void Connection::put_body(std::string_view head, std::string_view bytes, std::string_view tail) {
  constexpr std::size_t small = 8 * 1024;
  if (closed_) return;
  if (bytes.size() < small || !connected_ || !writable_) {
    for (std::string_view part : {head, bytes, tail}) out_.append(part);
    schedule();
    return;
  }
  auto part = [](std::string_view s) { return iovec{const_cast<char*>(s.data()), s.size()}; };
  iovec parts[4] = {part(out_.waiting()), part(head), part(bytes), part(tail)};
  std::size_t skip = unsent() ? 0 : (head.empty() ? 2 : 1);
  int count = static_cast<int>((tail.empty() ? 3 : 4) - skip);
  WriteResult wrote = stream_->write(parts + skip, count);
  if (wrote.failed) {
    broken_ = true;
    schedule();  // told when nobody is in the middle of something
    return;
  }
  if (wrote.blocked) writable_ = false;
  std::string rest;
  std::size_t left = wrote.bytes;
  for (const iovec& p : parts) {
    std::size_t cut = std::min(left, p.iov_len);
    left -= cut;
    rest.append(static_cast<const char*>(p.iov_base) + cut, p.iov_len - cut);
  }
  out_.replace(std::move(rest));
  if ((unsent() && writable_) || out_.paused()) schedule();
}

void Connection::flush() {
  if (closed_) return;
  if (broken_ && connected_ && !readable_) {
    on_broken();
    return;
  }
  if (!connected_) return;
  while (unsent() && writable_) {
    iovec part{const_cast<char*>(out_.waiting().data()), unsent()};
    WriteResult wrote = stream_->write(&part, 1);
    if (wrote.failed) {
      broken_ = true;
      on_broken();
      return;
    }
    out_.taken(wrote.bytes);
    if (wrote.blocked) writable_ = false;
  }
  if (unsent()) return;
  worker_.take_back(out_.buffer());
  out_.rewind(0);
  if (close_when_flushed_) return close();
  if (finish_) {
    finish_ = false;
    stream_->finish();
  }
  if (out_.resumes()) on_drained();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  timer_.disarm();
  worker_.bury(*this);
}

}  // namespace gw::runtime
