#include "cli/dataplane.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "kube/index.h"
#include "pki/certificate.h"

namespace gw::cli {
namespace {

std::optional<std::string> from_base64(std::string_view text) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '=') continue;
    auto at = alphabet.find(c);
    if (at == alphabet.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(at);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 255);
  }
  return out;
}

std::optional<std::string> value_of(const kube::Secret& secret, std::string_view key) {
  if (const std::string* plain = kube::find(secret.string_data, key)) return *plain;
  if (const std::string* coded = kube::find(secret.data, key)) return from_base64(*coded);
  return std::nullopt;
}

runtime::Site::Kind site_kind(route::Protocol protocol) {
  switch (protocol) {
    case route::Protocol::http:
      return runtime::Site::Kind::http;
    case route::Protocol::https:
    case route::Protocol::tls:
      return runtime::Site::Kind::tls;
    case route::Protocol::tcp:
      return runtime::Site::Kind::tcp;
    case route::Protocol::udp:
      return runtime::Site::Kind::udp;
  }
  return runtime::Site::Kind::http;
}

std::string fault_of(const std::optional<runtime::Certificate>& pair) {
  return pair ? pki::check_pair(pair->chain_pem, pair->key_pem) : "it has no tls.crt and tls.key";
}

// Pairs that load; half-written or mismatched ones keep what was there before.
void read_certificates(const kube::Bundle& bundle, const runtime::Config* before, runtime::Config& config,
                       std::vector<std::string>& warnings) {
  for (const kube::Secret& secret : bundle.secrets) {
    auto pair = read_pair(secret);
    std::string why = fault_of(pair);
    if (why.empty()) {
      config.certificates[secret.id()] = std::move(*pair);
      continue;
    }
    auto old = before ? before->certificates.find(secret.id())
                      : std::map<kube::NamespacedName, runtime::Certificate>::const_iterator{};
    bool kept = before && old != before->certificates.end();
    if (kept) config.certificates[secret.id()] = old->second;
    if (!kept && !pair) continue;  // not a certificate at all
    warnings.push_back("Secret " + secret.id().display() + ": " + why +
                       (kept ? "; the certificate before it stays in use" : ""));
  }
}

// Gateway.spec.addresses; an entry without a value asks for one of the pool.
std::vector<std::string> fixed_addresses(const kube::Gateway& gateway) {
  std::vector<std::string> out;
  for (const auto& address : gateway.spec.addresses)
    if (!address.value.empty() && address.type.value_or("IPAddress") == "IPAddress") out.push_back(address.value);
  return out;
}

std::string address_in_status(const kube::Gateway& gateway) {
  const yaml::Node* status = gateway.node ? gateway.node->find("status") : nullptr;
  const yaml::Node* addresses = status ? status->find("addresses") : nullptr;
  if (!addresses || !addresses->is_seq() || addresses->size() == 0) return {};
  const yaml::Node* value = addresses->items().front().find("value");
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

}  // namespace

std::optional<runtime::Certificate> read_pair(const kube::Secret& secret) {
  auto chain = value_of(secret, "tls.crt"), key = value_of(secret, "tls.key");
  if (!chain || !key) return std::nullopt;
  return runtime::Certificate{std::move(*chain), std::move(*key)};
}

std::string PkiFacts::check_pair(const kube::Secret& secret) const {
  std::string why = fault_of(read_pair(secret));
  if (why.empty()) good_.insert(secret.id());
  return why;
}

std::string PkiFacts::check_ca(std::string_view pem) const {
  return pki::check_ca(pem);
}

Result<AddressPool> AddressPool::parse(const std::string& cidr) {
  Error bad{"--address-pool '" + cidr + "' is not an IPv4 range", "write for example 127.0.1.0/24"};
  auto slash = cidr.find('/');
  in_addr address{};
  if (inet_pton(AF_INET, cidr.substr(0, slash).c_str(), &address) != 1) return bad;
  unsigned bits = 32;
  if (slash != std::string::npos) {
    const char* end = cidr.data() + cidr.size();
    auto read = std::from_chars(cidr.data() + slash + 1, end, bits);
    if (read.ec != std::errc() || read.ptr != end || bits > 32 || bits < 8) return bad;
  }
  AddressPool pool;
  std::uint32_t size = bits == 32 ? 1 : 1u << (32 - bits);
  pool.first_ = ntohl(address.s_addr) & ~(size - 1);
  pool.count_ = size;
  if (size > 2) {  // neither the network nor its broadcast address
    ++pool.first_;
    pool.count_ -= 2;
  }
  return pool;
}

std::uint32_t AddressPool::number_of(const std::string& address) const {
  in_addr parsed{};
  if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) return count_;
  return std::min(ntohl(parsed.s_addr) - first_, count_);  // below the range: wraps far above it
}

bool AddressPool::is_free(std::uint32_t number) const {
  return number < count_ && !used_.count(number) && !fixed_.count(number);
}

