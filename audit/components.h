// Parts of a cluster that can be looked at alone.
#pragma once
#include <set>

#include "audit/audit.h"

namespace gw::audit {

// Ingresses that share a host or an alias belong together: a host is only understood with all of them.
class Components {
 public:
  explicit Components(const std::vector<IngressLine>& ingresses);

  // Numbers of Ingresses whose hosts, together, are at most `most`: one component of each shape first, then the rest.
  std::set<std::size_t> choose(std::size_t most, std::size_t& hosts) const;

 private:
  std::size_t root(std::size_t i);
  std::string shape(const std::vector<std::size_t>& members) const;

  const std::vector<IngressLine>& ingresses_;
  std::vector<std::size_t> parent_;
  std::map<std::size_t, std::vector<std::size_t>> members_;
};

// The chosen Ingresses and what of the cluster they may need.
kube::Bundle part_of(const kube::Bundle& bundle, const std::set<kube::NamespacedName>& chosen);

}  // namespace gw::audit
