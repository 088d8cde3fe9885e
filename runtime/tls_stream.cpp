// TLS between two byte streams. OpenSSL reads from and writes to memory, so a whole batch of records costs one system
// call each way, and an idle connection holds no buffers.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "runtime/tls.h"
#include "runtime/tls_context.h"

namespace gw::runtime {
namespace {

constexpr std::size_t record = 16 * 1024;
constexpr std::size_t most_at_once = 128 * 1024;  // plain bytes encrypted by one write

std::vector<char>& input_buffer() {
  thread_local std::vector<char> buffer(64 * 1024 + 512);
  return buffer;
}

// Records that OpenSSL wrote during the call at hand; empty between calls.
std::string& output_buffer() {
  thread_local std::string buffer;
  return buffer;
}

// A backend's certificate is checked against this.
struct Expected {
  std::string server_name;
  std::vector<route::BackendTls::Name> names;
};

}  // namespace

class TlsStream : public SecureStream, public StreamHandler {
 public:
  TlsStream(std::unique_ptr<Stream> inner, std::string prefix, TlsChooser* chooser, SSL_CTX* context)
      : inner_(std::move(inner)), carry_(std::move(prefix)), chooser_(chooser), ssl_(SSL_new(context)) {
    inner_->set_handler(this);
    BIO* bio = thread_bio();
    BIO_up_ref(bio);
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, reinterpret_cast<char*>(this));
    if (chooser_)
      SSL_set_accept_state(ssl_);
    else
      SSL_set_connect_state(ssl_);
  }
  ~TlsStream() override { SSL_free(ssl_); }

  static TlsStream* of(SSL* ssl) { return reinterpret_cast<TlsStream*>(SSL_get_app_data(ssl)); }

  void expect(std::string server_name, const std::vector<route::BackendTls::Name>& names) {
    expected_ = std::make_unique<Expected>(Expected{std::move(server_name), names});
    SSL_set_tlsext_host_name(ssl_, expected_->server_name.c_str());
  }

