// Listeners as both neighbours walk them: of a Gateway and of the ListenerSets that it admits.
#pragma once
#include <functional>

#include "neighbours/wanted.h"

namespace gw::neighbours {

struct Attached {
  const kube::Gateway& gateway;
  const kube::ListenerSet* set = nullptr;  // null: a listener of the Gateway itself
  const kube::Listener& listener;

  // The ListenerSet, else the Gateway.
  const kube::Object& owner() const { return set ? static_cast<const kube::Object&>(*set) : gateway; }
};

// Every Gateway and ListenerSet of a bundle by name, so that a route finds its listeners.
class Listeners {
 public:
  Listeners(const kube::Bundle& bundle, const Options& options);

  // f(Attached) for the listeners that a parentRef names and that admit a route of this kind from this namespace.
  void each(const kube::ParentReference& ref, std::string_view route_kind, const std::string& route_ns,
            const std::function<void(const Attached&)>& f) const;

  // ListenerSets that are read at all, with their Gateways.
  struct Admitted {
    const kube::ListenerSet* set;
    const kube::Gateway* gateway;
  };
  const std::vector<Admitted>& sets() const { return sets_; }

 private:
  bool admits(const kube::Listener& listener, const std::string& owner_ns, std::string_view kind,
              const std::string& ns) const;
  bool in_scope(std::string_view from, const kube::LabelSelector* selector, const std::string& owner_ns,
                const std::string& ns) const;

  std::map<kube::NamespacedName, const kube::Gateway*> gateways_;
  std::map<std::string, const kube::Namespace*> namespaces_;
  std::vector<Admitted> sets_;
};

// The name that is left of a listener's and a route's hostname ("": every host), as external-dns matches them: the
// narrower of two that overlap; nullopt where they do not. "example.com" is not below "*.example.com".
std::optional<std::string> narrower(std::string_view listener, std::string_view route);

}  // namespace gw::neighbours
