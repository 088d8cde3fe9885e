// Facts about certificates and making self-signed ones. Private keys go in and out as PEM and are never shown.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::pki {

struct CertificateInfo {
  std::string subject, issuer;
  std::vector<std::string> dns_names;  // SAN DNS names; the common name where there is no SAN
  std::vector<std::string> ip_addresses, uris;
  std::int64_t not_before = 0, not_after = 0;  // seconds since the epoch
  bool is_ca = false;
  std::string key_type;  // "EC P-256", "RSA 2048"
  std::size_t chain_length = 0;
};

// The first certificate of a PEM text. The error says what is wrong without quoting the input.
Result<CertificateInfo> parse_certificate(std::string_view pem);
// All certificates of a PEM text.
Result<std::vector<CertificateInfo>> parse_chain(std::string_view pem);

// Empty when certificate and key are well-formed and belong together; otherwise why not.
std::string check_pair(std::string_view certificate_pem, std::string_view key_pem);
// Empty when the text holds at least one certificate and nothing malformed; otherwise why not.
std::string check_ca(std::string_view pem);

// Whether a certificate's name ("*.example.com" too) covers a host name (or a wildcard host).
bool covers(const CertificateInfo& certificate, std::string_view host);

struct Pair {
  std::string certificate_pem, key_pem;
};
// Valid from an hour ago for `days`; EC P-256.
Result<Pair> make_self_signed(const std::vector<std::string>& names, int days);

}  // namespace gw::pki
