// The client's side of an HTTP/2 connection.
#pragma once
#include <memory>
#include <string>

#include "runtime/exchange.h"
#include "runtime/stream.h"

namespace gw::runtime {

// received: bytes already read, the preface among them, or nothing.
void start_http2(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received);

}  // namespace gw::runtime
