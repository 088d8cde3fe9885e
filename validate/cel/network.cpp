// Kubernetes' libraries of addresses and URLs (k8s.io/apiserver/pkg/cel/library: ip.go, cidr.go, urls.go).
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "route/target.h"
#include "validate/cel/function.h"
#include "validate/formats.h"

namespace gw::validate::cel {
namespace {

struct Prefix {
  std::array<unsigned char, 16> bytes{};
  int family = 0;
  int bits = 0;  // of a network; all of them for an address

  int width() const { return family == 4 ? 32 : 128; }
};

// Strict: no zone, no IPv4 inside IPv6.
std::optional<Prefix> parse_address(std::string_view text) {
  Prefix out;
  const std::string copy(text);
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1)
    out.family = 4;
  else if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1)
    out.family = 6;
  else
    return std::nullopt;
  static constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (out.family == 6 && std::equal(mapped, mapped + 12, out.bytes.begin())) return std::nullopt;
  out.bits = out.width();
  return out;
}

std::optional<Prefix> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto out = parse_address(text.substr(0, slash));
  const std::string_view bits = text.substr(slash + 1);
  if (!out || bits.empty() || bits.size() > 3 || (bits.size() > 1 && bits[0] == '0')) return std::nullopt;
  const auto [end, wrong] = std::from_chars(bits.data(), bits.data() + bits.size(), out->bits);
  if (wrong != std::errc() || end != bits.data() + bits.size() || out->bits < 0 || out->bits > out->width())
    return std::nullopt;
  return out;
}

Prefix masked(Prefix prefix) {
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix.bits - i * 8, 0, 8);
    prefix.bytes[static_cast<std::size_t>(i)] &= static_cast<unsigned char>(0xFF00 >> kept);
  }
  return prefix;
}

bool covers(const Prefix& network, const Prefix& other) {
  if (network.family != other.family || other.bits < network.bits) return false;
  Prefix cut = other;
  cut.bits = network.bits;
  return masked(cut).bytes == masked(network).bytes;
}

std::string shown(const Prefix& prefix) {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(prefix.family == 4 ? AF_INET : AF_INET6, prefix.bytes.data(), buffer, sizeof buffer);
  return buffer;
}

// ip(...) and cidr(...) are kept as their canonical text, so that equal ones are equal.
Any kept(const Call& call, const Prefix& prefix, Tag tag) {
  Any out = made(call, tag == Tag::address ? shown(prefix) : shown(prefix) + "/" + std::to_string(prefix.bits));
  out.tag = tag;
  return out;
}

bool is(const Call& call, Tag tag) {
  return call.args[0].is(tag);
}
Prefix address_of(const Any& value) {
  return *parse_address(value.string());
}
Prefix network_of(const Any& value) {
  return *parse_network(value.string());
}

// ---- ip

Any is_ip(const Call& call) {
  return strings(call) ? boolean(parse_address(call.args[0].string()).has_value()) : no_overload();
}
Any ip(const Call& call) {
  if (is(call, Tag::network)) return kept(call, network_of(call.args[0]), Tag::address);
  if (!strings(call)) return no_overload();
  const auto address = parse_address(call.args[0].string());
  return address ? kept(call, *address, Tag::address) : error("not an IP address");
}
Any ip_canonical(const Call& call) {
  if (!strings(call)) return no_overload();
  const auto address = parse_address(call.args[0].string());
  return address ? boolean(shown(*address) == call.args[0].string()) : error("not an IP address");
}
Any family(const Call& call) {
  return is(call, Tag::address) ? integer(address_of(call.args[0]).family) : no_overload();
}

// Is an address inside one of a few well-known networks?
Any inside(const Call& call, std::initializer_list<std::string_view> networks) {
  if (!is(call, Tag::address)) return no_overload();
  const Prefix address = address_of(call.args[0]);
  return boolean(std::any_of(networks.begin(), networks.end(),
                             [&](std::string_view network) { return covers(*parse_network(network), address); }));
}
Any unspecified(const Call& call) {
  return inside(call, {"0.0.0.0/32", "::/128"});
}
Any loopback(const Call& call) {
  return inside(call, {"127.0.0.0/8", "::1/128"});
}
Any link_local_multicast(const Call& call) {
  return inside(call, {"224.0.0.0/24", "ff02::/16"});
}
Any link_local_unicast(const Call& call) {
  return inside(call, {"169.254.0.0/16", "fe80::/10"});
}
Any global_unicast(const Call& call) {
  Any other = inside(call, {"0.0.0.0/32", "255.255.255.255/32", "127.0.0.0/8", "224.0.0.0/4", "169.254.0.0/16",
                            "::/128", "::1/128", "ff00::/8", "fe80::/10"});
  if (other.is(Tag::boolean)) other.boolean = !other.boolean;
  return other;
}

// ---- cidr

