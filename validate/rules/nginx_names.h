// Every annotation name of ingress-nginx 1.15 with the type of its value.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace gw::validate {

enum class NginxType : std::uint8_t { text, boolean, integer };

struct NginxName {
  std::string_view name;
  NginxType type = NginxType::text;
  std::string_view instead;  // of a deprecated name
  // Where it goes in Gateway API; where that has no field, the policies of implementations. Both empty: nowhere.
  std::string_view field, policy;
};

std::span<const NginxName> nginx_names();  // ascending
// By the name after the prefix; null for one that ingress-nginx does not have.
const NginxName* find_nginx_name(std::string_view name);

}  // namespace gw::validate
