// A blocking HTTP/1 client over loopback, plain or TLS, for tests of a whole server.
#pragma once
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "runtime/address.h"

namespace gw::test {

struct Reply {
  int status = 0;  // 0: none came
  std::string head, body;
  std::string field(const std::string& name) const {
    auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    at += name.size() + 4;
    return head.substr(at, head.find("\r\n", at) - at);
  }
};

class Client {
 public:
  explicit Client(int port, std::string sni = "") : port_(port), sni_(std::move(sni)) { open(); }
  ~Client() { shut(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A connection that ended is opened anew, once.
  Reply ask(const std::string& request, bool head = false) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      Reply reply;
      if (fd_ >= 0 && write(request) && read(reply, head)) return reply;
      ++reopened;
      shut();
      open();
    }
    return {};
  }
  Reply get(const std::string& host, const std::string& target) {
    return ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }
  bool connected() const { return fd_ >= 0; }
  unsigned reopened = 0;

 private:
  void open() {
    auto address = runtime::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port_));
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(fd_, address->get(), address->length) != 0) return shut();
    if (sni_.empty()) return;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_tlsext_host_name(ssl_.get(), sni_.c_str());
    SSL_set_fd(ssl_.get(), fd_);
    if (SSL_connect(ssl_.get()) != 1) shut();
  }
  void shut() {
    ssl_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    buffer_.clear();
  }
  bool write(const std::string& bytes) {
    int size = static_cast<int>(bytes.size());
    return ssl_ ? SSL_write(ssl_.get(), bytes.data(), size) == size
                : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
  }
  bool more() {
    char bytes[16384];
    ssize_t n = ssl_ ? SSL_read(ssl_.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  bool read(Reply& reply, bool head) {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return false;
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    std::string length = reply.field("Content-Length");
    std::size_t size = head || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size)
      if (!more()) return false;
    reply.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    reply.status = std::stoi(reply.head.substr(9, 3));
    return true;
  }

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int port_, fd_ = -1;
  std::string sni_, buffer_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

inline int free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = runtime::Address::parse("127.0.0.1", 0);
  REQUIRE(::bind(fd, address->get(), address->length) == 0);
  ::getsockname(fd, address->get(), &address->length);
  ::close(fd);
  return address->port();
}

}  // namespace gw::test
