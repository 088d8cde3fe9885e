// Requests to any server as they were written: raw targets, any Host, any server name, no redirect followed. For
// comparing two running gateways; not for the Kubernetes API (client.h).
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diag/result.h"

namespace gw::cluster {

struct Fetch {
  bool https = false;
  std::string address;  // to connect to: a name or an IP address
  int port = 80;
  std::string server_name;  // in TLS; empty: none is sent
  std::string host;         // the Host header
  std::string method = "GET", target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // sent when it is not empty
  bool http10 = false;
  std::chrono::milliseconds timeout{10000};
};

struct Fetched {
  int status = 0;                                            // 0: no HTTP answer came
  std::string error;                                         // why not
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // its first 64 KiB
  std::string header(std::string_view name) const;           // the first value; empty when absent
};

// One connection that is kept open where it can be. Certificates are not checked: gateways under test have any.
class Fetcher {
 public:
  Fetcher();
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;

  // Sends one request and reads the answer. Never throws: what failed is in Fetched::error.
  Fetched fetch(const Fetch& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::cluster
