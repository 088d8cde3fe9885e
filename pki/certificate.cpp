// Certificates by way of OpenSSL.
#include "pki/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace gw::pki {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

BioPtr memory(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string name_text(const X509_NAME* name) {
  BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm tm{};
  return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

std::string text_of(const ASN1_STRING* s) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)),
                     static_cast<std::size_t>(ASN1_STRING_length(s)));
}

void read_names(X509* certificate, CertificateInfo& info) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) info.dns_names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_URI) info.uris.push_back(text_of(name->d.uniformResourceIdentifier));
    if (name->type == GEN_IPADD) {
      std::string raw = text_of(name->d.iPAddress);
      char text[INET6_ADDRSTRLEN] = "";
      inet_ntop(raw.size() == 4 ? AF_INET : AF_INET6, raw.data(), text, sizeof text);
      if (raw.size() == 4 || raw.size() == 16) info.ip_addresses.push_back(text);
    }
  }
  GENERAL_NAMES_free(names);
  if (!info.dns_names.empty() || !info.ip_addresses.empty() || !info.uris.empty()) return;
  int at = X509_NAME_get_index_by_NID(X509_get_subject_name(certificate), NID_commonName, -1);
  if (at >= 0)
    info.dns_names.push_back(
        text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(X509_get_subject_name(certificate), at))));
}

CertificateInfo describe(X509* certificate) {
  CertificateInfo info;
  info.subject = name_text(X509_get_subject_name(certificate));
  info.issuer = name_text(X509_get_issuer_name(certificate));
  info.not_before = seconds_of(X509_get0_notBefore(certificate));
  info.not_after = seconds_of(X509_get0_notAfter(certificate));
  info.is_ca = X509_check_ca(certificate) == 1;
  read_names(certificate, info);
  if (EVP_PKEY* key = X509_get0_pubkey(certificate)) {
    int bits = EVP_PKEY_get_bits(key);
    std::string type = EVP_PKEY_is_a(key, "EC") ? "EC P-" : EVP_PKEY_is_a(key, "RSA") ? "RSA " : "";
    info.key_type = type.empty() ? EVP_PKEY_get0_type_name(key) : type + std::to_string(bits);
  }
  return info;
}

KeyPtr read_key(std::string_view pem) {
  auto bio = memory(pem);
  auto no_password = [](char*, int, int, void*) { return 0; };
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) return false;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return true;
}

bool is_address(const std::string& name) {
  unsigned char buffer[16];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Result<std::vector<CertificateInfo>> parse_chain(std::string_view pem) {
  std::vector<CertificateInfo> out;
  auto bio = memory(pem);
  ERR_clear_error();
  while (X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
    out.push_back(describe(certificate.get()));
  unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE) return Error{"a certificate is malformed", "it must be PEM"};
  if (out.empty()) return Error{"there is no PEM certificate", "it must start with -----BEGIN CERTIFICATE-----"};
  for (auto& info : out) info.chain_length = out.size();
  return out;
}

Result<CertificateInfo> parse_certificate(std::string_view pem) {
  auto chain = parse_chain(pem);
  if (!chain) return chain.error();
  return chain->front();
}

std::string check_pair(std::string_view certificate_pem, std::string_view key_pem) {
  if (auto chain = parse_chain(certificate_pem); !chain)
    return "the certificate does not load: " + chain.error().message;
  auto bio = memory(certificate_pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  KeyPtr key = read_key(key_pem);
  if (!key) return "the private key is not an unencrypted PEM key";
  bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits ? "" : "the private key does not belong to the certificate";
}

std::string check_ca(std::string_view pem) {
  auto chain = parse_chain(pem);
  return chain ? "" : chain.error().message;
}

bool covers(const CertificateInfo& certificate, std::string_view host) {
  return std::any_of(certificate.dns_names.begin(), certificate.dns_names.end(), [&](const std::string& name) {
    if (same(name, host)) return true;
    if (name.rfind("*.", 0) != 0) return false;
    auto dot = host.find('.');
    return dot != host.npos && dot > 0 && same(std::string_view(name).substr(1), host.substr(dot));
  });
}

Result<Pair> make_self_signed(const std::vector<std::string>& names, int days) {
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr certificate(X509_new());
  if (!key || !certificate) return Error{"cannot make a key", ""};
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * days);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("gwctl self-signed"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  std::string alternatives;
  for (const auto& n : names)
    alternatives.append(alternatives.empty() ? "" : ",").append(is_address(n) ? "IP:" : "DNS:").append(n);
  bool good = add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") &&
              add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
              (alternatives.empty() || add_extension(certificate.get(), NID_subject_alt_name, alternatives)) &&
              X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  if (!good) return Error{"cannot make a self-signed certificate for these names", ""};
  auto text = [](auto write) {
    BioPtr out(BIO_new(BIO_s_mem()));
    write(out.get());
    char* data = nullptr;
    long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  return Pair{text([&](BIO* b) { PEM_write_bio_X509(b, certificate.get()); }), text([&](BIO* b) {
                PEM_write_bio_PKCS8PrivateKey(b, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
              })};
}

}  // namespace gw::pki
