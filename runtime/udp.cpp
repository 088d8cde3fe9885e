#include "runtime/udp.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/tunnel.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {
constexpr std::size_t most_sessions = 4096;
constexpr seconds silence{60};
}  // namespace

class UdpSocket::Session : public Watcher {
 public:
  Session(UdpSocket& owner, int fd, const Address& client) : owner_(owner), fd_(fd), client_(client) {
    owner_.loop_.watch(fd_, *this, EPOLLIN | EPOLLET);
  }
  ~Session() override {
    owner_.loop_.unwatch(fd_);
    ::close(fd_);
  }
  void send(const char* data, std::size_t size) {
    last = owner_.worker_.now();
    ::send(fd_, data, size, MSG_DONTWAIT);
  }
  void on_events(std::uint32_t) override {
    auto buffer = owner_.worker_.scratch();
    for (;;) {
      ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n < 0 && (errno == ECONNREFUSED || errno == EINTR)) continue;  // an earlier datagram's fate
      if (n < 0) return;
      last = owner_.worker_.now();
      ::sendto(owner_.fd_, buffer.data(), static_cast<std::size_t>(n), MSG_DONTWAIT, client_.get(), client_.length);
    }
  }
  TimePoint last{};

 private:
  UdpSocket& owner_;
  int fd_;
  Address client_;
};

UdpSocket::UdpSocket(Loop& loop, Worker& worker, int fd, const std::shared_ptr<const Site>& site)
    : loop_(loop), worker_(worker), fd_(fd), site_(site) {
  loop_.watch(fd_, *this, EPOLLIN | EPOLLET);
}

UdpSocket::~UdpSocket() {
  sessions_.clear();
  loop_.unwatch(fd_);
  ::close(fd_);
}

UdpSocket::Session* UdpSocket::session(const Address& client) {
  auto& found = sessions_[client.text()];
  if (found) return found.get();
  auto generation = worker_.generation();
  const route::Backend* backend = nullptr;
  for (const auto& gateway : site_->gateways)
    if (const auto* rule = generation->config->table->l4(gateway, site_->port, route::Protocol::udp))
      backend = pick_l4(*rule, worker_.ticket());
  Endpoint* endpoint = nullptr;
  if (backend && sessions_.size() <= most_sessions) {
    auto& resolved = generation->backends[backend->index];
    if (!resolved.ready) worker_.pool().resolve(*backend, site_->gateway(), resolved);
    endpoint = resolved.next(worker_.now());
  }
  int fd = endpoint ? ::socket(endpoint->address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
  if (fd < 0 || ::connect(fd, endpoint->address.get(), endpoint->address.length) != 0) {
    if (fd >= 0) ::close(fd);
    sessions_.erase(client.text());
    return nullptr;
  }
  found = std::make_unique<Session>(*this, fd, client);
  return found.get();
}

void UdpSocket::on_events(std::uint32_t) {
  auto buffer = worker_.scratch();
  for (;;) {
    Address client;
    client.length = sizeof client.storage;
    ssize_t n = ::recvfrom(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT, client.get(), &client.length);
    if (n < 0) return;
    if (Session* s = session(client)) s->send(buffer.data(), static_cast<std::size_t>(n));
  }
}

void UdpSocket::tick(TimePoint now) {
  if (now - swept_ < seconds(5)) return;
  swept_ = now;
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second->last + silence < now; });
}

}  // namespace gw::runtime
