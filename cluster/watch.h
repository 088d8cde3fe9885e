// A live copy of some kinds of a cluster: list once, then watch; resumes where a stream ended and lists again on 410.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cluster/client.h"
#include "kube/load.h"

namespace gw::cluster {

struct WatchedKind {
  std::string group, plural, kind;
  std::vector<std::string> versions;  // the first one that the server has is used
};

class Watch {
 public:
  // One thread and one connection a kind, until destruction. `changed` is called (from those threads) after each change
  // and once when the first list of every kind has arrived; `trouble` with one line about what fails, not repeated.
  Watch(const Access& access, std::vector<WatchedKind> kinds, std::function<void()> changed,
        std::function<void(const std::string&)> trouble);
  ~Watch();
  Watch(const Watch&) = delete;

  bool synced() const;  // every kind was listed once
  // All objects now; each keeps its own tree alive.
  std::vector<kube::RawObject> snapshot() const;

 private:
  class Reflector;
  using Objects = std::map<std::string, kube::RawObject>;  // by "ns/name"

  void run(std::size_t number);
  void replace(std::size_t number, Objects objects);
  void change(std::size_t number, bool deleted, kube::RawObject object);
  void well(std::size_t number);  // what was told is over
  void tell(std::size_t number, const std::string& problem);
  void tell_outage(const std::string& problem);  // the server as a whole; told once, not once a kind

  Access access_;
  std::vector<WatchedKind> kinds_;
  std::function<void()> changed_;
  std::function<void(const std::string&)> trouble_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<Objects> stores_;
  std::vector<bool> listed_;
  std::vector<std::string> told_;
  std::string outage_;
  std::vector<std::thread> threads_;
};

}  // namespace gw::cluster
