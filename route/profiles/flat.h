// A set of attached routes as plain lists, for models that rank and search by rules of their own. Nothing here borrows
// from the Index: models outlive it.
#pragma once
#include <re2/re2.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "route/answers.h"
#include "route/attach.h"
#include "route/table.h"

namespace gw::route {

enum class PathType : std::uint8_t { exact, prefix, regex };

struct FlatNamed {
  std::string name, value;
  bool regex = false;
  std::shared_ptr<const RE2> compiled;
};

struct FlatRule {
  std::shared_ptr<const Action> action;
  std::size_t route = 0, rule = 0;
  bool refused_mirror = false;       // a mirror that does not resolve
  bool invalid_regex = false;        // some regex of the rule is not RE2
  std::vector<std::string> filters;  // types of the rule's filters
  struct Extension {
    std::string group, kind, name;
  };
  std::vector<Extension> extensions;  // of filters ExtensionRef
};

struct FlatMatch {
  std::size_t rule = 0;  // in Flat::rules
  std::size_t match = 0;
  PathType type = PathType::prefix;
  std::string path = "/";
  std::shared_ptr<const RE2> compiled;
  std::string method;
  std::vector<FlatNamed> headers, query;
  // GRPCRoute: "" means any.
  bool grpc = false;
  std::string service, grpc_method;
};

struct FlatRoute {
  kube::NamespacedName id;
  std::string kind;
  std::string created;
  std::size_t rules = 0;      // in its spec
  std::size_t age_order = 0;  // 0 is the oldest, ties by namespace/name
  std::vector<std::string> hostnames;
  std::vector<std::size_t> matches;  // in Flat::matches
};

// A route on a listener under one hostname.
struct Placement {
  std::size_t route = 0, listener = 0;
  std::string hostname;        // after intersection, lower case; "" every host
  std::string route_hostname;  // as the route names it; "" none
  bool by_section = false;     // the parentRef names this listener
};

struct ServiceFacts {
  bool has_slice = false;     // any EndpointSlice
  bool any_endpoint = false;  // ready or not
};

struct Flat {
  std::vector<Listener> listeners;  // as in Attachments::listeners
  std::vector<std::vector<Condition>> listener_conditions;
  std::vector<FlatRoute> routes;
  std::vector<FlatRule> rules;
  std::vector<FlatMatch> matches;
  std::vector<Placement> placements;
  bool services_known = false, slices_known = false;
  std::map<kube::NamespacedName, ServiceFacts> services;
};

// validated: routes that the CRDs' own validation refuses are left out.
Flat flatten(const kube::Index& index, const Attachments& attachments, bool validated = true);

// Does the value fit? An expression must match all of it, or with `anchored` false a part.
bool fits(const FlatNamed& named, std::string_view value, bool anchored);

// Whether the CRDs' own validation refuses an object: the implementation never sees it.
bool api_refuses(const kube::HttpRoute& route);
bool api_refuses(const kube::Gateway& gateway);

}  // namespace gw::route
