// Counters of the data path. Each worker writes its own without locks; whoever reads adds them up.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace gw::route {
struct Action;
}

namespace gw::runtime {

class Exchange;

// One writer, many readers: a plain add, visible to others.
class Counter {
 public:
  // By the one writer only.
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  // By the one writer only.
  void sub(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Upper bounds of the latency histogram in seconds; the last bucket has none.
inline constexpr std::array<double, 12> latency_bounds{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10};

struct RouteStats {
  std::string kind, ns, name, rule;
  std::array<Counter, 6> by_class;  // 1xx..5xx at 1..5
  std::array<Counter, latency_bounds.size() + 1> latency;
  Counter latency_micros;
};

// One endpoint as one worker sees it.
struct EndpointStats {
  std::string address;
  Counter requests, failures;
  Counter live;                             // Endpoints that count here; 0: no configuration names it any more
  std::atomic<std::int64_t> down_until{0};  // milliseconds of the steady clock
};

// A request that was answered, for the admin page.
struct Recent {
  std::int64_t at_ms = 0;  // since the epoch
  std::string method, host, target, route, backend, detail;
  int status = 0;
  std::int64_t micros = 0;
};

struct WorkerStats {
  Counter connections, connections_open, tls_failures, requests, requests_open, bytes_in, bytes_out;
  Counter backend_connections, backend_reused, backend_failures, retries, timeouts, refused, mirrored;
  std::array<Counter, 6> by_class;

  RouteStats& route(const route::Action& action);       // made at first use
  RouteStats& unmatched();                              // of requests that no rule takes; made at first use
  EndpointStats& endpoint(const std::string& address);  // made at first use
  // Counts a finished exchange, and keeps some of them for the admin page.
  void record(const Exchange& exchange, RouteStats& route, std::chrono::steady_clock::time_point now);

  std::mutex mutex;  // of what follows
  std::deque<RouteStats> routes;
  std::unordered_map<std::string, RouteStats*> by_key;
  std::deque<EndpointStats> endpoints;
  std::unordered_map<std::string, EndpointStats*> by_address;
  std::array<Recent, 64> recent;
  std::size_t recent_at = 0;
  std::int64_t last_recent_ms = 0;
};

struct Stats {
  std::deque<WorkerStats> workers;
  std::atomic<std::uint64_t> reloads{0}, failed_reloads{0};
  std::atomic<std::int64_t> loaded_at{0};  // seconds since the epoch
};

// Lines of finished requests; never blocks or fails a request.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void write(const Exchange& exchange, std::chrono::steady_clock::time_point now) = 0;  // a finished request
  virtual void flush() = 0;   // what was written goes to the file
  virtual void reopen() = 0;  // the file may have been moved away
};

}  // namespace gw::runtime
