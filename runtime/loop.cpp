#include "runtime/loop.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace gw::runtime {
namespace {

constexpr std::uint32_t stream_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

class SocketStream : public Stream, public Watcher {
 public:
  SocketStream(Loop& loop, int fd, StreamHandler* handler) : loop_(loop), fd_(fd), handler_(handler) {}
  ~SocketStream() override {
    loop_.unwatch(fd_);
    if (reset_) {
      linger now{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd_);
  }

  bool watch() { return loop_.watch(fd_, *this, stream_events); }

  void on_events(std::uint32_t events) override {
    Ready ready;
    ready.failed = events & (EPOLLERR | EPOLLHUP);
    ready.hangup = hangup_ = hangup_ || (events & (EPOLLRDHUP | EPOLLHUP));
    ready.readable = events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    ready.writable = events & EPOLLOUT;
    if (handler_) handler_->on_ready(ready);
  }

  void set_handler(StreamHandler* handler) override { handler_ = handler; }

  ReadResult read(char* to, std::size_t capacity) override {
    for (;;) {
      ssize_t n = ::recv(fd_, to, capacity, 0);
      if (n > 0) {
        auto got = static_cast<std::size_t>(n);
        return {.bytes = got, .drained = got < capacity && !hangup_};
      }
      if (n == 0) return {.drained = true, .eof = true};
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return {.drained = true};
      return {.drained = true, .failed = true};
    }
  }

  WriteResult write(const iovec* parts, int count) override {
    std::size_t offered = 0;
    for (int i = 0; i < count; ++i) offered += parts[i].iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    for (;;) {
      ssize_t n = count == 1 ? ::send(fd_, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
                             : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (n >= 0) return {.bytes = static_cast<std::size_t>(n), .blocked = static_cast<std::size_t>(n) < offered};
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return {.blocked = true};
      return {.failed = true};
    }
  }

  void finish() override { ::shutdown(fd_, SHUT_WR); }

  bool stale() const override {
    char byte;
    ssize_t n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || errno != EAGAIN;
  }

  void reset_on_close() override { reset_ = true; }

  Address peer() const override {
    Address address;
    address.length = sizeof address.storage;
    if (getpeername(fd_, address.get(), &address.length) != 0) address.length = 0;
    return address;
  }

 private:
  Loop& loop_;
  int fd_;
  StreamHandler* handler_;
  bool hangup_ = false, reset_ = false;
};

Result<int> bind_socket(const Address& address, int type, bool share) {
  int fd = ::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  auto failed = [&](const char* what) -> Result<int> {
    Error error{std::string("cannot ") + what + " " + address.text() + ": " + std::strerror(errno), ""};
    if (errno == EADDRINUSE) error.help = "another program listens there; choose another port with --port-map";
    if (errno == EACCES) error.help = "ports below 1024 need privileges; move them with --port-map 80=8080,443=8443";
    if (fd >= 0) ::close(fd);
    return error;
  };
  if (fd < 0) return failed("open a socket for");
  int on = 1;
  if (type == SOCK_STREAM) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // inherited by accepted sockets
  }
  if (share) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (address.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, address.get(), address.length) != 0) return failed("listen on");
  return fd;
}

}  // namespace

Loop::Loop() : now_(std::chrono::steady_clock::now()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  assert(epoll_ >= 0 && wake_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = ~0ull;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

Loop::~Loop() {
  ::close(wake_);
  ::close(epoll_);
}

void Loop::stop() {
  stop_ = true;
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(wake_, &one, sizeof one);
}

void Loop::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(wake_, &one, sizeof one);
}

void Loop::run_posted() {
  std::uint64_t count;
  [[maybe_unused]] auto n = ::read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void Loop::run(LoopHooks& hooks) {
  std::array<epoll_event, 256> events;
  while (!stop_) {
    int timeout = -1;
    if (auto wake = hooks.next_wake()) {
      auto left = std::chrono::duration_cast<milliseconds>(*wake - std::chrono::steady_clock::now()).count() + 1;
      timeout = left < 0 ? 0 : static_cast<int>(std::min<long long>(left, 60'000));
    }
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
    now_ = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      std::uint64_t data = events[static_cast<std::size_t>(i)].data.u64;
      if (data == ~0ull) {
        run_posted();
        continue;
      }
      Slot& slot = slots_[data & 0xffffffff];
      if (slot.generation == data >> 32 && slot.watcher)
        slot.watcher->on_events(events[static_cast<std::size_t>(i)].events);
    }
    hooks.settle(now_);
  }
}

bool Loop::watch(int fd, Watcher& watcher, std::uint32_t events) {
  auto index = static_cast<std::size_t>(fd);
  if (slots_.size() <= index) slots_.resize(index + 1 + index / 2);
  Slot& slot = slots_[index];
  slot.generation = (slot.generation + 1) & 0x7fffffff;
  slot.watcher = &watcher;
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(slot.generation) << 32 | index;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Loop::unwatch(int fd) {
  auto index = static_cast<std::size_t>(fd);
  if (index < slots_.size()) slots_[index].watcher = nullptr;
}

std::unique_ptr<Stream> Loop::adopt(int fd) {
  auto stream = std::make_unique<SocketStream>(*this, fd, nullptr);
  if (!stream->watch()) return nullptr;
  return stream;
}

std::unique_ptr<Stream> Loop::connect(const Address& address, StreamHandler& handler) {
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return nullptr;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, address.get(), address.length) != 0 && errno != EINPROGRESS) {
    ::close(fd);
    return nullptr;
  }
  auto stream = std::make_unique<SocketStream>(*this, fd, &handler);
  if (!stream->watch()) return nullptr;
  return stream;
}

Acceptor::Acceptor(Loop& loop, int fd, OnAccept on_accept) : loop_(loop), fd_(fd), on_accept_(std::move(on_accept)) {
  loop_.watch(fd_, *this, EPOLLIN | EPOLLET);
}

Acceptor::~Acceptor() {
  accept_all();  // what the kernel already took in is served
  loop_.unwatch(fd_);
  ::close(fd_);
}

void Acceptor::on_events(std::uint32_t) {
  accept_all();
}

void Acceptor::accept_all() {
  starved_ = false;
  for (;;) {
    int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
      starved_ = errno != EAGAIN;
      return;
    }
    if (auto stream = loop_.adopt(fd)) on_accept_(std::move(stream));
  }
}

namespace {
Result<int> bind_and_listen(const Address& address, bool share) {
  auto fd = bind_socket(address, SOCK_STREAM, share);
  if (!fd) return fd;
  if (::listen(*fd, 4096) != 0) {
    Error error{"cannot listen on " + address.text() + ": " + std::strerror(errno), ""};
    ::close(*fd);
    return error;
  }
  return fd;
}
}  // namespace

Result<int> listen_tcp(const Address& address, bool share) {
  if (share) {  // SO_REUSEPORT would hide that somebody else is there
    auto probe = bind_and_listen(address, false);
    if (!probe) return probe;
    ::close(*probe);
  }
  return bind_and_listen(address, share);
}

Result<int> listen_shared(const Address& address) {
  return bind_and_listen(address, true);
}

Result<int> bind_udp(const Address& address, bool share) {
  return bind_socket(address, SOCK_DGRAM, share);
}

}  // namespace gw::runtime
