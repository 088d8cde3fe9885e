// What a conversion changes for external-dns and cert-manager: both sides are asked while the conversion runs.
#pragma once
#include <vector>

#include "diag/diagnostic.h"
#include "neighbours/compare.h"

namespace gw::cli {

// What the conversion did, as far as it changes what is worth saying.
struct Conversion {
  bool refused = false;    // routes were left out and reported; records that go with them are not repeated
  bool own_kinds = false;  // routes of the controllers' own kinds: their records have sources that are not modelled
  bool parent = false;     // the Gateway exists (--parent): its Certificates are its owner's business
};

class NeighbourCheck {
 public:
  // Reads the old side at once; `old` must outlive the check, the specs of its Ingresses need not.
  explicit NeighbourCheck(const kube::Bundle& old);

  void add(const kube::Bundle& piece);  // of the output
  void restart();                       // the output begins again
  // An Ingress that was not converted stays in the cluster, and so does what it asks for.
  void leave_out(const kube::Object& ingress);

  // What external-dns and cert-manager would do otherwise, once the conversion is complete.
  std::vector<neighbours::Difference> differences() const;
  // GW680 and GW681; errors where external-dns or cert-manager is evidently in use and something would be lost.
  std::vector<diag::Diagnostic> findings(const Conversion& conversion) const;

 private:
  neighbours::Wanted after(bool listener_sets) const;

  neighbours::Wanted before_;
  const kube::Bundle& old_;
  kube::Bundle made_;  // names, hostnames and annotations; rules are left out
  bool dns_in_use_ = false;
};

}  // namespace gw::cli
