// `verify --live-old URL --live-new URL`: the requests that verify asks of the models, sent to two running gateways.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "diag/result.h"
#include "route/request.h"

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

}  // namespace gw::cli
