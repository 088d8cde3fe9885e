#include "route/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace gw::route {

bool Network::contains(const Network& address) const {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (std::memcmp(bytes.data(), address.bytes.data(), whole) != 0) return false;
  return rest == 0 || ((bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network out;
  std::uint32_t v4 = 0;
  const bool is_v4 = inet_pton(AF_INET, address.c_str(), &v4) == 1;
  if (is_v4) {
    out.bytes[10] = out.bytes[11] = 0xff;
    std::memcpy(out.bytes.data() + 12, &v4, 4);
  } else if (inet_pton(AF_INET6, address.c_str(), out.bytes.data()) != 1) {
    return std::nullopt;
  }
  out.bits = 128;
  if (slash == std::string_view::npos) return out;
  std::string_view digits = text.substr(slash + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size() || length > (is_v4 ? 32U : 128U))
    return std::nullopt;
  out.bits = length + (is_v4 ? 96 : 0);
  return out;
}

Network client_address(const Request& request) {
  static const Network loopback = *parse_network("127.0.0.1");
  if (request.client.empty()) return loopback;
  return parse_network(request.client).value_or(loopback);
}

bool AddressRule::admits(const Network& client) const {
  const auto holds = [&](const Network& network) { return network.contains(client); };
  if (std::any_of(deny.begin(), deny.end(), holds)) return false;
  return !allow || std::any_of(allow->begin(), allow->end(), holds);
}

std::string address_inside(const Network& network) {
  std::array<std::uint8_t, 16> bytes = network.bytes;
  for (unsigned bit = network.bits; bit < 128; ++bit) bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  if (network.bits < 127) bytes[15] |= 1;
  char text[INET6_ADDRSTRLEN];
  const bool v4 = std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
                  bytes[10] == 0xff && bytes[11] == 0xff;
  return inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text) ? text : "";
}

}  // namespace gw::route
