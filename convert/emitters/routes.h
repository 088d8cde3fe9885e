// One planned part to one HTTPRoute or GRPCRoute.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

// The part as an HTTPRoute, its rules in the order of the plan; each rule remembers the place it was made from.
kube::HttpRoute make_route(const Part& part, const Target& target, const Options& options,
                           const diag::Sources& sources);
// The same for a part that choose_grpc() took.
kube::GrpcRoute make_grpc_route(const Part& part, const Target& target, const Options& options,
                                const diag::Sources& sources);
// A reference to the Gateway or ListenerSet of a section; the namespace only where it is another one.
kube::ParentReference parent_ref(const Section& section, const std::string& route_ns);
// A reference to a backend, with its weight where several share the rule.
kube::BackendRef backend_ref(const Backend& backend, const std::string& route_ns, bool weighted = true);

// "from Ingress shop/web, shop.yaml:12"
std::string provenance(const kube::Object& object, const yaml::Node* at, const diag::Sources& sources);

}  // namespace gw::convert
