// What every conversation over a stream shares: reading into the thread's scratch buffer, output that is written when
// the batch of events is done, back-pressure, one timer.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/outbox.h"
#include "runtime/stream.h"
#include "runtime/timers.h"

namespace gw::runtime {

class Worker;

class Connection : public StreamHandler, public TimerHandler {
 public:
  Connection(Worker& worker, std::unique_ptr<Stream> stream);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void on_ready(Ready ready) final;
  // Read (and offer what is buffered) again when the batch is done; for who was paused.
  void schedule();
  // Bytes that wait for the peer to read.
  std::size_t unsent() const { return out_.size(); }
  bool closed() const { return closed_; }
  virtual void begin_drain() {}  // no new requests; close as soon as nothing is in flight

 protected:
  friend class Worker;

  // Takes what it can of `data` and says how much; the rest is offered again with what follows.
  virtual std::size_t consume(std::string_view data) = 0;
  virtual bool wants_read() const = 0;
  virtual void on_eof() = 0;      // the peer finished sending
  virtual void on_broken() = 0;   // reset, refused, or a write failed
  virtual void on_drained() {}    // output fell to nothing after somebody was told to wait
  virtual void before_flush() {}  // a chance to produce output
  virtual void on_writable() {}   // connected, or room again

  void put(std::string_view bytes);                                                     // small pieces
  void put_body(std::string_view head, std::string_view bytes, std::string_view tail);  // written at once when big
  void flush();
  void close();  // now; the object is destroyed when the batch is done
  void finish_after_flush() {
    finish_ = true;
    schedule();
  }
  void close_after_flush() {
    close_when_flushed_ = true;
    schedule();
  }
  bool congested() const { return out_.full(); }  // who is told yes is called back by on_drained
  std::unique_ptr<Stream> release_stream() { return std::move(stream_); }
  void pump();
  void settle();                                         // flush and pump; called by the worker
  void assume_ready() { readable_ = writable_ = true; }  // of a stream whose readiness was told to somebody else

  Worker& worker_;
  std::unique_ptr<Stream> stream_;
  Timer timer_;
  std::string in_;  // read, not yet consumed

 private:
  Outbox out_;
  std::uint32_t place_ = 0;  // in the worker's list of connections

 protected:
  bool eof_ = false, writable_ = false, connected_ = true;

 private:
  bool readable_ = false, broken_ = false, scheduled_ = false, pumping_ = false, closed_ = false;
  bool finish_ = false, close_when_flushed_ = false, eof_told_ = false;
};

}  // namespace gw::runtime
