// Object names: readable, stable (a function of the Ingress and the host alone) and never the same for two.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gw::convert {

// "a.example.com" as it is, "*.example.com" as "wildcard--example.com".
std::string host_slug(std::string_view host);

// "<ingress>.<host>", or "<ingress>" for a rule without host; at most 240 characters, cut ones end in a hash.
std::string route_name(std::string_view ingress, std::string_view host);

// A valid DNS-1123 subdomain of at most `limit` characters; what had to change ends in a hash of the original.
std::string dns_name(std::string_view text, std::size_t limit = 253);

// Does tls.hosts cover this host? Exactly, or by one wildcard label.
bool covers(std::string_view tls_host, std::string_view host);

// Names that were given out in one namespace and kind; a second owner of a name gets a hash of its own key appended.
class NameBook {
 public:
  // `scope` is "kind/ns"; `key` says whose name it is.
  std::string claim(std::string_view scope, std::string name, std::string_view key);

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> owners_;  // hashes: a large cluster has 40,000 names
};

}  // namespace gw::convert
