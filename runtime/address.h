// An IP address with a port, as the kernel takes it.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::runtime {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // nullopt: not an IPv4 or IPv6 literal.
  static std::optional<Address> parse(std::string_view ip, std::uint16_t port);
  // "127.0.0.1:9901", "[::1]:80"
  static std::optional<Address> parse_with_port(std::string_view text);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;  // 0 where it has none
  std::string ip() const;      // "10.0.0.1", "::1"; empty for another family
  std::string text() const;    // ip:port
};

}  // namespace gw::runtime
