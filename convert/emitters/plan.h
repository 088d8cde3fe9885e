// Which routes there will be and where they hang, before any object is made: the Gateway comes first in the output but
// is known only when every route is.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/object_names.h"
#include "convert/provider.h"
#include "convert/target.h"

namespace gw::convert {

// A parent of routes: a listener of a Gateway or of a ListenerSet.
struct Section {
  bool set = false;  // of a ListenerSet
  kube::NamespacedName owner;
  std::string name;
  bool operator<(const Section& o) const { return std::tie(set, owner, name) < std::tie(o.set, o.owner, o.name); }
  bool operator==(const Section&) const = default;
};

// One future HTTPRoute: the rules of one Ingress on hosts that they serve alike.
struct Part {
  const kube::Object* owner = nullptr;
  Scheme scheme = Scheme::both;
  std::vector<const Server*> servers;
  std::vector<const Rule*> rules;
  std::string name;
  std::vector<Section> parents;
  bool grpc = false;  // a GRPCRoute says it
  std::string ns;     // of the route; its owner's where nothing else is said
  // Only sends to https: hosts of several Ingresses may share it, and these are the Ingresses besides `owner`.
  bool to_https = false;
  std::string redirects;  // then: which paths, how, and what the route is annotated with
  std::vector<const kube::Object*> also;
};

struct PlannedListener {
  const Server* server = nullptr;
  std::string_view hostname;  // of its server or stream
  kube::Port port = 80;
  std::string_view protocol = "HTTP";
  bool passthrough = false;
  std::vector<Certificate> certificates;
  std::set<std::string_view> namespaces;  // of the routes that hang on it
  std::vector<std::string> route_kinds;   // other than the protocol's own
};

struct Plan {
  std::map<kube::NamespacedName, std::map<std::string, PlannedListener>> gateways;
  std::map<kube::NamespacedName, std::map<std::string, PlannedListener>> listener_sets;
  std::map<kube::NamespacedName, kube::NamespacedName> set_parents;  // ListenerSet → Gateway
  // ListenerSet → the Ingresses of its certificates, by namespace and name
  std::map<kube::NamespacedName, std::vector<const kube::Object*>> set_owners;
  std::map<kube::NamespacedName, std::set<const kube::Object*>> gateway_owners;  // Gateway → Ingresses on its listeners
  std::map<kube::NamespacedName, std::string>
      internal;                  // Gateways that only the own network may reach, with their class
  std::vector<Part> parts;       // by namespace and name
  std::vector<Section> streams;  // of Ir::streams, in their order
};

// The parts that become routes, and the Gateways, ListenerSets and listeners they attach to. What finds no listener is
// reported; `names` gives each object a name of its own.
Plan make_plan(const Ir& ir, const Input& input, const Target& target, Ledger& ledger, NameBook& names);

// Can Gateway API write this host name? An empty one (every host) can.
bool valid_hostname(std::string_view host);

}  // namespace gw::convert
