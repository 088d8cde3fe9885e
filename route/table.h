// The compiled routing table: immutable, shared by every thread, flat in the number of routes (hash on host, trie on
// path segments). What it decides is data: trace prints it, verify compares it, the runtime executes it.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "diag/source.h"
#include "kube/index.h"
#include "route/attach.h"
#include "route/request.h"

namespace gw::route {

// Where a rule comes from, for people.
struct Source {
  std::string kind;  // HTTPRoute, GRPCRoute
  kube::NamespacedName object;
  std::size_t rule = 0;
  std::string rule_name;
  diag::Span span;
};

// ---- what is done to a request

struct HeaderChange {
  enum class Op : std::uint8_t { set, add, remove } op;
  std::string name, value;
};
using HeaderChanges = std::vector<HeaderChange>;  // in the order set, add, remove

struct PathChange {
  enum class Kind : std::uint8_t { full, prefix } kind;
  std::string value;
};

struct Redirect {
  std::optional<std::string> scheme, hostname;
  std::optional<PathChange> path;
  std::optional<kube::Port> port;
  int status = 302;
};

struct Rewrite {
  std::optional<std::string> hostname;
  std::optional<PathChange> path;
};

struct CorsPolicy {
  std::vector<std::string> origins, methods, headers, expose;
  bool credentials = false;
  int max_age = 5;
};

// ---- backends

enum class BackendProtocol : std::uint8_t { http1, h2c, http1_tls, h2_tls, tcp, udp };

// BackendTLSPolicy, resolved. PEM texts are certificates, never keys.
struct BackendTls {
  std::string server_name;
  std::string ca_pem;  // empty with system_trust
  bool system_trust = false;
  bool valid = true;  // an invalid policy answers 5xx (BackendTLSPolicy: MUST NOT send to the backend)
  struct Name {
    bool uri;
    std::string value;
  };
  std::vector<Name> subject_alt_names;
};

enum class BackendState : std::uint8_t {
  ready,         // endpoints may be used
  no_endpoints,  // Service without ready endpoints: 503
  invalid,       // missing Service or port, unknown kind, no grant: 500
};

struct ExternalAuth;
struct Mirror;

struct Backend {
  kube::NamespacedName service;
  kube::Port port = 0;
  std::uint32_t weight = 1;
  BackendState state = BackendState::ready;
  std::string why;  // of a state other than ready
  BackendProtocol protocol = BackendProtocol::http1;
  bool websocket = false;  // appProtocol kubernetes.io/ws
  std::vector<kube::BackendEndpoint> endpoints;
  std::shared_ptr<const BackendTls> tls;            // null: plain
  HeaderChanges request_headers, response_headers;  // filters of this backendRef
  std::optional<Rewrite> rewrite;
  std::optional<Redirect> redirect;
  std::vector<Mirror> mirrors;
  std::vector<ExternalAuth> auth;  // who is asked before a request goes to this backend
  std::uint32_t index = 0;         // dense number in the Table, for per-backend state of the runtime
};

// A service that is asked before a request goes on, and lets it pass or answers in the backend's place.
struct ExternalAuth {
  Backend backend;
  bool grpc = false;  // Envoy's ext_authz protocol; else HTTP
  std::string path;   // HTTP: goes before the path of the request
  // Lower case. Empty: over HTTP the few that are always sent, over gRPC all of them.
  std::vector<std::string> request_headers;
  std::vector<std::string> response_headers;  // HTTP: of a consent, copied into the request; empty: all
  std::size_t max_body = 0;                   // bytes of the request's body that are sent along; 0: none
};

struct Mirror {
  Backend backend;
  std::uint32_t numerator = 100, denominator = 100;
};

struct Retry {
  std::vector<int> codes;
  int attempts = 1;
  std::chrono::milliseconds backoff{0};
};

struct Session {
  bool header = false;  // else a cookie
  std::string name, path = "/";
  std::chrono::seconds absolute_timeout{0};
  bool permanent = false;
};

// One rule with everything that is to happen. Filters are applied in the order the spec allows implementations.
struct Action {
  Source source;
  HeaderChanges request_headers, response_headers;
  std::optional<Redirect> redirect;
  std::optional<Rewrite> rewrite;
  std::optional<CorsPolicy> cors;
  std::vector<Mirror> mirrors;
  std::vector<ExternalAuth> auth;  // asked in this order
  std::vector<Backend> backends;
  std::uint64_t total_weight = 0;
  std::optional<std::chrono::milliseconds> request_timeout, backend_timeout;  // nullopt: none
  std::optional<Retry> retry;
  std::optional<Session> session;
  bool grpc = false;
  std::string broken;       // non-empty: every request answers 500 (unresolved extensionRef, ...)
  std::uint32_t index = 0;  // dense number in the Table, for counters
};

// ---- the decision

// How one request is answered. Borrows from the Table.
struct Decision {
  enum class Kind : std::uint8_t { respond, redirect, forward } kind = Kind::respond;
  int status = 404;
  const Action* action = nullptr;             // null when nothing matched
  std::string_view matched_prefix;            // of a PathPrefix match, for ReplacePrefixMatch; empty otherwise
  std::string location;                       // redirect
  std::string target;                         // forward: rewritten target with query; empty: as received
  std::string host;                           // forward: rewritten host; empty: as received
  const struct Listener* listener = nullptr;  // that took the request; null when none does
};

// Chooses one of action.backends by weight; ticket is any number (a counter or a random one).
// nullptr when there is none or all weights are 0: answer 500.
const Backend* pick(const Action& action, std::uint64_t ticket);

// What a backendRef's own filters make of a decision to forward: a redirect, a rewrite, or the same decision again.
Decision refine(Decision decision, const Backend& backend, const RequestView& request);

// What one rule makes of a request that it matched by a path prefix ("" for other matches), wherever it came from.
Decision execute(const Action& action, std::string_view prefix, const RequestView& request, kube::Port listener_port);

// ---- listeners

struct ClientValidation {
  std::string ca_pem;
  bool allow_insecure_fallback = false;
};

enum class Protocol : std::uint8_t { http, https, tls, tcp, udp };
constexpr const char* name(Protocol protocol) {  // as a listener's `protocol` has it
  switch (protocol) {
    case Protocol::http:
      return "HTTP";
    case Protocol::https:
      return "HTTPS";
    case Protocol::tls:
      return "TLS";
    case Protocol::tcp:
      return "TCP";
    case Protocol::udp:
      return "UDP";
  }
  return "";
}

struct Listener {
  kube::NamespacedName gateway;
  std::string name;  // of the listener; ListenerSet ones carry their set in `set`
  std::optional<kube::NamespacedName> set;
  kube::Port port = 0;
  Protocol protocol = Protocol::http;
  std::string hostname;  // lower case; empty: every host
  bool passthrough = false;
  std::vector<kube::NamespacedName> certificates;
  std::optional<ClientValidation> client_validation;
  std::vector<ExternalAuth> auth;  // asked about every request, before a route is chosen
  bool usable = true;              // accepted and without conflict; with certificates where it needs them
  bool closed = false;             // not usable, and its names answer 500: it asks for filters that are not run
};

// TLSRoute, TCPRoute, UDPRoute: a rule is only its weighted backends.
struct L4Rule {
  Source source;
  std::vector<Backend> backends;
  std::uint64_t total_weight = 0;
};

struct Options {
  bool listener_isolation = true;  // GatewayHTTPListenerIsolation
  // Where the set holds no EndpointSlice at all, Services are taken to be ready (trace, verify, --demo-backends).
  bool assume_endpoints = false;
  // Whoever carries the decisions out asks authorization services. Otherwise rules and listeners that want one answer
  // 500.
  bool asks_services = false;
};

class Table {
 public:
  Table();
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const std::vector<Listener>& listeners() const;  // of all Gateways
  std::size_t actions() const;                     // dense Action::index < actions()
  std::size_t backends() const;                    // dense Backend::index < backends()

