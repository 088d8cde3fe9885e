// The server: worker threads with their loops, listening sockets, and the one way in: apply(). Files and the cluster
// controller use it alike.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/config.h"
#include "runtime/limits.h"
#include "runtime/stats.h"
#include "runtime/tls.h"

namespace gw::runtime {

class Tap;

struct ServerOptions {
  unsigned threads = 1;
  Limits limits;
  std::string access_log = "none";  // a file, "-" or "none"
  bool access_log_json = false;
  std::shared_ptr<Tap> tap;  // null: nobody looks on
};

class ThreadLoop;

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();

  // Makes a configuration the current one: opens and closes sockets, swaps table and certificates. When it returns,
  // every worker uses it. Requests in flight end as they began. Call from one thread at a time.
  std::vector<SiteStatus> apply(std::shared_ptr<const Config> config);
  // No new connections; waits for requests in flight, at most so long. True: all were finished.
  bool drain(std::chrono::milliseconds most);

  const Stats& stats() const { return stats_; }
  Stats& stats() { return stats_; }
  std::shared_ptr<const Config> config() const;  // the current one; thread-safe
  std::vector<SiteStatus> sites() const;         // as of the last apply(); thread-safe
  const std::vector<std::string>& certificate_errors() const { return certificate_errors_; }

 private:
  ServerOptions options_;
  Stats stats_;
  std::vector<std::unique_ptr<ThreadLoop>> threads_;
  std::map<std::string, std::shared_ptr<const Site>> open_;
  std::shared_ptr<const TlsStore> tls_;
  std::vector<std::string> certificate_errors_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> config_;
  std::vector<SiteStatus> sites_;
};

}  // namespace gw::runtime
