// A cluster's objects as input of convert, validate, verify, audit and graph: only get and list requests are sent.
#pragma once
#include <functional>
#include <string>

#include "cluster/client.h"
#include "diag/diagnostic.h"
#include "kube/load.h"

namespace gw::cluster {

struct ReadOptions {
  std::string ns;  // one namespace; empty: all
  std::string selector;
  std::size_t page = 500;  // objects a request
  // Called after each page: kind, objects so far, objects left (0 when the server does not say).
  std::function<void(std::string_view kind, std::size_t read, std::size_t left)> progress;
};

// Lists every kind gwctl has a type for and, by discovery, the policy and vendor kinds of the groups it converts. A
// kind that is not installed is left out silently; one that this user may not list is told (GW018, by kind and
// namespace) and the rest goes on. The sources of the objects are named after the request ("cluster: ingresses").
Result<std::vector<kube::RawObject>> read(Client& client, const ReadOptions& options, diag::Sources& sources,
                                          diag::Sink& sink);

}  // namespace gw::cluster
