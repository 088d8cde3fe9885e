// What ingress-nginx does for every Ingress without being asked, and Gateway API gateways do otherwise. Told in the
// report with a request that shows it, where the conversion holds anything it concerns.
#pragma once
#include "convert/providers/nginx/hosts.h"

namespace gw::convert::nginx {

void add_notes(const Hosts& hosts, const Settings& settings, const Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
