// Bytes between a client and an endpoint: TCPRoute, and TLSRoute in both modes.
#pragma once
#include <memory>
#include <string>

#include "route/table.h"
#include "runtime/exchange.h"
#include "runtime/stream.h"

namespace gw::runtime {

// received: bytes already read from the client, sent first.
void start_tunnel(Worker& worker, std::unique_ptr<Stream> client, std::string received, const ClientInfo& info,
                  std::shared_ptr<Generation> generation, const route::L4Rule& rule);

// One of the rule's backends by weight; null when nothing can take traffic.
const route::Backend* pick_l4(const route::L4Rule& rule, std::uint64_t ticket);

}  // namespace gw::runtime