Any is_cidr(const Call& call) {
  return strings(call) ? boolean(parse_network(call.args[0].string()).has_value()) : no_overload();
}
Any cidr(const Call& call) {
  if (!strings(call)) return no_overload();
  const auto network = parse_network(call.args[0].string());
  return network ? kept(call, *network, Tag::network) : error("not a CIDR");
}
template <Tag Kind, auto Parse>
Any contains(const Call& call) {
  const Any& what = call.args[1];
  if (!is(call, Tag::network) || !(what.is(Kind) || what.is(Tag::string))) return no_overload();
  const auto other = Parse(what.string());
  return other ? boolean(covers(network_of(call.args[0]), *other)) : error("not an address");
}
Any masked_network(const Call& call) {
  return is(call, Tag::network) ? kept(call, masked(network_of(call.args[0])), Tag::network) : no_overload();
}
Any prefix_length(const Call& call) {
  return is(call, Tag::network) ? integer(network_of(call.args[0]).bits) : no_overload();
}

// ---- url

struct Url {
  std::string_view scheme, host, path, query;
};

// Of a text that check_format("uri") takes: an absolute URL, or a path.
Url split(std::string_view text) {
  Url out;
  const auto colon = text.find(':');
  if (!text.starts_with('/') && colon != std::string_view::npos) {
    out.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    out.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    out.host = text.substr(0, text.find('/'));
    text.remove_prefix(out.host.size());
    if (const auto at = out.host.rfind('@'); at != std::string_view::npos) out.host.remove_prefix(at + 1);
  }
  out.path = text;
  return out;
}

// Where the port's colon stands; npos without one.
std::size_t port_colon(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)
             ? colon
             : std::string_view::npos;
}

Any is_url(const Call& call) {
  return strings(call) ? boolean(check_format("uri", call.args[0].string())) : no_overload();
}
Any url(const Call& call) {
  if (!strings(call)) return no_overload();
  if (!check_format("uri", call.args[0].string())) return error("not a URL");
  Any out = call.args[0];
  out.tag = Tag::url;
  return out;
}
Any url_scheme(const Call& call) {
  return is(call, Tag::url) ? string(split(call.args[0].string()).scheme) : no_overload();
}
Any url_host(const Call& call) {
  return is(call, Tag::url) ? string(split(call.args[0].string()).host) : no_overload();
}
Any url_hostname(const Call& call) {
  if (!is(call, Tag::url)) return no_overload();
  std::string_view host = split(call.args[0].string()).host;
  host = host.substr(0, port_colon(host));
  return string(host.starts_with('[') ? host.substr(1, host.size() - 2) : host);
}
Any url_port(const Call& call) {
  if (!is(call, Tag::url)) return no_overload();
  const std::string_view host = split(call.args[0].string()).host;
  const auto colon = port_colon(host);
  return string(colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1));
}
Any url_path(const Call& call) {
  return is(call, Tag::url) ? string(split(call.args[0].string()).path) : no_overload();
}

Any url_query(const Call& call) {
  if (!is(call, Tag::url)) return no_overload();
  std::map<std::string, std::vector<std::string>> values;
  std::string_view rest = split(call.args[0].string()).query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    if (!pair.empty())
      values[route::percent_decode(pair.substr(0, equals), true)].push_back(
          route::percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true));
  }
  Any out;
  out.tag = Tag::map;
  out.size = static_cast<std::uint32_t>(values.size());
  MapItem* fields = call.arena.make<MapItem>(values.size());
  out.fields = fields;
  for (const auto& [key, texts] : values) {
    Any* items = call.arena.make<Any>(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) new (items + i) Any(made(call, texts[i]));
    new (fields++) MapItem{made(call, key), list(items, texts.size())};
  }
  return out;
}

constexpr Function functions[] = {
    {"isIP", false, 1, 1, is_ip, Cost::traverse_first},
    {"ip", false, 1, 1, ip, Cost::traverse_first},
    {"ip", true, 1, 1, ip},
    {"ip.isCanonical", false, 1, 1, ip_canonical, Cost::traverse_first},
    {"family", true, 1, 1, family},
    {"isUnspecified", true, 1, 1, unspecified},
    {"isLoopback", true, 1, 1, loopback},
    {"isLinkLocalMulticast", true, 1, 1, link_local_multicast},
    {"isLinkLocalUnicast", true, 1, 1, link_local_unicast},
    {"isGlobalUnicast", true, 1, 1, global_unicast},
    {"isCIDR", false, 1, 1, is_cidr, Cost::traverse_first},
    {"cidr", false, 1, 1, cidr, Cost::traverse_first},
    {"containsIP", true, 2, 2, contains<Tag::address, parse_address>},
    {"containsCIDR", true, 2, 2, contains<Tag::network, parse_network>},
    {"masked", true, 1, 1, masked_network},
    {"prefixLength", true, 1, 1, prefix_length},
    {"isURL", false, 1, 1, is_url, Cost::traverse_first},
    {"url", false, 1, 1, url, Cost::traverse_first},
    {"getScheme", true, 1, 1, url_scheme},
    {"getHost", true, 1, 1, url_host},
    {"getHostname", true, 1, 1, url_hostname},
    {"getPort", true, 1, 1, url_port},
    {"getEscapedPath", true, 1, 1, url_path},
    {"getQuery", true, 1, 1, url_query},
};

}  // namespace

std::span<const Function> network_functions() {
  return functions;
}

}  // namespace gw::validate::cel
