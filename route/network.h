// Networks of addresses, as allow and deny lists write them.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "route/request.h"

namespace gw::route {

struct Network {
  std::array<std::uint8_t, 16> bytes{};
  unsigned bits = 0;                            // of 128; IPv4 is mapped
  bool contains(const Network& address) const;  // `address` as far as this network's bits
};
std::optional<Network> parse_network(std::string_view text);  // "10.0.0.0/8", "::1"

Network client_address(const Request& request);  // 127.0.0.1 where the request names none

// Who may enter: the addresses of `allow` (no list: all) that `deny` does not hold.
struct AddressRule {
  std::optional<std::vector<Network>> allow;
  std::vector<Network> deny;
  bool admits(const Network& client) const;  // not denied, and in `allow` where there is one
};

// "10.0.0.1", an address inside the network that a host could have: after the network's own, where there is room.
std::string address_inside(const Network& network);

}  // namespace gw::route
