// How the routes and listeners of a host are written, as a number: see HostBoundaries::shape.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kube/bundle.h"
#include "verify/controllers/controller.h"
#include "verify/shape.h"

namespace gw::verify {

class RouteShapes {
 public:
  // Borrows the Bundle; routes and listeners that are added are its own.
  explicit RouteShapes(const kube::Bundle& bundle);

  // host: in lower case, empty for every one.
  void add(const std::string& host, const kube::HttpRoute& route) { hosts_[host].http.push_back(&route); }
  void add(const std::string& host, const kube::GrpcRoute& route) { hosts_[host].grpc.push_back(&route); }
  void add(const std::string& host, const kube::Listener& listener) { hosts_[host].listeners.push_back(&listener); }

  // Shape and services of the row's host.
  void write(HostBoundaries& row);

 private:
  struct Host {
    std::vector<const kube::HttpRoute*> http;
    std::vector<const kube::GrpcRoute*> grpc;
    std::vector<const kube::Listener*> listeners;
  };
  template <class Route>
  void add_routes(std::vector<const Route*>& routes, HostBoundaries& row, Shape& shape, Numbered& services) const;
  void add_backend(const kube::BackendRef& backend, const std::string& ns, HostBoundaries& row, Shape& shape,
                   Numbered& services) const;
  void add_service(const std::string& id, Shape& shape) const;

  std::unordered_map<std::string, Host> hosts_;
  std::unordered_map<std::string, const kube::Service*> services_;
  std::unordered_map<std::string, std::size_t> endpoints_;  // usable ones, by Service
  std::unordered_set<std::string> tls_;                     // Services that a BackendTLSPolicy speaks of
  bool services_known_;
};

}  // namespace gw::verify
