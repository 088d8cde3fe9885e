// What ingress-nginx does for every Ingress without being asked, and Gateway API gateways do otherwise. Told in the
// report with a request that shows it, where the conversion holds anything it concerns.
#pragma once
#include "convert/providers/nginx/hosts.h"

namespace gw::convert::nginx {

// What a set of hosts holds.
struct Facts {
  std::string host;  // one that is served
  bool wildcard = false, plain = false, tls = false, regex = false, redirects = false, urls = false, catch_all = false,
       guarded = false;
};

// What the hosts hold that a note may concern: wildcards, expressions, redirects, a catch-all.
Facts facts_of(const Hosts& hosts);
// Adds to the ledger each note that concerns one of the facts, with a request that shows it.
void add_notes(Facts facts, const Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
