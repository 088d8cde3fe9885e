// The policies of Envoy Gateway as far as they change where a request goes: path rewrites by regex, how paths are read,
// and which routes carry something that is not modelled.
#pragma once
#include <re2/re2.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/index.h"
#include "route/profiles/envoy_gateway.h"

namespace gw::route::envoy {

// An HTTPRouteFilter.
struct ExtensionFilter {
  std::shared_ptr<const RE2> pattern;  // of ReplaceRegexMatch; null when there is none or it is invalid
  std::string substitution;
  bool invalid = false;  // the rule answers 500
  std::optional<int> direct_response;
  std::string unmodelled;
};

// What a policy says about whom it targets.
struct Targeted {
  kube::NamespacedName target;
  std::string kind, section;  // Gateway or HTTPRoute, GRPCRoute; a listener or a named rule, or all
  std::string unmodelled;     // why answers of its targets are not known
  bool cors = false;          // answers preflights itself
};

class Policies {
 public:
  explicit Policies(const kube::Index& index);

  // Null where there is no HTTPRouteFilter of this name.
  const ExtensionFilter* filter(const kube::NamespacedName& id) const;
  // How the listeners of a Gateway read paths.
  Traits traits(const kube::NamespacedName& gateway, Traits defaults) const;
  // Why a rule's answer is not modelled; empty when it is. A route's policy replaces its Gateway's.
  std::string unmodelled(const kube::NamespacedName& gateway, const kube::NamespacedName& route,
                         const std::string& kind, bool preflight) const;

 private:
  std::map<kube::NamespacedName, ExtensionFilter> filters_;
  std::map<kube::NamespacedName, Traits> traits_;  // differences are whole: one policy a Gateway
  std::vector<Targeted> targeted_;
  std::string everything_;  // why nothing is modelled
};

// Every match of the filter's pattern in the path replaced; the path as it was where the substitution does not fit.
std::string replace_regex(const ExtensionFilter& filter, const std::string& path);

}  // namespace gw::route::envoy
