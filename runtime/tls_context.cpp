#include "runtime/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>

#include "pki/certificate.h"
#include "runtime/http.h"
#include "runtime/tls.h"

namespace gw::runtime {
namespace {

void set_policy(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Mozilla "intermediate".
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_cipher_list(context,
                          "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
}

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPtr memory(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

bool use_pair(SSL_CTX* context, const Certificate& pair) {
  auto chain = memory(pair.chain_pem), key_text = memory(pair.key_pem);
  CertificatePtr leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr), X509_free);
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) SSL_CTX_add0_chain_cert(context, next);
  ERR_clear_error();  // the end of the chain
  auto refuse_password = [](char*, int, int, void*) { return 0; };
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, refuse_password, nullptr), EVP_PKEY_free);
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

bool trust(SSL_CTX* context, std::string_view ca_pem, bool tell_client) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  auto text = memory(ca_pem);
  bool any = false;
  for (;;) {
    CertificatePtr ca(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
    if (!ca) break;
    X509_STORE_add_cert(store, ca.get());
    if (tell_client) SSL_CTX_add_client_CA(context, ca.get());
    any = true;
  }
  ERR_clear_error();
  return any;
}

int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

bool validate_clients(SSL_CTX* context, const route::ClientValidation& validation) {
  if (!trust(context, validation.ca_pem, true) && !validation.allow_insecure_fallback) return false;
  if (validation.allow_insecure_fallback)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
  else
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

std::string content_key(const Certificate& pair, const std::optional<route::ClientValidation>& validation) {
  std::string text = pair.chain_pem + '\0' + pair.key_pem;
  if (validation) text += '\0' + validation->ca_pem + (validation->allow_insecure_fallback ? "?" : "!");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<char*>(digest), size);
}

bool name_fits(std::string_view pattern, std::string_view name) {
  if (pattern.substr(0, 2) == "*.") {
    auto dot = name.find('.');
    return dot != name.npos && dot > 0 && same_name(pattern.substr(1), name.substr(dot));
  }
  return same_name(pattern, name);
}

}  // namespace

void ContextDeleter::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

SSL_CTX* tls_base_context() {
  static SSL_CTX* const base = [] {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    set_policy(context);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_client_hello_cb(context, tls_client_hello, nullptr);
    SSL_CTX_set_alpn_select_cb(context, tls_select_alpn, nullptr);
    return context;
  }();
  return base;
}

TlsStore::~TlsStore() = default;

std::shared_ptr<const TlsStore> TlsStore::make(const Config& config, const TlsStore* previous,
                                               std::vector<std::string>& errors) {
  auto store = std::make_shared<TlsStore>();
  store->table_ = config.table;
  if (!config.table) return store;
  for (const route::Listener& listener : config.table->listeners()) {
    if (listener.passthrough) continue;
    if (listener.protocol != route::Protocol::https && listener.protocol != route::Protocol::tls) continue;
    for (const auto& id : listener.certificates) {
      auto pair = config.certificates.find(id);
      if (pair == config.certificates.end()) continue;
      std::string key = content_key(pair->second, listener.client_validation);
      auto& entry = store->by_content_[key];
      if (!entry && previous)
        if (auto old = previous->by_content_.find(key); old != previous->by_content_.end()) entry = old->second;
      if (!entry) {
        auto made = std::make_shared<Entry>();
        made->context.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
        set_policy(made->context.get());
        SSL_CTX_set_session_cache_mode(made->context.get(), SSL_SESS_CACHE_OFF);
        SSL_CTX_set_alpn_select_cb(made->context.get(), tls_select_alpn, nullptr);
        bool good = use_pair(made->context.get(), pair->second) &&
                    (!listener.client_validation || validate_clients(made->context.get(), *listener.client_validation));
        ERR_clear_error();
        if (!good) {
          errors.push_back("Secret " + id.display() + ": the certificate and key do not load or do not fit together");
          continue;
        }
        if (auto facts = pki::parse_certificate(pair->second.chain_pem)) made->names = facts->dns_names;
        entry = std::move(made);
      }
      store->by_listener_[&listener].push_back(entry);
    }
  }
  std::erase_if(store->by_content_, [](const auto& e) { return !e.second; });
  return store;
}

ssl_ctx_st* TlsStore::choose(const route::Listener& listener, std::string_view sni) const {
  auto found = by_listener_.find(&listener);
  if (found == by_listener_.end()) return nullptr;
  for (const auto& entry : found->second)
    for (const auto& name : entry->names)
      if (name_fits(name, sni)) return entry->context.get();
  return found->second.front()->context.get();
}

Result<std::shared_ptr<BackendTlsContext>> BackendTlsContext::make(const route::BackendTls& policy,
                                                                   const Certificate* identity, bool h2) {
  std::shared_ptr<BackendTlsContext> out(new BackendTlsContext);
  out->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = out->context_.get();
  set_policy(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (policy.system_trust)
    SSL_CTX_set_default_verify_paths(context);
  else if (!trust(context, policy.ca_pem, false))
    return Error{"the CA of a BackendTLSPolicy does not load", ""};
  if (identity && !use_pair(context, *identity)) return Error{"the client certificate for backends does not load", ""};
  static constexpr unsigned char h2_only[] = "\x02h2", h1_only[] = "\x08http/1.1";
  if (h2)
    SSL_CTX_set_alpn_protos(context, h2_only, sizeof h2_only - 1);
  else
    SSL_CTX_set_alpn_protos(context, h1_only, sizeof h1_only - 1);
  out->server_name_ = policy.server_name;
  out->names_ = policy.subject_alt_names;
  out->h2_ = h2;
  return out;
}

BackendTlsContext::~BackendTlsContext() = default;

HelloPeek peek_client_hello(std::string_view data) {
  using State = HelloPeek::State;
  std::string hello;  // handshake bytes without record headers
  for (std::size_t at = 0; at < data.size();) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(data[at + i]); };
    if (byte(0) != 0x16) return {State::bad, ""};
    if (data.size() - at < 5) break;
    std::size_t length = static_cast<std::size_t>(byte(3)) << 8 | byte(4);
    if (byte(1) != 3 || length == 0 || length > 16384 + 256) return {State::bad, ""};
    hello.append(data.substr(at + 5, length));
    at += 5 + length;
  }
  auto u8 = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(hello[i])); };
  auto u16 = [&](std::size_t i) { return u8(i) << 8 | u8(i + 1); };
  if (hello.size() < 4) return {};
  if (u8(0) != 1) return {State::bad, ""};
  std::size_t size = 4 + (u8(1) << 16 | u16(2));
  if (size > 64 * 1024) return {State::bad, ""};
  if (hello.size() < size) return {};
  std::size_t at = 4 + 2 + 32;
  auto skip = [&](std::size_t width) {
    if (at + width > size) return false;
    std::size_t length = width == 1 ? u8(at) : u16(at);
    at += width + length;
    return at <= size;
  };
  if (!skip(1) || !skip(2) || !skip(1)) return {State::bad, ""};
  if (at + 2 > size) return {State::done, ""};
  at += 2;
  while (at + 4 <= size) {
    std::size_t type = u16(at), length = u16(at + 2);
    at += 4;
    if (at + length > size) return {State::bad, ""};
    if (type == 0 && length > 5 && u8(at + 2) == 0 && u16(at + 3) <= length - 5)
      return {State::done, hello.substr(at + 5, u16(at + 3))};
    at += length;
  }
  return {State::done, ""};
}

}  // namespace gw::runtime