std::string AddressPool::take(const kube::NamespacedName& gateway, const std::string& before) {
  auto had = taken_.find(gateway);
  if (had == taken_.end()) {
    std::uint32_t number = number_of(before);
    for (std::uint32_t tried = 0; !is_free(number) && tried < count_; ++tried) {
      number = next_;
      next_ = (next_ + 1) % count_;
    }
    if (!is_free(number)) return {};
    used_.insert(number);
    had = taken_.emplace(gateway, number).first;
  }
  const in_addr address{htonl(first_ + had->second)};
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

void AddressPool::settle(const std::set<kube::NamespacedName>& gateways, const std::set<std::string>& fixed) {
  std::erase_if(taken_, [&](const auto& held) {
    if (gateways.count(held.first)) return false;
    used_.erase(held.second);
    return true;
  });
  fixed_.clear();
  for (const std::string& address : fixed) fixed_.insert(number_of(address));
}

Result<std::unique_ptr<GatewayDataplane>> GatewayDataplane::make(runtime::Server& server, DataplaneOptions options) {
  std::unique_ptr<GatewayDataplane> out(new GatewayDataplane(server, std::move(options)));
  if (!out->options_.pool.empty()) {
    auto pool = AddressPool::parse(out->options_.pool);
    if (!pool) return pool.error();
    out->pool_ = std::move(*pool);
  }
  return out;
}

int GatewayDataplane::socket_port(kube::Port port) const {
  if (pool_) return port;
  auto moved = options_.port_map.find(port);
  return moved == options_.port_map.end() ? port : moved->second;
}

std::vector<std::string> GatewayDataplane::addresses_of(const kube::Gateway& gateway) {
  std::vector<std::string> out = fixed_addresses(gateway);
  if (!out.empty()) return out;
  std::string own = pool_ ? pool_->take(gateway.id(), address_in_status(gateway)) : "127.0.0.1";
  if (!own.empty()) out.push_back(std::move(own));
  return out;
}

void GatewayDataplane::settle_pool(const route::Attachments& attachments) {
  if (!pool_) return;
  std::set<kube::NamespacedName> present;
  std::set<std::string> fixed;
  for (const auto& status : attachments.gateways) {
    present.insert(status.gateway->id());
    for (std::string& address : fixed_addresses(*status.gateway)) fixed.insert(std::move(address));
  }
  pool_->settle(present, fixed);
  // After a restart: who had an address gets it before newcomers are served.
  for (const auto& status : attachments.gateways)
    if (std::string before = address_in_status(*status.gateway);
        !before.empty() && fixed_addresses(*status.gateway).empty())
      pool_->take(status.gateway->id(), before);
}

control::GatewayStates GatewayDataplane::apply(const kube::Index& index, const route::Attachments& attachments) {
  auto config = std::make_shared<runtime::Config>();
  auto before = server_.config();
  warnings_.clear();
  places_.clear();
  config->table = route::compile(index, attachments, {.asks_services = true});
  read_certificates(index.bundle(), before.get(), *config, warnings_);

  settle_pool(attachments);
  control::GatewayStates states;
  for (const auto& status : attachments.gateways) {
    const kube::Gateway& gateway = *status.gateway;
    control::GatewayState& state = states[gateway.id()];
    state.addresses = addresses_of(gateway);
    if (state.addresses.empty()) state.problem = "no address is left in the pool", state.reason = "AddressNotAssigned";
    if (gateway.spec.tls && gateway.spec.tls->backend && gateway.spec.tls->backend->client_certificate_ref) {
      const auto& ref = *gateway.spec.tls->backend->client_certificate_ref;
      config->client_certificates[gateway.id()] = {ref.ns.value_or(gateway.metadata.ns), ref.name};
    }
  }

  std::map<std::string, runtime::Site> sites;
  for (const route::Listener& listener : config->table->listeners()) {
    if (!listener.usable) continue;
    auto state = states.find(listener.gateway);
    if (state == states.end()) continue;
    for (const std::string& ip : state->second.addresses) {
      Place place{listener.gateway,
                  listener.name,
                  route::name(listener.protocol),
                  listener.hostname,
                  "",
                  listener.port,
                  "",
                  ""};
      auto address = runtime::Address::parse(ip, static_cast<std::uint16_t>(socket_port(listener.port)));
      if (!address) {
        place.error = "'" + ip + "' is not an IP address";
        places_.push_back(std::move(place));
        continue;
      }
      place.address = address->text();
      runtime::Site site;
      site.address = *address;
      site.port = listener.port;
      site.kind = site_kind(listener.protocol);
      site.layer4 = listener.protocol == route::Protocol::tls;
      auto [at, fresh] = sites.try_emplace(site.key(), site);
      runtime::Site& there = at->second;
      if (there.kind != site.kind || there.port != site.port) {
        place.error = "another listener has " + place.address + " with a different protocol or port";
        place.help = "move one of them with --port-map, or give every Gateway its own address with --address-pool";
      } else {
        there.layer4 |= site.layer4;
        if (std::find(there.gateways.begin(), there.gateways.end(), listener.gateway) == there.gateways.end())
          there.gateways.push_back(listener.gateway);
      }
      places_.push_back(std::move(place));
    }
  }
  for (auto& [key, site] : sites) config->sites.push_back(std::move(site));

  std::map<std::string, runtime::SiteStatus> results;
  for (auto& status : server_.apply(config)) results.emplace(status.key, status);
  for (Place& place : places_) {
    auto result = results.find(place.address + (place.protocol == "UDP" ? "/udp" : "/tcp"));
    if (place.error.empty() && result != results.end()) {
      place.error = result->second.error;
      place.help = result->second.help;
    }
    auto& state = states[place.gateway];
    if (!place.error.empty() && state.problem.empty()) state.problem = place.error, state.reason = "AddressNotUsable";
  }
  for (const auto& error : server_.certificate_errors()) warnings_.push_back(error);
  return states;
}

}  // namespace gw::cli
