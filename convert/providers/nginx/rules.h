// Locations to rules of the Ir, in the order of nginx's phases.
#pragma once
#include <map>
#include <memory>
#include <utility>

#include "convert/providers/nginx/hosts.h"

namespace gw::convert::nginx {

// Actions that hosts share.
struct Actions {
  std::map<std::pair<const Config*, bool>, std::shared_ptr<Action>> plain;  // of an Ingress, on https or not
  std::shared_ptr<Action> to_https[2];                                      // without and with a port
};

void write_host(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions,
                Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
