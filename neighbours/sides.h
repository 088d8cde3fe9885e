// The two halves of wanted(): one for each neighbour.
#pragma once
#include "neighbours/listeners.h"

namespace gw::neighbours {

// Each adds to `out` what its neighbour would make of the objects: DNS records; Certificates.
void add_records(const kube::Bundle& bundle, const Listeners& listeners, const Options& options, Wanted& out);
void add_certificates(const kube::Bundle& bundle, const Listeners& listeners, const Options& options, Wanted& out);

}  // namespace gw::neighbours
