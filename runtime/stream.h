// The narrow seam between conversations and the world: byte streams, a clock, a network. Sockets implement it in
// loop.cpp and tls.cpp; tests implement it in memory with a fake clock.
#pragma once
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "runtime/address.h"

namespace gw::runtime {

using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;  // monotonic
};

// What became possible on a stream since it was last said. Edge-triggered: nothing is said twice.
struct Ready {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  // the peer finished sending: reading ends in eof
  bool failed = false;  // reset or refused
};

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // What became possible; may destroy the stream's owner, so the stream calls nothing after it.
  virtual void on_ready(Ready ready) = 0;
};

struct ReadResult {
  std::size_t bytes = 0;
  bool drained = false;  // nothing more to read until the next Ready
  bool eof = false;
  bool failed = false;
};

struct WriteResult {
  std::size_t bytes = 0;
  bool blocked = false;  // less was taken than offered; a writable Ready follows
  bool failed = false;
};

// A connected (or connecting) byte stream. Destroying it closes it.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void set_handler(StreamHandler* handler) = 0;          // null: nobody is told
  virtual ReadResult read(char* to, std::size_t capacity) = 0;   // at most `capacity` bytes; never blocks
  virtual WriteResult write(const iovec* parts, int count) = 0;  // as much as fits; never blocks
  virtual void finish() = 0;                                     // no more writes: FIN, close_notify
  virtual bool stale() const = 0;                                // an idle stream that the peer closed or wrote to
  virtual void reset_on_close() = 0;  // destroying it resets the connection (RST) instead of finishing it
  virtual Address peer() const = 0;   // the other end
};

// Where a TLS handshake stands, for streams that have one.
struct Handshake {
  bool done = false;
  bool failed = false;
  bool h2 = false;       // ALPN
  std::string_view why;  // of a failure
};

class SecureStream : public Stream {
 public:
  virtual Handshake handshake() = 0;  // goes on as far as it can
};

class Network {
 public:
  virtual ~Network() = default;
  // Starts connecting; a writable Ready says that it succeeded, a failed one that it did not. Null: refused at once.
  virtual std::unique_ptr<Stream> connect(const Address& address, StreamHandler& handler) = 0;
};

}  // namespace gw::runtime