  // The ClientHello arrived: which certificate?
  int on_client_hello(int* alert) {
    std::string sni;
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl_, TLSEXT_TYPE_server_name, &data, &size) && size > 5) {
      std::size_t length = static_cast<std::size_t>(data[3]) << 8 | data[4];
      if (data[2] == 0 && length <= size - 5) sni.assign(reinterpret_cast<const char*>(data + 5), length);
      while (!sni.empty() && sni.back() == '.') sni.pop_back();
    }
    TlsChooser::Choice choice = chooser_->choose(sni);
    if (!choice.context) {
      *alert = SSL_AD_UNRECOGNIZED_NAME;
      why_ = "no listener has a certificate for this name";
      return SSL_CLIENT_HELLO_ERROR;
    }
    http_ = choice.http;
    SSL_set_SSL_CTX(ssl_, choice.context);
    SSL_set_verify(ssl_, SSL_CTX_get_verify_mode(choice.context), SSL_CTX_get_verify_callback(choice.context));
    if (auto* names = SSL_CTX_get_client_CA_list(choice.context)) SSL_set_client_CA_list(ssl_, SSL_dup_CA_list(names));
    auto id = reinterpret_cast<std::uintptr_t>(choice.context);
    SSL_set_session_id_context(ssl_, reinterpret_cast<const unsigned char*>(&id), sizeof id);
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  bool http() const { return http_; }

  Handshake handshake() override {
    advance();
    Handshake state{.done = established_, .failed = failed_, .h2 = false, .why = why_};
    if (established_) {
      const unsigned char* protocol = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(ssl_, &protocol, &size);
      state.h2 = size == 2 && std::memcmp(protocol, "h2", 2) == 0;
    }
    return state;
  }

  void set_handler(StreamHandler* handler) override { handler_ = handler; }

  void on_ready(Ready ready) override {
    inner_readable_ |= ready.readable;
    if (ready.failed) inner_failed_ = true;
    if (!established_) {
      if (ready.failed) failed_ = true;
      if (!connected_ && !ready.writable && !ready.failed) return;
      connected_ = true;
      advance();
      if (!established_ && !failed_) return;
      if (handler_) handler_->on_ready({.readable = true, .writable = established_, .failed = failed_});
      return;
    }
    if (ready.writable) send_cipher();
    ready.writable = ready.writable && cipher_.empty();
    if (handler_) handler_->on_ready(ready);
  }

  ReadResult read(char* to, std::size_t capacity) override {
    at_work() = this;
    ReadResult result;
    while (result.bytes < capacity) {
      std::size_t got = 0;
      ERR_clear_error();
      if (SSL_read_ex(ssl_, to + result.bytes, capacity - result.bytes, &got)) {
        result.bytes += got;
        continue;
      }
      int error = SSL_get_error(ssl_, 0);
      result.drained = true;
      if (error == SSL_ERROR_ZERO_RETURN || (inner_eof_ && error != SSL_ERROR_SSL))
        result.eof = true;
      else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        result.failed = true;
      else if (inner_failed_)
        result.failed = true;
      break;
    }
    save_input();
    send_cipher();
    return result;
  }

  WriteResult write(const iovec* parts, int count) override {
    if (!cipher_.empty()) {
      send_cipher();
      if (!cipher_.empty()) return {.blocked = !inner_failed_, .failed = inner_failed_};
    }
    WriteResult result;
    thread_local std::string joined;
    joined.clear();
    for (int i = 0; i < count && result.bytes < most_at_once; ++i) {
      std::string_view part(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
      part = part.substr(0, most_at_once - result.bytes);
      result.bytes += part.size();
      if (i + 1 == count && joined.empty()) {
        encrypt(part);
        continue;
      }
      while (!part.empty()) {  // small pieces share records
        auto piece = part.substr(0, record - joined.size());
        joined.append(piece);
        part.remove_prefix(piece.size());
        if (joined.size() == record) {
          encrypt(joined);
          joined.clear();
        }
      }
    }
    if (!joined.empty()) encrypt(joined);
    send_cipher();
    result.failed = inner_failed_ || failed_;
    result.blocked = !cipher_.empty();
    return result;
  }

  void finish() override {
    if (!established_ || finishing_) return;
    finishing_ = true;
    at_work() = this;
    SSL_shutdown(ssl_);
    send_cipher();
  }

  bool stale() const override { return !carry_.empty() || inner_->stale(); }
  void reset_on_close() override { inner_->reset_on_close(); }
  Address peer() const override { return inner_->peer(); }

 private:
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      BIO_meth_set_read(m, [](BIO* bio, char* to, int size) { return at_work()->pull(bio, to, size); });
      BIO_meth_set_write(m, [](BIO*, const char* from, int size) {
        output_buffer().append(from, static_cast<std::size_t>(size));
        return size;
      });
      BIO_meth_set_ctrl(m, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH ? 1 : 0; });
      return m;
    }();
    return made;
  }
  // All connections of a thread share one BIO; whose bytes it moves is known during each call.
  static TlsStream*& at_work() {
    thread_local TlsStream* stream = nullptr;
    return stream;
  }
  static BIO* thread_bio() {
    const auto make = [] {
      BIO* bio = BIO_new(method());
      BIO_set_init(bio, 1);
      return bio;
    };
    thread_local const std::unique_ptr<BIO, decltype(&BIO_free)> bio(make(), BIO_free);
    return bio.get();
  }

  int pull(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    if (input_.empty() && !carry_.empty() && !carry_used_) {
      carry_used_ = true;
      input_ = carry_;
    }
    if (input_.empty() && inner_readable_ && !inner_eof_) {
      auto& buffer = input_buffer();
      ReadResult got = inner_->read(buffer.data(), buffer.size());
      if (got.drained) inner_readable_ = false;
      inner_eof_ |= got.eof;
      inner_failed_ |= got.failed;
      input_ = std::string_view(buffer.data(), got.bytes);
    }
    if (input_.empty()) {
      if (inner_eof_) return 0;
      if (inner_failed_) return -1;
      BIO_set_retry_read(bio);
      return -1;
    }
    auto n = std::min(input_.size(), static_cast<std::size_t>(size));
    std::memcpy(to, input_.data(), n);
    input_.remove_prefix(n);
    return static_cast<int>(n);
  }

  // What OpenSSL did not take is kept: the input buffer belongs to all streams of the thread.
  void save_input() {
    if (input_.empty() && carry_.empty()) return;
    if (!input_.empty() || carry_used_) {
      std::string rest(input_);
      carry_.swap(rest);
      input_ = {};
      carry_used_ = false;
    }
  }

  void advance() {
    if (established_ || failed_) return;
    at_work() = this;
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_);
    int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, done);
    save_input();
    send_cipher();
    if (done == 1) {
      established_ = true;
      if (expected_ && !expected_->server_name.empty() && !peer_fits()) {
        established_ = false;
        failed_ = true;
        why_ = "the backend's certificate does not fit the policy";
      }
      expected_.reset();
    } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      failed_ = true;
      if (!*why_) {
        const char* text = ERR_reason_error_string(ERR_peek_last_error());
        why_ = text ? text : "closed during the handshake";
      }
    }
  }

  bool peer_fits() const {
    const auto& [server_name, names] = *expected_;
    std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_), X509_free);
    if (!peer || SSL_get_verify_result(ssl_) != X509_V_OK) return false;
    if (names.empty()) return X509_check_host(peer.get(), server_name.data(), server_name.size(), 0, nullptr) == 1;
    return std::any_of(names.begin(), names.end(), [&](const route::BackendTls::Name& name) {
      return name.uri ? has_uri(*peer, name.value)
                      : X509_check_host(peer.get(), name.value.data(), name.value.size(), 0, nullptr) == 1;
    });
  }

  static bool has_uri(X509& certificate, const std::string& uri) {
    auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
    bool found = false;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
      if (name->type != GEN_URI) continue;
      const ASN1_STRING* text = name->d.uniformResourceIdentifier;
      found |= uri == std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                       static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
    GENERAL_NAMES_free(names);
    return found;
  }

  void encrypt(std::string_view plain) {
    at_work() = this;
    while (!plain.empty()) {
      std::size_t done = 0;
      ERR_clear_error();
      if (!SSL_write_ex(ssl_, plain.data(), std::min(plain.size(), record), &done) || !done) {
        failed_ = true;
        return;
      }
      plain.remove_prefix(done);
    }
  }

  // What waited from earlier calls, then what this one made.
  void send_cipher() {
    std::string& made = output_buffer();
    iovec parts[2] = {{cipher_.data(), cipher_.size()}, {made.data(), made.size()}};
    const int first = cipher_.empty() ? 1 : 0, count = (made.empty() ? 1 : 2) - first;
    if (count > 0) {
      WriteResult wrote = inner_->write(parts + first, count);
      if (wrote.failed) inner_failed_ = true;
      if (wrote.failed || wrote.bytes == cipher_.size() + made.size()) {
        std::string().swap(cipher_);
      } else {
        cipher_.append(made);
        cipher_.erase(0, wrote.bytes);
      }
      made.clear();
    }
    if (finishing_ && cipher_.empty() && !inner_finished_) {
      inner_finished_ = true;
      inner_->finish();
    }
  }

  std::unique_ptr<Stream> inner_;
  std::string carry_;       // read from inner_, not yet taken by OpenSSL
  std::string_view input_;  // during a call: the input buffer or carry_
  std::string cipher_;      // what inner_ had no room for
  TlsChooser* chooser_;
  SSL* ssl_;
  StreamHandler* handler_ = nullptr;
  const char* why_ = "";  // a text of this file or of OpenSSL's
  std::unique_ptr<Expected> expected_;
  bool carry_used_ = false, inner_readable_ = true, inner_eof_ = false, inner_failed_ = false, connected_ = false;
  bool established_ = false, failed_ = false, http_ = true, finishing_ = false, inner_finished_ = false;
};

int tls_client_hello(SSL* ssl, int* alert, void*) {
  return TlsStream::of(ssl)->on_client_hello(alert);
}

int tls_select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  if (!TlsStream::of(ssl)->http()) return SSL_TLSEXT_ERR_NOACK;
  static constexpr unsigned char ours[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::unique_ptr<SecureStream> tls_server(std::unique_ptr<Stream> inner, std::string prefix, TlsChooser& chooser) {
  return std::make_unique<TlsStream>(std::move(inner), std::move(prefix), &chooser, tls_base_context());
}

std::unique_ptr<SecureStream> BackendTlsContext::wrap(std::unique_ptr<Stream> inner) {
  auto stream = std::make_unique<TlsStream>(std::move(inner), "", nullptr, context_.get());
  stream->expect(server_name_, names_);
  return stream;
}

}  // namespace gw::runtime
