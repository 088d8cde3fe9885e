// Networks of addresses, as allow and deny lists write them.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gw::route {

struct Network {
  std::array<std::uint8_t, 16> bytes{};
  unsigned bits = 0;  // of 128; IPv4 is mapped
  bool contains(const Network& address) const;
};
std::optional<Network> parse_network(std::string_view text);  // "10.0.0.0/8", "::1"

}  // namespace gw::route
