// What an Ingress asks for that core routing fields cannot say: neutral of the controller it was written for and of the
// gateway that is to do it. Emitters say which needs they meet; the engine settles the others (refused, told, closed).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "convert/ledger.h"
#include "kube/bundle.h"

namespace gw::convert {

// The rewritten path is what `substitution` (\1 ... \9) makes of the whole path, where `pattern` (RE2) matches in it.
struct RegexRewrite {
  std::string pattern, substitution;
  bool operator==(const RegexRewrite&) const = default;
};

struct ExternalAuth {
  std::string url;
  std::string ns, service;  // empty service: outside the cluster
  kube::Port port = 80;
  std::string path;
  std::string method, signin;
  std::vector<std::string> response_headers;
  bool operator==(const ExternalAuth&) const = default;
};

struct BasicAuth {
  std::string ns, secret, realm;
  bool digest = false;
  bool map = false;  // one key a user instead of one htpasswd file
  bool operator==(const BasicAuth&) const = default;
};

struct AddressList {
  bool deny = false;
  std::vector<std::string> cidrs;
  bool operator==(const AddressList&) const = default;
};

struct ClientCertificate {
  std::string ns, secret;
  std::string mode;  // on, optional, optional_no_ca
  int depth = 1;
  std::string common_name;  // an expression that the certificate's name must match; empty: any name
  bool passed_on = false;   // the backend gets the certificate in a header, and may decide by it
  bool operator==(const ClientCertificate&) const = default;
};

struct RateLimit {
  int requests = 0;
  char unit = 's';  // s, m, h
  int burst = 0;    // requests let through at once beyond the rate
  std::vector<std::string> exempt;
  bool operator==(const RateLimit&) const = default;
};

struct ConnectionLimit {
  int connections = 0;
  bool operator==(const ConnectionLimit&) const = default;
};

struct BodyLimit {
  std::int64_t bytes = 0;  // 0: no limit
  bool operator==(const BodyLimit&) const = default;
};

struct ConnectTimeout {
  int seconds = 0;
  bool operator==(const ConnectTimeout&) const = default;
};

struct IdleTimeout {
  int seconds = 0;
  bool operator==(const IdleTimeout&) const = default;
};

struct Retry {
  std::vector<std::int32_t> codes;
  bool on_error = true, on_timeout = true;
  int attempts = 2;  // after the first try
  int timeout_seconds = 0;
  bool operator==(const Retry&) const = default;
};

// The client sticks to one endpoint by a cookie.
struct CookieAffinity {
  std::string name;
  int max_age = 0;  // seconds; 0: a session cookie
  std::string path, same_site, domain;
  bool secure = false;
  bool operator==(const CookieAffinity&) const = default;
};

struct HashBalance {
  enum class By : std::uint8_t { address, header, cookie, query } by = By::address;
  std::string name;
  bool operator==(const HashBalance&) const = default;
};

struct LeastRequest {
  bool operator==(const LeastRequest&) const = default;
};
struct RoundRobin {
  bool operator==(const RoundRobin&) const = default;
};

struct BandwidthLimit {
  std::int64_t bytes_per_second = 0;
  bool operator==(const BandwidthLimit&) const = default;
};

struct ErrorPages {
  std::vector<int> codes;
  std::string ns, service;
  kube::Port port = 0;
  bool operator==(const ErrorPages&) const = default;
};

struct Snippet {
  std::string text;
  bool operator==(const Snippet&) const = default;
};

struct Waf {
  std::string what;
  bool operator==(const Waf&) const = default;
};

// What only the old controller has a word for; no target says it.
struct Foreign {
  std::string what;
  bool operator==(const Foreign&) const = default;
};

struct InsecureBackendTls {
  bool operator==(const InsecureBackendTls&) const = default;
};  // TLS to the backend whose certificate nobody checks

struct BackendTlsSettings {
  std::string ciphers, protocols;
  bool operator==(const BackendTlsSettings&) const = default;
};

struct TlsSettings {
  std::string ciphers;
  bool operator==(const TlsSettings&) const = default;
};

struct ServiceAddress {
  bool operator==(const ServiceAddress&) const = default;
};  // the Service's own address instead of its endpoints

struct Tracing {
  bool on = true;
  bool operator==(const Tracing&) const = default;
};

// An object of the old proxy's own that the target, being the same proxy, takes as it is.
struct NativeObject {
  const kube::OtherObject* object = nullptr;
  bool operator==(const NativeObject&) const = default;
};

// The backends of a rule as the old proxy writes them, for a target that is the same proxy: a JSON array.
struct NativeBackends {
  std::string services;
  bool operator==(const NativeBackends&) const = default;
};

// How the load balancer finds out whether a Service's endpoints are well.
struct HealthCheck {
  std::string type;  // HTTP, HTTPS, HTTP2, GRPC, TCP
  std::string path, host;
  std::string codes;  // of a healthy answer: "200-399"
  int port = 0;       // 0: the one that is served
  int interval = 0, timeout = 0, healthy = 0, unhealthy = 0;
  bool operator==(const HealthCheck&) const = default;
};

// A policy of the cloud that the load balancer applies to a Service: Cloud Armor, IAP.
struct CloudPolicy {
  enum class Kind : std::uint8_t { armor, iap } kind = Kind::armor;
  std::string name;    // of the security policy, or of the Secret with the client's secret
  std::string client;  // iap: the client's id
  bool operator==(const CloudPolicy&) const = default;
};

// Part of an object of the AWS Load Balancer Controller's Gateway, as JSON of its spec (of a target group: of its
// default configuration).
struct AwsPart {
  enum class Kind : std::uint8_t { balancer, targets, rule } kind = Kind::balancer;
  std::string json;
  bool operator==(const AwsPart&) const = default;
};

using Demand =
    std::variant<RegexRewrite, ExternalAuth, BasicAuth, AddressList, ClientCertificate, RateLimit, ConnectionLimit,
                 BodyLimit, ConnectTimeout, IdleTimeout, Retry, CookieAffinity, HashBalance, LeastRequest, RoundRobin,
                 BandwidthLimit, ErrorPages, Snippet, Waf, Foreign, InsecureBackendTls, BackendTlsSettings, TlsSettings,
                 ServiceAddress, Tracing, NativeObject, NativeBackends, HealthCheck, CloudPolicy, AwsPart>;

// A field of one of the controllers' own resources.
struct FieldRef {
  const kube::Object* object = nullptr;
  const yaml::Node* at = nullptr;
  std::string name;
};

// One demand with the annotations (or the field) that made it. `without` is told when the target cannot do it: what
// happens then.
struct Intent {
  Demand demand;
  std::vector<Claim> claims;
  Loss loss = Loss::other;
  // refused: the loss must be accepted (security kinds close the route); approximated: told; ignored: harmless.
  Outcome otherwise = Outcome::refused;
  std::string_view without;
  FieldRef field = {};  // told where there is no annotation
  bool closes = false;  // the loss closes the route though its kind is not one of security
};

}  // namespace gw::convert
