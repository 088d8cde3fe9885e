// The pieces of an Envoy configuration, made one by one: routes of a host, the clusters they name.
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "export/envoy.h"
#include "graph/route_map.h"

namespace gw::envoy {

using Json = nlohmann::ordered_json;

// {"@type": "type.googleapis.com/" + type, ...fields}
Json any(std::string_view type, Json fields);

// "2.500s", as protobuf's JSON writes a Duration.
std::string duration(std::chrono::milliseconds value);

// Collects what the routes refer to.
class Clusters {
 public:
  Clusters(const Options& options, std::set<std::string>& notes) : options_(options), notes_(notes) {}
  ~Clusters();
  // The cluster's name; made on first use.
  std::string name_of(const route::Backend& backend);
  Json all() const;  // ascending by name

 private:
  Json make(const std::string& name, const route::Backend& backend);
  const Options& options_;
  std::set<std::string>& notes_;
  std::map<std::string, std::string> by_name_;  // JSON text of each
};

// The cluster of an L4 rule: {"cluster": …} or {"weighted_clusters": …}; null when no backend can take a connection.
Json tcp_target(const route::L4Rule& rule, Clusters& clusters);

struct RouteParts {
  Clusters& clusters;
  std::set<std::string>& notes;
  bool cors = false, sessions = false;  // filters that some route needs
};

// One entry of virtual_hosts[].routes. `https`: of the listener, for redirects.
Json make_route(const graph::MatchRow& row, const route::Listener& listener, RouteParts& parts);

}  // namespace gw::envoy
