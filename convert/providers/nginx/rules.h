// Locations to rules of the Ir, in the order of nginx's phases.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "convert/providers/nginx/hosts.h"
#include "convert/providers/nginx/rewrite.h"

namespace gw::convert::nginx {

// Actions that hosts share.
struct Actions {
  std::map<std::pair<const Config*, bool>, std::shared_ptr<Action>> plain;  // of an Ingress, on https or not
  std::shared_ptr<Action> to_https[2];                                      // without and with a port
  std::map<std::tuple<std::string, std::string, std::string>, LocationPlan> locations;  // by path, target and prefix
};

// Adds to `ir` the Server of a host with the rules of its locations, in the order in which nginx tries them.
void write_host(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions,
                Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
