// TLS over streams with OpenSSL: server side by SNI, client side to backends with BackendTLSPolicy.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"
#include "route/table.h"
#include "runtime/config.h"
#include "runtime/stream.h"

struct ssl_ctx_st;
struct ssl_st;

namespace gw::runtime {

struct ContextDeleter {
  void operator()(ssl_ctx_st* context) const;
};
using Context = std::unique_ptr<ssl_ctx_st, ContextDeleter>;

// Server contexts of one Config, shared by all workers. Contexts of unchanged certificates are carried over from the
// previous store, so that sessions can be resumed after a reload.
class TlsStore {
 public:
  ~TlsStore();
  // A certificate that does not load leaves its listener without one; what went wrong is in `errors`.
  static std::shared_ptr<const TlsStore> make(const Config& config, const TlsStore* previous,
                                              std::vector<std::string>& errors);
  // The context for a listener and an SNI name; null: refuse.
  ssl_ctx_st* choose(const route::Listener& listener, std::string_view sni) const;

 private:
  struct Entry {
    std::shared_ptr<ssl_ctx_st> context;
    std::vector<std::string> names;
  };
  std::map<std::string, std::shared_ptr<Entry>> by_content_;
  std::map<const route::Listener*, std::vector<std::shared_ptr<Entry>>> by_listener_;
  std::shared_ptr<const route::Table> table_;  // keeps the listeners alive
};

// Who decides about a ClientHello.
class TlsChooser {
 public:
  virtual ~TlsChooser() = default;
  struct Choice {
    ssl_ctx_st* context = nullptr;  // null: refuse the handshake
    bool http = true;               // offer HTTP protocols by ALPN
  };
  // `sni` is empty where the client sent none.
  virtual Choice choose(std::string_view sni) = 0;
};

// prefix: bytes already read from `inner`. chooser outlives the handshake.
std::unique_ptr<SecureStream> tls_server(std::unique_ptr<Stream> inner, std::string prefix, TlsChooser& chooser);

// How to speak TLS to one kind of endpoint.
class BackendTlsContext {
 public:
  // An Error where the CA bundle or the client certificate (`identity`, may be null) cannot be used. h2: offer HTTP/2.
  static Result<std::shared_ptr<BackendTlsContext>> make(const route::BackendTls& policy, const Certificate* identity,
                                                         bool h2);
  ~BackendTlsContext();
  // Ready only after a handshake whose certificate fits the policy.
  std::unique_ptr<SecureStream> wrap(std::unique_ptr<Stream> inner);

 private:
  BackendTlsContext() = default;
  friend class TlsStream;
  Context context_;
  std::string server_name_;
  std::vector<route::BackendTls::Name> names_;
  bool h2_ = false;
};

// The SNI of a ClientHello in `data`. more: not all there yet; bad: not a ClientHello.
struct HelloPeek {
  enum class State { more, bad, done } state = State::more;
  std::string sni;
};
// `data`: what was read from the connection so far, from its first byte.
HelloPeek peek_client_hello(std::string_view data);

}  // namespace gw::runtime
