// Every bound of the data path in one place.
#pragma once
#include <chrono>
#include <cstddef>

#include "runtime/h1_parse.h"

namespace gw::runtime {

struct Limits {
  HeadLimits head;
  std::chrono::seconds handshake{10}, head_read{10}, idle{75}, linger{2}, stall{60}, connect{5};
  std::chrono::seconds backend_idle{55}, tunnel_idle{3600};
  std::size_t replay = 64 * 1024;        // of a request body that may have to be sent again
  std::size_t pooled = 1024;             // idle connections an endpoint and thread
  std::size_t max_body = 0;              // bytes of a request body; 0: no limit
  unsigned endpoint_tries = 3;           // endpoints asked before giving up when nothing was sent
  std::chrono::milliseconds down{1000};  // how long a failed endpoint rests, doubled up to 30 s
};

}  // namespace gw::runtime
