#include "route/network.h"

#include <arpa/inet.h>

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

}  // namespace gw::route
