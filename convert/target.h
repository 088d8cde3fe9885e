// A gateway that is converted to: which demands it meets, and the objects of its own that say them.
#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "convert/convert.h"
#include "convert/ir.h"
#include "convert/profile.h"
#include "kube/index.h"

namespace gw::convert {

// A route that was written, and the rule of the Ir behind each of its rules.
struct WrittenRoute {
  kube::HttpRoute& route;
  std::span<const Rule* const> rules;
};

struct Target;

// What an emitter of policies works with: it adds filters to the route and objects to `others`.
struct PolicyContext {
  const Options& options;
  const Profile& profile;
  const kube::Index& index;  // of the input
  Ledger& ledger;
  Ir& ir;
  std::vector<kube::OtherObject>& others;
  std::unordered_map<std::string, std::size_t>& shared;     // in `others`, by "kind/ns/name": objects of several routes
  std::set<std::pair<const kube::Object*, Feature>>& told;  // what an Ingress already got a finding for
};

struct Target {
  std::string_view name;
  std::string_view gateway_class = {}, controller = {};  // of vendors/gateways
  // Does this target say the demand, in a field or in an object of its own?
  bool (*meets)(const Intent& intent, const Options& options) = nullptr;
  // Says the demands of a route; null for a target without objects of its own.
  void (*policies)(const WrittenRoute& written, PolicyContext& context) = nullptr;
  // Says the demands of a host on its listeners.
  void (*listener_policies)(const Server& server, const kube::NamespacedName& owner, std::string_view kind,
                            std::string_view section, PolicyContext& context) = nullptr;
  bool policies_of_routes = false;  // its policies hold for a whole HTTPRoute, not for one rule
  bool escapes_percent = false;     // header values are format strings: '%' is written '%%'
  // Why it cannot say a demand, in words of its own; empty: the demand's.
  std::string_view (*why_not)(const Intent& intent) = nullptr;
  bool one_host_a_route = false;           // hosts that are served alike get routes of their own
  std::string_view class_annotation = {};  // its GatewayClass must say "true" to this
  std::string_view internal_class = {};    // of Gateways that only the own network reaches
  bool prefixes_first = false;             // it tries PathPrefix before RegularExpression
  bool named_http = false;                 // a host with TLS needs an http listener of its own name, too
  bool reads_authority_secrets = false;    // a BackendTLSPolicy may name a Secret
  // The kind of an object of the Gateway's own name that infrastructure.parametersRef refers to, and which demands are
  // said there; empty: none.
  ResourceKind gateway_configuration = {};
  bool (*of_the_gateway)(const Intent& intent) = nullptr;
};

std::span<const Target> targets();            // in the order in which the help lists them
const Target* target(std::string_view name);  // null for a name that is none

// The rows' functions, one file per target. Each says whether its target has the demand, in a field or an object of its
// own.
bool standard_meets(const Intent& intent, const Options& options);
bool envoy_gateway_meets(const Intent& intent, const Options& options);
bool nginx_gateway_fabric_meets(const Intent& intent, const Options& options);
bool traefik_meets(const Intent& intent, const Options& options);
bool kong_meets(const Intent& intent, const Options& options);
bool istio_meets(const Intent& intent, const Options& options);
bool gke_meets(const Intent& intent, const Options& options);
bool kgateway_meets(const Intent& intent, const Options& options);
bool agentgateway_meets(const Intent& intent, const Options& options);
bool aws_meets(const Intent& intent, const Options& options);

// Why the target does not have the demand, for people; empty: what the demand itself says.
std::string_view envoy_gateway_why_not(const Intent& intent);
std::string_view nginx_gateway_fabric_why_not(const Intent& intent);
std::string_view traefik_why_not(const Intent& intent);
std::string_view kong_why_not(const Intent& intent);
std::string_view istio_why_not(const Intent& intent);
std::string_view gke_why_not(const Intent& intent);
std::string_view kgateway_why_not(const Intent& intent);
std::string_view agentgateway_why_not(const Intent& intent);
std::string_view aws_why_not(const Intent& intent);

// Each writes the demands of a route: filters into it, objects into the context. standard_fields: those that are fields
// of the API.
void standard_fields(const WrittenRoute& written, PolicyContext& context);
void envoy_gateway_policies(const WrittenRoute& written, PolicyContext& context);
void nginx_gateway_fabric_policies(const WrittenRoute& written, PolicyContext& context);
void traefik_policies(const WrittenRoute& written, PolicyContext& context);
void kong_policies(const WrittenRoute& written, PolicyContext& context);
void istio_policies(const WrittenRoute& written, PolicyContext& context);
void gke_policies(const WrittenRoute& written, PolicyContext& context);
void kgateway_policies(const WrittenRoute& written, PolicyContext& context);
void agentgateway_policies(const WrittenRoute& written, PolicyContext& context);
void aws_policies(const WrittenRoute& written, PolicyContext& context);

bool aws_of_the_gateway(const Intent& intent);  // is it said in the LoadBalancerConfiguration of the Gateway?
// Writes a ClientTrafficPolicy for a listener: client certificates, TLS versions and ciphers of the host.
void envoy_gateway_listener(const Server& server, const kube::NamespacedName& owner, std::string_view kind,
                            std::string_view section, PolicyContext& context);

}  // namespace gw::convert
