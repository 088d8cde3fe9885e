// UDPRoute: datagrams from one client go to one endpoint for as long as they keep coming.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "runtime/loop.h"
#include "runtime/site.h"

namespace gw::runtime {

class Worker;

class UdpSocket : public Watcher {
 public:
  UdpSocket(Loop& loop, Worker& worker, int fd, const std::shared_ptr<const Site>& site);  // owns fd
  ~UdpSocket() override;
  void on_events(std::uint32_t events) override;
  void tick(TimePoint now);  // forgets sessions that were silent

 private:
  class Session;
  Session* session(const Address& client);

  Loop& loop_;
  Worker& worker_;
  int fd_;
  const std::shared_ptr<const Site>& site_;  // the place's, which changes at a reload
  std::map<std::string, std::unique_ptr<Session>> sessions_;
  TimePoint swept_{};
};

}  // namespace gw::runtime
