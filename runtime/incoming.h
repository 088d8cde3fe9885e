// A connection before it is known what it speaks: TLS handshake, ClientHello peeking, ALPN, HTTP/2 prior knowledge.
#pragma once
#include <memory>

#include "runtime/site.h"
#include "runtime/stream.h"

namespace gw::runtime {

class Worker;

// Adds the connection that fits to the worker.
void accept_client(Worker& worker, std::unique_ptr<Stream> stream, std::shared_ptr<const Site> site);

}  // namespace gw::runtime
