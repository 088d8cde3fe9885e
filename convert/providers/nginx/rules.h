// Locations to rules of the Ir, in the order of nginx's phases.
#pragma once
#include "convert/providers/nginx/hosts.h"

namespace gw::convert::nginx {

void write_host(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Ir& ir,
                Ledger& ledger);

}  // namespace gw::convert::nginx
