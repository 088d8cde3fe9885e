// A small Kubernetes API server in this process: HTTP over loopback, every request recorded, answers by a function.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gw::test {

struct ApiRequest {
  std::string method, target, body;            // target: path with query, as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string path() const { return target.substr(0, target.find('?')); }
  bool has(const std::string& text) const { return target.find(text) != std::string::npos; }
};

struct ApiReply {
  int status = 200;
  std::string body;
  bool hold = false;  // a watch: the body's lines are sent, the connection stays open until the server stops
};

class FakeApi {
 public:
  using Handler = std::function<ApiReply(const ApiRequest&)>;

  explicit FakeApi(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 64);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~FakeApi() { stop(); }
  FakeApi(const FakeApi&) = delete;

  void stop() {
    if (stop_.exchange(true)) return;
    acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<ApiRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t count(const std::function<bool(const ApiRequest&)>& wanted) const {
    const auto all = requests();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), wanted));
  }

 private:
  bool readable(int fd) const {
    while (!stop_) {
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }
  void accept_all() {
    while (readable(listener_))
      if (const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0)
        connections_.emplace_back([this, fd] {
          serve(fd);
          ::close(fd);
        });
  }

  bool more(int fd, std::string& buffer) const {
    char bytes[16384];
    if (!readable(fd)) return false;
    const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n > 0) buffer.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }
  bool read(int fd, std::string& buffer, ApiRequest& out) const {
    std::size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!more(fd, buffer)) return false;
    const std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    const auto line = head.substr(0, head.find("\r\n"));
    out.method = line.substr(0, line.find(' '));
    out.target = line.substr(out.method.size() + 1, line.rfind(' ') - out.method.size() - 1);
    for (auto at = head.find("\r\n") + 2; at < head.size();) {
      const auto stop = head.find("\r\n", at), colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      out.headers[name] = head.substr(colon + 2, stop - colon - 2);
      at = stop + 2;
    }
    const std::size_t size = out.headers.count("content-length") ? std::stoul(out.headers["content-length"]) : 0;
    while (buffer.size() < size)
      if (!more(fd, buffer)) return false;
    out.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }
  static void send(int fd, const std::string& text) { ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

  void serve(int fd) {
    std::string buffer;
    for (ApiRequest request; read(fd, buffer, request); request = {}) {
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const ApiReply reply = handler_(request);
      const std::string head =
          "HTTP/1.1 " + std::to_string(reply.status) + " Fake\r\nContent-Type: application/json\r\n";
      if (!reply.hold) {
        send(fd, head + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body);
        continue;
      }
      send(fd, head + "\r\n" + reply.body);  // until the connection closes
      for (std::string ignored; more(fd, ignored);) {
      }
      return;
    }
  }

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<ApiRequest> requests_;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
};

// Looks ten times in each second whether something has become true.
inline bool soon(const std::function<bool()>& what, std::chrono::milliseconds most = std::chrono::seconds(10)) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < until) {
    if (what()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return what();
}

}  // namespace gw::test
