// The intermediate form: what the old controller does, host by host and rule by rule, neutral of controller and target.
// Text borrows from the input Bundle or from Ir::pool. Rules are kept small (a large cluster has 150,000); what many
// rules of one Ingress share stands in one Action.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/intent.h"
#include "convert/ledger.h"
#include "kube/box.h"
#include "kube/bundle.h"

namespace gw::convert {

enum class PathKind : std::uint8_t { exact, prefix, regex };
enum class Scheme : std::uint8_t { both, http, https };

// How the gateway speaks to the backend.
enum class Wire : std::uint8_t { http1, h2c, tls, h2_tls, websocket };

struct ResourceKind {
  std::string_view group, kind;
  bool operator==(const ResourceKind&) const = default;
};

struct Backend {
  std::string_view ns, name;
  kube::Port port = 0;
  std::int32_t weight = 1;
  Wire wire = Wire::http1;
  kube::Box<ResourceKind> resource;  // empty: a Service
};
// Of what a backendRef names: Service, unless the backend says otherwise.
inline ResourceKind kind_of(const Backend& b) {
  return b.resource ? *b.resource : ResourceKind{"", "Service"};
}

struct PathRewrite {
  bool prefix = false;  // replace the matched prefix; else the whole path
  std::string value;
};

struct Redirect {
  std::optional<std::string> scheme, host;
  std::optional<kube::Port> port;
  std::optional<PathRewrite> path;
  int status = 302;
};

struct HeaderEdit {
  enum class Op : std::uint8_t { set, add, remove } op = Op::set;
  std::string name, value;
  bool operator==(const HeaderEdit&) const = default;
};

struct CorsPolicy {
  std::vector<std::string> origins, methods, headers, expose;
  bool credentials = false;
  std::int32_t max_age = 5;
};

// Browsers refuse credentials for '*'; a gateway that echoes the origin instead would open what they protect.
inline bool with_credentials(const CorsPolicy& policy) {
  for (const std::string& origin : policy.origins)
    if (origin == "*") return false;
  return policy.credentials;
}

struct Mirror {
  Backend backend;
  std::int32_t millionths = 1'000'000;  // of the requests
};

// The annotation behind a field of an Action: a target without such a field says what became of it.
struct FieldClaim {
  enum class Field : std::uint8_t { redirect, rewrite, host, cors, mirror, timeout } field = Field::redirect;
  Claim claim = 0;
};

// What is done to a request; shared by rules.
struct Action {
  kube::Box<Redirect> redirect;
  kube::Box<PathRewrite> rewrite;
  std::string rewrite_host;
  std::vector<HeaderEdit> request_headers, response_headers;
  kube::Box<CorsPolicy> cors;
  std::vector<Mirror> mirrors;
  std::string request_timeout, backend_timeout;  // GEP-2257; empty: none
  std::vector<Intent> intents;
  std::vector<FieldClaim> claims;
  bool closed = false;  // a security demand that cannot be met: the rule gets no backend
};

struct ValueMatch {
  std::string name, value;
  bool regex = false;
  bool operator==(const ValueMatch&) const = default;
};

struct Conditions {
  std::vector<ValueMatch> headers, query;
  std::string method;
};

struct Rule {
  const kube::Object* owner = nullptr;  // the Ingress this rule comes from
  const yaml::Node* at = nullptr;       // its path
  std::string_view path = "/";
  PathKind kind = PathKind::prefix;
  Scheme scheme = Scheme::both;
  std::shared_ptr<const Conditions> conditions;  // null: none
  std::shared_ptr<Action> action;                // null: plain forwarding
  std::vector<Backend> backends;
};

struct Certificate {
  std::string_view ns, name;
  const kube::Object* owner = nullptr;  // the Ingress that names it
  bool of_cloud = false;                // no Secret: a certificate of the cloud, named in the listener's options
};

// Everything that one host name does.
struct Server {
  std::string_view host;                // lower case; empty: every host; "*.x": wildcard
  const kube::Object* owner = nullptr;  // its first Ingress
  std::vector<Rule> rules;
  kube::Port http_port = 80, https_port = 443;
  bool ordered = false;  // rules are tried in this order, whatever their kind: they stay in one route
  bool tls = false;      // listens on 443
  std::vector<Certificate> certificates;
  std::vector<Intent> intents;  // of the whole host: client certificates, ciphers
  std::uint16_t deployment = 0;
};

// TLS passthrough by server name, TCP and UDP by port.
struct Stream {
  enum class Kind : std::uint8_t { passthrough, tcp, udp } kind = Kind::tcp;
  const kube::Object* owner = nullptr;
  const yaml::Node* at = nullptr;
  std::string_view host;  // passthrough
  kube::Port port = 443;
  std::vector<Backend> backends;
  std::uint16_t deployment = 0;
  kube::StringMap annotations;  // of the route
};

// A backend that must be spoken to over TLS with its certificate checked.
struct BackendTls {
  std::string_view ns, service;
  const kube::Object* owner = nullptr;
  std::string hostname;
  std::string ca_secret;  // same namespace; empty: the system's roots
  std::string ca;         // its ca.crt where the Secret is among the input
  std::string port;       // its name; empty: every port of the Service
};

// Annotations that belong on the Gateway or ListenerSet: cert-manager, external-dns.
struct GatewayAnnotation {
  std::string key, value;
  Claim claim = 0;
  const kube::Object* owner = nullptr;  // the Ingress it stands on
  bool certificates = false;            // read beside the Secrets of the listeners, in their namespace
};

// A demand of the old side about who may come in that stands somewhere else than on the rule it guards: in the
// controller's own configuration, or in an object that selects its Pods.
struct Guard {
  Intent intent;                        // what it demands, where it stands, which kind of loss it would be
  const kube::Object* owner = nullptr;  // guards the rules of this object alone; null: every rule of the deployment
  std::uint16_t deployment = 0;
};

// One deployment of a controller, with a Gateway of its own.
struct DeploymentName {
  std::string name;       // of its class, or of the controller
  bool internal = false;  // reached from within the network only
  std::string gateway;    // what its Gateway's name ends with; empty where it is the only one
};

struct Ir {
  std::vector<DeploymentName> deployments;  // what Server::deployment and others count
  std::vector<Server> servers;
  std::vector<Stream> streams;
  std::vector<BackendTls> backend_tls;
  std::vector<GatewayAnnotation> gateway_annotations;
  std::vector<Guard> guards;
  // The annotation by which an Ingress asks for HTTP/2 to its backends; the emitter says how it came out.
  std::map<const kube::Object*, Claim> http2;
  std::deque<std::string> pool;
  bool prefixes_first = false;  // the target tries PathPrefix before RegularExpression

  std::string_view keep(std::string text) { return pool.emplace_back(std::move(text)); }
};

}  // namespace gw::convert
