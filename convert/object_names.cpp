#include "convert/object_names.h"

#include <cstdint>

namespace gw::convert {
namespace {

constexpr std::string_view wildcard = "wildcard--";

std::uint64_t fnv1a(std::string_view text, std::uint64_t h = 1469598103934665603ull) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return h;
}

std::string hash(std::string_view text) {
  std::uint64_t h = fnv1a(text);
  std::string out;
  for (int i = 0; i < 8; ++i, h >>= 5) out += "0123456789abcdefghijklmnopqrstuv"[h & 31];
  return out;
}

bool alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string dns_name(std::string_view text, std::size_t limit) {
  std::string out;
  bool changed = text.size() > limit;
  for (const char c : text.substr(0, limit)) {
    const bool good = alnum(c) || ((c == '-' || c == '.') && !out.empty() && !(c == '.' && !alnum(out.back())) &&
                                   !(c == '-' && out.back() == '.'));
    if (good) {
      out += c;
      continue;
    }
    changed = true;
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (!out.empty() && alnum(out.back()))
      out += '-';
  }
  while (!out.empty() && !alnum(out.back())) {
    out.pop_back();
    changed = true;
  }
  if (!changed) return out;
  const std::string tail = hash(text);
  if (out.size() + tail.size() + 1 > limit) out.resize(limit - tail.size() - 1);
  while (!out.empty() && !alnum(out.back())) out.pop_back();
  return out.empty() ? "x" + tail : out + "-" + tail;
}

std::string host_slug(std::string_view host) {
  if (host.starts_with("*.")) return std::string(wildcard) + std::string(host.substr(2));
  // A literal host that looks like our spelling of a wildcard gives way.
  if (host.starts_with(wildcard)) return std::string(host) + "--" + hash(host);
  return std::string(host);
}

std::string route_name(std::string_view ingress, std::string_view host) {
  std::string name(ingress);
  if (!host.empty()) {
    // Only an Ingress name with dots could be read as another Ingress and a longer host.
    if (ingress.find('.') != std::string_view::npos) name += "--" + hash(ingress);
    name += "." + host_slug(host);
  }
  return dns_name(name, 240);
}

bool covers(std::string_view tls_host, std::string_view host) {
  if (tls_host == host) return true;
  if (!tls_host.starts_with("*.") || host.starts_with("*.")) return false;
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot != 0 && host.substr(dot) == tls_host.substr(1);
}

std::string NameBook::claim(std::string_view scope, std::string name, std::string_view key) {
  const auto [at, fresh] = owners_.try_emplace(fnv1a(name, fnv1a(scope)), fnv1a(key));
  if (fresh || at->second == fnv1a(key)) return name;
  return claim(scope, dns_name(name, 240) + "-" + hash(key), key);
}

}  // namespace gw::convert
