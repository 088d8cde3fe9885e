// What goes through a Gateway without being read as HTTP: TLSRoutes by server name, TCPRoutes and UDPRoutes by port.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "route/answer.h"
#include "route/attach.h"
#include "route/profile.h"
#include "route/table.h"

namespace gw::route {

struct Stream {
  Protocol protocol = Protocol::tcp;
  kube::Port port = 0;
  std::string host;  // of TLS, lower case; empty: every name
  Answer answer;     // the backends with their shares; status 200: the connection is taken
};

// Ascending by protocol, port and host. Of several Gateways on one port the first by name counts.
std::vector<Stream> streams(const kube::Index& index, const Attachments& attachments);

// A model that also takes connections of TLS by their server names. `inner` is not null.
std::unique_ptr<Model> with_streams(std::unique_ptr<Model> inner, std::vector<Stream> streams);

}  // namespace gw::route
