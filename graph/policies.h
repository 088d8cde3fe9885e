// Policies by the object that they hold for: which stand on it, which come from above, and what they amount to field by
// field (GEP-713: defaults yield to what is below, overrides to what is above).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "kube/index.h"
#include "route/attach.h"

namespace gw::graph {

struct AttachedPolicy {
  const kube::Object* policy = nullptr;
  std::string on;          // "Gateway infra/web, listener https"; "the route", "rule admin", "Service shop/web"
  bool inherited = false;  // it stands on something above the route
};

// One field of what holds, and who says it.
struct PolicyField {
  std::string path, value;  // "timeout.http.requestTimeout", "10s"
  const kube::Object* policy = nullptr;
};
struct EffectivePolicy {
  std::string kind;  // "BackendTrafficPolicy"
  std::vector<PolicyField> fields;
};

struct RoutePolicies {
  std::vector<AttachedPolicy> attached;  // the farthest first
  // By Gateway: a route may hang on several.
  std::map<const kube::Gateway*, std::vector<EffectivePolicy>> effective;
};

class PolicyTree {
 public:
  // Borrows both.
  PolicyTree(const kube::Index& index, const route::Attachments& attachments);

  bool empty() const { return policies_.empty(); }
  // Of a route that hangs on something.
  RoutePolicies of(const kube::Object& route) const;
  // Those that stand on this very object ("Gateway", "infra/web"), by kind and name: "SecurityPolicy infra/office".
  std::vector<std::string> on(std::string_view kind, const kube::NamespacedName& id) const;

 private:
  struct Policy {
    const kube::Object* object = nullptr;
    std::string kind, ns, name, section;  // of one target
    const yaml::Node* spec = nullptr;
    bool merges = false;     // field by field; else the nearer one takes the place of the farther
    bool inherited = false;  // one above a route holds for it
  };
  enum class Level : std::uint8_t { gateway_class, gateway, listener, ns, route, rule, backend };
  struct Standing {
    const Policy* policy;
    Level level;
    std::string on;
  };

  void read(const kube::Object& object);
  void add(const kube::Object& object, const yaml::Node& target, const yaml::Node& spec);
  std::vector<Standing> standing(const kube::Object& route, const kube::Gateway& gateway) const;
  static std::vector<EffectivePolicy> merged(const std::vector<Standing>& standing);

  const kube::Index& index_;
  const route::Attachments& attachments_;
  std::vector<Policy> policies_;  // a row a target, the oldest policy first
};

// "HTTPRoute shop/web at Gateway infra/web: SecurityPolicy infra/office (from Gateway infra/web)", a line a route and
// Gateway; empty where there are no policies.
std::string policy_lines(const PolicyTree& tree, const route::Attachments& attachments);

}  // namespace gw::graph
