// One thread's share of the server: its connections, its backend pools, its timers. Knows streams and a clock only, so
// that tests run it without sockets.
//
// A worker shares nothing with the other workers but the configuration, which is immutable, and counters, which only it
// writes: no request takes a lock or waits for another thread, and a connection stays with the worker that accepted it.
// The price is that pools and passive health are each worker's own.
//
// Work comes in batches: the loop hands on the events of one epoll_wait, then calls settle(). A callback in the middle
// of a batch may end the very conversation that called it: a backend's failure ends an exchange, which ends its client
// connection, while both are still on the stack. So nothing is destroyed within a batch. bury() takes a connection,
// recycle() an exchange and hold() anything else, and settle() lets go of them when no caller is left.
//
// Output works alike: a connection that has something to send asks with settle_later() and writes once, however many
// pieces came together. Writing may make others go on, so settle() goes round until nobody is left, at most 64 times;
// who is left then is next after the next look at the sockets, so that two busy conversations do not starve the rest.
//
// An idle connection keeps no buffer, as ten thousand of them would hold more memory than the table: buffers are lent
// while there is something to send.
//
// apply() does not touch what runs: a request keeps the Generation that it began with, and the last one lets go of it.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/backends.h"
#include "runtime/config.h"
#include "runtime/connection.h"
#include "runtime/exchange.h"
#include "runtime/limits.h"
#include "runtime/loop.h"
#include "runtime/stats.h"
#include "runtime/tls.h"

namespace gw::runtime {

class Tap;

// A Config as one worker uses it.
struct Generation {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const TlsStore> tls;
  std::vector<ResolvedBackend> backends;  // by route::Backend::index, filled at first use
  std::vector<RouteStats*> routes;        // by route::Action::index
  RouteStats* unmatched = nullptr;
};

class Worker : public LoopHooks {
 public:
  Worker(const Clock& clock, Network& network, Stats& stats, const Limits& limits);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // New requests use this configuration from now on; those in flight keep theirs.
  void apply(std::shared_ptr<const Config> config, std::shared_ptr<const TlsStore> tls);
  // A new client connection; the worker owns it.
  void accept(std::unique_ptr<Stream> stream, std::shared_ptr<const Site> site);
  void drain();  // no new requests; idle connections close
  bool draining() const { return draining_; }
  std::size_t open_clients() const { return clients_; }

  // ---- LoopHooks
  std::optional<TimePoint> next_wake() const override;
  void settle(TimePoint now) override;

  // ---- for conversations
  TimePoint now() const { return clock_.now(); }
  Timers& timers() { return timers_; }
  Network& network() { return network_; }
  const Limits& limits() const { return limits_; }
  std::span<char> scratch() { return scratch_; }
  WorkerStats& stats() { return stats_; }
  std::shared_ptr<Generation> generation() const { return generation_; }
  EndpointPool& pool() { return pool_; }
  std::string_view date();  // "date" header value of now
  std::uint64_t ticket();   // for weights
  AccessLog* access_log() const { return access_log_; }
  void set_access_log(AccessLog* log) { access_log_ = log; }
  Tap* tap() const { return tap_; }
  void set_tap(Tap* tap) { tap_ = tap; }
  void seed(std::uint64_t seed) { random_ = seed | 1; }  // tests want the same choices on every run

  // Owns it until bury(); `client`: counts among open_clients().
  void add(std::unique_ptr<Connection> connection, bool client);
  void settle_later(Connection& connection);  // its settle() runs after this batch of events
  // No more calls to it; destroyed when the batch is done, as callers are still on the stack.
  void bury(Connection& connection);
  std::unique_ptr<Exchange> new_exchange();          // one that was recycled, or a new one
  void recycle(std::unique_ptr<Exchange> exchange);  // it is reset when the batch is done, then used again
  // An idle connection holds no output buffer: the empty string it has becomes one, and the other way round.
  void lend_buffer(std::string& empty);
  void take_back(std::string& used);  // gives an emptied buffer back; `used` holds nothing afterwards
  void hold(std::shared_ptr<void> thing) { held_.push_back(std::move(thing)); }  // until the batch is done

 private:
  std::vector<Connection*> clients() const;  // of now: a connection that closes leaves the list
  struct Held {
    std::unique_ptr<Connection> connection;
    bool client = false;
  };
  const Clock& clock_;
  Network& network_;
  Limits limits_;
  Timers timers_;
  WorkerStats& stats_;
  EndpointPool pool_;
  std::vector<char> scratch_;
  std::shared_ptr<Generation> generation_;
  std::vector<Held> connections_;
  std::vector<Connection*> pending_, pending_now_;
  std::vector<std::unique_ptr<Connection>> graves_;
  std::vector<std::unique_ptr<Exchange>> resting_, free_;
  std::vector<std::shared_ptr<void>> held_;
  std::vector<std::string> buffers_;
  std::size_t clients_ = 0;
  std::uint64_t random_;
  std::int64_t date_second_ = -1;
  std::string date_;
  AccessLog* access_log_ = nullptr;
  Tap* tap_ = nullptr;
  bool draining_ = false;
};

}  // namespace gw::runtime
