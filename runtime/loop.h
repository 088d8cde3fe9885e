// One epoll loop: each descriptor is registered once, edge-triggered; sockets are Streams, the loop is clock and
// network.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "diag/result.h"
#include "runtime/stream.h"

namespace gw::runtime {

// Told about raw events of one descriptor.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_events(std::uint32_t events) = 0;  // EPOLLIN and so on, as epoll reports them
};

// What the loop drives besides descriptors.
class LoopHooks {
 public:
  virtual ~LoopHooks() = default;
  virtual std::optional<TimePoint> next_wake() const = 0;  // when settle() has to run next; nullopt: after events only
  virtual void settle(TimePoint now) = 0;                  // after each batch of events
};

class Loop : public Clock, public Network {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run(LoopHooks& hooks);             // until stop()
  void stop();                            // from any thread
  void post(std::function<void()> task);  // from any thread; runs in the loop

  TimePoint now() const override { return now_; }
  std::unique_ptr<Stream> connect(const Address& address, StreamHandler& handler) override;
  std::unique_ptr<Stream> adopt(int fd);  // a connected, non-blocking socket

  bool watch(int fd, Watcher& watcher, std::uint32_t events);  // false: epoll refuses the descriptor
  void unwatch(int fd);                                        // no more calls, also of events read already

 private:
  struct Slot {
    Watcher* watcher = nullptr;
    std::uint32_t generation = 0;
  };
  void run_posted();

  int epoll_ = -1, wake_ = -1;
  std::vector<Slot> slots_;  // by descriptor
  TimePoint now_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};

// A listening TCP socket that hands out connections. Out of descriptors it waits and tries again.
class Acceptor : public Watcher {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Stream>)>;
  Acceptor(Loop& loop, int fd, OnAccept on_accept);  // owns fd
  ~Acceptor() override;
  void on_events(std::uint32_t events) override;
  bool starved() const { return starved_; }
  void accept_all();  // until there is none; out of descriptors it is `starved`

 private:
  Loop& loop_;
  int fd_;
  OnAccept on_accept_;
  bool starved_ = false;
};

// share: several sockets (threads) may listen on the same address.
Result<int> listen_tcp(const Address& address, bool share);
Result<int> listen_shared(const Address& address);  // one more of those
// A bound socket; an Error names the address and what the system says.
Result<int> bind_udp(const Address& address, bool share);

}  // namespace gw::runtime
