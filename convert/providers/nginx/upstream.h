// How an Ingress speaks to its backends: protocol, the host and the prefix it tells them, mirrors.
#pragma once
#include <memory>

#include "convert/ir.h"
#include "convert/providers/nginx/config.h"
#include "convert/providers/nginx/rewrite.h"

namespace gw::convert::nginx {

Wire wire(const Config& c);  // of backend-protocol; HTTP/1 unless it is HTTPS, GRPC or GRPCS
void rewrite_host(const Config& c, Action& action, Ledger& ledger);  // upstream-vhost
// Adds the mirror of the Ingress to the action where its target is a Service of the cluster; else its annotation is
// refused.
void mirror(const Config& c, Action& action, Ir& ir, Ledger& ledger);

// x-forwarded-prefix: is it made of the path? Then its value stands in the plan of the rewrite.
bool made_of_path(const Config& c);
// Records what becomes of x-forwarded-prefix, which depends on how the path is rewritten.
void settle_forwarded(const Config& c, const RewritePlan& rewrite, Ledger& ledger);
// `action` (or a new one) with the header as it is for this path.
std::shared_ptr<Action> with_forwarded(const Config& c, const RewritePlan& rewrite, std::shared_ptr<Action> action);

}  // namespace gw::convert::nginx
