// `verify --live-old URL --live-new URL`: the requests that verify asks of the models, sent to two running gateways.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "diag/result.h"
#include "route/request.h"
#include "verify/expect.h"

namespace gw::cli {

struct LiveArgs {
  std::vector<std::string> old_urls, new_urls;  // http://address[:port], https://...; one a scheme
  double rate = 20;                             // requests a second to each side, at most
  bool unsafe = false;                          // methods other than GET, HEAD and OPTIONS, too
  std::size_t most = 2000;                      // requests
  std::vector<std::string> headers;             // of the answers, compared beside status and Location
  std::string format = "text";                  // or json
};

// Sends in the order given, prints what differs; gives the exit code.
int run_live(const std::vector<route::Request>& requests, const LiveArgs& args);

// A running gateway, asked one request at a time.
class LiveGateway {
 public:
  virtual ~LiveGateway() = default;
  // Sends one request and waits for its answer; what went wrong on the way is in the Observed.
  virtual verify::Observed ask(const route::Request& request) = 0;
};
// urls: http://address[:port] and https://...; flag: who named them, for messages.
Result<std::unique_ptr<LiveGateway>> open_gateway(const std::vector<std::string>& urls, const std::string& flag);

}  // namespace gw::cli
