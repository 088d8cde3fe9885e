// CORS as HTTPRouteFilter.cors defines it: who is allowed, and the headers that say so.
#pragma once
#include <string_view>

#include "route/request.h"
#include "route/table.h"

namespace gw::route {

// OPTIONS with Origin and Access-Control-Request-Method.
bool is_preflight(const RequestView& request);

// Headers to set on the answer (HeaderChange::Op::set, Vary as add); Vary alone for an origin that is not allowed.
// A preflight is answered by the gateway itself (status 204), anything else keeps the backend's answer.
HeaderChanges cors_headers(const CorsPolicy& policy, const RequestView& request, bool preflight);

// "https://*.example.com" (one label or more), "*", or an origin written out, with or without a port.
bool origin_allowed(const CorsPolicy& policy, std::string_view origin);

}  // namespace gw::route
