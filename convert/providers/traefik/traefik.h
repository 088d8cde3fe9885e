// Traefik: Ingress, and its own IngressRoute, IngressRouteTCP, IngressRouteUDP, Middleware.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "convert/providers/own.h"
#include "convert/providers/wishes.h"

namespace gw::convert::traefik {

// What a Middleware does to a request goes into the wishes of `asking`; its fields are told at their place, or under
// `claim` where an annotation refers to it.
void apply_middleware(const kube::OtherObject& middleware, Claim claim, Asking& asking);
// Of a reference that leads nowhere: the router does not exist for Traefik, and the route is closed here.
void missing_middleware(std::string_view name, Claim claim, Asking& asking);

// Adds to `ir` the routes of all IngressRoutes, then those of TCP and UDP.
void read_routes(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::traefik
