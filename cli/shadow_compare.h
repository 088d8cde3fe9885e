// The comparing half of `gwctl shadow`: repeats what the old gateway was asked at the new one, on threads of its own,
// and counts what differs. Nothing here makes a client wait; what does not fit into bounded memory is not compared.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cluster/fetch.h"
#include "runtime/tap.h"

namespace gw::cli {

struct ShadowTarget {
  bool https = false;
  std::string address, name;  // to connect to; the name in TLS when it is no address
  int port = 80;
};

struct ShadowOptions {
  ShadowTarget fresh;
  double sample = 100;  // percent
  bool unsafe = false, bodies = true;
  std::vector<std::string> headers;  // compared besides status and Location
  std::size_t threads = 2;
  std::size_t most_waiting = 32U << 20;  // bytes of requests that wait
};

// Differences of one sort with one request that shows them, without credentials and without values of its query.
struct ShadowGroup {
  std::string what;   // "status 200, now 404"
  std::string cause;  // of verify; empty: one to look at
  std::string request, old_answer, new_answer;
  std::size_t count = 0;
};

struct ShadowCounts {
  std::size_t seen = 0, compared = 0, dropped = 0, unanswered = 0, differing = 0;
};

class ShadowCompare final : public runtime::Tap {
 public:
  explicit ShadowCompare(ShadowOptions options);
  ~ShadowCompare() override;

  bool wants(const runtime::RequestHead& request) override;
  void done(runtime::Tapped&& seen) override;
  std::size_t most_body() const override { return options_.unsafe ? 64U << 10 : 0; }

  void stop(std::chrono::milliseconds most);  // compares what waits, at most so long
  ShadowCounts counts() const;                // a copy, as of now
  std::vector<ShadowGroup> groups() const;    // most frequent first
  // The counts and the groups of differences, as --report x.json has them.
  std::string json() const;
  // The groups of differences, one request of each, and a last line with the counts.
  std::string text() const;

 private:
  void work();
  void compare(const runtime::Tapped& seen, const cluster::Fetched& answer);

  ShadowOptions options_;
  std::atomic<std::uint64_t> ticket_{0};
  mutable std::mutex mutex_;  // of all below
  std::condition_variable more_, empty_;
  std::deque<runtime::Tapped> waiting_;
  std::size_t waiting_bytes_ = 0, busy_ = 0;
  bool stopping_ = false;
  ShadowCounts counts_;
  std::map<std::string, ShadowGroup> groups_;
  std::vector<std::thread> threads_;
};

}  // namespace gw::cli
