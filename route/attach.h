// Which route hangs on which listener, and why not: the spec's status conditions as data, computed without a cluster.
// validate reports them as findings, serve writes them as status, compile() builds the table from what is accepted.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"

namespace gw::route {

// One condition of Gateway API status; `status` true/false.
struct Condition {
  std::string type;  // Accepted, ResolvedRefs, Programmed, Conflicted, PartiallyInvalid, OverlappingTLSConfig
  bool status = true;
  std::string reason;  // the spec's reason
  std::string message;
  const yaml::Node* at = nullptr;  // the field that is to blame; null: the object
};

struct ListenerStatus {
  const kube::Object* owner = nullptr;  // Gateway or ListenerSet
  const kube::Gateway* gateway = nullptr;
  const kube::Listener* listener = nullptr;
  std::vector<std::string> supported_kinds;  // HTTPRoute, GRPCRoute, ...
  std::size_t attached_routes = 0;
  std::vector<Condition> conditions;
  bool usable = true;  // takes traffic
  // It has a filter that gwctl does not run. It still owns its names, and answers 500, so that no other listener of the
  // port serves unfiltered what this one was to guard.
  bool closed = false;
  bool earlier_certificate = false;  // with the pair that its Secret held before
};

// One parentRef of one route.
struct ParentStatus {
  const kube::Object* route = nullptr;
  std::string route_kind;  // HTTPRoute, ...
  const kube::ParentReference* ref = nullptr;
  const kube::Gateway* gateway = nullptr;  // null: the parent is not ours or not found
  std::vector<Condition> conditions;       // Accepted, ResolvedRefs, PartiallyInvalid
  bool accepted = false;
  // Indexes into Attachments::listeners that this route serves through this parentRef, with the hostnames that are
  // left after intersection (empty string: every host). A route that loses all its names to the other kind of route
  // (reason HostnameConflict) keeps them here for those who want to know; `accepted` is false.
  struct On {
    std::size_t listener;
    std::vector<std::string> hostnames;
  };
  std::vector<On> on;
};

struct GatewayStatus {
  const kube::Gateway* gateway = nullptr;
  const kube::GatewayClass* gateway_class = nullptr;
  std::size_t attached_listener_sets = 0;
  std::vector<Condition> conditions;
};

struct ListenerSetStatus {
  const kube::ListenerSet* set = nullptr;
  std::vector<Condition> conditions;
};

struct PolicyStatus {
  const kube::BackendTlsPolicy* policy = nullptr;
  const kube::Gateway* ancestor = nullptr;
  std::vector<Condition> conditions;
};

// Facts about certificates that need a crypto library; passed in so that route/ stays free of one. May be null.
struct CertificateFacts {
  virtual ~CertificateFacts() = default;
  // Empty when the pair is well-formed and fits; otherwise why not (no key material in the text).
  virtual std::string check_pair(const kube::Secret& secret) const = 0;
  // An earlier pair of this Secret is still shown, as while a rotation is half done.
  virtual bool keeps_earlier(const kube::Secret&) const { return false; }
  virtual std::string check_ca(std::string_view pem) const = 0;  // empty when it holds a certificate; otherwise why not
};

struct Attachments {
  std::vector<GatewayStatus> gateways;
  std::vector<ListenerSetStatus> listener_sets;
  std::vector<ListenerStatus> listeners;
  std::vector<ParentStatus> parents;
  std::vector<PolicyStatus> policies;
  // HTTPRoute.spec.hostnames, v1.7: of routes that share a name of a listener, the one whose own hostname is more
  // specific goes first, whatever its paths. False: as in v1.6, the intersection alone counts.
  bool own_hostnames = true;
};

struct AttachOptions {
  std::string controller_name;  // empty: every GatewayClass, known or not
  bool assume_secrets = false;  // a Secret absent from the set is taken to exist (trace, verify, --demo-backends)
  bool faults_only = false;     // leave out the conditions that say that all is well
};

// Which routes attach to which listeners, and the conditions of every object that takes part (GEP-1364). `facts` may be
// null: then certificates are not looked at. Borrows the Index.
Attachments attach(const kube::Index& index, const AttachOptions& options = {},
                   const CertificateFacts* facts = nullptr);

// How loosely a route claims `host`, a name that it serves on a listener. 0: it names it itself. Else the name is the
// listener's, and the number grows as the route's own hostname gets less specific.
std::uint32_t looseness(std::string_view host, const std::vector<kube::String>& own_hostnames);

// The intersection of a listener's and a route's hostname ("" is every host); nullopt when there is none.
// Gateway API v1.6 HTTPRoute.spec.hostnames.
std::optional<std::string> intersect(std::string_view listener_host, std::string_view route_host);

}  // namespace gw::route
