// What Gateways of Istio open: ports, hosts and certificates for the VirtualServices that name them.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "convert/provider.h"
#include "convert/providers/own.h"

namespace gw::convert::istio {

constexpr std::string_view name_only = "a name for reports of Istio";

// What one of the servers of a Gateway opens.
struct Opening {
  std::vector<std::pair<std::string, std::string>> hosts;  // namespace of the VirtualServices ("*": any), pattern
  kube::Port port = 80;
  bool https = false, passthrough = false, redirect = false, http = false, tcp = false;
  std::string ns, credential, credential_ns;
  bool guarded = false;  // asks clients for certificates
  bool assumed = false;  // its Gateway is not among the input: any port
};

// What the opening and a VirtualService of namespace `ns` with this host both name: the narrower of each pair.
std::set<std::string> served(const Opening& opening, const std::string& host, const std::string& ns);

// The Gateways of the input. Gateways of internal Pods open nothing beside public ones, unless that loss is accepted:
// all routes of the input come to one Gateway.
class Gateways {
 public:
  Gateways(const Input& input, Ledger& ledger);

  // The openings of the Gateways that a VirtualService of namespace `ns` names; none when it is for the mesh only.
  std::vector<Opening> openings(Fields& spec, const std::string& ns);

 private:
  void add(const kube::OtherObject& gateway);

  const Input& input_;
  Ledger& ledger_;
  bool inside_ = false, outside_ = false;                 // there are Gateways of internal Pods; of others
  std::map<std::string, std::vector<Opening>> gateways_;  // by "namespace/name"
};

}  // namespace gw::convert::istio