  // HTTP and terminated HTTPS: which answer a request gets on a Gateway's port (HTTPRoute and GRPCRoute precedence).
  // `gateway` null: the only Gateway, or every Gateway taken together (trace without a choice).
  // Never throws, never fails: no match is a Decision with status 404; a bad target is 400; a wrong SNI 421.
  Decision decide(const RequestView& request, const kube::NamespacedName* gateway = nullptr) const;

  // Whether such a request meets a listener at all: something listens on its port and, for HTTPS, takes its SNI.
  bool reachable(const RequestView& request, const kube::NamespacedName* gateway = nullptr) const;

  // TLS passthrough / terminate by SNI, TCP and UDP by port. Null: nothing attached; close the connection.
  const L4Rule* tls(const kube::NamespacedName& gateway, kube::Port port, std::string_view sni) const;
  // The rule that takes every connection or datagram of a TCP or UDP port; null when there is none.
  const L4Rule* l4(const kube::NamespacedName& gateway, kube::Port port, Protocol protocol) const;
  // The listener that terminates TLS for an SNI name; null: refuse the handshake.
  const Listener* terminating(const kube::NamespacedName& gateway, kube::Port port, std::string_view sni) const;

  // Every action in precedence order of its host, for `routes`, graph and the admin page.
  std::vector<const Action*> all_actions() const;

  struct Impl;
  Impl& impl() { return *impl_; }
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Compiles attached routes (see route/attach.h). Invalid pieces are left out as the spec says; who asks why reads the
// Attachments. Thread-safe; the result is immutable. The Index and its Bundle may go away afterwards.
std::shared_ptr<const Table> compile(const kube::Index& index, const Attachments& attachments,
                                     const Options& options = {});

}  // namespace gw::route
