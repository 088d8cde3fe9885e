// Which parts a GRPCRoute can say, and the rules of it.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

// A part becomes a GRPCRoute when all it forwards is HTTP/2, GRPCRoute has the fields, and no HTTPRoute holds one of
// its hosts on the same listener (Gateway API, GRPCRoute.spec.hostnames: one of the two would be rejected).
void choose_grpc(std::vector<Part>& parts);

// The method that a path stands for: "/package.Service" or "/package.Service/Method". Only for parts that were chosen.
std::vector<kube::GrpcRouteMatch> grpc_matches(const Rule& rule);

}  // namespace gw::convert
